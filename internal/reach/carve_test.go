package reach

import (
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
)

func TestCarve(t *testing.T) {
	for _, c := range []struct {
		block   string
		spans   []string // what is in, in order
		in, out []string
	}{
		{"10.0.0.0/8", nil, nil, nil},
		{"10.0.0.0/8", []string{"10.0.0.0/8"}, []string{"10.0.0.0/8"}, nil},
		{"::/0", []string{"fd00::/112", "fd00::2:0/111", "fd00::4:0/110"}, []string{"fd00::/109"}, []string{"fd00::1:0/112"}},
		{"0.0.0.0/0", []string{"10.0.0.1/32", "11.0.0.0/8"}, []string{"10.0.0.1/32", "11.0.0.0/8"}, nil},
	} {
		x := carve(netip.MustParsePrefix(c.block), joined(spansOfTexts(c.spans)))
		if !slices.Equal(x.in, mustPrefixes(c.in...)) || !slices.Equal(x.out, mustPrefixes(c.out...)) {
			t.Errorf("%s of %s: %v except %v, want %v except %v", c.spans, c.block, x.in, x.out, c.in, c.out)
		}
	}
}

func spansOfTexts(texts []string) (out []span) {
	for _, p := range mustPrefixes(texts...) {
		out = append(out, spanOf(p))
	}
	return out
}

// TestCarveIsExact holds what is written against what was meant, address by address, and against the plain ways of writing it.
func TestCarveIsExact(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	block := netip.MustParsePrefix("10.0.0.0/24")
	for range 300 {
		var in [256]bool
		for range 1 + r.IntN(4) {
			lo := r.IntN(256)
			for i := lo; i < min(256, lo+1+r.IntN(100)); i++ {
				in[i] = true
			}
		}
		var spans []span
		for i := range in {
			if a := netip.AddrFrom4([4]byte{10, 0, 0, byte(i)}); in[i] {
				spans = append(spans, span{a, a})
			}
		}
		spans = joined(spans)
		x := carve(block, spans)
		holds := func(list []netip.Prefix, a netip.Addr) bool {
			return slices.ContainsFunc(list, func(p netip.Prefix) bool { return p.Contains(a) })
		}
		for i := range in {
			a := netip.AddrFrom4([4]byte{10, 0, 0, byte(i)})
			if got := holds(x.in, a) && !holds(x.out, a); got != in[i] {
				t.Fatalf("%v: %v except %v: %s is %v", spans, x.in, x.out, a, got)
			}
		}
		if plain := len(prefixesOf(spans)); len(x.in)+len(x.out) > plain {
			t.Errorf("%v takes %d prefixes, plainly %d", spans, len(x.in)+len(x.out), plain)
		}
	}
}

// TestCarvedNames shows how such a group reads.
func TestCarvedNames(t *testing.T) {
	m := modelOf(t, base+np("{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 'fd00::/16', except: ['fd00::1:0/112']}}]}], egress: [], policyTypes: [Ingress]}"), Options{})
	var names []string
	for _, c := range m.Connections() {
		names = append(names, c.From.Names()...)
	}
	if !slices.Contains(names, "fd00::/16 except fd00::1:0/112") {
		t.Errorf("who reaches: %q", names)
	}
}
