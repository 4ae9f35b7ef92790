package reach

import (
	"encoding/binary"
	"slices"
	"sort"

	"github.com/bartizan-dev/bartizan"
)

// delta finds what a change of some policies opens and closes, from the classes that they select alone: all others
// have the verdicts that they had.
type delta struct {
	*refined
	gone   []bool // of the base's policies, by position
	more   []*policy
	bands  [2][]*band // by direction: of the classes that a policy that comes or goes selects
	of     [2][]int32 // of each class: its place in bands, or -1
	mask   [2]bits    // the classes of bands
	like   [][]int    // the atoms of ports in groups of which the same is true
	copies map[*policy]*policy
	olds   map[oldKey]outcome
	rects  map[string]*rectangle

	scratch edges // of one bundle on one atom at a time
}

// band is the classes for which the same policies spoke and speak.
type band struct {
	sig     int32 // of the base
	classes []int32
	was     *row // of the base, by its atoms and classes
	now     *row
	differs []bool // by group of atoms: was is not now
}

type oldKey struct {
	dir   Direction
	sig   int32
	group uint16
}

func newDelta(r *refined, gone map[bartizan.Ref]bool, more []*policy) *delta {
	d := &delta{refined: r, more: more, gone: make([]bool, len(r.base.policies)), copies: map[*policy]*policy{},
		olds: map[oldKey]outcome{}, rects: map[string]*rectangle{}, scratch: edges{wasYes: newBits(r.n), wasMay: newBits(r.n), isYes: newBits(r.n), isMay: newBits(r.n)}}
	for i, p := range r.base.policies {
		d.gone[i] = gone[p.ref]
	}
	d.inheritNames()
	for dir := range d.bands {
		d.touch(Direction(dir))
	}
	d.group()
	for dir := range d.bands {
		for _, b := range d.bands[dir] {
			b.differs = make([]bool, len(d.like))
			for g, atoms := range d.like {
				was, is := d.was(Direction(dir), b, atoms[0]), b.now.at(atoms[0])
				b.differs[g] = !was.accept.equal(is.accept) || !was.deny.equal(is.deny)
			}
		}
	}
	return d
}

// inheritNames takes over what names of ports stand for: the number behind a name that the base knows has an atom of
// its own, which nothing divides.
func (d *delta) inheritNames() {
	for n, base := range d.base.named {
		if n.cilium {
			continue
		}
		list := make([]peerSet, len(d.ports.atoms))
		for i := range list {
			if at := base[d.atomParent(i)]; at.may != nil {
				b := d.expand(at.may)
				list[i] = peerSet{b, b}
			}
		}
		d.named[n] = list
	}
}

// touch finds the classes that policies that come or go select in a direction, and works out their new rows.
func (d *delta) touch(dir Direction) {
	about := newBits(d.n)
	for _, p := range d.more {
		if p.speaks(dir) {
			about.or(d.subjects(p).may)
		}
	}
	changed := make([]bool, len(d.base.sigs[dir]))
	for s := range changed {
		changed[s] = slices.ContainsFunc(d.base.sigs[dir][s].policies, func(a applied) bool { return d.gone[a.position] })
	}
	d.of[dir], d.mask[dir] = make([]int32, d.n), newBits(d.n)
	places := map[string]int32{}
	var key []byte
	for c := range int32(d.n) {
		d.of[dir][c] = -1
		if !d.governs(c) {
			continue
		}
		sig := d.base.sig[dir][d.classParent(c)]
		if !about.has(c) && !changed[sig] {
			continue
		}
		key = d.policiesKey(key[:0], dir, c, sig)
		at, ok := places[string(key)]
		if !ok {
			at = int32(len(d.bands[dir]))
			places[string(key)] = at
			s := &signature{policies: d.policiesOf(dir, c, sig)}
			if dir == Ingress {
				s.ports = d.classes[c].ports
			}
			d.bands[dir] = append(d.bands[dir], &band{sig: sig, was: d.base.rows[dir][sig], now: d.evaluate(dir, s)})
		}
		b := d.bands[dir][at]
		b.classes = append(b.classes, c)
		d.of[dir][c] = at
		d.mask[dir].set(c)
	}
}

// policiesKey is a key of the policies that apply to a class before and after the change.
func (d *delta) policiesKey(b []byte, dir Direction, c, sig int32) []byte {
	b = binary.LittleEndian.AppendUint32(b, uint32(sig))
	names := false
	for _, a := range d.base.sigs[dir][sig].policies {
		names = names || !d.gone[a.position] && a.usesNames(dir)
	}
	for _, p := range d.more {
		if set := d.subjects(p); p.speaks(dir) && set.may.has(c) {
			b = binary.LittleEndian.AppendUint32(b, uint32(p.position)<<1)
			if set.yes.has(c) {
				b[len(b)-4] |= 1
			}
			names = names || p.usesNames(dir)
		}
	}
	if names && dir == Ingress {
		for _, p := range d.classes[c].ports {
			b = append(append(b, p.name...), 0, byte(p.protocol), byte(p.number), byte(p.number>>8))
		}
	}
	return b
}

// policiesOf lists the policies that apply to a class after the change, in the order of evaluation.
func (d *delta) policiesOf(dir Direction, c, sig int32) (list []applied) {
	for _, a := range d.base.sigs[dir][sig].policies {
		if !d.gone[a.position] {
			list = append(list, applied{d.copied(a.policy), a.sure})
		}
	}
	for _, p := range d.more {
		if set := d.subjects(p); p.speaks(dir) && set.may.has(c) {
			list = append(list, applied{p, p.doubt == "" && set.yes.has(c)})
		}
	}
	sort.SliceStable(list, func(i, j int) bool {
		if list[i].tier != list[j].tier {
			return list[i].tier < list[j].tier
		}
		return list[i].priority < list[j].priority
	})
	return list
}

// copied is a policy of the base whose rules match the divided classes.
func (d *delta) copied(p *policy) *policy {
	if d.parent == nil {
		return p
	}
	if c := d.copies[p]; c != nil {
		return c
	}
	own := *p
	for dir := range own.rules {
		own.rules[dir] = append([]rule(nil), p.rules[dir]...)
		for k := range own.rules[dir] {
			r := &own.rules[dir][k]
			r.yes, r.may = d.expand(r.yes), d.expand(r.may)
		}
	}
	d.copies[p] = &own
	return &own
}

// expand makes a set of classes of one of the base's.
func (d *delta) expand(b bits) bits {
	if d.parent == nil {
		return b
	}
	out := newBits(d.n)
	for c, p := range d.parent {
		if b.has(p) {
			out.set(int32(c))
		}
	}
	return out
}

// evaluate works out the row of some policies.
func (d *delta) evaluate(dir Direction, sig *signature) *row {
	d.sigs[dir] = []signature{*sig}
	d.rows[dir] = []*row{nil}
	d.twin = nil
	return d.row(dir, 0)
}

// was is what the policies of a class said on an atom before.
func (d *delta) was(dir Direction, t *band, atom int) outcome {
	g := t.was.group[d.atomParent(atom)]
	key := oldKey{dir, t.sig, g}
	o, ok := d.olds[key]
	if !ok {
		o = outcome{d.expand(t.was.sets[g].accept), d.expand(t.was.sets[g].deny)}
		d.olds[key] = o
	}
	return o
}

// group puts atoms together of which the same is true: that follow each other, and that no row tells apart.
func (d *delta) group() {
	for atom := range d.ports.atoms {
		if atom > 0 && d.same(atom-1, atom) {
			d.like[len(d.like)-1] = append(d.like[len(d.like)-1], atom)
			continue
		}
		d.like = append(d.like, []int{atom})
	}
}

func (d *delta) same(x, y int) bool {
	a, b := d.atomParent(x), d.atomParent(y)
	for dir := range d.bands {
		for _, t := range d.bands[dir] {
			if t.now.group[x] != t.now.group[y] {
				return false
			}
		}
		if a == b {
			continue
		}
		for _, r := range d.base.rows[dir] {
			if r.group[a] != r.group[b] {
				return false
			}
		}
	}
	return true
}

// flows makes the flows of the rectangles in which verdicts differ.
func (d *delta) flows() (opened, closed []Flow) {
	d.sources()
	d.targets()
	w := &differ{a: d.Model, b: d.Model, words: map[string]Group{}}
	list := make([]*rectangle, 0, len(d.rects))
	for _, r := range d.rects {
		list = append(list, r)
	}
	sort.Slice(list, func(i, j int) bool { return list[i].before(list[j]) })
	for _, r := range list {
		var atoms []int
		for i := 2; i < len(r.key); i += 2 {
			atoms = append(atoms, d.like[binary.LittleEndian.Uint16([]byte(r.key[i:]))]...)
		}
		f := Flow{From: w.describe(d.Model, r.from), To: w.describe(d.Model, r.to), Ports: d.mergePorts(atoms),
			Old: Verdict(r.key[0]), New: Verdict(r.key[1])}
		if f.Opened() {
			opened = append(opened, f)
		} else {
			closed = append(closed, f)
		}
	}
	return d.base.unrepeated(opened), d.base.unrepeated(closed)
}

// add notes that the verdicts of connections differ.
func (d *delta) add(from, to bits, key string) {
	k := key + "\x00" + string(patternKey(to))
	if r := d.rects[k]; r != nil {
		r.from.or(from)
		return
	}
	d.rects[k] = &rectangle{from.clone(), to, key}
}
