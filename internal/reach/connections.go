package reach

import (
	"encoding/binary"
	"iter"
	"sort"
)

// Connection is a set of connections with one verdict: from any of From to any of To on any of Ports.
type Connection struct {
	From, To Group
	Ports    []Port
	Verdict  Verdict
	// Sources and Targets are the sets themselves.
	Sources, Targets Set
}

// Connections lists what is allowed and what is not known, in as few sets as it takes: ends of which the same is
// true stand together. What holds between a pod and its own node whatever the policies say is left out.
func (m *Model) Connections() (out []Connection) {
	l := m.newLister()
	l.findTwins()
	for s := range m.outEnd {
		if l.twin[s] == s && (s != m.anyHost || len(m.classes[s].members)+len(m.classes[s].nodes) > 0) {
			l.source(s)
		}
	}
	for _, key := range l.order {
		g := l.grouped[key]
		m.leaveOutSelf(g)
		l.spread(g.sources)
		from := m.Describe(Set{g.sources})
		for _, p := range g.parts {
			l.spread(p.targets)
			out = append(out, Connection{
				From: from, To: m.Describe(Set{p.targets}), Ports: m.mergePorts(p.atoms), Verdict: p.verdict,
				Sources: Set{g.sources}, Targets: Set{p.targets},
			})
		}
	}
	return out
}

// unknownPairs visits, for every class of pods and every range of ports, the destinations of which it is not known
// whether they are reached.
func (m *Model) unknownPairs() iter.Seq2[Source, Set] {
	return func(yield func(Source, Set) bool) {
		l := m.newLister()
		for atom := range m.ports.atoms {
			for s := range m.podEnd {
				out := l.reached(s, atom, Unknown)
				for t := range out.all() {
					if m.apart(s, t) {
						out[t>>6] &^= 1 << (t & 63)
					}
				}
				if !out.empty() && !yield(Source{Class(s), m.ports.atoms[atom].port()}, Set{out}) {
					return
				}
			}
		}
	}
}

func (m *Model) newLister() *lister {
	l := &lister{m: m, grouped: map[string]*listed{}}
	for atom := range m.ports.atoms {
		if atom > 0 && m.sameIngress(atom-1, atom) {
			l.sure, l.may = append(l.sure, l.sure[atom-1]), append(l.may, l.may[atom-1])
			continue
		}
		l.sure, l.may = append(l.sure, m.columns(atom, false)), append(l.may, m.columns(atom, true))
	}
	return l
}

type lister struct {
	m         *Model
	sure, may []*columns
	grouped   map[string]*listed
	order     []string

	twin   []int32         // of each class: the one that stands for the same pods, by the addresses of their first family
	second map[int32]int32 // of a class that stands for pods: the one by their other addresses
}

// findTwins notes the classes that stand for the same pods, which have addresses of both families.
func (l *lister) findTwins() {
	l.twin, l.second = make([]int32, l.m.n), map[int32]int32{}
	for c := range l.twin {
		l.twin[c] = int32(c)
	}
	for i := range l.m.inv.pods {
		if p := &l.m.inv.pods[i]; p.class[1] != p.class[0] && !p.HostNetwork {
			l.twin[p.class[1]], l.second[p.class[0]] = p.class[0], p.class[1]
		}
	}
}

// alone says whether a class is one pod, and not a workload's that may have more.
func (m *Model) alone(c int32) bool {
	return c < m.podEnd && len(m.classes[c].members) == 1 && !m.inv.pods[m.classes[c].members[0]].IsTemplate()
}

// leaveOutSelf leaves out that a pod reaches itself, which it always does, where it stands alone.
func (m *Model) leaveOutSelf(g *listed) {
	c := first(g.sources)
	if g.sources.count() > 1 || !m.alone(c) {
		return
	}
	kept := g.parts[:0]
	for _, p := range g.parts {
		p.targets = p.targets.clone()
		if p.targets[c>>6] &^= 1 << (c & 63); !p.targets.empty() {
			kept = append(kept, p)
		}
	}
	g.parts = kept
}

// listed is sources of which the same is true.
type listed struct {
	sources bits
	parts   []part
}

// part is targets that are reached on the same ports.
type part struct {
	targets bits
	atoms   []int
	verdict Verdict
}

// source works out what one class reaches, and puts it with those that reach the same.
func (l *lister) source(s int32) {
	parts := append(l.parts(s, Allowed), l.parts(s, Unknown)...)
	if len(parts) == 0 {
		return
	}
	var key []byte
	for _, p := range parts {
		key = append(append(key, byte(p.verdict)), patternKey(p.targets)...)
		for _, a := range p.atoms {
			key = binary.LittleEndian.AppendUint16(key, uint16(a))
		}
		key = append(key, 0xff, 0xff, 0xff)
	}
	k := string(key)
	if l.grouped[k] == nil {
		l.grouped[k] = &listed{sources: newBits(l.m.n), parts: parts}
		l.order = append(l.order, k)
	}
	l.grouped[k].sources.set(s)
}

// parts divides the targets of a source by the ports on which the verdict holds.
func (l *lister) parts(s int32, v Verdict) (out []part) {
	m := l.m
	all := newBits(m.n)
	all.fill(0, m.outEnd)
	list := []part{{targets: all}}
	families := []int32{s}
	if other, both := l.second[s]; both {
		families = append(families, other)
	}
	rest := make([]bits, len(families))
	for i, c := range families {
		rest[i] = l.ofInterest(c)
	}
	for atom := range m.ports.atoms {
		in, sure := newBits(m.n), newBits(m.n)
		for i, c := range families {
			in.orAnd(l.reached(c, atom, v), rest[i])
			if len(l.second) > 0 && v == Unknown {
				sure.orAnd(l.reached(c, atom, Allowed), rest[i])
			}
		}
		for first, other := range l.second {
			l.merge(in, first, other)
			l.merge(sure, first, other)
		}
		in.andNot(sure)
		list = divide(list, in, atom)
	}
	for _, p := range list {
		if len(p.atoms) > 0 && !p.targets.empty() {
			p.verdict = v
			out = append(out, p)
		}
	}
	sort.SliceStable(out, func(i, j int) bool { return first(out[i].targets) < first(out[j].targets) })
	return out
}

// merge has one class stand for two in a set.
func (l *lister) merge(b bits, first, other int32) {
	if b.has(other) {
		b.set(first)
		b[other>>6] &^= 1 << (other & 63)
	}
}

// spread undoes merge for all classes.
func (l *lister) spread(b bits) {
	for first, other := range l.second {
		if b.has(first) {
			b.set(other)
		}
	}
}

// ofInterest is the targets of a class that policies may have a say about.
func (l *lister) ofInterest(s int32) bits {
	m := l.m
	rest := newBits(m.n) // policies say nothing between ends that are not pods
	rest.fill(0, m.outEnd)
	if !m.governs(s) {
		rest = newBits(m.n)
		rest.fill(0, m.subjectEnd)
	}
	for t := range m.outEnd {
		if m.apart(s, t) || t == m.anyHost && t != s && m.emptyHost(t) {
			rest[t>>6] &^= 1 << (t & 63)
		}
	}
	return rest
}

func (m *Model) emptyHost(c int32) bool {
	return len(m.inv.nodes) > 0 && len(m.classes[c].members)+len(m.classes[c].nodes) == 0
}

func first(b bits) int32 {
	for i := range b.all() {
		return i
	}
	return -1
}

// divide splits parts by whether their targets are in a set on an atom.
func divide(list []part, in bits, atom int) (out []part) {
	for _, p := range list {
		yes, no := p.targets.clone(), p.targets
		yes.and(in)
		if yes.empty() {
			out = append(out, p)
			continue
		}
		with := part{targets: yes, atoms: append(append([]int(nil), p.atoms...), atom)}
		if yes.equal(no) {
			out = append(out, with)
			continue
		}
		left := no.clone()
		left.andNot(yes)
		out = append(out, with, part{targets: left, atoms: p.atoms})
	}
	return out
}

// reached is the targets of a source on an atom that are allowed, or not known.
func (l *lister) reached(s int32, atom int, v Verdict) bits {
	m := l.m
	sure := l.sure[atom].targets[l.sure[atom].of[s]].clone()
	may := l.may[atom].targets[l.may[atom].of[s]].clone()
	if m.governs(s) {
		o := m.rows[Egress][m.sig[Egress][s]].at(atom)
		for i := range sure {
			sure[i] &= o.accept[i] &^ o.deny[i]
			may[i] &= o.accept[i]
		}
	}
	if v == Allowed {
		return sure
	}
	may.andNot(sure)
	return may
}
