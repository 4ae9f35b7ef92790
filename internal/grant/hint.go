package grant

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// denial explains a denial, and names what comes near.
func (m *Model) denial(s Subject, c *class, q *Query) string {
	if !m.chain.rbac {
		return "the API server does not use RBAC, and nothing else allows it"
	}
	bindings := 0
	for _, i := range c.principals {
		bindings += len(m.principals[i].attached)
	}
	reason := fmt.Sprintf("no rule allows it: %s %s", s.mention(), plural(bindings, "is reached by no binding", "is reached by 1 binding", "is reached by %d bindings"))
	if hint := m.hint(c, q); hint != "" {
		reason += "; " + hint
	}
	return reason
}

func plural(n int, none, one, many string) string {
	switch n {
	case 0:
		return none
	case 1:
		return one
	}
	return fmt.Sprintf(many, n)
}

// mention names a subject and how many groups come with it.
func (s Subject) mention() string {
	if s.User == "" {
		return s.String()
	}
	if len(s.Groups) == 0 {
		return s.User
	}
	return s.User + " with " + strings.Join(s.Groups, ", ")
}

// hint looks for a rule that would allow the request if one thing about it were different.
func (m *Model) hint(c *class, q *Query) string {
	if q.path {
		return ""
	}
	applies := func(a *attachment) bool { return a.namespace == unused || a.namespace == q.namespace }
	elsewhere := map[string]bool{}
	var names []string
	said, must := "", ""
	anyName := *q
	m.grants(c, func(a *attachment, x *roleRule) bool {
		rule := &m.words.rules[x.id]
		switch {
		case !applies(a) && rule.matches(q):
			elsewhere[m.bindings[a.binding].ref.Namespace] = true
		case applies(a) && len(rule.names) > 0 && rule.matchesUnnamed(&anyName):
			for _, name := range rule.names {
				if name == "" { // requests without a name
					name = `""`
				}
				names = append(names, name)
			}
		case applies(a) && said == "":
			said, must = x.rule.slip(&q.request)
		}
		return false
	})
	switch {
	case len(names) > 0:
		slices.Sort(names)
		return "it is granted only for the name " + short(slices.Compact(names))
	case len(elsewhere) > 0:
		return "it is granted only in the namespace " + short(slices.Sorted(maps.Keys(elsewhere)))
	case said != "":
		return fmt.Sprintf("a rule says %q, which matches nothing: it must be %s", said, must)
	}
	return ""
}

// slip finds the one word of a rule that keeps it from allowing a request and that is not written as the authorizers want
// it: a kind for a resource, another case, a version in a group, "pods/*".
func (r *Rule) slip(q *Request) (said, must string) {
	resource, star := q.Resource, all
	if q.Subresource != "" {
		resource, star = q.Resource+"/"+q.Subresource, subAll+q.Subresource
	}
	misses := 0
	look := func(list []string, wild, want string, like func(string) bool) {
		if slices.Contains(list, want) || slices.Contains(list, all) || slices.Contains(list, wild) {
			return
		}
		misses++
		if i := slices.IndexFunc(list, like); i >= 0 {
			said, must = list[i], strconv.Quote(want)
		}
	}
	look(r.Verbs, all, q.Verb, func(s string) bool { return strings.EqualFold(s, q.Verb) })
	look(r.APIGroups, all, q.Group, func(s string) bool {
		return strings.EqualFold(s, q.Group) || q.Group == "" && (s == "core" || s == "v1") || q.Group != "" && strings.HasPrefix(s, q.Group+"/")
	})
	look(r.Resources, star, resource, func(s string) bool {
		return strings.EqualFold(s, resource) || strings.EqualFold(s+"s", resource) || q.Subresource != "" && s == q.Resource+"/*"
	})
	if misses != 1 || said == "" || len(r.ResourceNames) > 0 && !slices.Contains(r.ResourceNames, q.Name) {
		return "", ""
	}
	if strings.HasSuffix(said, "/*") {
		must += " or " + strconv.Quote(star)
	}
	return said, must
}

// matchesUnnamed is matches without looking at names.
func (c *compiled) matchesUnnamed(q *Query) bool {
	bare := *c
	bare.names = nil
	return bare.matches(q)
}

// short joins the first few of a list.
func short(list []string) string {
	const shown = 4
	if more := len(list) - shown; more > 0 {
		return strings.Join(list[:shown], ", ") + fmt.Sprintf(" and %d more", more)
	}
	return strings.Join(list, ", ")
}
