package reach

import "sort"

// portRange is a range of ports of one protocol; all protocols if any is set.
type portRange struct {
	protocol Protocol
	any      bool
	lo, hi   uint16
}

// portName is a port by the name that a container gives it; anyProtocol for ClusterNetworkPolicy.
type portName struct {
	name        string
	protocol    Protocol
	anyProtocol bool
	cilium      bool // at egress it is one number for the whole cluster
}

// portSpec is the ports of a rule. The zero portSpec matches nothing.
type portSpec struct {
	all    bool
	ranges []portRange
	names  []portName
	broken string
}

// namedPort is a port that a container declares.
type namedPort struct {
	name     string
	protocol Protocol
	number   uint16
}

// portAtom is a range of ports that no rule divides.
type portAtom struct {
	protocol Protocol
	lo, hi   uint16
}

func (a portAtom) port() Port {
	if a.lo == 1 && a.hi == 65535 {
		return Port{Protocol: a.protocol}
	}
	p := Port{Protocol: a.protocol, Number: a.lo}
	if a.hi > a.lo {
		p.End = a.hi
	}
	return p
}

// portSpace cuts the ports of each protocol into atoms.
type portSpace struct {
	atoms []portAtom
	first [protocols + 1]int
}

func newPortSpace(ranges []portRange) *portSpace {
	var at [protocols]map[int]bool
	for p := range at {
		at[p] = map[int]bool{1: true}
	}
	for _, r := range ranges {
		for p := range at {
			if r.any || int(r.protocol) == p {
				at[p][int(r.lo)] = true
				at[p][int(r.hi)+1] = true
			}
		}
	}
	s := &portSpace{}
	for p := range at {
		var starts []int
		for x := range at[p] {
			if x >= 1 && x <= 65535 {
				starts = append(starts, x)
			}
		}
		sort.Ints(starts)
		for i, lo := range starts {
			hi := 65535
			if i+1 < len(starts) {
				hi = starts[i+1] - 1
			}
			s.atoms = append(s.atoms, portAtom{Protocol(p), uint16(lo), uint16(hi)})
		}
		s.first[p+1] = len(s.atoms)
	}
	return s
}

// atom is the index of the atom of a port.
func (s *portSpace) atom(p Protocol, n uint16) int {
	lo, hi := s.first[p], s.first[p+1]
	return lo + sort.Search(hi-lo, func(i int) bool { return s.atoms[lo+i].lo > n }) - 1
}

// of lists the atoms of a port, a range or a whole protocol.
func (s *portSpace) of(p Port) (list []int) {
	lo, hi := uint16(1), uint16(65535)
	if p.Number != 0 {
		lo, hi = p.Number, max(p.Number, p.End)
	}
	for i := s.atom(p.Protocol, lo); i < s.first[p.Protocol+1] && s.atoms[i].lo <= hi; i++ {
		list = append(list, i)
	}
	return list
}

// matches says whether the numbers of a rule's ports cover an atom.
func (s *portSpec) matches(a portAtom) bool {
	if s.all {
		return true
	}
	for _, r := range s.ranges {
		if (r.any || r.protocol == a.protocol) && r.lo <= a.lo && a.hi <= r.hi {
			return true
		}
	}
	return false
}

// named says whether one of the ports that a pod declares makes a name in the rule stand for the atom.
func (s *portSpec) named(a portAtom, declared []namedPort) bool {
	for _, n := range s.names {
		for _, d := range declared {
			if d.name == n.name && (n.anyProtocol || n.protocol == d.protocol) && d.protocol == a.protocol && a.lo <= d.number && d.number <= a.hi {
				return true
			}
		}
	}
	return false
}
