package reach

import (
	"encoding/binary"
	"slices"
	"sort"
	"strings"
)

// Flow is a set of connections whose verdict differs: from any of From to any of To on any of Ports.
type Flow struct {
	From, To Group
	Ports    []Port
	Old, New Verdict
}

// Opened says whether the change lets more through.
func (f *Flow) Opened() bool { return rank(f.New) > rank(f.Old) }

// Diff compares two Models: what is let through now and was not, and the other way round. A pod that only one of
// them has reaches nothing in the other.
func Diff(old, new *Model) (opened, closed []Flow) {
	a, b := aligned(old, new)
	return diff(a, b)
}

// diff compares aligned Models.
func diff(a, b *Model) (opened, closed []Flow) {
	d := &differ{a: a, b: b, pairs: map[[2]int32][]change{}, words: map[string]Group{}, like: map[int][]int{}}
	stands := 0 // the atom that stands for those like it
	for atom := range a.ports.atoms {
		if atom == 0 || !d.alike(atom-1, atom) {
			stands = atom
			d.atom(atom)
		}
		d.like[stands] = append(d.like[stands], atom)
	}
	for _, f := range d.flows() {
		if f.Opened() {
			opened = append(opened, f)
		} else {
			closed = append(closed, f)
		}
	}
	return a.unrepeated(opened), a.unrepeated(closed)
}

// unrepeated keeps one of flows that read the same: those of pods with addresses of both families are two.
func (m *Model) unrepeated(list []Flow) []Flow {
	if !slices.ContainsFunc(m.inv.pods, func(p Pod) bool { return p.class[0] != p.class[1] }) {
		return list
	}
	seen := map[string]bool{}
	return slices.DeleteFunc(list, func(f Flow) bool {
		key := strings.Join(f.From.Names(), ", ") + "\n" + strings.Join(f.To.Names(), ", ") + "\n" + PortsText(f.Ports) + string([]byte{byte(f.Old), byte(f.New)})
		was := seen[key]
		seen[key] = true
		return was
	})
}

// change is a verdict that differs on an atom of ports.
type change struct {
	atom     uint16
	old, new Verdict
}

type differ struct {
	a, b  *Model
	pairs map[[2]int32][]change
	words map[string]Group // sets that were put into words already
	like  map[int][]int    // atoms of which the same is true, by the first of them
}

// alike says whether every row that was needed for an atom has the same outcome on the next.
func (d *differ) alike(x, y int) bool {
	for _, m := range []*Model{d.a, d.b} {
		for _, rows := range m.rows {
			for _, r := range rows {
				if r != nil && r.group[x] != r.group[y] {
					return false
				}
			}
		}
	}
	return true
}

// describe is Model.Describe, once for each set.
func (d *differ) describe(m *Model, b bits) Group {
	key := string(patternKey(b))
	if m == d.a {
		key += "a"
	}
	g, ok := d.words[key]
	if !ok {
		g = m.Describe(Set{b})
		d.words[key] = g
	}
	return g
}

// atom finds the pairs whose verdicts may differ: those of which a row differs.
func (d *differ) atom(atom int) {
	n := d.a.n
	sources, targets := d.differing(Egress, atom), d.differing(Ingress, atom)
	changed := newBits(n)
	for c := range targets {
		changed.set(c)
	}
	for s, x := range sources {
		peers := x.clone()
		peers.or(changed)
		d.possible(peers, Egress, s, atom)
		for t := range peers.all() {
			d.compare(s, t, atom)
		}
	}
	for t, x := range targets {
		x = x.clone()
		d.possible(x, Ingress, t, atom)
		for s := range x.all() {
			if _, done := sources[s]; !done {
				d.compare(s, t, atom)
			}
		}
	}
}

// possible keeps the peers that the row of a class lets through in one of the two Models: with all others it has
// the same verdict in both.
func (d *differ) possible(peers bits, dir Direction, c int32, atom int) {
	if !d.a.governs(c) {
		return
	}
	var x, y bits
	if !d.a.classes[c].absent {
		x = d.a.row(dir, d.a.sig[dir][c]).at(atom).accept
	}
	if !d.b.classes[c].absent {
		y = d.b.row(dir, d.b.sig[dir][c]).at(atom).accept
	}
	for i := range peers {
		w := uint64(0)
		if x != nil {
			w = x[i]
		}
		if y != nil {
			w |= y[i]
		}
		peers[i] &= w
	}
}

// differing gives for each class whose row differs the peers at which it does.
func (d *differ) differing(dir Direction, atom int) map[int32]bits {
	out := map[int32]bits{}
	memo := map[[2]int32]bits{}
	for c := int32(0); c < d.a.subjectEnd; c++ {
		x, y := d.a.sig[dir][c], d.b.sig[dir][c]
		if d.a.classes[c].absent != d.b.classes[c].absent {
			all := newBits(d.a.n)
			all.fill(0, d.a.outEnd)
			out[c] = all
			continue
		}
		if d.b.twin == d.a && d.b.twinSig[dir][y] == x {
			continue
		}
		key := [2]int32{x, y}
		diff, ok := memo[key]
		if !ok {
			diff = xor(d.a.row(dir, x).at(atom), d.b.row(dir, y).at(atom))
			memo[key] = diff
		}
		if diff != nil {
			out[c] = diff
		}
	}
	for c := d.a.subjectEnd; c < d.a.hostEnd; c++ {
		if d.a.classes[c].absent != d.b.classes[c].absent {
			all := newBits(d.a.n)
			all.fill(0, d.a.subjectEnd)
			out[c] = all
		}
	}
	return out
}

// xor is the peers at which two outcomes differ; nil if there are none.
func xor(x, y *outcome) bits {
	var out bits
	for i := range x.accept {
		if w := (x.accept[i] ^ y.accept[i]) | (x.deny[i] ^ y.deny[i]); w != 0 {
			if out == nil {
				out = make(bits, len(x.accept))
			}
			out[i] = w
		}
	}
	return out
}

func (d *differ) compare(s, t int32, atom int) {
	if s >= d.a.outEnd || t >= d.a.outEnd || !d.a.governs(s) && !d.a.governs(t) {
		return
	}
	old, new := d.a.classVerdict(s, t, atom), d.b.classVerdict(s, t, atom)
	if old != new {
		key := [2]int32{s, t}
		d.pairs[key] = append(d.pairs[key], change{uint16(atom), old, new})
	}
}

// classVerdict is the verdict on two classes by policy alone.
func (m *Model) classVerdict(s, t int32, atom int) Verdict {
	if m.classes[s].absent || m.classes[t].absent || m.apart(s, t) {
		return Denied
	}
	return both(m.side(Egress, s, t, atom), m.side(Ingress, t, s, atom))
}

// flows makes rectangles of the pairs: those with the same changes and the same targets share their sources.
func (d *differ) flows() (out []Flow) {
	byChange := map[string]map[int32]bits{} // changes, then source: targets
	sample := map[string][]change{}
	for pair, list := range d.pairs {
		for _, part := range byVerdicts(list) {
			key := changeKey(part)
			if byChange[key] == nil {
				byChange[key] = map[int32]bits{}
				sample[key] = part
			}
			if byChange[key][pair[0]] == nil {
				byChange[key][pair[0]] = newBits(d.a.n)
			}
			byChange[key][pair[0]].set(pair[1])
		}
	}
	var rectangles []rectangle
	for key, sources := range byChange {
		grouped := map[string]bits{}
		targets := map[string]bits{}
		for s, t := range sources {
			k := string(patternKey(t))
			if grouped[k] == nil {
				grouped[k] = newBits(d.a.n)
				targets[k] = t
			}
			grouped[k].set(s)
		}
		for k := range grouped {
			rectangles = append(rectangles, rectangle{grouped[k], targets[k], key})
		}
	}
	sort.Slice(rectangles, func(i, j int) bool { return rectangles[i].before(&rectangles[j]) })
	for _, r := range rectangles {
		out = append(out, d.flow(r.from, r.to, sample[r.key]))
	}
	return out
}

// rectangle is sources and targets between which the same changes.
type rectangle struct {
	from, to bits
	key      string
}

func (r *rectangle) before(o *rectangle) bool {
	if c := slices.Compare(r.from, o.from); c != 0 {
		return c < 0
	}
	if c := slices.Compare(r.to, o.to); c != 0 {
		return c < 0
	}
	return r.key < o.key
}

// byVerdicts splits changes into those with the same old and new verdict.
func byVerdicts(list []change) (out [][]change) {
	index := map[[2]Verdict]int{}
	for _, c := range list {
		k := [2]Verdict{c.old, c.new}
		i, ok := index[k]
		if !ok {
			i = len(out)
			index[k] = i
			out = append(out, nil)
		}
		out[i] = append(out[i], c)
	}
	return out
}

func changeKey(list []change) string {
	key := []byte{byte(list[0].old), byte(list[0].new)}
	for _, c := range list {
		key = binary.LittleEndian.AppendUint16(key, c.atom)
	}
	return string(key)
}

func (d *differ) flow(from, to bits, list []change) Flow {
	var atoms []int
	for _, c := range list {
		atoms = append(atoms, d.like[int(c.atom)]...)
	}
	m := d.b
	if list[0].new == Denied {
		m = d.a // it has the pods that are gone
	}
	return Flow{From: d.describe(m, from), To: d.describe(m, to), Ports: m.mergePorts(atoms), Old: list[0].old, New: list[0].new}
}
