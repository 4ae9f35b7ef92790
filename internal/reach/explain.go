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
	if m.side(Egress, j.from.class, j.toPeer, j.atom) == j.out {
		m.decide(&a.Egress, Egress, j.from.class, j.toPeer, j.atom)
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
		a.Reason = "the policies at both ends let it through" + a.only()
	}
	return a
}

// only words what requests the policies of the two ends leave a connection to.
func (a *Answer) only() string {
	out, in := shortened(a.Egress.Requests), shortened(a.Ingress.Requests)
	switch {
	case out == "" && in == "":
		return ""
	case in == "" || out == in:
		return ", for " + out + " only"
	case out == "":
		return ", for " + in + " only"
	}
	return ", for what the source may ask (" + out + ") and the destination may be asked (" + in + ") only"
}

// decide fills in the rules that decide at one end, and the reason in words.
func (m *Model) decide(s *Side, dir Direction, subject, peer int32, atom int) {
	end := [...]string{"the source", "the destination"}[dir]
	if !m.governs(subject) {
		s.Reason = [...]string{"policies do not apply to ", "policies do not apply to "}[dir] + m.kindName(subject)
		return
	}
	sig := &m.sigs[dir][m.sig[dir][subject]]
	list := sig.policies
	if len(list) == 0 {
		s.Reason = "no policy applies to the " + dir.String() + " of " + end
		return
	}
	x := explainer{m: m, dir: dir, subject: subject, peer: peer, atom: atom, side: s, end: end, sig: sig}
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
	sig           *signature
}

// hit says whether a rule matches.
func (x *explainer) hit(a applied, r *rule) match {
	e := &evaluator{m: x.m, dir: x.dir, sig: x.sig}
	sure, may, ok := e.matched(r, x.atom, x.m.ports.atoms[x.atom])
	switch {
	case !ok || !may.has(x.peer):
		return no
	case !a.sure || !sure.has(x.peer):
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
		d.Action, d.Rule, d.Name, d.Origin, d.Requests = r.action, r.index, r.name, r.origin, r.requests
		if r.name == "" && r.list != x.dir.String() { // of the two lists of a direction, the one that is less common
			d.Name = r.list
		}
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

// network lists the rules that deny or allow or, if there are none, the policies that close the pod.
func (x *explainer) network(list []applied) (done bool) {
	if x.denials(list) {
		return true
	}
	isolated, allowed := no, no
	var requests []string
	every := false
	for _, a := range list {
		for k := range a.rules[x.dir] {
			r := &a.rules[x.dir][k]
			is := x.hit(a, r)
			if is == no || r.action != Allow {
				continue
			}
			x.add(a, r, is)
			allowed = max(allowed, is)
			every = every || is == yes && r.requests == nil
			requests = append(requests, r.requests...)
		}
		if a.isolates[x.dir] {
			isolated = max(isolated, a.surely())
		}
	}
	if allowed == yes {
		x.side.Reason = fmt.Sprintf("a rule allows it at the %s of %s", x.dir, x.end)
		if !every && isolated != no {
			x.side.Requests = unique(requests)
		}
		return isolated == yes || x.side.Verdict == Allowed
	}
	for _, a := range list {
		if a.isolates[x.dir] {
			x.add(a, nil, a.surely())
		}
	}
	if isolated == no {
		return false
	}
	x.side.Reason = fmt.Sprintf("policies select %s for %s, and none of their rules matches", x.end, x.dir)
	return isolated == yes
}

// denials lists the rules of the tier of NetworkPolicy that deny.
func (x *explainer) denials(list []applied) (done bool) {
	for _, a := range list {
		for k := range a.rules[x.dir] {
			r := &a.rules[x.dir][k]
			if r.action != Deny {
				continue
			}
			switch x.hit(a, r) {
			case yes:
				x.add(a, r, yes)
				x.side.Reason = fmt.Sprintf("a rule that denies decides the %s of %s", x.dir, x.end)
				return true
			case maybe:
				x.add(a, r, maybe)
			}
		}
	}
	return false
}

// surely says whether a policy surely applies.
func (a applied) surely() match {
	if a.sure {
		return yes
	}
	return maybe
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
