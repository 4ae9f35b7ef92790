package reach

import (
	"net/netip"
	"slices"
	"sort"
	"strings"

	"github.com/bartizan-dev/bartizan"
)

// Group is a set of ends of connections in words.
type Group struct {
	EveryPod   bool
	Namespaces []string       // every pod of these
	Workloads  []bartizan.Ref // pods of these, where not every pod of the namespace is meant
	Nodes      bool
	Hosts      []bartizan.Ref // pods on their nodes' network
	Internet   bool           // every public address
	Internet4  bool           // every public address of IPv4 alone
	Internet6  bool           // and of IPv6 alone
	Everywhere bool           // every outside address
	Prefixes   []netip.Prefix // outside addresses besides Internet
	Except     []netip.Prefix // of a wider one in Prefixes
}

// Describe puts a set of classes into words.
func (m *Model) Describe(s Set) Group {
	var g Group
	m.describePods(s.b, &g)
	m.describeHosts(s.b, &g)
	m.describeAddresses(s.b, &g)
	return g
}

// describeHosts names pods on their nodes' network, and says whether nodes as such are meant.
func (m *Model) describeHosts(b bits, g *Group) {
	seen := map[bartizan.Ref]bool{}
	for c := m.podEnd; c < m.hostEnd; c++ {
		if !b.has(c) {
			continue
		}
		g.Nodes = g.Nodes || len(m.classes[c].nodes) > 0 || c == m.anyHost
		for _, i := range m.classes[c].members {
			if w := m.inv.pods[i].Workload; !seen[w] {
				seen[w] = true
				g.Hosts = append(g.Hosts, w)
			}
		}
	}
	sortRefs(g.Hosts)
}

func (m *Model) describePods(b bits, g *Group) {
	var whole []string
	parts := newBits(len(m.inv.workloads)) // with those that are all that their namespace has
	spaces, all := 0, true
	for ns, r := range m.nsRange {
		if r[0] == r[1] {
			continue
		}
		have := 0
		for c := r[0]; c < r[1]; c++ {
			if b.has(c) {
				have++
			}
		}
		all = all && have == int(r[1]-r[0])
		switch {
		case have == 0:
			continue
		case have < int(r[1]-r[0]):
			m.mark(parts, b, r)
			continue
		}
		spaces++
		if _, one := m.oneWorkload(r); one {
			m.mark(parts, b, r)
			continue
		}
		whole = append(whole, m.inv.namespaces[ns].name)
	}
	if all && spaces > 1 {
		g.EveryPod = true
		return
	}
	sort.Strings(whole)
	g.Namespaces, g.Workloads = whole, m.marked(parts)
}

// mark adds the workloads of the classes of a set in a range, by their numbers.
func (m *Model) mark(out, b bits, r [2]int32) {
	for c := r[0]; c < r[1]; c++ {
		if b.has(c) {
			for _, i := range m.classes[c].members {
				out.set(m.inv.workload[i])
			}
		}
	}
}

// marked lists workloads by their numbers.
func (m *Model) marked(b bits) (out []bartizan.Ref) {
	if n := b.count(); n > 0 {
		out = make([]bartizan.Ref, 0, n)
	}
	for w := range b.all() {
		out = append(out, m.inv.workloads[w])
	}
	return out
}

// oneWorkload is the workload of the classes of a range, if it is the only one.
func (m *Model) oneWorkload(r [2]int32) (w bartizan.Ref, one bool) {
	for c := r[0]; c < r[1]; c++ {
		for _, i := range m.classes[c].members {
			switch x := m.inv.pods[i].Workload; {
			case w == bartizan.Ref{}:
				w = x
			case w != x:
				return w, false
			}
		}
	}
	return w, w != bartizan.Ref{}
}

// workloadsOf lists the workloads of the classes of a set in a range.
func (m *Model) workloadsOf(b bits, r [2]int32) []bartizan.Ref {
	out := newBits(len(m.inv.workloads))
	m.mark(out, b, r)
	return m.marked(out)
}

func sortRefs(list []bartizan.Ref) {
	sort.Slice(list, func(i, j int) bool {
		a, b := list[i], list[j]
		if a.Namespace != b.Namespace {
			return a.Namespace < b.Namespace
		}
		if a.Name != b.Name {
			return a.Name < b.Name
		}
		return a.Kind < b.Kind
	})
}

// describeAddresses writes outside addresses the short way, each family by itself: what is in, or what is not.
func (m *Model) describeAddresses(b bits, g *Group) {
	four := m.describeFamily(b, 0, m.space.first6, start4)
	six := m.describeFamily(b, m.space.first6, m.space.len(), start6)
	g.Internet = four.internet && six.internet
	g.Internet4, g.Internet6 = four.internet && !six.internet, six.internet && !four.internet
	if four.all && six.all && len(four.out)+len(six.out) == 0 {
		g.Everywhere = true
		return
	}
	for _, f := range []familyWords{four, six} {
		g.Prefixes, g.Except = append(g.Prefixes, f.in...), append(g.Except, f.out...)
	}
}

// familyWords is the addresses of one family: all of them but some, the public ones and some others, or some.
type familyWords struct {
	all, internet bool
	in, out       []netip.Prefix
}

func (m *Model) describeFamily(b bits, from, to int, zero netip.Addr) (w familyWords) {
	have, private := 0, 0 // atoms that are in, and those of them that the internet does not route
	internet := true
	for a := from; a < to; a++ {
		switch has, public := b.has(m.hostEnd+int32(a)), m.space.public[a]; {
		case has:
			if have++; !public {
				private++
			}
		case public:
			internet = false
		}
	}
	if have == 0 || have == to-from && private > 0 { // the usual ones
		if have > 0 {
			w.all, w.in = true, []netip.Prefix{netip.PrefixFrom(zero, 0)}
		}
		return w
	}
	spans := make([]span, 0, to-from)
	chosen := func(yes func(has, public bool) bool) []span {
		spans = spans[:0]
		for a := from; a < to; a++ {
			if yes(b.has(m.hostEnd+int32(a)), m.space.public[a]) {
				spans = append(spans, m.space.span(int32(a)))
			}
		}
		return spans
	}
	prefixes := func(yes func(has, public bool) bool) []netip.Prefix { return prefixesOf(chosen(yes)) }
	ins, outs := prefixes(func(has, _ bool) bool { return has }), prefixes(func(has, _ bool) bool { return !has })
	if internet && len(outs) > 0 {
		if private := prefixes(func(has, public bool) bool { return has && !public }); len(private) <= min(len(outs), len(ins)) {
			w.internet, w.in = true, private
			return w
		}
	}
	if n := min(len(ins), len(outs)); n > 3 {
		if list := joined(chosen(func(has, _ bool) bool { return has })); len(list) <= maxCarved {
			if x := carve(netip.PrefixFrom(zero, 0), list); len(x.in)+len(x.out) < n {
				w.in, w.out = x.in, x.out
				return w
			}
		}
	}
	if len(outs) < len(ins) {
		w.all, w.in, w.out = true, []netip.Prefix{netip.PrefixFrom(zero, 0)}, outs
	} else {
		w.in = ins
	}
	return w
}

func prefixesOf(list []span) (out []netip.Prefix) {
	for _, s := range joined(list) {
		out = s.prefixes(out)
	}
	return out
}

// Names are the parts of a group, each as a person names it.
func (g *Group) Names() (out []string) {
	if g.EveryPod {
		out = append(out, "every pod")
	}
	for _, n := range g.Namespaces {
		out = append(out, n+"/*")
	}
	for _, w := range g.Workloads {
		out = append(out, namespaceOf(w.Namespace)+"/"+w.Name)
	}
	for _, w := range g.Hosts {
		out = append(out, namespaceOf(w.Namespace)+"/"+w.Name+" (host network)")
	}
	if g.Nodes {
		out = append(out, "nodes")
	}
	for _, x := range []struct {
		is   bool
		name string
	}{{g.Everywhere, "any outside address"}, {g.Internet, "internet"}, {g.Internet4, "internet (IPv4)"}, {g.Internet6, "internet (IPv6)"}} {
		if x.is {
			out = append(out, x.name)
		}
	}
	var cut []string // last: what follows an exception would read as one
	for _, p := range g.Prefixes {
		if text := (Peer{Kind: AddressPeer, Prefix: p}).String(); g.excepted(p) == "" {
			out = append(out, text)
		} else {
			cut = append(cut, text+g.excepted(p))
		}
	}
	return append(out, cut...)
}

// excepted writes what is left out of a prefix.
func (g *Group) excepted(p netip.Prefix) string {
	var texts []string
	for _, e := range g.Except {
		if p.Overlaps(e) && p.Bits() < e.Bits() {
			texts = append(texts, Peer{Kind: AddressPeer, Prefix: e}.String())
		}
	}
	if len(texts) == 0 {
		return ""
	}
	return " except " + shortened(texts)
}

// Within says whether pods of a namespace are in the group.
func (g *Group) Within(namespace string) bool {
	is := func(w bartizan.Ref) bool { return namespaceOf(w.Namespace) == namespace }
	return g.EveryPod || slices.Contains(g.Namespaces, namespace) || slices.ContainsFunc(g.Workloads, is) || slices.ContainsFunc(g.Hosts, is)
}

// Empty says whether nothing is in the group.
func (g *Group) Empty() bool {
	return !g.EveryPod && !g.Nodes && !g.Internet && !g.Internet4 && !g.Internet6 && !g.Everywhere && len(g.Namespaces)+len(g.Workloads)+len(g.Hosts)+len(g.Prefixes) == 0
}

// mergePorts joins the atoms of a sorted list into ports.
func (m *Model) mergePorts(atoms []int) (out []Port) {
	for i := 0; i < len(atoms); {
		a := m.ports.atoms[atoms[i]]
		k := i + 1
		for k < len(atoms) && atoms[k] == atoms[k-1]+1 && m.ports.atoms[atoms[k]].protocol == a.protocol {
			a.hi = m.ports.atoms[atoms[k]].hi
			k++
		}
		out = append(out, a.port())
		i = k
	}
	return out
}

// PortsText writes ports in one line; every port of every protocol is "all".
func PortsText(ports []Port) string {
	whole := 0
	for _, p := range ports {
		if p.Number == 0 && p.Name == "" {
			whole++
		}
	}
	if whole == protocols {
		return "all"
	}
	texts := make([]string, len(ports))
	for i, p := range ports {
		if texts[i] = p.String(); p.Number == 0 && p.Name == "" {
			texts[i] = "all " + p.Protocol.String()
		}
	}
	return strings.Join(texts, ", ")
}
