package grant

import (
	"fmt"
	"slices"
	"strings"
)

// Can answers and explains one question.
func (m *Model) Can(s Subject, r Request) Answer {
	if !s.Exact {
		s = s.Expand()
	}
	c := m.class(s)
	q := m.words.query(r)
	if c.masters {
		return Answer{Verdict: Allowed, Reason: "members of group " + GroupMasters + " may do everything; no binding is needed, and none can take it away"}
	}
	a := m.ask(s, c, &q)
	if a.Verdict == Allowed && len(m.chain.before) > 0 {
		a.Verdict = Unknown
		a.Reason += "; but the API server asks " + strings.Join(m.chain.before, " and ") + " first, which may deny it"
	}
	return a
}

// ask asks the authorizers that are known.
func (m *Model) ask(s Subject, c *class, q *Query) Answer {
	if m.chain.always {
		return Answer{Verdict: Allowed, Reason: "the API server runs with authorization mode AlwaysAllow: everybody may do everything"}
	}
	node := m.canNode(s, q)
	if node.Verdict == Allowed {
		return node
	}
	a := m.canRBAC(s, c, q)
	if a.Verdict == Denied && node.Verdict == Unknown {
		return node
	}
	return a
}

// canRBAC asks the RBAC authorizer, and tells what may stand behind a denial.
func (m *Model) canRBAC(s Subject, c *class, q *Query) Answer {
	a := Answer{Verdict: Denied}
	if m.chain.rbac {
		a.By = m.grants(c, func(at *attachment, x *roleRule) bool {
			return (at.namespace == unused || at.namespace == q.namespace && !q.path) && m.words.rules[x.id].matches(q)
		})
	}
	if len(a.By) > 0 {
		a.Verdict, a.Reason = Allowed, allowedReason(a.By)
		if !slices.ContainsFunc(a.By, func(g Grant) bool { return !g.Disputed }) {
			a.Verdict, a.Reason = Unknown, a.By[0].sentence()+", but another definition of the same object says otherwise"
		}
		return a
	}
	if why := m.doubts(c, q); why != "" {
		return Answer{Verdict: Unknown, Reason: "no rule that was read allows it, but " + why}
	}
	a.Reason = m.denial(s, c, q)
	return a
}

// Doubts lists why a subject may hold more than what was read gives it, in whichever namespace: more of what is asked
// about, if something is.
func (m *Model) Doubts(s Subject, about *Request) (out []string) {
	if !s.Exact {
		s = s.Expand()
	}
	c := m.class(s)
	var q Query
	if about != nil {
		q = m.words.query(*about)
	}
	for _, d := range m.everyone {
		out = append(out, d.reason)
	}
	for _, i := range c.principals {
		for _, d := range m.principals[i].doubts {
			if about == nil || d.rules == nil || d.rules.speaks(m.words.rules, &q) {
				out = append(out, d.reason)
			}
		}
	}
	out = append(out, m.foreignDoubt()...)
	slices.Sort(out)
	return slices.Compact(out)
}

func (m *Model) foreignDoubt() []string {
	foreign := slices.Concat(m.chain.before, m.chain.after)
	if len(foreign) == 0 {
		return nil
	}
	return []string{"the API server also asks " + strings.Join(foreign, " and ") + ", which decides outside of what was read"}
}

// doubts says why a denial is not certain; "" if it is.
func (m *Model) doubts(c *class, q *Query) string {
	var all []string
	for _, d := range m.everyone {
		all = append(all, d.reason)
	}
	for _, i := range c.principals {
		for _, d := range m.principals[i].doubts {
			if d.about(m, q) {
				all = append(all, d.reason)
			}
		}
	}
	all = append(all, m.foreignDoubt()...)
	slices.Sort(all)
	all = slices.Compact(all)
	const shown = 3
	if more := len(all) - shown; more > 0 {
		all = append(all[:shown], fmt.Sprintf("%d more reasons", more))
	}
	return strings.Join(all, "; and ")
}

// allowedReason names the first rule that allows, and how many others do.
func allowedReason(by []Grant) string {
	s := by[0].sentence()
	switch n := len(by) - 1; {
	case n == 1:
		s += "; so does 1 other rule"
	case n > 1:
		s += fmt.Sprintf("; so do %d other rules", n)
	}
	return s
}

// sentence tells in words what a grant does.
func (g *Grant) sentence() string {
	s := fmt.Sprintf("%s gives %s", g.Binding, g.Via)
	s += fmt.Sprintf(" rule %d of %s", g.Rule.Index+1, g.Role)
	if g.Source.Name != "" {
		s = fmt.Sprintf("%s gives %s %s, which takes over rule %d of %s", g.Binding, g.Via, g.Role, g.Rule.Index+1, g.Source)
	}
	switch {
	case g.BuiltinBinding:
		s += " (every cluster has this binding: bootstrap policy of Kubernetes " + BootstrapVersion + ")"
	case g.Builtin:
		s += " (a built-in role that was not read: bootstrap policy of Kubernetes " + BootstrapVersion + ")"
	}
	return s
}

// Of lists every rule that reaches a subject, cluster-wide first, then by namespace. Members of system:masters may
// do everything besides.
func (m *Model) Of(s Subject) []Grant {
	if !s.Exact {
		s = s.Expand()
	}
	out := m.grants(m.class(s), func(*attachment, *roleRule) bool { return true })
	slices.SortStableFunc(out, func(a, b Grant) int { return strings.Compare(a.Namespace, b.Namespace) })
	return out
}
