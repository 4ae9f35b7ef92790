package kustomize

import (
	"fmt"
	"net/url"
	"path"
	"strings"

	"sigs.k8s.io/yaml"
)

// remoteDir is a directory that every kustomization seems to hold: below it is the cache of what is remote.
// It is never on disk.
const remoteDir = ".bartizan-remote"

// cached says whether a path leads into the cache, and where to there.
func cached(name string) (in string, ok bool) {
	parts := strings.Split(name, "/")
	for i := len(parts) - 1; i >= 0; i-- {
		if parts[i] == remoteDir {
			return path.Join(append([]string{"."}, parts[i+1:]...)...), true
		}
	}
	return "", false
}

// remotePlace is where in a cache stands what a kustomization refers to: HOST/REPOSITORY/REF/PATH for a
// directory in a repository and HOST/PATH for a file, as "kustomize localize" lays them out. A reference
// without a ref has none in its path.
func remotePlace(ref string) string {
	rest := strings.TrimPrefix(strings.TrimPrefix(ref, "git::"), "gh:")
	rest, query, _ := strings.Cut(rest, "?")
	if scheme, after, found := strings.Cut(rest, "://"); found && !strings.ContainsAny(scheme, "/@") {
		rest = after
	}
	if user, after, found := strings.Cut(rest, "@"); found && !strings.Contains(user, "/") {
		rest = after
	}
	end := strings.IndexAny(rest, "/:")
	if end < 0 {
		return ""
	}
	host, at := rest[:end], strings.TrimLeft(rest[end:], ":/")
	if port, after, found := strings.Cut(at, "/"); found && rest[end] == ':' && strings.Trim(port, "0123456789") == "" {
		at = after
	}
	host = strings.TrimPrefix(strings.ToLower(host), "www.")
	repo, inside := splitRepository(at)
	values, _ := url.ParseQuery(query)
	version := values.Get("ref")
	if version == "" {
		version = values.Get("version")
	}
	join := func(parts ...string) string { return strings.TrimPrefix(path.Clean("/"+path.Join(parts...)), "/") }
	return path.Join(join(host), join(strings.TrimSuffix(repo, ".git")), join(version), join(inside))
}

// splitRepository parts the path of a repository from a path in it.
func splitRepository(at string) (repo, inside string) {
	if repo, inside, found := strings.Cut(at, "//"); found {
		return repo, inside
	}
	if i := strings.Index(at, ".git/"); i >= 0 {
		return at[:i], at[i+len(".git/"):]
	}
	parts := strings.SplitN(at, "/", 3)
	if len(parts) < 3 {
		return at, ""
	}
	return parts[0] + "/" + parts[1], parts[2]
}

// local puts what the cache holds in the place of what a kustomization file refers to.
func (a *asked) local(name string, text []byte, remote []string) ([]byte, error) {
	to := map[string]string{}
	for _, ref := range remote {
		place := remotePlace(ref)
		if at := path.Join(remoteDir, place); place != "" && a.cache && a.kind(path.Join(path.Dir(name), at)) != kindNone {
			to[ref] = at
			continue
		}
		hint := "set BARTIZAN_KUSTOMIZE_CACHE to a directory with a copy of it at " + place
		if a.cache {
			hint = "put a copy of it at " + place + " in the cache directory"
		}
		return nil, fmt.Errorf("%s refers to %s, which is not fetched: a scan uses no network; copy it into the repository "+
			"(kustomize localize does that), or %s", shownName(name), ref, hint)
	}
	var root any
	if err := yaml.Unmarshal(text, &root); err != nil {
		return nil, err
	}
	return yaml.Marshal(substituted(root, to))
}

// shownName is a path in the sandbox as to be shown.
func shownName(name string) string {
	if in, ok := cached(name); ok {
		return "the cached " + in
	}
	return strings.TrimPrefix(name, "/")
}

// substituted puts other texts in the place of texts.
func substituted(v any, to map[string]string) any {
	switch x := v.(type) {
	case string:
		if s, ok := to[x]; ok {
			return s
		}
	case []any:
		for i := range x {
			x[i] = substituted(x[i], to)
		}
	case map[string]any:
		for k := range x {
			x[k] = substituted(x[k], to)
		}
	}
	return v
}
