package grant

import (
	"fmt"
	"slices"
	"strings"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/kube"
)

// binding is a RoleBinding or ClusterRoleBinding.
type binding struct {
	ref      bartizan.Ref
	origin   bartizan.Origin
	builtin  bool
	role     bartizan.Ref
	subjects []Principal
	disputed bool
}

// attachment is a role that a binding attaches to a principal.
type attachment struct {
	binding, role int32
	namespace     int32 // unused: everywhere
	disputed      bool
}

// doubt is why something that is not allowed may be allowed all the same.
type doubt struct {
	namespace string // "" everywhere
	reason    string
}

// principal is what bindings name, with all that they attach to it.
type principal struct {
	name     Principal
	attached []attachment
	doubts   []doubt
	doubted  map[string]int // how many doubts by namespace
	cluster  *set
	scoped   map[int32]*set // by namespace
	places   []placed       // the same, in the order of the namespaces' names
	disputed bool
	first    bartizan.Origin // of the first binding that names it
}

// placed is what a principal holds in one namespace.
type placed struct {
	namespace int32
	set       *set
}

func (m *Model) readBindings(w bartizan.World, builtin bool) {
	for _, kind := range []bartizan.Kind{"ClusterRoleBinding", "RoleBinding"} {
		for e := range w.All(kind) {
			if o, ok := e.Value.(*kube.Object); ok && o.Group == rbacGroup {
				m.readBinding(o, builtin)
			}
		}
	}
}

func (m *Model) readBinding(o *kube.Object, builtin bool) {
	ref := m.named(o)
	d := decoder{object: o, ref: ref}
	b := binding{ref: ref, origin: o.Origin, builtin: builtin}
	if o.Origin.Source == "cluster" {
		b.origin.Line, b.origin.Column = 0, 0
	}
	var ok bool
	b.role, ok = d.roleRef(ref.Namespace)
	b.subjects = d.subjects(ref.Namespace)
	m.faults = append(m.faults, d.faults...)
	switch {
	case !ok:
	case o.Root.At("metadata", "name").Text() == "":
		m.bindings = append(m.bindings, b) // the API server gives it a name of its own
	default:
		m.addBinding(b, builtin)
	}
}

// addBinding adds a binding. Of two that differ and have one name, either may apply.
func (m *Model) addBinding(b binding, builtin bool) {
	i, taken := m.bindingByRef[b.ref]
	if !taken {
		m.bindingByRef[b.ref] = int32(len(m.bindings))
		m.bindings = append(m.bindings, b)
		return
	}
	first := &m.bindings[i]
	if builtin || first.role == b.role && slices.Equal(first.subjects, b.subjects) {
		return
	}
	m.faults = append(m.faults, Fault{
		Code: FaultDuplicate, Subject: b.ref, Origin: b.origin,
		Message: fmt.Sprintf("%s is defined twice and differently, first in %s: which one applies is not known", b.ref, where(first.origin)),
	})
	first.disputed, b.disputed = true, true
	m.bindings = append(m.bindings, b)
}

// attach resolves the bindings' roles and gives them to their subjects.
func (m *Model) attach() {
	for i := range m.bindings {
		b := &m.bindings[i]
		at := attachment{binding: int32(i), namespace: unused, disputed: b.disputed}
		if b.ref.Namespace != "" {
			at.namespace = m.words.namespaces.add(b.ref.Namespace)
		}
		r, ok := m.roles.byRef[b.role]
		if !ok {
			m.dangling(b)
		}
		at.role = r
		for _, name := range b.subjects {
			p := &m.principals[m.principal(name, b.origin)]
			switch {
			case !ok && !m.options.Complete:
				p.addDoubt(b.ref.Namespace, fmt.Sprintf("%s (%s) binds %s, which was not read", b.ref, where(b.origin), b.role))
			case ok:
				if last := len(p.attached) - 1; last >= 0 && p.attached[last] == at {
					continue // a binding that names a subject twice
				}
				p.attached = append(p.attached, at)
				if why := m.roles.list[r].doubt; why != "" {
					p.addDoubt(b.ref.Namespace, why)
				}
				p.disputed = p.disputed || at.disputed || m.roles.list[r].disputed
			}
		}
	}
}

// maxDoubts bounds the doubts that are kept of one principal in one namespace: one is enough to be unknown.
const maxDoubts = 4

func (p *principal) addDoubt(namespace, reason string) {
	if p.doubted == nil {
		p.doubted = map[string]int{}
	}
	if p.doubted[namespace]++; p.doubted[namespace] <= maxDoubts {
		p.doubts = append(p.doubts, doubt{namespace, reason})
	}
}

func (m *Model) dangling(b *binding) {
	tail := "what it grants is not known"
	if m.options.Complete {
		tail = "it grants nothing until somebody creates the role, with whatever rules they like"
	}
	m.faults = append(m.faults, Fault{
		Code: FaultDangling, Subject: b.ref, Origin: b.origin,
		Message: fmt.Sprintf("%s binds %s, which does not exist in what was read: %s", b.ref, b.role, tail),
	})
}

// principal finds or makes a principal.
func (m *Model) principal(name Principal, first bartizan.Origin) int32 {
	if i, ok := m.principalByName[name]; ok {
		return i
	}
	i := int32(len(m.principals))
	m.principals = append(m.principals, principal{name: name, first: first})
	m.principalByName[name] = i
	return i
}

// unite builds the principals' effective sets. Equal sets are one.
func (m *Model) unite() {
	for i := range m.principals {
		p := &m.principals[i]
		for _, a := range p.attached {
			if r := &m.roles.list[a.role]; p.disputed && r.sure == nil {
				r.sure = r.undisputed(m.words)
			}
		}
		byNamespace := map[int32][]int32{}
		var order []int32
		for _, a := range p.attached {
			if byNamespace[a.namespace] == nil {
				order = append(order, a.namespace)
			}
			byNamespace[a.namespace] = append(byNamespace[a.namespace], a.role)
		}
		for _, ns := range order {
			s := m.sets.of(m, byNamespace[ns])
			if ns == unused {
				p.cluster = s
				continue
			}
			if p.scoped == nil {
				p.scoped = map[int32]*set{}
			}
			p.scoped[ns] = s
			p.places = append(p.places, placed{ns, s})
		}
		slices.SortFunc(p.places, func(a, b placed) int { return strings.Compare(m.namespaces[a.namespace], m.namespaces[b.namespace]) })
	}
}

// sets interns unions of roles.
type sets struct {
	byRoles map[string]*set
	merged  int // rules copied so far
}

// maxMerged bounds the rules copied into merged sets; beyond it a set keeps its roles apart, which is slower.
const maxMerged = 4_000_000

// of is the set of some roles; nil for none.
func (s *sets) of(m *Model, list []int32) *set {
	if len(list) == 0 {
		return nil
	}
	list = slices.Clone(list)
	slices.Sort(list)
	list = slices.Compact(list)
	key := numbersKey(list)
	if have, ok := s.byRoles[key]; ok {
		return have
	}
	var out *set
	total := 0
	for _, r := range list {
		total += len(m.roles.list[r].rules)
	}
	if len(list) == 1 || s.merged+total > maxMerged {
		out = &set{}
		for _, r := range list {
			out.parts = append(out.parts, m.roles.list[r].indexed(m.words))
		}
	} else {
		s.merged += total
		var rules []int32
		for _, r := range list {
			for _, x := range m.roles.list[r].rules {
				rules = append(rules, x.id)
			}
		}
		slices.Sort(rules)
		out = &set{parts: []*index{newIndex(m.words, slices.Compact(rules))}}
	}
	out.id = int32(len(s.byRoles))
	s.byRoles[key] = out
	return out
}

// indexed is the role's own index.
func (r *role) indexed(v *vocabulary) *index {
	if r.index == nil {
		r.index = r.indexOf(v, func(roleRule) bool { return true })
	}
	return r.index
}

// undisputed is the index of what all definitions of a role grant.
func (r *role) undisputed(v *vocabulary) *index {
	if !r.disputed {
		return r.indexed(v)
	}
	return r.indexOf(v, func(x roleRule) bool { return !x.disputed })
}

func (r *role) indexOf(v *vocabulary, keep func(roleRule) bool) *index {
	var rules []int32
	for _, x := range r.rules {
		if keep(x) {
			rules = append(rules, x.id)
		}
	}
	slices.Sort(rules)
	return newIndex(v, slices.Compact(rules))
}

// numbersKey is a list of numbers as the key of a map.
func numbersKey(list []int32) string {
	b := make([]byte, 0, 4*len(list))
	for _, n := range list {
		b = append(b, byte(n), byte(n>>8), byte(n>>16), byte(n>>24))
	}
	return string(b)
}
