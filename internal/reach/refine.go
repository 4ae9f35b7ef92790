package reach

import (
	"encoding/binary"
	"net/netip"
	"slices"
)

// refined is a Model with classes and atoms that tell apart what more policies tell apart, made of those of a base:
// only classes that the new policies divide are worked out. It has no rows; what policies of the base say is asked
// of the base.
type refined struct {
	*Model
	base    *Model
	parent  []int32 // of each class, that of the base; nil if they are the same
	atoms   []int32 // the same of the atoms of ports
	grown   bool    // selectors speak of labels that none spoke of before
	values  int32   // values of labels from this on are new
	names   map[string]bool
	inSpace []int32 // of each atom of addresses, that of the base; nil if they are the same
	split   []bool  // of the base's atoms of addresses: it is divided
	whole   []int32 // of the base's atoms of addresses that are not divided: the atom here
}

// refine tells apart what more policies tell apart. It is false if that changes more than the division of classes.
func (m *Model) refine(words *vocabulary, more []*policy) (*refined, bool) {
	grown := len(words.names) != len(m.words.names) || len(words.values) != len(m.words.values)
	blocks := cidrs(more)
	switch {
	case speakCilium(more) && !m.cilium, speakToNodes(more), len(blocks) > 0 && !m.hasBlocks:
		return nil, false
	case speakOfNodes(more) || grown && (speakOfNodes(m.policies) || speakToNodes(m.policies)):
		return nil, false
	}
	next := *m
	r := &refined{Model: &next, base: m, grown: grown, values: firstValue + int32(len(m.words.values)), names: map[string]bool{}}
	next.words = words
	next.peerCache, next.possible = map[string]peerSet{}, map[bool]bits{}
	next.rows, next.sigs, next.sig = [2][]*row{}, [2][]signature{}, [2][]int32{}
	if grown {
		inv := *m.inv
		inv.namespaces = slices.Clone(inv.namespaces)
		next.inv = &inv
		for i := range inv.namespaces {
			next.nameVector(&inv.namespaces[i])
		}
	}
	r.refinePorts(more)
	r.refineSpace(blocks)
	if grown || len(r.names) > 0 || r.inSpace != nil {
		r.refineClasses()
	}
	return r, true
}

// refinePorts divides the atoms of ports.
func (r *refined) refinePorts(more []*policy) {
	probe := Model{policies: more, inv: &inventory{}}
	ranges := probe.portRanges()
	for name := range probe.portNames {
		if !r.portNames[name] {
			r.names[name] = true
		}
	}
	if len(r.names) > 0 {
		ranges = (&Model{policies: more, inv: r.inv}).portRanges()
		all := map[string]bool{}
		for name := range r.portNames {
			all[name] = true
		}
		for name := range r.names {
			all[name] = true
		}
		r.portNames = all
	}
	if !slices.ContainsFunc(ranges, func(x portRange) bool { return len(r.ports.more(x)) > 0 }) {
		return
	}
	for _, a := range r.ports.atoms {
		ranges = append(ranges, portRange{protocol: a.protocol, lo: a.lo, hi: a.hi})
	}
	r.ports = newPortSpace(ranges)
	for _, a := range r.ports.atoms {
		r.atoms = append(r.atoms, int32(r.base.ports.atom(a.protocol, a.lo)))
	}
}

// refineSpace divides the atoms of addresses.
func (r *refined) refineSpace(blocks []netip.Prefix) {
	if len(r.space.more(blocks)) == 0 {
		return
	}
	at := append([]netip.Addr(nil), r.space.starts...)
	for _, p := range blocks {
		at = append(at, p.Masked().Addr())
		if next := lastOf(p).Next(); next.IsValid() {
			at = append(at, next)
		}
	}
	r.space = spaceOf(at)
	r.split, r.whole = make([]bool, r.base.space.len()), make([]int32, r.base.space.len())
	last := int32(-1)
	for i, a := range r.space.starts {
		old := r.base.space.atom(a)
		r.inSpace = append(r.inSpace, old)
		if r.split[old] = old == last; !r.split[old] {
			r.whole[old] = int32(i)
		}
		last = old
	}
}

// atomParent is the base's atom of ports.
func (r *refined) atomParent(atom int) int {
	if r.atoms == nil {
		return atom
	}
	return int(r.atoms[atom])
}

// classParent is the base's class.
func (r *refined) classParent(c int32) int32 {
	if r.parent == nil {
		return c
	}
	return r.parent[c]
}

// refineClasses divides the classes.
func (r *refined) refineClasses() {
	m, old := r.Model, r.base.classes
	m.classes = make([]class, 0, len(old)+64)
	r.parent = make([]int32, 0, len(old)+64)
	var key []byte
	for c := int32(0); c < r.base.podEnd; c++ {
		index := map[string]int32{}
		for k, i := range old[c].members {
			p := &m.inv.pods[i]
			key = r.mark(key[:0], p, &old[c])
			if k == 0 && len(old[c].members) > 1 && len(key) == 0 && r.uniform(&old[c]) {
				break
			}
			n, ok := index[string(key)]
			if !ok {
				n = r.add(c)
				index[string(key)] = n
				m.classes[n].members = nil
				if len(key) > 0 {
					r.become(&m.classes[n], p, key)
				}
			}
			m.classes[n].members = append(m.classes[n].members, i)
		}
		if len(index) == 0 {
			r.add(c)
		}
	}
	m.podEnd = int32(len(m.classes))
	for c := r.base.podEnd; c < r.base.hostEnd; c++ {
		r.host(c)
	}
	m.hostEnd = int32(len(m.classes))
	for a := range int32(m.space.len()) {
		from := a
		if r.inSpace != nil {
			from = r.inSpace[a]
		}
		n := r.add(r.base.hostEnd + from)
		m.classes[n].atom = a
	}
	hosts := m.classes[m.podEnd:m.hostEnd]
	m.outEnd = int32(len(m.classes))
	if r.base.outEnd < int32(r.base.n) {
		for i := range hosts {
			own := hosts[i]
			own.members, own.nodes = nil, nil
			m.classes = append(m.classes, own)
			r.parent = append(r.parent, r.base.own(r.parent[int(m.podEnd)+i]))
		}
	}
	m.n = len(m.classes)
	if m.subjectEnd = m.podEnd; r.base.subjectEnd > r.base.podEnd {
		m.subjectEnd = m.hostEnd
	}
	m.ranges()
}

// uniform says whether the members of a class cannot differ in what is new.
func (r *refined) uniform(c *class) bool {
	return !r.grown && len(r.names) == 0 && (c.atom < 0 || r.split == nil || !r.split[c.atom])
}

// add makes a class of one of the base.
func (r *refined) add(parent int32) int32 {
	c := r.base.classes[parent]
	if r.split != nil && c.atom >= 0 {
		c.atom = r.whole[c.atom]
	}
	r.classes = append(r.classes, c)
	r.parent = append(r.parent, parent)
	return int32(len(r.classes)) - 1
}

// host makes classes of one of hosts: one for each of the atoms that its addresses lie in.
func (r *refined) host(c int32) {
	old := &r.base.classes[c]
	if r.split == nil || old.atom < 0 || !r.split[old.atom] {
		n := r.add(c)
		if c == r.base.anyHost {
			r.anyHost = n
		}
		return
	}
	index := map[int32]int32{}
	at := func(list []netip.Addr) *class {
		atom := old.atom
		for _, a := range list {
			if family(a) == old.family && r.base.space.atom(a) == old.atom {
				atom = r.space.atom(a)
				break
			}
		}
		n, ok := index[atom]
		if !ok {
			n = r.add(c)
			index[atom] = n
			x := &r.classes[n]
			x.atom, x.members, x.nodes = atom, nil, nil
		}
		return &r.classes[n]
	}
	for _, i := range old.nodes {
		x := at(r.inv.nodes[i].addresses)
		x.nodes = append(x.nodes, i)
	}
	for _, i := range old.members {
		list := r.inv.pods[i].Addresses
		for k := 0; len(list) == 0 && k < len(r.inv.nodes); k++ {
			if r.inv.nodes[k].ref.Name == r.inv.pods[i].Node {
				list = r.inv.nodes[k].addresses
			}
		}
		x := at(list)
		x.members = append(x.members, i)
	}
}

// mark is what is new about a pod: labels that are spoken of for the first time, names of ports, a divided range.
func (r *refined) mark(key []byte, p *Pod, c *class) []byte {
	if r.grown {
		key = r.markLabels(key, p)
	}
	if len(r.names) > 0 {
		for _, x := range p.ports {
			if r.names[x.name] {
				key = append(append(append(key, 'p'), x.name...), 0, byte(x.protocol), byte(x.number), byte(x.number>>8))
			}
		}
	}
	if r.split != nil && c.atom >= 0 && r.split[c.atom] {
		key = binary.LittleEndian.AppendUint32(append(key, 'a'), uint32(r.atomOf(p, c)))
	}
	return key
}

func (r *refined) markLabels(key []byte, p *Pod) []byte {
	keys := int32(len(r.base.words.names))
	put := func(k, v int32) {
		key = binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(append(key, 'l'), uint32(k)), uint32(v))
	}
	for _, l := range p.labels {
		k, ok := r.words.keys[l.key]
		if !ok {
			continue
		}
		if v := r.words.known(l.value); k >= keys || v >= r.values {
			put(k, v)
		}
	}
	if added := addedLabels(p.Ref.Kind); added != nil {
		for k := keys; int(k) < len(r.words.names); k++ {
			if name := r.words.names[k]; added(name) {
				if _, has := p.Label(name); !has {
					put(k, valueUnknown)
				}
			}
		}
	}
	for _, d := range r.words.derived {
		ns := &r.inv.namespaces[r.inv.nsIndex[p.Namespace]]
		if v := r.derivedValue(d, p, ns); v >= r.values || d.key >= keys && v != valueAbsent {
			put(d.key, v)
		}
	}
	return key
}

// atomOf is the atom of a pod's address in one of the base's that is divided.
func (r *refined) atomOf(p *Pod, c *class) int32 {
	for _, a := range p.Addresses {
		if r.base.space.atom(a) == c.atom {
			return r.space.atom(a)
		}
	}
	return c.atom
}

// become gives a class what its first pod has, with that pod's mark.
func (r *refined) become(c *class, p *Pod, mark []byte) {
	old := c.atom
	if r.grown {
		labels := make([]int32, len(r.words.names))
		copy(labels, c.labels)
		for m := mark; len(m) > 0 && m[0] == 'l'; m = m[9:] {
			labels[binary.LittleEndian.Uint32(m[1:])] = int32(binary.LittleEndian.Uint32(m[5:]))
		}
		c.labels = labels
	}
	if len(r.names) > 0 {
		c.ports = r.usedPorts(p.ports)
	}
	for _, a := range p.Addresses {
		if r.split != nil && old >= 0 && family(a) == c.family {
			c.atom = r.space.atom(a)
		}
	}
}
