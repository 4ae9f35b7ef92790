package reach

import "net/netip"

// carved is a set of addresses as prefixes, of which others are left out.
type carved struct {
	in, out []netip.Prefix
	rest    []netip.Prefix // what of the block is not in the set
}

// maxCarved bounds the spans for which the shortest way to write them is looked for: a list of more is no text for a person.
const maxCarved = 16

// carve writes the part of a set of addresses that is in a block with as few prefixes as it takes: "fd00::/16 except
// fd00::1:0/112" rather than the ninety-six prefixes that are in, or those that are out. The spans are in order and apart.
func carve(block netip.Prefix, spans []span) carved {
	whole := spanOf(block)
	for len(spans) > 0 && spans[0].hi.Less(whole.lo) {
		spans = spans[1:]
	}
	for len(spans) > 0 && whole.hi.Less(spans[len(spans)-1].lo) {
		spans = spans[:len(spans)-1]
	}
	switch {
	case len(spans) == 0:
		return carved{rest: []netip.Prefix{block}}
	case !whole.lo.Less(spans[0].lo) && !spans[0].hi.Less(whole.hi):
		return carved{in: []netip.Prefix{block}}
	}
	first := netip.PrefixFrom(whole.lo, block.Bits()+1)
	a, b := carve(first, spans), carve(netip.PrefixFrom(lastOf(first).Next(), first.Bits()), spans)
	x := carved{in: append(a.in, b.in...), out: append(a.out, b.out...), rest: append(a.rest, b.rest...)}
	if 1+len(x.rest) < len(x.in)+len(x.out) {
		x.in, x.out = []netip.Prefix{block}, append([]netip.Prefix(nil), x.rest...)
	}
	return x
}
