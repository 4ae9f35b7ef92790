package grant

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/kube"
)

// binding is a RoleBinding or ClusterRoleBinding.
type binding struct {
	ref       bartizan.Ref
	origin    bartizan.Origin
	builtin   bool
	role      bartizan.Ref
	subjects  []Principal
	meant     []Principal // by malformed subjects: any of them may be one
	malformed string      // why; or why its role is not known
	disputed  bool
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
	rules     *index // what may be allowed; nil: anything
}

// about says whether a doubt is about a question.
func (d *doubt) about(m *Model, q *Query) bool {
	return (d.namespace == "" || d.namespace == q.request.Namespace && !q.path) && (d.rules == nil || q.anything || d.rules.allows(m.words.rules, q))
}

// principal is what bindings name, with all that they attach to it.
type principal struct {
	name     Principal
	attached []attachment
	doubts   []doubt
	doubted  map[string]int // how many doubts by namespace that are about anything
	narrow   map[doubt]bool // the other doubts
	cluster  *set
	places   []placed // in the order of the namespaces' numbers
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
	b.subjects, b.meant = d.subjects(ref.Namespace)
	m.faults = append(m.faults, d.faults...)
	if len(d.faults) > 0 {
		b.malformed = fmt.Sprintf("%s (%s) cannot be read in full: %s", ref, where(d.faults[0].Origin), d.faults[0].Message)
	}
	if m.options.Complete {
		b.meant = nil // it was read as the API server reads it: it reaches nobody else
	}
	switch {
	case !ok && m.options.Complete:
	case !ok:
		for _, s := range slices.Concat(b.subjects, b.meant) {
			m.principals[m.principal(s, b.origin)].addDoubt(doubt{namespace: ref.Namespace, reason: b.malformed})
		}
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
	if builtin || first.role == b.role && slices.Equal(first.subjects, b.subjects) && slices.Equal(first.meant, b.meant) {
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
				p.addDoubt(doubt{namespace: b.ref.Namespace, reason: b.unread()})
			case ok:
				if last := len(p.attached) - 1; last >= 0 && p.attached[last] == at {
					continue // a binding that names a subject twice
				}
				p.attached = append(p.attached, at)
				if why := m.roles.list[r].doubt; why != "" {
					p.addDoubt(doubt{namespace: b.ref.Namespace, reason: why})
				}
				p.disputed = p.disputed || at.disputed || m.roles.list[r].disputed
			}
		}
		for _, name := range b.meant {
			m.guess(b, at, name, ok)
		}
	}
}

// guess doubts whether a malformed subject is meant to be a principal.
func (m *Model) guess(b *binding, at attachment, name Principal, found bool) {
	p := &m.principals[m.principal(name, b.origin)]
	if !found {
		p.addDoubt(doubt{namespace: b.ref.Namespace, reason: b.unread()})
		return
	}
	r := &m.roles.list[at.role]
	if r.doubt != "" {
		p.addDoubt(doubt{namespace: b.ref.Namespace, reason: r.doubt})
	}
	p.addDoubt(doubt{b.ref.Namespace, b.malformed, r.indexed(m.words)})
}

// unread tells that a binding's role is not known.
func (b *binding) unread() string {
	return fmt.Sprintf("%s (%s) binds %s, which was not read", b.ref, where(b.origin), b.role)
}

// maxDoubts bounds the doubts that are kept of one principal in one namespace: one is enough to be unknown. maxNarrow
// bounds those about some rules only: with more the principal may hold anything.
const (
	maxDoubts = 4
	maxNarrow = 32
)

func (p *principal) addDoubt(d doubt) {
	if p.doubted == nil {
		p.doubted, p.narrow = map[string]int{}, map[doubt]bool{}
	}
	if d.rules != nil {
		key := doubt{namespace: d.namespace, rules: d.rules}
		if p.narrow[key] {
			return
		}
		if len(p.narrow) < maxNarrow {
			p.narrow[key] = true
			p.doubts = append(p.doubts, d)
			return
		}
		d.rules = nil
	}
	if p.doubted[d.namespace]++; p.doubted[d.namespace] <= maxDoubts {
		p.doubts = append(p.doubts, d)
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
	var held [][2]int32 // namespaces and roles
	var roles []int32
	for i := range m.principals {
		p := &m.principals[i]
		for _, a := range p.attached {
			if r := &m.roles.list[a.role]; p.disputed && r.sure == nil {
				r.sure = r.undisputed(m.words)
			}
		}
		held = held[:0]
		for _, a := range p.attached {
			held = append(held, [2]int32{a.namespace, a.role})
		}
		slices.SortFunc(held, func(a, b [2]int32) int { return cmp.Or(int(a[0])-int(b[0]), int(a[1])-int(b[1])) })
		held = slices.Compact(held)
		for len(held) > 0 {
			ns := held[0][0]
			roles = roles[:0]
			for len(held) > 0 && held[0][0] == ns {
				roles = append(roles, held[0][1])
				held = held[1:]
			}
			if s := m.sets.of(m, roles); ns == unused {
				p.cluster = s
			} else {
				p.places = append(p.places, placed{ns, s})
			}
		}
	}
}

// in is what a principal holds in a namespace besides what it holds everywhere; nil for nothing.
func (p *principal) in(namespace int32) *set {
	if len(p.places) > 8 {
		i, ok := slices.BinarySearchFunc(p.places, namespace, func(x placed, ns int32) int { return int(x.namespace) - int(ns) })
		if !ok {
			return nil
		}
		return p.places[i].set
	}
	for _, x := range p.places {
		if x.namespace == namespace {
			return x.set
		}
	}
	return nil
}

// sets interns unions of roles.
type sets struct {
	ofRole  map[int32]*set
	byRoles map[string]*set // of several
	merged  int             // rules copied so far
}

func (s *sets) number() int { return len(s.ofRole) + len(s.byRoles) }

// maxMerged bounds the rules copied into merged sets; beyond it a set keeps its roles apart, which is slower.
const maxMerged = 4_000_000

// of is the set of some roles, in order and each given once; nil for none.
func (s *sets) of(m *Model, list []int32) *set {
	switch len(list) {
	case 0:
		return nil
	case 1:
		if s.ofRole[list[0]] == nil {
			s.ofRole[list[0]] = &set{id: int32(s.number()), parts: []*index{m.roles.list[list[0]].indexed(m.words)}}
		}
		return s.ofRole[list[0]]
	}
	key := numbersKey(list)
	if have, ok := s.byRoles[key]; ok {
		return have
	}
	out := &set{id: int32(s.number())}
	s.byRoles[key] = out
	total := 0
	for _, r := range list {
		total += len(m.roles.list[r].rules)
	}
	if s.merged+total > maxMerged {
		for _, r := range list {
			out.parts = append(out.parts, m.roles.list[r].indexed(m.words))
		}
		return out
	}
	s.merged += total
	rules := make([]int32, 0, total)
	for _, r := range list {
		for _, x := range m.roles.list[r].rules {
			rules = append(rules, x.id)
		}
	}
	slices.Sort(rules)
	out.parts = []*index{newIndex(m.words, slices.Compact(rules))}
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
