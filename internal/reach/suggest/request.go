package suggest

import (
	"regexp"
	"slices"
	"strings"
	"sync"
)

// Request is what was asked for by HTTP: the path as in the request line, without the query.
type Request struct {
	Method, Path string
	Query        bool // there was one
}

const (
	maxRequests = 200 // different ones of a flow
	maxNames    = 20  // of an address
)

// requestOf reads a method and what Hubble gives as URL: a path, or an address with scheme and host.
func requestOf(method, url string) (r Request, ok bool) {
	if i := strings.Index(url, "://"); i >= 0 {
		rest := url[i+3:]
		slash := strings.IndexAny(rest, "/?")
		if slash < 0 {
			rest, slash = "/", 0
		}
		url = rest[slash:]
	}
	url, _, _ = strings.Cut(url, "#")
	path, _, query := strings.Cut(url, "?")
	if !token().MatchString(method) || path != "" && path[0] != '/' || !written().MatchString(path) {
		return r, false
	}
	if path == "" {
		path = "/"
	}
	return Request{strings.ToUpper(method), path, query}, true
}

// token is what a method may be (RFC 9110, section 5.6.2).
var token = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile("^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,40}$") })

// written is what a path may be in a request line: visible ASCII (RFC 3986), and not longer than servers take.
var written = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[!-~]{0,1000}$`) })

// variable is a part of a path that names one thing among many: a number, a UUID, a hash.
var variable = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^([0-9]+|[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}|[0-9a-f]{16,64})$`)
})

// pattern is a rule for requests: RE2 that matches the whole path with its query, as Cilium hands it to Envoy.
type pattern struct{ method, path string }

// patterns are rules for requests: as they were seen, but for parts of the path that name one thing among many.
func patterns(list []Request) []pattern {
	query := map[pattern]bool{}
	for _, r := range list {
		parts := strings.Split(r.Path, "/")
		for i, p := range parts {
			if variable().MatchString(p) {
				parts[i] = "[^/?]+"
			} else {
				parts[i] = regexp.QuoteMeta(p)
			}
		}
		x := pattern{r.Method, strings.Join(parts, "/")}
		query[x] = query[x] || r.Query
	}
	out := make([]pattern, 0, len(query))
	for x, has := range query {
		if has {
			x.path += `(\?.*)?`
		}
		out = append(out, x)
	}
	slices.SortFunc(out, func(a, b pattern) int {
		return strings.Compare(a.path+" "+a.method, b.path+" "+b.method)
	})
	return out
}

// matcher is a pattern that was compiled.
type matcher struct {
	method string
	path   *regexp.Regexp
}

// compiled makes matchers of rules. One that cannot be compiled lets nothing through.
func compiled(rules []pattern) (out []matcher) {
	for _, p := range rules {
		if re, err := regexp.Compile("^(?:" + p.path + ")$"); err == nil {
			out = append(out, matcher{p.method, re})
		}
	}
	return out
}

// allow says whether rules let a request through.
func allow(rules []matcher, r Request) bool {
	path := r.Path
	if r.Query {
		path += "?a=b"
	}
	return slices.ContainsFunc(rules, func(m matcher) bool { return m.method == r.Method && m.path.MatchString(path) })
}
