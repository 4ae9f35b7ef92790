package suggest

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/bartizan-dev/bartizan/internal/reach"
)

// beyond lists what is allowed to or from workloads with a policy and was not observed.
func (k *maker) beyond(before, after *reach.Model) {
	type pair struct{ from, to int }
	extra := map[pair][]reach.Port{}
	fresh := map[pair]bool{}
	var order []pair
	dns := k.dnsPorts()
	for _, c := range after.Connections() {
		if c.Verdict != reach.Allowed {
			continue
		}
		sources, targets := k.members(after, c.Sources), k.members(after, c.Targets)
		for from, i := range sources {
			for to, j := range targets {
				if i < 0 || j < 0 || from == to && len(k.groups[from].pods) == 1 || !k.policied[from] && !k.policied[to] {
					continue
				}
				for _, p := range c.Ports {
					_, seen := k.links[link{peer{group: from}, peer{group: to}, reach.Port{Protocol: p.Protocol, Number: p.Number}}]
					single := p.Number != 0 && (p.End == 0 || p.End == p.Number)
					if single && (seen || k.groups[to].dns && slices.Contains(dns, reach.Port{Protocol: p.Protocol, Number: p.Number})) || k.covered(from, to, p) {
						continue
					}
					x := pair{from, to}
					if extra[x] == nil {
						order = append(order, x)
					}
					extra[x] = append(extra[x], p)
					fresh[x] = fresh[x] || before.Reaches(i, j, p) != reach.Allowed
				}
			}
		}
		k.outside(before, &c, sources, targets)
	}
	slices.SortFunc(order, func(a, b pair) int {
		return (link{from: peer{group: a.from}, to: peer{group: a.to}}).compare(link{from: peer{group: b.from}, to: peer{group: b.to}})
	})
	for _, x := range order {
		slices.SortFunc(extra[x], comparePorts)
		k.result.Beyond = append(k.result.Beyond, Excess{k.groups[x.from].name(), k.groups[x.to].name(), extra[x], fresh[x]})
	}
}

// covered says whether every port of a range was observed.
func (k *maker) covered(from, to int, p reach.Port) bool {
	if p.Number == 0 || p.End <= p.Number || p.End-p.Number > 1000 {
		return false
	}
	dns := k.groups[to].dns
	for n := int(p.Number); n <= int(p.End); n++ {
		one := reach.Port{Protocol: p.Protocol, Number: uint16(n)}
		if _, seen := k.links[link{peer{group: from}, peer{group: to}, one}]; !seen && !(dns && slices.Contains(k.dnsPorts(), one)) {
			return false
		}
	}
	return true
}

// members are the groups in a set, with a pod of each; -1 stands for groups that policies do not select.
func (k *maker) members(m *reach.Model, s reach.Set) []int {
	out := make([]int, len(k.groups))
	for i := range out {
		out[i] = -1
	}
	for c := range s.All() {
		for _, i := range m.Members(c) {
			if g := k.of[i]; !k.groups[g].host {
				out[g] = int(i)
			}
		}
	}
	return out
}

// outside looks at the addresses of a connection.
func (k *maker) outside(before *reach.Model, c *reach.Connection, sources, targets []int) {
	for g, i := range sources {
		if i >= 0 && k.policied[g] {
			k.addresses(before, g, &c.To, c.Ports, reach.Egress)
		}
	}
	for g, i := range targets {
		if i >= 0 && k.policied[g] {
			k.addresses(before, g, &c.From, c.Ports, reach.Ingress)
		}
	}
}

func (k *maker) addresses(before *reach.Model, g int, far *reach.Group, ports []reach.Port, d reach.Direction) {
	whole := far.Internet || far.Internet4 || far.Internet6 || far.Everywhere
	if !whole && len(far.Prefixes) == 0 {
		return
	}
	var beyond []reach.Port
	for _, p := range ports {
		seen := k.observedAddresses(g, p, d)
		if whole || slices.ContainsFunc(far.Prefixes, func(x netip.Prefix) bool { return !within(x, seen) }) {
			beyond = append(beyond, p)
		}
	}
	if len(beyond) == 0 {
		return
	}
	own, other := k.groups[g].name(), strings.Join(far.Names(), ", ")
	from, outside := reach.Workload(k.m.Pod(k.groups[g].pods[0]).Ref), reach.Internet()
	if len(far.Prefixes) > 0 {
		outside = reach.Address(far.Prefixes[0])
	}
	to := outside
	x := Excess{From: own, To: other, Ports: beyond}
	if d == reach.Ingress {
		x.From, x.To, from, to = other, own, outside, from
	}
	a := before.Can(from, to, beyond[0])
	x.New = a.Verdict != reach.Allowed || a.Partly
	k.result.Beyond = append(k.result.Beyond, x)
}

// observedAddresses are the addresses that a group was seen to have a port's connections with.
func (k *maker) observedAddresses(g int, p reach.Port, d reach.Direction) (out []netip.Prefix) {
	for _, l := range k.order {
		own, other := l.from, l.to
		if d == reach.Ingress {
			own, other = other, own
		}
		if own.group == g && other.group < 0 && p.Protocol == l.port.Protocol && p.Number == l.port.Number && p.End <= p.Number {
			out = append(out, netip.PrefixFrom(other.address, other.address.BitLen()))
		}
	}
	return fewestPrefixes(out)
}

// within says whether prefixes cover one; they are in order, and as large as they can be.
func within(p netip.Prefix, list []netip.Prefix) bool {
	return slices.ContainsFunc(list, func(x netip.Prefix) bool { return x.Bits() <= p.Bits() && x.Contains(p.Addr()) })
}
