package reach

import (
	"maps"
	"slices"
)

// judged is the verdict on one pair of ends.
type judged struct {
	verdict   Verdict
	out, in   Verdict
	reason    string
	local     bool // decided by the ends' sharing a pod or a node
	from, to  end
	atom      int
	toPeer    int32 // the class of to as the policies of from see it
	different bool  // addresses of different families: there is no such connection
}

// Can answers whether from may open a connection to a port of to. Of a peer that stands for several pods or
// addresses it is enough that one can; Partly tells that not all can. A peer that is Somewhere must be reached
// wherever it is.
func (m *Model) Can(from, to Peer, p Port) Answer {
	if to.Kind == AddressPeer {
		if s, ok := m.serviceAt(to.Prefix); ok {
			to = s
		}
	}
	if to.Kind == ServicePeer {
		return m.canService(from, to, p)
	}
	sources, why := m.ends(from)
	if why != "" {
		return Answer{Reason: why}
	}
	targets, why := m.ends(to)
	if why != "" {
		return Answer{Reason: why}
	}
	t := tally{m: m, from: from, to: to, every: from.Kind == Somewhere || to.Kind == Somewhere}
	for _, d := range targets {
		ports, why := m.resolve(p, d)
		if why != "" {
			t.unresolved = why
			continue
		}
		t.ports = ports
		for _, p := range ports {
			for _, atom := range m.ports.of(p) {
				for _, s := range sources {
					t.add(m.judge(s, d, atom))
				}
			}
		}
	}
	return t.answer()
}

// resolve turns a port by name into the numbers that the destination gives it.
func (m *Model) resolve(p Port, d end) ([]Port, string) {
	if p.Name == "" {
		return []Port{p}, ""
	}
	if d.pod < 0 {
		return nil, "port " + p.Name + " is a name, and only pods have names for their ports"
	}
	var out []Port
	for _, x := range m.inv.pods[d.pod].numbers {
		if x.name == p.Name && (x.protocol == p.Protocol || p.Protocol == TCP) {
			out = append(out, Port{Protocol: x.protocol, Number: x.number})
		}
	}
	if out == nil {
		return nil, "no container of " + m.inv.pods[d.pod].Workload.String() + " declares a port named " + p.Name
	}
	return out, ""
}

// side is the verdict of the row of one end.
func (m *Model) side(dir Direction, subject, peer int32, atom int) Verdict {
	if !m.governs(subject) {
		return Allowed
	}
	o := m.row(dir, m.sig[dir][subject]).at(atom)
	switch accept, deny := o.accept.has(peer), o.deny.has(peer); {
	case accept && deny:
		return Unknown
	case accept:
		return Allowed
	}
	return Denied
}

// both combines the verdicts of the two ends.
func both(a, b Verdict) Verdict {
	switch {
	case a == Denied || b == Denied:
		return Denied
	case a == Allowed && b == Allowed:
		return Allowed
	}
	return Unknown
}

// judge is the verdict on a connection of two ends to the ports of an atom.
func (m *Model) judge(s, d end, atom int) judged {
	j := judged{from: s, to: d, toPeer: d.class, atom: atom, different: m.apart(s.class, d.class)}
	if s.pod >= 0 && s.pod == d.pod && !m.inv.pods[s.pod].IsTemplate() {
		j.verdict, j.out, j.in, j.local = Allowed, Allowed, Allowed, true
		j.reason = "a pod always reaches itself"
		return j
	}
	j.out, j.in = m.side(Egress, s.class, d.class, atom), m.side(Ingress, d.class, s.class, atom)
	same, host := sameNode(s, d), m.classes[s.class].kind == hostClass && d.class < m.podEnd || m.classes[d.class].kind == hostClass && s.class < m.podEnd
	if m.cilium {
		if host && same != no {
			m.ownNode(&j, same)
		}
		j.verdict = both(j.out, j.in)
		return j
	}
	if m.classes[s.class].kind == hostClass && d.class < m.podEnd && j.in != Allowed {
		switch sameNode(s, d) {
		case yes:
			j.in, j.local = Allowed, true
			j.reason = "a pod is always reached from the node it runs on"
		case maybe:
			j.in, j.local = Unknown, true
			j.reason = "a pod is always reached from the node it runs on, and whether the two share a node is not known"
		}
	}
	if m.classes[d.class].kind == hostClass && s.class < m.podEnd && j.out == Denied && sameNode(s, d) != no {
		j.out, j.local = Unknown, true
		j.reason = "policies deny it, but network plugins differ on whether a pod may always reach the node it runs on"
	}
	j.verdict = both(j.out, j.in)
	return j
}

// apart says whether two classes have addresses of different families.
func (m *Model) apart(a, b int32) bool {
	x, y := m.classes[a].family, m.classes[b].family
	return x != 0 && y != 0 && x != y
}

// tally collects the verdicts on all pairs that a question stands for.
type tally struct {
	m          *Model
	from, to   Peer
	every      bool // all pairs must be allowed
	ports      []Port
	unresolved string
	first      [3]*judged // by verdict
	count      [3]int
	froms, tos [3]map[int32]end // by verdict: ends by class
	atoms      [3]map[int]bool  // by verdict: of ports
}

func (t *tally) add(j judged) {
	if j.different {
		return
	}
	t.count[j.verdict]++
	if t.first[j.verdict] == nil {
		t.first[j.verdict] = &j
		t.froms[j.verdict], t.tos[j.verdict], t.atoms[j.verdict] = map[int32]end{}, map[int32]end{}, map[int]bool{}
	}
	t.froms[j.verdict][j.from.class] = j.from
	t.tos[j.verdict][j.to.class] = j.to
	t.atoms[j.verdict][j.atom] = true
}

// verdict is the one that stands for all.
func (t *tally) verdict() Verdict {
	switch {
	case t.every && t.count[Allowed] > 0 && t.count[Denied]+t.count[Unknown] > 0:
		return Unknown
	case t.count[Allowed] > 0:
		return Allowed
	case t.count[Unknown] > 0:
		return Unknown
	}
	return Denied
}

func (t *tally) answer() Answer {
	total := t.count[Allowed] + t.count[Denied] + t.count[Unknown]
	if total == 0 {
		if t.unresolved != "" {
			return Answer{Reason: t.unresolved}
		}
		return Answer{Verdict: Denied, Reason: "the two have no family of addresses in common"}
	}
	v := t.verdict()
	shown := t.first[v]
	if shown == nil {
		shown = t.first[Denied]
	}
	if shown == nil {
		shown = t.first[Unknown]
	}
	a := t.m.explain(shown)
	a.Verdict, a.Ports = v, t.ports
	if t.every && v == Unknown {
		a.Reason = "its address was not read: policies let through some addresses and not others"
	}
	a.Partly = !t.every && t.count[v] < total
	if a.Partly {
		a.From, a.To = t.m.names(t.froms[v], t.from), t.m.names(t.tos[v], t.to)
		a.OnlyPorts = among(t.m.mergePorts(t.only(v)), t.ports)
	}
	return a
}

// among cuts ports to those that were asked about: atoms reach further.
func among(ports, asked []Port) (out []Port) {
	for _, p := range ports {
		for _, q := range asked {
			switch {
			case p.Protocol != q.Protocol:
				continue
			case q.Number == 0:
				out = append(out, p)
				continue
			case p.Number == 0:
				out = append(out, q)
				continue
			}
			x := Port{Protocol: p.Protocol, Number: max(p.Number, q.Number)}
			if hi := min(max(p.Number, p.End), max(q.Number, q.End)); hi > x.Number {
				x.End = hi
			}
			out = append(out, x)
		}
	}
	return out
}

// only lists the ports that have a verdict, if others do not have it anywhere.
func (t *tally) only(v Verdict) []int {
	for other := range t.atoms {
		for atom := range t.atoms[other] {
			if !t.atoms[v][atom] {
				return slices.Sorted(maps.Keys(t.atoms[v]))
			}
		}
	}
	return nil
}
