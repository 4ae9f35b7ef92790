package grant

import (
	"fmt"
	"maps"
	"slices"
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
	literal := ""
	anyName := *q
	m.grants(c, func(a *attachment, x *roleRule) bool {
		rule := &m.words.rules[x.id]
		switch {
		case !applies(a) && rule.matches(q):
			elsewhere[m.bindings[a.binding].ref.Namespace] = true
		case applies(a) && len(rule.names) > 0 && rule.matchesUnnamed(&anyName):
			names = append(names, rule.names...)
		case applies(a) && q.request.Subresource != "" && slices.Contains(x.rule.Resources, q.request.Resource+"/*"):
			literal = q.request.Resource + "/*"
		}
		return false
	})
	switch {
	case len(names) > 0:
		slices.Sort(names)
		return "it is granted only for the name " + short(slices.Compact(names))
	case len(elsewhere) > 0:
		return "it is granted only in the namespace " + short(slices.Sorted(maps.Keys(elsewhere)))
	case literal != "":
		return fmt.Sprintf("a rule says %q, which matches nothing: it must be %q or %q", literal, q.request.Resource+"/"+q.request.Subresource, subAll+q.request.Subresource)
	}
	return ""
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
