package reach

import "iter"

// Class is a set of pods, hosts or outside addresses that the policies do not tell apart. The number is valid
// for one Model.
type Class int32

// Reaches is the verdict on a connection between two pods by their indices. It allocates nothing. Of a range of
// ports it is enough that one is open.
func (m *Model) Reaches(from, to int, p Port) Verdict {
	if from == to && !m.inv.pods[from].IsTemplate() {
		return Allowed
	}
	s, d := &m.inv.pods[from], &m.inv.pods[to]
	if p.Name != "" || s.HostNetwork || d.HostNetwork {
		return m.reachesSlow(from, to, p)
	}
	first := m.ports.atom(p.Protocol, max(p.Number, 1))
	last := first
	if p.Number == 0 || p.End > p.Number {
		end := uint16(65535)
		if p.End > 0 {
			end = p.End
		}
		last = m.ports.atom(p.Protocol, end)
	}
	best := Denied
	for f := range s.class {
		for g := range d.class {
			a, b := s.class[f], d.class[g]
			if f == 1 && a == s.class[0] || g == 1 && b == d.class[0] || m.apart(a, b) {
				continue
			}
			for atom := first; atom <= last; atom++ {
				v := both(m.side(Egress, a, b, atom), m.side(Ingress, b, a, atom))
				if v == Allowed {
					return Allowed
				}
				if v == Unknown {
					best = Unknown
				}
			}
		}
	}
	return best
}

func (m *Model) reachesSlow(from, to int, p Port) Verdict {
	best := Denied
	for _, d := range m.podEnd2(int32(to)) {
		ports, why := m.resolve(p, d)
		if why != "" {
			continue
		}
		for _, q := range ports {
			for _, atom := range m.ports.of(q) {
				for _, s := range m.podEnd2(int32(from)) {
					j := m.judge(s, d, atom)
					if !j.different && rank(j.verdict) > rank(best) {
						best = j.verdict
					}
				}
			}
		}
	}
	return best
}

// Classes is the number of classes; pods come first, then hosts, then outside addresses.
func (m *Model) Classes() int { return m.n }

// ClassOf is the class of a pod by its index; a pod with addresses of both families that policies tell apart has
// two, of which this is the first.
func (m *Model) ClassOf(pod int) Class { return Class(m.inv.pods[pod].class[0]) }

// Members are the indices of the pods in a class.
func (m *Model) Members(c Class) []int32 { return m.classes[c].members }

// column gives for each pattern of sources the destinations whose ingress lets them in, on one atom.
type columns struct {
	of      []int32 // by source class
	targets []bits  // by pattern
}

// AllPairs visits, for every class of sources and every range of ports, the destinations that are allowed, as a
// Set of classes which is valid until the next step. What is not known is not in it.
func (m *Model) AllPairs() iter.Seq2[Source, Set] {
	return func(yield func(Source, Set) bool) {
		var in *columns
		out := newBits(m.n)
		for atom := range m.ports.atoms {
			if atom == 0 || !m.sameIngress(atom-1, atom) {
				in = m.columns(atom, false)
			}
			for s := int32(0); s < m.outEnd; s++ {
				into := in.targets[in.of[s]]
				copy(out, into)
				if m.governs(s) {
					o := m.rows[Egress][m.sig[Egress][s]].at(atom)
					for i := range out {
						out[i] &= o.accept[i] &^ o.deny[i]
					}
				}
				if !yield(Source{Class(s), m.ports.atoms[atom].port()}, Set{out}) {
					return
				}
			}
		}
	}
}

// Source is a class of sources and a range of ports.
type Source struct {
	Class Class
	Port  Port
}

// Set is a set of classes.
type Set struct{ b bits }

// Has says whether a class is in the set.
func (s Set) Has(c Class) bool { return s.b.has(int32(c)) }

// Len is the number of classes in the set.
func (s Set) Len() int { return s.b.count() }

// All visits the classes in order.
func (s Set) All() iter.Seq[Class] {
	return func(yield func(Class) bool) {
		for c := range s.b.all() {
			if !yield(Class(c)) {
				return
			}
		}
	}
}

// sameIngress says whether two atoms have the same outcome at every destination.
func (m *Model) sameIngress(a, b int) bool {
	for _, r := range m.rows[Ingress] {
		if r.group[a] != r.group[b] {
			return false
		}
	}
	return true
}

// columns turns the rows of ingress into what each source surely, or perhaps, reaches: sources that the same rows
// let in share it.
func (m *Model) columns(atom int, perhaps bool) *columns {
	rows := m.rows[Ingress]
	words := (len(rows) + 63) / 64
	pattern := make([]uint64, m.n*words)
	for g, r := range rows {
		o := r.at(atom)
		for i, w := range o.accept {
			if !perhaps {
				w &^= o.deny[i]
			}
			for base := i * 64; w != 0; w &= w - 1 {
				pattern[(base+trailing(w))*words+g/64] |= 1 << (g % 64)
			}
		}
	}
	c := &columns{of: make([]int32, m.n)}
	index := map[string]int32{}
	for s := range m.n {
		key := patternKey(pattern[s*words : (s+1)*words])
		p, ok := index[string(key)]
		if !ok {
			p = int32(len(c.targets))
			index[string(key)] = p
			c.targets = append(c.targets, m.targets(pattern[s*words:(s+1)*words]))
		}
		c.of[s] = p
	}
	return c
}

// targets is the classes of the rows in a pattern; hosts and the outside let everything in.
func (m *Model) targets(pattern []uint64) bits {
	b := newBits(m.n)
	b.fill(m.subjectEnd, m.outEnd)
	for g := range bits(pattern).all() {
		for _, c := range m.sigs[Ingress][g].classes {
			b.set(c)
		}
	}
	return b
}

// Within says whether a set has a pod of a namespace.
func (m *Model) Within(s Set, namespace string) bool {
	ns, ok := m.inv.nsIndex[namespace]
	if !ok || int(ns) >= len(m.nsRange) {
		return false
	}
	for c := m.nsRange[ns][0]; c < m.nsRange[ns][1]; c++ {
		if s.b.has(c) {
			return true
		}
	}
	return false
}
