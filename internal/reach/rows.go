package reach

import "encoding/binary"

// outcome says for each peer how a direction may end: a peer in both sets is not known.
type outcome struct{ accept, deny bits }

// row is the outcome of one signature for every atom of ports.
type row struct {
	group []uint16  // by atom
	sets  []outcome // by group
	exact bool      // no peer is in both sets
}

func (r *row) at(atom int) *outcome { return &r.sets[r.group[atom]] }

// row works out a row, once.
func (m *Model) row(dir Direction, s int32) *row {
	if r := m.rows[dir][s]; r != nil {
		return r
	}
	if m.twin != nil && m.twinSig[dir][s] >= 0 {
		m.rows[dir][s] = m.twin.row(dir, m.twinSig[dir][s])
		return m.rows[dir][s]
	}
	sig := &m.sigs[dir][s]
	for _, a := range sig.policies {
		for i := range a.rules[dir] {
			m.reached(a.policy, &a.rules[dir][i])
		}
	}
	r := &row{group: make([]uint16, len(m.ports.atoms)), exact: true}
	index := map[string]uint16{}
	e := &evaluator{m: m, dir: dir, sig: sig}
	for i, atom := range m.ports.atoms {
		key := e.relevant(i, atom)
		g, ok := index[string(key)]
		if !ok {
			g = uint16(len(r.sets))
			index[string(key)] = g
			r.sets = append(r.sets, e.outcome(i, atom))
			o := &r.sets[g]
			r.exact = r.exact && !o.accept.meets(o.deny)
		}
		r.group[i] = g
	}
	m.rows[dir][s] = r
	return r
}

// evaluator evaluates a signature. It follows what may still happen to each peer: a peer whose match is not
// known both stays and goes on.
type evaluator struct {
	m    *Model
	dir  Direction
	sig  *signature
	key  []byte
	open bits // peers that may still be undecided
	out  outcome
	pass bits // of one tier: those that may have passed to the next
}

// relevant is a key of the rules that speak of an atom: atoms with the same key have the same outcome.
func (e *evaluator) relevant(i int, atom portAtom) []byte {
	e.key = e.key[:0]
	n := uint32(0)
	for _, a := range e.sig.policies {
		rules := a.rules[e.dir]
		for k := range rules {
			n++
			switch {
			case rules[k].ports.matches(atom) || e.dir == Ingress && rules[k].ports.named(atom, e.sig.ports):
				e.key = binary.LittleEndian.AppendUint32(e.key, n<<1)
			case e.dir == Egress && e.m.anyNamed(&rules[k].ports, i):
				e.key = binary.LittleEndian.AppendUint32(e.key, n<<1|1)
				e.key = binary.LittleEndian.AppendUint32(e.key, uint32(i))
			}
		}
	}
	return e.key
}

// anyNamed says whether a name in the ports of a rule stands for the atom at some destination.
func (m *Model) anyNamed(s *portSpec, atom int) bool {
	for _, n := range s.names {
		if b := m.namedAt(n, atom); b.may != nil {
			return true
		}
	}
	return false
}

// outcome evaluates all tiers for one atom.
func (e *evaluator) outcome(i int, atom portAtom) outcome {
	n := e.m.n
	e.out = outcome{newBits(n), newBits(n)}
	e.open = newBits(n)
	e.open.fill(0, int32(n))
	list := e.sig.policies
	for len(list) > 0 {
		tier := list[0].tier
		k := 0
		for k < len(list) && list[k].tier == tier {
			k++
		}
		if tier == NetworkTier {
			e.network(list[:k], i, atom)
		} else {
			e.ordered(list[:k], i, atom)
		}
		list = list[k:]
	}
	e.out.accept.or(e.open) // nothing decided: the API's default is to allow
	return e.out
}

// matched gives the peers that a rule surely and perhaps matches on an atom; ok is false if there are none.
func (e *evaluator) matched(r *rule, i int, atom portAtom) (yes, may bits, ok bool) {
	if r.ports.matches(atom) || e.dir == Ingress && r.ports.named(atom, e.sig.ports) {
		return r.yes, r.may, true
	}
	if e.dir == Ingress || len(r.ports.names) == 0 {
		return nil, nil, false
	}
	var at peerSet
	for _, n := range r.ports.names {
		if b := e.m.namedAt(n, i); b.may != nil {
			if at.may == nil {
				at = peerSet{newBits(e.m.n), newBits(e.m.n)}
			}
			at.yes.or(b.yes)
			at.may.or(b.may)
		}
	}
	if at.may == nil {
		return nil, nil, false
	}
	yes, may = r.yes.clone(), r.may.clone()
	yes.and(at.yes)
	may.and(at.may)
	return yes, may, true
}

// namedAt is the peers at which a named port stands for an atom; empty if there are none.
func (m *Model) namedAt(n portName, atom int) peerSet {
	list, ok := m.named[n]
	if !ok {
		list = m.namedAtoms(n)
		m.named[n] = list
	}
	return list[atom]
}

// namedAtoms is namedAt for every atom.
func (m *Model) namedAtoms(n portName) []peerSet {
	list := make([]peerSet, len(m.ports.atoms))
	if n.cilium {
		for i := range list {
			list[i] = m.namedInCluster(n, m.ports.atoms[i])
		}
		return list
	}
	for c := int32(0); c < m.podEnd; c++ {
		for _, d := range m.classes[c].ports {
			if d.name != n.name || d.number == 0 || !n.anyProtocol && n.protocol != d.protocol {
				continue
			}
			at := &list[m.ports.atom(d.protocol, d.number)]
			if at.may == nil {
				b := newBits(m.n)
				*at = peerSet{b, b}
			}
			at.may.set(c)
		}
	}
	return list
}

// namedInCluster is namedAt as Cilium sees egress: a name stands for one number wherever it is used. Where pods give
// it different ones, which of them counts is not known.
func (m *Model) namedInCluster(n portName, atom portAtom) (s peerSet) {
	numbers := map[uint16]bool{}
	for i := range m.inv.pods {
		for _, d := range m.inv.pods[i].ports {
			if d.name == n.name && d.protocol == atom.protocol && (n.anyProtocol || n.protocol == d.protocol) {
				numbers[d.number] = true
			}
		}
	}
	for number := range numbers {
		if atom.lo <= number && number <= atom.hi {
			s = peerSet{newBits(m.n), newBits(m.n)}
			s.may.fill(0, int32(m.n))
			if len(numbers) == 1 {
				s.yes.fill(0, int32(m.n))
			}
			return s
		}
	}
	return s
}

// ordered evaluates a tier of policies with priorities. Among equal priorities any may come first: whatever one
// of them would do first may happen.
func (e *evaluator) ordered(list []applied, i int, atom portAtom) {
	e.pass = newBits(e.m.n)
	for len(list) > 0 {
		k := 1
		for k < len(list) && list[k].priority == list[0].priority {
			k++
		}
		start := e.open
		rest := start
		for _, a := range list[:k] {
			e.open = start.clone()
			e.inPolicy(a, i, atom)
			if k == 1 {
				rest = e.open
				break
			}
			next := rest.clone()
			next.and(e.open)
			rest = next
		}
		e.open = rest
		list = list[k:]
	}
	e.open.or(e.pass)
}

// inPolicy evaluates the rules of one policy in the order written.
func (e *evaluator) inPolicy(a applied, i int, atom portAtom) {
	rules := a.rules[e.dir]
	for k := range rules {
		yes, may, ok := e.matched(&rules[k], i, atom)
		if !ok {
			continue
		}
		to := e.out.accept
		switch rules[k].action {
		case Deny:
			to = e.out.deny
		case Pass:
			to = e.pass
		}
		to.orAnd(e.open, may)
		if a.sure {
			e.open.andNot(yes)
		}
	}
}

// network evaluates the tier of NetworkPolicy: what one policy allows is allowed, and a pod that is selected at
// all is closed for the rest. Rules that deny, which only other kinds of policies bring into this tier, come first.
func (e *evaluator) network(list []applied, i int, atom portAtom) {
	e.denials(list, i, atom)
	n := e.m.n
	sure, may := newBits(n), newBits(n) // accepted by those that surely select, by any
	every := newBits(n)                 // accepted by every one of those that perhaps select
	every.fill(0, int32(n))
	selected, perhaps := false, false
	for _, a := range list {
		own := newBits(n)
		for k := range a.rules[e.dir] {
			r := &a.rules[e.dir][k]
			if r.action != Allow {
				continue
			}
			if y, m, ok := e.matched(r, i, atom); ok {
				own.or(y)
				may.or(m)
			}
		}
		switch {
		case a.sure:
			sure.or(own)
			selected = selected || a.isolates[e.dir]
		case a.isolates[e.dir]:
			every.and(own)
			perhaps = true
		}
	}
	e.out.accept.orAnd(e.open, may)
	switch {
	case selected:
		e.out.deny.orAndNot(e.open, sure)
		e.open = newBits(n)
	case perhaps:
		every.or(sure)
		e.out.deny.orAndNot(e.open, every)
		e.open.andNot(sure)
	default:
		e.open.andNot(sure)
	}
}

// denials evaluates the rules that deny in the tier of NetworkPolicy.
func (e *evaluator) denials(list []applied, i int, atom portAtom) {
	for _, a := range list {
		for k := range a.rules[e.dir] {
			r := &a.rules[e.dir][k]
			if r.action != Deny {
				continue
			}
			if yes, may, ok := e.matched(r, i, atom); ok {
				e.out.deny.orAnd(e.open, may)
				if a.sure {
					e.open.andNot(yes)
				}
			}
		}
	}
}
