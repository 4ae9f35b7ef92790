package suggest

import (
	"cmp"
	"fmt"
	"maps"
	"net/netip"
	"slices"

	"github.com/bartizan-dev/bartizan/internal/reach"
)

// compare puts groups before addresses, whose group is -1.
func (p peer) compare(o peer) int {
	return cmp.Or(cmp.Compare(uint(p.group), uint(o.group)), p.address.Compare(o.address))
}

func comparePorts(a, b reach.Port) int {
	return cmp.Or(cmp.Compare(a.Protocol, b.Protocol), cmp.Compare(a.Number, b.Number))
}

func (l link) compare(o link) int {
	return cmp.Or(l.from.compare(o.from), l.to.compare(o.to), comparePorts(l.port, o.port))
}

// rule is peers that share their ports.
type rule struct {
	peers    []peer
	prefixes []netip.Prefix // the addresses among the peers
	names    []string       // the domain names among them, where policies may hold names
	ports    []reach.Port
	count    int
}

// rules are those of a group in one direction: as few as there are different sets of ports.
func (k *maker) rules(group int, d reach.Direction) []rule {
	ports := map[peer][]reach.Port{}
	counts := map[peer]int{}
	for _, l := range k.order {
		own, other := l.from, l.to
		if d == reach.Ingress {
			own, other = other, own
		}
		if own.group == group && own.group >= 0 {
			ports[other] = append(ports[other], l.port)
			counts[other] += k.links[l].count
		}
	}
	bySet := map[string]*rule{}
	var order []string
	for _, p := range slices.SortedFunc(maps.Keys(ports), peer.compare) {
		list := ports[p]
		if d == reach.Egress && p.group >= 0 && k.groups[p.group].dns {
			list = slices.DeleteFunc(list, func(x reach.Port) bool { return slices.Contains(k.dnsPorts(), x) })
		}
		if len(list) == 0 {
			continue
		}
		slices.SortFunc(list, comparePorts)
		key := fmt.Sprint(list)
		r := bySet[key]
		if r == nil {
			r = &rule{ports: list}
			bySet[key] = r
			order = append(order, key)
		}
		r.count += counts[p]
		if names := k.named[p.address]; p.group < 0 && d == reach.Egress && len(names) > 0 {
			r.names = append(r.names, names...)
		} else if p.group < 0 {
			r.prefixes = append(r.prefixes, netip.PrefixFrom(p.address, p.address.BitLen()))
		} else {
			r.peers = append(r.peers, p)
		}
	}
	var out []rule
	for _, key := range order {
		r := bySet[key]
		r.prefixes = fewestPrefixes(r.prefixes)
		slices.Sort(r.names)
		r.names = slices.Compact(r.names)
		out = append(out, *r)
	}
	return out
}

// fewestPrefixes joins prefixes that make up a larger one, so that exactly the same addresses are covered.
func fewestPrefixes(list []netip.Prefix) []netip.Prefix {
	slices.SortFunc(list, func(a, b netip.Prefix) int {
		return cmp.Or(a.Addr().Compare(b.Addr()), cmp.Compare(a.Bits(), b.Bits()))
	})
	var out []netip.Prefix
	for _, p := range list {
		out = append(out, p)
		for len(out) > 1 {
			a, b := out[len(out)-2], out[len(out)-1]
			if a.Contains(b.Addr()) && a.Bits() <= b.Bits() {
				out = out[:len(out)-1]
				continue
			}
			if a.Bits() != b.Bits() || a.Bits() == 0 {
				break
			}
			up := netip.PrefixFrom(a.Addr(), a.Bits()-1).Masked()
			if up.Addr() != a.Addr() || !up.Contains(b.Addr()) {
				break
			}
			out = append(out[:len(out)-2], up)
		}
	}
	return out
}

// dnsPorts are the ports at which the name server's pods answer.
func (k *maker) dnsPorts() (out []reach.Port) {
	for _, g := range k.groups {
		if !g.dns || g.host {
			continue
		}
		for _, p := range k.m.Pod(g.pods[0]).Declared() {
			if p.Name == "dns" || p.Name == "dns-tcp" {
				for _, protocol := range []reach.Protocol{reach.UDP, reach.TCP} {
					out = append(out, reach.Port{Protocol: protocol, Number: p.Number})
				}
			}
		}
	}
	out = append(out, reach.Port{Protocol: reach.UDP, Number: 53}, reach.Port{Protocol: reach.TCP, Number: 53})
	slices.SortFunc(out, func(a, b reach.Port) int {
		return cmp.Or(cmp.Compare(b.Protocol, a.Protocol), cmp.Compare(a.Number, b.Number))
	})
	return slices.Compact(out)
}

// dnsGroups are the name server's pods.
func (k *maker) dnsGroups() (out []int) {
	for i, g := range k.groups {
		if g.dns && !g.host {
			out = append(out, i)
		}
	}
	return out
}
