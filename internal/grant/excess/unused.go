package excess

import (
	"strings"

	"github.com/bartizan-dev/bartizan/internal/grant"
)

// Unused is what nobody used of one rule. It stands where the rule does.
type Unused struct {
	Grant *grant.Grant
	Verbs []string
	// Resources of the rule, or its URLs, of which none of the verbs was used.
	Resources, URLs []string
	Names           []string // names of the rule that nobody used
	// Part says that something was used of what the wildcards stand for, and the rest was not.
	Part bool
}

// cells counts the rights that a rule lists: a verb on a resource or URL. A wildcard is one.
func cells(r *grant.Rule) int { return len(r.Verbs) * (len(r.Resources) + len(r.NonResourceURLs)) }

// unused says what of a rule no request used, how many of its rights that are, and how many wildcards were used in part.
func unused(g *grant.Grant, requests map[grant.Request]bool) (out []Unused, n, wild int) {
	r := &g.Rule
	targets := r.Resources
	if len(r.NonResourceURLs) > 0 {
		targets = r.NonResourceURLs
	}
	byVerbs := map[string]int{}
	for _, target := range targets {
		var verbs []string
		part := false
		for _, verb := range r.Verbs {
			used := uses(requests, verb, target)
			broad := verb == "*" || target == "*" || strings.HasPrefix(target, "*/") || strings.HasSuffix(target, "*")
			if !used {
				verbs = append(verbs, verb)
				n++
			} else if broad {
				part = true
				wild++
			}
		}
		if len(verbs) > 0 {
			key := strings.Join(verbs, ",")
			i, ok := byVerbs[key]
			if !ok {
				i = len(out)
				byVerbs[key] = i
				out = append(out, Unused{Grant: g, Verbs: verbs})
			}
			if len(r.NonResourceURLs) > 0 {
				out[i].URLs = append(out[i].URLs, target)
			} else {
				out[i].Resources = append(out[i].Resources, target)
			}
		}
		if part {
			u := Unused{Grant: g, Verbs: r.Verbs, Resources: []string{target}, Part: true}
			if len(r.NonResourceURLs) > 0 {
				u.Resources, u.URLs = nil, u.Resources
			}
			out = append(out, u)
		}
	}
	if names := idle(r, requests); len(names) > 0 && len(names) < len(r.ResourceNames) {
		out = append(out, Unused{Grant: g, Verbs: r.Verbs, Resources: r.Resources, Names: names})
	}
	return out, n, wild
}

func uses(requests map[grant.Request]bool, verb, target string) bool {
	for q := range requests {
		if (verb == "*" || verb == q.Verb) && matches(target, &q) {
			return true
		}
	}
	return false
}

// idle are the names of a rule that nobody used.
func idle(r *grant.Rule, requests map[grant.Request]bool) (names []string) {
	used := map[string]bool{}
	for q := range requests {
		used[q.Name] = true
	}
	for _, name := range r.ResourceNames {
		if !used[name] {
			names = append(names, name)
		}
	}
	return names
}

// matches says whether a resource or URL of a rule is the one that a request is about.
func matches(target string, q *grant.Request) bool {
	if q.Path != "" {
		prefix, wild := strings.CutSuffix(target, "*")
		return target == q.Path || wild && strings.HasPrefix(q.Path, prefix)
	}
	name := q.Resource
	if q.Subresource != "" {
		name += "/" + q.Subresource
	}
	return target == "*" || target == name || q.Subresource != "" && target == "*/"+q.Subresource
}
