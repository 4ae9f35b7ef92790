package reach

import (
	"fmt"
	"net/netip"
	"sort"
	"strings"
)

// explain finds the rules that decide on a pair.
func (m *Model) explain(j *judged) Answer {
	a := Answer{Verdict: j.verdict, Egress: Side{Verdict: j.out}, Ingress: Side{Verdict: j.in}}
	a.Egress.Reason, a.Ingress.Reason = j.reason, j.reason
	if m.side(Egress, j.from.class, j.to.class, j.atom) == j.out {
		m.decide(&a.Egress, Egress, j.from.class, j.to.class, j.atom)
	}
	if m.side(Ingress, j.to.class, j.from.class, j.atom) == j.in {
		m.decide(&a.Ingress, Ingress, j.to.class, j.from.class, j.atom)
	}
	switch {
	case j.reason != "":
		a.Reason = j.reason
	case j.verdict == Denied && j.out == Denied && j.in == Denied:
		a.Reason = a.Egress.Reason + "; " + a.Ingress.Reason
	case j.out == j.verdict && j.verdict != Allowed:
		a.Reason = a.Egress.Reason
	case j.in == j.verdict && j.verdict != Allowed:
		a.Reason = a.Ingress.Reason
	case len(a.Egress.Decisions) == 0 && len(a.Ingress.Decisions) == 0:
		a.Reason = "no policy applies to either end"
	default:
		a.Reason = "the policies at both ends let it through"
	}
	return a
}

// decide fills in the rules that decide at one end, and the reason in words.
func (m *Model) decide(s *Side, dir Direction, subject, peer int32, atom int) {
	end := [...]string{"the source", "the destination"}[dir]
	if subject >= m.podEnd {
		s.Reason = [...]string{"policies do not apply to ", "policies do not apply to "}[dir] + m.kindName(subject)
		return
	}
	list := m.sigs[dir][m.sig[dir][subject]].policies
	if len(list) == 0 {
		s.Reason = "no policy applies to the " + dir.String() + " of " + end
		return
	}
	x := explainer{m: m, dir: dir, subject: subject, peer: peer, atom: atom, side: s, end: end}
	x.walk(list)
}

func (m *Model) kindName(c int32) string {
	if m.classes[c].kind == hostClass {
		return "a node or a pod on its network"
	}
	return "addresses outside the cluster"
}

// explainer walks the policies of one end for one peer and one atom of ports.
type explainer struct {
	m             *Model
	dir           Direction
	subject, peer int32
	atom          int
	side          *Side
	end           string
	doubts        []string
}

// hit says whether a rule matches.
func (x *explainer) hit(a applied, r *rule) match {
	if !r.may.has(x.peer) {
		return no
	}
	atom := x.m.ports.atoms[x.atom]
	declared := x.m.classes[x.subject].ports
	if x.dir == Egress {
		declared = x.m.classes[x.peer].ports
	}
	if !r.ports.matches(atom) && !r.ports.named(atom, declared) {
		return no
	}
	if !a.sure || !r.yes.has(x.peer) {
		return maybe
	}
	return yes
}

// walk goes through the tiers until one decides. It stops where the rows stop.
func (x *explainer) walk(list []applied) {
	for len(list) > 0 {
		tier := list[0].tier
		k := 0
		for k < len(list) && list[k].tier == tier {
			k++
		}
		done := false
		if tier == NetworkTier {
			done = x.network(list[:k])
		} else {
			done = x.ordered(list[:k])
		}
		if done {
			x.conclude()
			return
		}
		list = list[k:]
	}
	if x.side.Reason == "" {
		x.side.Reason = "no rule of the policies on the " + x.dir.String() + " of " + x.end + " matches"
	}
	x.conclude()
}

// conclude words the doubts of a verdict that is not known.
func (x *explainer) conclude() {
	if x.side.Verdict != Unknown || len(x.doubts) == 0 {
		return
	}
	x.side.Reason = strings.Join(unique(x.doubts), "; ")
}

func unique(list []string) []string {
	var out []string
	for _, s := range list {
		if len(out) == 0 || out[len(out)-1] != s {
			out = append(out, s)
		}
	}
	return out
}

func (x *explainer) add(a applied, r *rule, is match) {
	d := Decision{Policy: a.ref, Direction: x.dir, Tier: a.tier, Rule: -1, Origin: a.origin, Maybe: is == maybe}
	if r != nil {
		d.Action, d.Rule, d.Name, d.Origin = r.action, r.index, r.name, r.origin
	} else {
		d.Action = Deny
	}
	if is == maybe {
		d.Why = x.m.doubt(a, r, x.subject, x.peer)
		x.doubts = append(x.doubts, d.Why)
	}
	x.side.Decisions = append(x.side.Decisions, d)
}

// ordered finds the first rule that surely matches, and those before it that may.
func (x *explainer) ordered(list []applied) (done bool) {
	for len(list) > 0 {
		k := 1
		for k < len(list) && list[k].priority == list[0].priority {
			k++
		}
		var sure []*rule
		for _, a := range list[:k] {
			if r := x.inPolicy(a); r != nil {
				sure = append(sure, r)
			}
		}
		if len(sure) > 0 {
			for _, r := range sure[1:] {
				if r.action != sure[0].action {
					x.doubts = append(x.doubts, "policies of equal priority disagree, and the API does not say which comes first")
				}
			}
			if sure[0].action == Pass && len(sure) == 1 {
				return false
			}
			x.side.Reason = fmt.Sprintf("a rule of the %s tier decides the %s of %s", list[0].tier, x.dir, x.end)
			return true
		}
		list = list[k:]
	}
	return false
}

// inPolicy gives the rule of a policy that surely matches first.
func (x *explainer) inPolicy(a applied) *rule {
	for k := range a.rules[x.dir] {
		r := &a.rules[x.dir][k]
		switch x.hit(a, r) {
		case yes:
			x.add(a, r, yes)
			return r
		case maybe:
			x.add(a, r, maybe)
		}
	}
	return nil
}

// network lists the rules that allow or, if there are none, the policies that close the pod.
func (x *explainer) network(list []applied) (done bool) {
	isolated, allowed := no, no
	for _, a := range list {
		for k := range a.rules[x.dir] {
			r := &a.rules[x.dir][k]
			is := x.hit(a, r)
			if is == no {
				continue
			}
			x.add(a, r, is)
			if r.action == Deny && is == yes {
				x.side.Reason = fmt.Sprintf("a rule that denies decides the %s of %s", x.dir, x.end)
				return true
			}
			allowed = max(allowed, is)
		}
		if a.isolates[x.dir] {
			is := maybe
			if a.sure {
				is = yes
			}
			isolated = max(isolated, is)
		}
	}
	if allowed == yes {
		x.side.Reason = fmt.Sprintf("a rule allows it at the %s of %s", x.dir, x.end)
		return isolated == yes || x.side.Verdict == Allowed
	}
	for _, a := range list {
		if a.isolates[x.dir] {
			is := maybe
			if a.sure {
				is = yes
			}
			x.add(a, nil, is)
		}
	}
	x.side.Reason = fmt.Sprintf("policies select %s for %s, and none of their rules matches", x.end, x.dir)
	return isolated == yes
}

// doubt says what is not known about a rule's matching, or about a policy's selecting the pod.
func (m *Model) doubt(a applied, r *rule, subject, peer int32) string {
	switch {
	case a.doubt != "":
		return a.ref.String() + ": " + a.doubt
	case !a.sure:
		return "whether " + a.ref.String() + " selects the pod depends on " + m.unknownLabels(subject)
	case r == nil:
		return ""
	case r.doubt != "":
		return a.ref.String() + ": " + r.doubt
	case r.ports.broken != "":
		return a.ref.String() + ": " + r.ports.broken
	}
	for i := range r.peers {
		x := &r.peers[i]
		if s := m.peer(a.policy, x); !s.may.has(peer) {
			continue
		}
		switch {
		case x.broken != "":
			return a.ref.String() + ": " + x.broken
		case len(x.domains) > 0:
			return "which addresses " + strings.Join(x.domains[:min(3, len(x.domains))], ", ") + " stands for is not known"
		case x.block != nil:
			return "whether the address lies in " + x.block.String() + " is not known, as its address was not read"
		case x.nodes != nil:
			return "whether the address is a node's is not known"
		default:
			return "whether the rule matches depends on " + m.unknownLabels(peer)
		}
	}
	return "whether the rule matches is not known"
}

// unknownLabels names what is not known about a pod's labels.
func (m *Model) unknownLabels(c int32) string {
	if c >= m.podEnd {
		return "its address"
	}
	ns := &m.inv.namespaces[m.classes[c].ns]
	if !ns.read {
		return "the labels of namespace " + ns.name + ", which was not read"
	}
	return "labels that the pods only get when they are made"
}

// names lists ends in words: addresses as ranges, pods by their workloads.
func (m *Model) names(ends map[int32]end, p Peer) string {
	if p.Kind == PodPeer || p.Kind == NodePeer {
		var list []string
		for _, e := range ends {
			name := "node " + e.node
			if e.pod >= 0 {
				name = m.inv.pods[e.pod].Ref.String()
			}
			list = append(list, name)
		}
		if sort.Strings(list); len(unique(list)) == 1 {
			return p.String()
		}
		return shortened(unique(list))
	}
	set := newBits(m.n)
	var spans []span
	for c, e := range ends {
		set.set(c)
		spans = append(spans, e.span)
	}
	g := m.Describe(Set{set})
	if p.Kind == AddressPeer { // as much of the range as was asked about
		g = Group{Prefixes: clipped(spans)}
	}
	return shortened(g.Names())
}

func clipped(spans []span) []netip.Prefix {
	var inside []span
	for _, s := range spans {
		if s.lo.IsValid() {
			inside = append(inside, s)
		}
	}
	sort.Slice(inside, func(i, j int) bool { return inside[i].lo.Less(inside[j].lo) })
	return prefixesOf(inside)
}

// shortened joins a list and cuts it where it gets long.
func shortened(list []string) string {
	const shown = 8
	if len(list) <= shown {
		return strings.Join(list, ", ")
	}
	return strings.Join(list[:shown], ", ") + fmt.Sprintf(" and %d more", len(list)-shown)
}

// serviceAt finds the Service that has a cluster address.
func (m *Model) serviceAt(p netip.Prefix) (Peer, bool) {
	if !p.IsSingleIP() {
		return Peer{}, false
	}
	for _, s := range m.svcs {
		for _, a := range s.addresses {
			if a == p.Addr().Unmap() {
				return Peer{Kind: ServicePeer, Ref: s.ref}, true
			}
		}
	}
	return Peer{}, false
}
