package reach

import (
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

	newKeys, newValues filter // of labels

	// What serves one class after the other.
	key    []byte
	shares []share
	of     []int32 // of each member: its share
	room   []int32
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
	next.peerCache, next.named, next.possible = map[string]peerSet{}, map[portName][]peerSet{}, map[bool]bits{}
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
