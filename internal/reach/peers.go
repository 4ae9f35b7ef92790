package reach

import (
	"net/netip"
	"sort"
	"strconv"
)

// peerSet is the classes that a peer surely and perhaps matches.
type peerSet struct{ yes, may bits }

// inOrder is the policies in the order of evaluation: by tier, then priority, then as read.
func (m *Model) inOrder() []*policy {
	list := append([]*policy(nil), m.policies...)
	sort.SliceStable(list, func(i, j int) bool {
		a, b := list[i], list[j]
		if a.tier != b.tier {
			return a.tier < b.tier
		}
		return a.priority < b.priority
	})
	return list
}

// subjects are the pods that a policy selects.
func (m *Model) subjects(p *policy) peerSet {
	if p.subject.nodes != nil {
		return m.onNodes(p.subject.nodes)
	}
	return m.selected(p.namespace, &p.subject)
}

// selected are the pods that selectors choose: of one namespace, or of those that a selector of namespaces
// chooses. The result is shared and must not be changed.
func (m *Model) selected(own string, x *peer) peerSet {
	key := "n" + own + "\x00"
	if x.namespaces != nil {
		key = "s" + x.namespaces.text + "\x00"
	}
	if x.pods != nil {
		key += x.pods.text
	}
	if s, ok := m.peerCache[key]; ok {
		return s
	}
	s := peerSet{newBits(m.n), newBits(m.n)}
	add := func(ns int32, so match) {
		for c := m.nsRange[ns][0]; c < m.nsRange[ns][1]; c++ {
			is := so
			if m.classes[c].absent {
				continue
			}
			if x.pods != nil {
				is = is.and(x.pods.matches(m.classes[c].labels))
			}
			s.add(c, is)
		}
	}
	if x.namespaces == nil {
		if ns, ok := m.inv.nsIndex[own]; ok && int(ns) < len(m.nsRange) {
			add(ns, yes)
		}
	} else {
		for ns := range m.nsRange {
			if so := x.namespaces.matches(m.inv.namespaces[ns].vector); so != no {
				add(int32(ns), so)
			}
		}
	}
	m.peerCache[key] = s
	return s
}

func (s *peerSet) add(c int32, is match) {
	if is != no {
		s.may.set(c)
	}
	if is == yes {
		s.yes.set(c)
	}
}

// reached fills in what a rule matches.
func (m *Model) reached(p *policy, r *rule) {
	if r.may != nil {
		return
	}
	yes, may := newBits(m.n), newBits(m.n)
	if r.anyPeer {
		yes.fill(0, int32(m.n))
		may.fill(0, int32(m.n))
	}
	for i := range r.peers {
		s := m.peer(p, &r.peers[i])
		if r.peers[i].maybe == "" {
			yes.or(s.yes)
		}
		may.or(s.may)
	}
	for i := range r.except {
		s := m.peer(p, &r.except[i])
		yes.andNot(s.may)
		may.andNot(s.yes)
	}
	if r.doubt != "" || r.ports.broken != "" {
		yes = newBits(m.n)
	}
	r.yes, r.may = yes, may
}

func (m *Model) peer(p *policy, x *peer) peerSet {
	switch {
	case x.broken != "" || x.anything != "":
		return m.perhaps(0, int32(m.n))
	case x.guess != "":
		s := m.perhaps(m.hostEnd, m.outEnd)
		if m.within(scopeOutside, hostClass) != no { // the addresses may be of nodes
			s.may.fill(m.podEnd, int32(m.n))
		}
		return s
	case len(x.domains) > 0:
		return m.perhaps(m.podEnd, int32(m.n))
	case x.block != nil:
		return m.addressed(x.block, m.scopeOf(p, x))
	case x.entity != "":
		return m.entities(x.entity)
	case x.nodes != nil:
		return m.onNodes(x.nodes)
	}
	return m.selected(p.namespace, x)
}

// perhaps is a peer that may match some classes: what it is about is not known.
func (m *Model) perhaps(from, to int32) peerSet {
	s := peerSet{newBits(m.n), newBits(m.n)}
	s.may.fill(from, to)
	return s
}

// addressed is the classes whose addresses lie in a block.
func (m *Model) addressed(b *block, scope scope) peerSet {
	key := "b" + string('0'+byte(scope)) + b.prefix.String()
	for _, e := range b.except {
		key += "-" + e.String()
	}
	if s, ok := m.peerCache[key]; ok {
		return s
	}
	s := peerSet{newBits(m.n), newBits(m.n)}
	in := newBits(m.space.len())
	for a := range m.space.len() {
		if b.contains(m.space.starts[a]) {
			in.set(int32(a))
		}
	}
	unknownPod, unknownHost := m.guess(b, in, true), m.guess(b, in, false)
	for c := range m.classes {
		is := no
		switch x := &m.classes[c]; {
		case x.atom >= 0 && in.has(x.atom):
			is = yes
		case x.atom >= 0:
		case x.kind == podClass:
			is = unknownPod
		default:
			is = unknownHost
		}
		s.add(int32(c), is.and(m.within(scope, m.classes[c].kind)))
	}
	m.peerCache[key] = s
	return s
}

// scopeOf says whose addresses a block is about: where Cilium is the network plugin, it is so of ipBlock as well.
func (m *Model) scopeOf(p *policy, x *peer) scope {
	if m.cilium && p.tier == NetworkTier && x.scope == scopeAll {
		return scopeOutside
	}
	return x.scope
}

// within says whether the addresses of a sort of classes count.
func (m *Model) within(s scope, k classKind) match {
	switch {
	case s == scopeAll || k == outsideClass:
		return yes
	case k == podClass:
		return no
	case s == scopeMachines || m.config.cidrNodes:
		return yes
	case m.config.read:
		return no
	}
	return maybe
}

// guess says whether an address that is not known lies in a block. Without pod ranges, addresses are taken to be
// of IPv4: all clusters but the rarest have them.
func (m *Model) guess(b *block, in bits, pod bool) match {
	can := m.possibleAtoms(pod)
	hit := in.clone()
	hit.and(can)
	rest := can.clone()
	rest.andNot(in)
	switch {
	case rest.empty():
		return yes
	case !hit.empty():
		return maybe
	case b.prefix.Addr().Is6() && !(pod && len(m.inv.podCIDRs) > 0):
		return maybe
	}
	return no
}

// possibleAtoms are the atoms that the address of a pod, or of a node, may lie in.
func (m *Model) possibleAtoms(pod bool) bits {
	if b, ok := m.possible[pod]; ok {
		return b
	}
	b := newBits(m.space.len())
	within, never := m.inv.podCIDRs, neverPods()
	if !pod || len(within) == 0 {
		within = []netip.Prefix{netip.PrefixFrom(start4, 0)}
	}
	for a := range m.space.len() {
		at := m.space.starts[a]
		if holds(within, at) && !holds(never, at) {
			b.set(int32(a))
		}
	}
	m.possible[pod] = b
	return b
}

func holds(list []netip.Prefix, a netip.Addr) bool {
	for _, p := range list {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// onNodes is the hosts whose nodes have such labels.
func (m *Model) onNodes(sel *selector) peerSet {
	key := "h" + sel.text
	if s, ok := m.peerCache[key]; ok {
		return s
	}
	s := peerSet{newBits(m.n), newBits(m.n)}
	for c := m.podEnd; c < m.hostEnd; c++ {
		is := maybe
		switch labels := m.classes[c].labels; {
		case len(sel.reqs) == 0:
			is = yes
		case labels != nil:
			is = sel.matches(labels)
		}
		s.add(c, is)
		s.add(m.own(c), is)
	}
	m.addNodeAddresses(sel, &s)
	m.peerCache[key] = s
	return s
}

// addNodeAddresses adds the outside atoms that hold a node's address: a node is a peer by its addresses.
func (m *Model) addNodeAddresses(sel *selector, s *peerSet) {
	for i := range m.inv.nodes {
		n := &m.inv.nodes[i]
		if is := sel.matches(n.vector); is != no {
			for _, a := range n.addresses {
				s.add(m.hostEnd+m.space.atom(a), is)
			}
		}
	}
	if len(m.inv.nodes) == 0 || !m.options.Complete {
		s.may.fill(m.hostEnd, m.outEnd)
	}
}

// describe tells which addresses are meant, in words.
func (b *block) String() string {
	s := b.prefix.String()
	if n := len(b.except); n > 0 {
		s += " except " + b.except[0].String()
		if n > 1 {
			s += " and " + strconv.Itoa(n-1) + " more"
		}
	}
	return s
}
