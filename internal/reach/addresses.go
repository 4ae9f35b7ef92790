package reach

import (
	mathbits "math/bits"
	"net/netip"
	"slices"
	"sort"
)

// span is the addresses of one family from lo to hi, both included.
type span struct{ lo, hi netip.Addr }

func spanOf(p netip.Prefix) span { return span{p.Masked().Addr(), lastOf(p)} }

// lastOf is the last address of a prefix.
func lastOf(p netip.Prefix) netip.Addr {
	a := p.Masked().Addr()
	b := a.As16()
	from := len(b) - a.BitLen()/8 // IPv4 stands at the end
	for i := from + p.Bits()/8; i < len(b); i++ {
		b[i] = 0xFF
	}
	if at := from + p.Bits()/8; at < len(b) {
		b[at] = a.As16()[at] | 0xFF>>(p.Bits()%8)
	}
	if a.Is4() {
		return netip.AddrFrom4([4]byte(b[from:]))
	}
	return netip.AddrFrom16(b)
}

// overlaps says whether two spans share an address.
func (s span) overlaps(o span) bool {
	return s.lo.BitLen() == o.lo.BitLen() && s.lo.Compare(o.hi) <= 0 && o.lo.Compare(s.hi) <= 0
}

// space cuts both address families into atoms: ranges that no prefix of the policies divides. Atoms of IPv4 come
// first.
type space struct {
	starts []netip.Addr
	first6 int
	public []bool // whether the internet routes an atom
}

var (
	start4 = netip.AddrFrom4([4]byte{})
	start6 = netip.IPv6Unspecified()
)

// newSpace cuts at the borders of the prefixes.
func newSpace(prefixes []netip.Prefix) *space {
	at := map[netip.Addr]bool{start4: true, start6: true}
	for _, p := range prefixes {
		at[p.Masked().Addr()] = true
		if next := lastOf(p).Next(); next.IsValid() {
			at[next] = true
		}
	}
	starts := make([]netip.Addr, 0, len(at))
	for a := range at {
		starts = append(starts, a)
	}
	return spaceOf(starts)
}

// spaceOf cuts at addresses, which may come more than once.
func spaceOf(starts []netip.Addr) *space {
	slices.SortFunc(starts, netip.Addr.Compare)
	s := &space{starts: slices.Compact(starts)}
	s.public = make([]bool, len(s.starts))
	out := notPublic()
	in6, out6 := public6()
	for i, a := range s.starts {
		if a.Is4() {
			s.public[i] = !holds(out, a)
		} else {
			s.public[i] = in6.Contains(a) && !holds(out6, a)
		}
	}
	s.first6 = sort.Search(len(s.starts), func(i int) bool { return s.starts[i].Is6() })
	return s
}

func (s *space) len() int { return len(s.starts) }

// atom is the index of the atom that an address lies in.
func (s *space) atom(a netip.Addr) int32 {
	a = a.Unmap().WithZone("")
	lo, hi := 0, s.first6
	if a.Is6() {
		lo, hi = s.first6, len(s.starts)
	}
	return int32(lo + sort.Search(hi-lo, func(i int) bool { return a.Less(s.starts[lo+i]) }) - 1)
}

// span is the addresses of an atom.
func (s *space) span(i int32) span {
	lo := s.starts[i]
	end := int(i) + 1
	switch {
	case end < len(s.starts) && s.starts[end].BitLen() == lo.BitLen():
		return span{lo, s.starts[end].Prev()}
	case lo.Is4():
		return span{lo, netip.AddrFrom4([4]byte{255, 255, 255, 255})}
	}
	return span{lo, lastOf(netip.PrefixFrom(start6, 0))}
}

// block is an ipBlock, or a network of ClusterNetworkPolicy.
type block struct {
	prefix netip.Prefix
	except []netip.Prefix
}

func (b *block) contains(a netip.Addr) bool {
	if !b.prefix.Contains(a) {
		return false
	}
	for _, e := range b.except {
		if e.Contains(a) {
			return false
		}
	}
	return true
}

// mustPrefixes makes prefixes of texts that are known to be right.
func mustPrefixes(texts ...string) []netip.Prefix {
	out := make([]netip.Prefix, len(texts))
	for i, t := range texts {
		out[i] = netip.MustParsePrefix(t)
	}
	return out
}

// notPublic are the ranges that the internet does not route (IANA's special-purpose registries).
func notPublic() []netip.Prefix {
	return mustPrefixes("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
		"192.0.0.0/24", "192.0.2.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3")
}

// public6 is what the internet routes of IPv6, and what it does not of that.
func public6() (in netip.Prefix, out []netip.Prefix) {
	return netip.MustParsePrefix("2000::/3"), mustPrefixes("2001:db8::/32", "2001::/23", "3fff::/20")
}

// neverPods are ranges that a pod's address does not lie in.
func neverPods() []netip.Prefix {
	return mustPrefixes("0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/3")
}

// standing are the prefixes at which the space of outside addresses is always cut.
func standing() []netip.Prefix {
	in, out := public6()
	return append(append(notPublic(), in), out...)
}

// isPublic says whether the internet routes an address.
func isPublic(a netip.Addr) bool {
	if a.Is4() {
		for _, p := range notPublic() {
			if p.Contains(a) {
				return false
			}
		}
		return true
	}
	in, out := public6()
	for _, p := range out {
		if p.Contains(a) {
			return false
		}
	}
	return in.Contains(a)
}

// prefixes adds the fewest prefixes that make up a span.
func (s span) prefixes(out []netip.Prefix) []netip.Prefix {
	for a := s.lo; ; {
		n := a.BitLen() - trailingZeros(a)
		for n < a.BitLen() && lastOf(netip.PrefixFrom(a, n)).Compare(s.hi) > 0 {
			n++
		}
		p := netip.PrefixFrom(a, n)
		out = append(out, p)
		next := lastOf(p).Next()
		if !next.IsValid() || next.Compare(s.hi) > 0 {
			return out
		}
		a = next
	}
}

// trailingZeros is the number of zero bits at an address's end.
func trailingZeros(a netip.Addr) int {
	b := a.As16()
	n := 0
	for i := len(b) - 1; i >= len(b)-a.BitLen()/8; i-- {
		if b[i] != 0 {
			return n + mathbits.TrailingZeros8(b[i])
		}
		n += 8
	}
	return n
}

// joined merges spans that touch; the spans must be in order.
func joined(list []span) []span {
	var out []span
	for _, s := range list {
		if n := len(out); n > 0 && out[n-1].hi.Next() == s.lo {
			out[n-1].hi = s.hi
			continue
		}
		out = append(out, s)
	}
	return out
}
