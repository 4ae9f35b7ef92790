package reach

import (
	"fmt"
	"maps"
	"sort"
)

// findFaults looks for policies and rules that do nothing, or whose effect the API does not define.
func (m *Model) findFaults() []Fault {
	own := *m
	own.peerCache, own.named = maps.Clone(m.peerCache), maps.Clone(m.named)
	f := &faultFinder{m: &own, used: map[*rule]bool{}, needed: map[*rule]bool{}, applied: map[*policy]bool{}, clashes: map[[2]*policy]bool{}}
	f.list = append(f.list, m.faults...)
	for dir := range m.sigs {
		for s := range m.sigs[dir] {
			f.signature(Direction(dir), &m.sigs[dir][s])
		}
	}
	for _, p := range m.policies {
		if p.doubt == "" {
			f.policy(p)
		}
	}
	sort.SliceStable(f.list, func(i, j int) bool {
		a, b := &f.list[i], &f.list[j]
		if a.Policy != b.Policy {
			return a.Policy.String() < b.Policy.String()
		}
		if a.Direction != b.Direction {
			return a.Direction < b.Direction
		}
		return a.Rule < b.Rule
	})
	return f.list
}

type faultFinder struct {
	m       *Model
	list    []Fault
	used    map[*rule]bool // it may match something that an earlier rule has not decided
	needed  map[*rule]bool // it lets something through that no other rule does
	applied map[*policy]bool
	clashes map[[2]*policy]bool
}

func (f *faultFinder) add(code FaultCode, p *policy, dir Direction, r *rule, format string, args ...any) {
	x := Fault{Code: code, Policy: p.ref, Direction: dir, Rule: -1, Origin: p.origin}
	x.Message = p.ref.String() + " " + fmt.Sprintf(format, args...)
	if r != nil {
		x.Rule, x.Origin = r.index, r.origin
		list := dir.String()
		if r.list != "" {
			list = r.list
		}
		x.Message = fmt.Sprintf("%s: %s rule %d %s", p.ref, list, r.index, fmt.Sprintf(format, args...))
	}
	f.list = append(f.list, x)
}

// signature notes which rules do something for the pods of a signature.
func (f *faultFinder) signature(dir Direction, sig *signature) {
	m := f.m
	e := &evaluator{m: m, dir: dir, sig: sig}
	for _, a := range sig.policies {
		f.applied[a.policy] = true
	}
	seen := map[string]bool{}
	for i, atom := range m.ports.atoms {
		if key := string(e.relevant(i, atom)); !seen[key] {
			seen[key] = true
			f.atom(e, i, atom)
		}
	}
	f.clash(dir, sig)
}

func (f *faultFinder) atom(e *evaluator, i int, atom portAtom) {
	n := f.m.n
	t := tallies{newBits(n), newBits(n), newBits(n), newBits(n)}
	o := orderly{decided: newBits(n)}
	for _, a := range e.sig.policies {
		local := o.enter(a)
		rules := a.rules[e.dir]
		for k := range rules {
			yes, may, ok := e.matched(&rules[k], i, atom)
			if !ok {
				continue
			}
			if a.tier == NetworkTier {
				f.used[&rules[k]] = f.used[&rules[k]] || !may.empty()
				if a.sure {
					t.add(&rules[k], yes)
				}
				continue
			}
			f.used[&rules[k]] = f.used[&rules[k]] || !may.within(local)
			if a.sure {
				local.or(yes)
				o.settle(rules[k].action, yes)
			}
		}
	}
	f.need(e, i, atom, &t)
}

// tallies are the peers that rules in the tier of NetworkPolicy surely allow or deny: one of them, more than one.
type tallies struct{ allowed, allowedTwice, denied, deniedTwice bits }

func (t *tallies) add(r *rule, yes bits) {
	switch {
	case r.action == Deny:
		t.deniedTwice.orAnd(t.denied, yes)
		t.denied.or(yes)
	case r.requests == nil:
		t.allowedTwice.orAnd(t.allowed, yes)
		t.allowed.or(yes)
	}
}

// spare says whether a rule that may match some peers changes nothing for them.
func (t *tallies) spare(r *rule, may bits) bool {
	switch {
	case r.action == Deny:
		return may.within(t.deniedTwice)
	case may.within(t.denied):
		return true
	case r.requests != nil:
		return may.within(t.allowed)
	}
	return may.within(t.allowedTwice)
}

// orderly follows what is surely decided before a policy's turn comes.
type orderly struct {
	decided bits // for all tiers
	tier    bits // for the present one: what was passed on counts
	before  bits // the same without the policies of the present priority
	last    *policy
}

// enter gives what is decided before a policy, as a set that its own rules may add to.
func (o *orderly) enter(a applied) bits {
	switch {
	case o.last == nil || o.last.tier != a.tier:
		o.tier = o.decided.clone()
		o.before = o.tier.clone()
	case o.last.priority != a.priority:
		o.before = o.tier.clone()
	}
	o.last = a.policy
	return o.before.clone()
}

func (o *orderly) settle(action Action, peers bits) {
	o.tier.or(peers)
	if action != Pass {
		o.decided.or(peers)
	}
}

// need notes the rules of the tier of NetworkPolicy without which something would be closed, or open.
func (f *faultFinder) need(e *evaluator, i int, atom portAtom, t *tallies) {
	for _, a := range e.sig.policies {
		rules := a.rules[e.dir]
		for k := range rules {
			if a.tier != NetworkTier || f.needed[&rules[k]] {
				continue
			}
			if _, may, ok := e.matched(&rules[k], i, atom); ok && !t.spare(&rules[k], may) {
				f.needed[&rules[k]] = true
			}
		}
	}
}

// clash finds policies of equal priority that decide differently on the same connections.
func (f *faultFinder) clash(dir Direction, sig *signature) {
	for i, a := range sig.policies {
		for _, b := range sig.policies[i+1:] {
			if a.tier != b.tier || a.priority != b.priority || a.tier == NetworkTier || f.clashes[[2]*policy{a.policy, b.policy}] {
				continue
			}
			if r := disagree(a.rules[dir], b.rules[dir]); r != nil {
				f.clashes[[2]*policy{a.policy, b.policy}] = true
				f.add(UndefinedOrder, b.policy, dir, r, "and %s have the priority %d both and decide differently on the same connections: the API does not say which one counts", a.ref, a.priority)
			}
		}
	}
}

// disagree finds a rule of the second list that decides on something otherwise than one of the first.
func disagree(first, second []rule) *rule {
	for i := range second {
		for k := range first {
			a, b := &first[k], &second[i]
			if a.action != b.action && a.may.meets(b.may) && a.ports.overlaps(&b.ports) {
				return b
			}
		}
	}
	return nil
}

// overlaps says whether two rules' ports have one in common; names may stand for any port.
func (s *portSpec) overlaps(o *portSpec) bool {
	if s.all || o.all || len(s.names) > 0 || len(o.names) > 0 {
		return true
	}
	for _, a := range s.ranges {
		for _, b := range o.ranges {
			if a.protocol == b.protocol && a.lo <= b.hi && b.lo <= a.hi {
				return true
			}
		}
	}
	return false
}

// policy reports what a policy and its rules do not do.
func (f *faultFinder) policy(p *policy) {
	if s := p.subject.pods; s != nil && len(s.reqs) > 0 && s.reqs[0].op == opNever {
		return // it is about endpoints of Cilium's own
	}
	if f.m.subjects(p).may.empty() {
		f.add(SelectsNothing, p, Ingress, nil, "selects no pod that was read")
		return
	}
	for dir := range p.rules {
		for k := range p.rules[dir] {
			r := &p.rules[dir][k]
			f.m.reached(p, r)
			switch {
			case r.doubt != "" || r.ports.broken != "" || r.icmp || r.unreadable():
			case r.may.empty():
				f.add(NeverMatches, p, Direction(dir), r, "matches no pod that was read and no address")
			case f.ports(p, r, Direction(dir)) && len(r.ports.ranges) == 0:
			case p.tier != NetworkTier && !f.used[r]:
				f.add(Shadowed, p, Direction(dir), r, "never decides: rules before it decide on everything it matches")
			case p.tier == NetworkTier && (f.needed[r] || r.proxied):
			case p.tier == NetworkTier && r.action == Deny:
				f.add(Shadowed, p, Direction(dir), r, "denies nothing that other rules do not deny as well")
			case p.tier == NetworkTier:
				f.add(Shadowed, p, Direction(dir), r, "lets nothing through that other rules do not let through as well, or deny")
			}
		}
	}
}

// unreadable says whether a rule is about what is never read: endpoints of Cilium's own.
func (r *rule) unreadable() bool {
	for i := range r.peers {
		switch r.peers[i].entity {
		case "none", "init", "health", "unmanaged", "ingress":
			return true
		}
	}
	return r.list != "" && len(r.peers) == 0 && !r.anyPeer // {} closes the pods and matches nothing
}

// ports reports each port of a rule that goes by a name which no pod that the rule is about has, and says whether that is all of its names.
// A name of no port is the likeliest misspelling, and a protocol left out makes it one of TCP: the rule's other ports hide it.
func (f *faultFinder) ports(p *policy, r *rule, dir Direction) bool {
	missing := 0
	for _, n := range r.ports.names {
		if f.m.declared(p, r, dir, n) {
			continue
		}
		missing++
		if other := n; !n.anyProtocol {
			if other.anyProtocol = true; f.m.declared(p, r, dir, other) {
				f.add(NeverMatches, p, dir, r, "names the port %s for %s, and pods have it for another protocol only: say which", n.name, n.protocol)
				continue
			}
		}
		f.add(NeverMatches, p, dir, r, "names a port that no pod it is about declares: %s", n.name)
	}
	return missing > 0 && missing == len(r.ports.names)
}

// declared says whether a name in a rule's ports stands for a port of any pod that the rule is about.
func (m *Model) declared(p *policy, r *rule, dir Direction, n portName) bool {
	about := r.may
	if dir == Ingress {
		about = m.subjects(p).may
	}
	n.cilium = n.cilium && dir == Egress
	for i := range m.ports.atoms {
		if at := m.namedAt(n, i).may; at != nil && at.meets(about) {
			return true
		}
	}
	return false
}
