package reach

// Where Cilium is the network plugin, a pod's own node is another peer than the other nodes: the entity host, not
// remote-node. Which node is a pod's own is not a matter of classes, so that every class of hosts has a second one
// that stands for it as the pods on it see it. It is a peer only, never a source or a target by itself.

// twinHosts makes the classes of nodes as their own pods see them.
func (m *Model) twinHosts() {
	m.outEnd = int32(len(m.classes))
	if m.cilium {
		m.classes = append(m.classes, m.classes[m.podEnd:m.hostEnd]...)
		for i := m.outEnd; int(i) < len(m.classes); i++ {
			m.classes[i].members, m.classes[i].nodes = nil, nil
		}
	}
	m.n = len(m.classes)
}

// own is the class of a node as its own pods see it.
func (m *Model) own(host int32) int32 {
	if m.outEnd == int32(m.n) {
		return host
	}
	return m.outEnd + host - m.podEnd
}

// governs says whether policies may select a class: pods, and nodes if there are policies for them.
func (m *Model) governs(c int32) bool { return c < m.subjectEnd }

// entities are the classes that Cilium calls by a name.
func (m *Model) entities(name string) peerSet {
	key := "e" + name
	if s, ok := m.peerCache[key]; ok {
		return s
	}
	s := peerSet{newBits(m.n), newBits(m.n)}
	six := m.hostEnd + int32(m.space.first6)
	n := int32(m.n)
	switch name {
	case "all":
		s.yes.fill(0, n)
	case "world":
		s.yes.fill(m.hostEnd, m.outEnd)
	case "world-ipv4":
		s.yes.fill(m.hostEnd, six)
	case "world-ipv6":
		s.yes.fill(six, m.outEnd)
	case "cluster":
		s.yes.fill(0, m.hostEnd)
		s.yes.fill(m.outEnd, n)
	case "remote-node":
		s.yes.fill(m.podEnd, m.hostEnd)
	case "host":
		s.yes.fill(m.outEnd, n)
	case "kube-apiserver": // its addresses were not read
		s.may.fill(m.podEnd, n)
	}
	s.may.or(s.yes)
	m.peerCache[key] = s
	return s
}

// ownNode judges a connection between a pod and the node that it runs on, or may run on, where Cilium decides.
func (m *Model) ownNode(j *judged, same match) {
	out, host := j.from.class < m.podEnd, j.to.class
	if !out {
		host = j.from.class
	}
	if side := j.hostSide(out); m.governs(host) && *side == Denied {
		*side, j.local = Unknown, true
		j.reason = "a policy for nodes denies it, and whether those count between a node and its own pods is not known"
	}
	if out {
		local := m.side(Egress, j.from.class, m.own(host), j.atom)
		switch {
		case same == yes:
			j.out, j.toPeer = local, m.own(host)
		case local != j.out:
			j.out, j.local = Unknown, true
			j.reason = "policies tell a pod's own node from others, and whether the two share a node is not known"
		}
		return
	}
	switch {
	case m.deniedOutright(j.to.class, m.own(host), j.atom):
		j.in, j.local = Unknown, true
		j.reason = "a rule denies a pod's own node, and versions of Cilium differ on whether it counts"
	case j.in == Allowed:
	case same == yes:
		j.in, j.local = Allowed, true
		j.reason = ownNodeReaches
	default:
		j.in, j.local = Unknown, true
		j.reason = ownNodeReaches + ", and whether the two share a node is not known"
	}
}

// hostSide is the verdict at the node's end.
func (j *judged) hostSide(out bool) *Verdict {
	if out {
		return &j.in
	}
	return &j.out
}

const ownNodeReaches = "a pod is always reached from the node it runs on"

// deniedOutright says whether a rule that denies may match at the ingress of a class.
func (m *Model) deniedOutright(subject, peer int32, atom int) bool {
	sig := &m.sigs[Ingress][m.sig[Ingress][subject]]
	e := &evaluator{m: m, dir: Ingress, sig: sig}
	for _, a := range sig.policies {
		for i := range a.rules[Ingress] {
			r := &a.rules[Ingress][i]
			if r.action != Deny || a.tier != NetworkTier {
				continue
			}
			if _, may, ok := e.matched(r, atom, m.ports.atoms[atom]); ok && may.has(peer) {
				return true
			}
		}
	}
	return false
}
