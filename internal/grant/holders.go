package grant

import (
	"cmp"
	"slices"
)

// Holders lists every class that holds a capability by RBAC, in order of class, then namespace. Rights by the Node
// authorizer are not among them: see [Model.NodeReads]. A namespace's own Namespace object counts as being in
// it, as for the API server.
func (m *Model) Holders(c Capability) (out []Holding) {
	q := m.words.query(Request{Verb: c.Verb, Group: c.Group, Resource: c.Resource, Subresource: c.Subresource})
	known := make([]*scope, m.sets.number())
	ask := func(s *set) scope {
		if s == nil {
			return scope{}
		}
		if known[s.id] == nil {
			x := s.scope(m.words.rules, &q)
			known[s.id] = &x
		}
		return *known[s.id]
	}
	for i := range m.classes {
		out = m.holding(Class(i), ask, out)
	}
	return out
}

// holding adds what one class holds.
func (m *Model) holding(n Class, ask func(*set) scope, out []Holding) []Holding {
	c := &m.classes[n]
	if c.masters || m.chain.always {
		return append(out, Holding{Class: n})
	}
	if !m.chain.rbac {
		return out
	}
	everywhere := ask(c.cluster)
	if !everywhere.empty() {
		out = append(out, Holding{Class: n, Names: everywhere.names})
	}
	if everywhere.every {
		return out
	}
	first := len(out)
	if len(c.scoped) == 1 {
		for _, at := range m.principals[c.scoped[0]].places {
			out = m.place(n, at.namespace, everywhere, ask(at.set), out)
		}
	} else {
		scopes := map[int32]scope{}
		for _, p := range c.scoped {
			for _, at := range m.principals[p].places {
				if x := ask(at.set); !x.empty() {
					have := scopes[at.namespace]
					have.add(x)
					scopes[at.namespace] = have
				}
			}
		}
		for ns, x := range scopes {
			out = m.place(n, ns, everywhere, x, out)
		}
	}
	slices.SortFunc(out[first:], func(a, b Holding) int { return cmp.Compare(a.Namespace, b.Namespace) })
	return out
}

// place adds what a class holds in a namespace beyond what it holds everywhere.
func (m *Model) place(n Class, namespace int32, everywhere, x scope, out []Holding) []Holding {
	if len(everywhere.names) > 0 && len(x.names) > 0 {
		x.names = slices.DeleteFunc(slices.Clone(x.names), func(name string) bool {
			_, held := slices.BinarySearch(everywhere.names, name)
			return held
		})
	}
	if x.empty() {
		return out
	}
	return append(out, Holding{Class: n, Namespace: m.namespaces[namespace], Names: x.names})
}

// Grants lists every rule that allows a request, for whichever principal, in the order of principals' names. With
// anywhere it lists those that hold in one namespace as well, and without a name in the request those that hold for
// some names only.
func (m *Model) Grants(r Request, anywhere bool) (out []Grant) {
	if !m.chain.rbac {
		return nil
	}
	q := m.words.query(r)
	order := make([]int32, len(m.principals))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(a, b int32) int {
		x, y := m.principals[a].name, m.principals[b].name
		return cmp.Or(-compareBool(x.Group, y.Group), cmp.Compare(x.Name, y.Name))
	})
	for _, i := range order {
		out = append(out, m.grants(&class{principals: []int32{i}}, func(a *attachment, x *roleRule) bool {
			rule := &m.words.rules[x.id]
			switch {
			case a.namespace != unused && (q.path || !anywhere && a.namespace != q.namespace):
				return false
			case anywhere && r.Name == "" && !q.path:
				return rule.matchesUnnamed(&q)
			}
			return rule.matches(&q)
		})...)
	}
	return out
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}
