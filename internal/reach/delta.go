package reach

import (
	"encoding/binary"
	"sort"

	"github.com/bartizan-dev/bartizan"
)

// delta finds what a change of some policies opens and closes, from the classes that they select alone: all others
// have the verdicts that they had.
type delta struct {
	*refined
	gone    map[bartizan.Ref]bool
	more    []*policy
	touched [2][]*touch // by direction: of a class that a policy that comes or goes selects
	of      [2][]int32  // of each class: its place in touched, or -1
	mask    [2]bits     // the classes of touched
	like    [][]int     // the atoms of ports in groups of which the same is true
	copies  map[*policy]*policy
	olds    map[oldKey]outcome
	rects   map[string]*rectangle
}

// touch is a class with what its policies said and what they say.
type touch struct {
	class int32
	sig   int32 // of the base
	was   *row  // of the base, by its atoms and classes
	now   *row
}

type oldKey struct {
	dir   Direction
	sig   int32
	group uint16
}

func newDelta(r *refined, gone map[bartizan.Ref]bool, more []*policy) *delta {
	d := &delta{refined: r, gone: gone, more: more, copies: map[*policy]*policy{}, olds: map[oldKey]outcome{}, rects: map[string]*rectangle{}}
	for dir := range d.touched {
		d.touch(Direction(dir))
	}
	d.group()
	return d
}

// touch finds the classes that policies that come or go select in a direction, and works out their new rows.
func (d *delta) touch(dir Direction) {
	about := newBits(d.n)
	for _, p := range d.more {
		if p.isolates[dir] || len(p.rules[dir]) > 0 {
			about.or(d.subjects(p).may)
		}
	}
	changed := make([]bool, len(d.base.sigs[dir]))
	for s := range changed {
		for _, a := range d.base.sigs[dir][s].policies {
			changed[s] = changed[s] || d.gone[a.ref]
		}
	}
	d.of[dir], d.mask[dir] = make([]int32, d.n), newBits(d.n)
	rows := map[string]*row{}
	for c := range int32(d.n) {
		d.of[dir][c] = -1
		if !d.governs(c) {
			continue
		}
		sig := d.base.sig[dir][d.classParent(c)]
		if !about.has(c) && !changed[sig] {
			continue
		}
		t := &touch{class: c, sig: sig, was: d.base.rows[dir][sig]}
		list, key := d.policiesOf(dir, c, sig)
		if t.now = rows[key]; t.now == nil {
			s := &signature{policies: list}
			if dir == Ingress {
				s.ports = d.classes[c].ports
			}
			t.now = d.evaluate(dir, s)
			rows[key] = t.now
		}
		d.of[dir][c] = int32(len(d.touched[dir]))
		d.touched[dir] = append(d.touched[dir], t)
		d.mask[dir].set(c)
	}
}

// policiesOf lists the policies that apply to a class after the change, and a key of them.
func (d *delta) policiesOf(dir Direction, c, sig int32) (list []applied, key string) {
	b := binary.LittleEndian.AppendUint32(nil, uint32(sig))
	names := false
	for _, a := range d.base.sigs[dir][sig].policies {
		if !d.gone[a.ref] {
			list = append(list, applied{d.copied(a.policy), a.sure})
		}
	}
	for _, p := range d.more {
		if set := d.subjects(p); set.may.has(c) && (p.isolates[dir] || len(p.rules[dir]) > 0) {
			sure := p.doubt == "" && set.yes.has(c)
			list = append(list, applied{p, sure})
			b = append(binary.LittleEndian.AppendUint32(b, uint32(p.position)), boolByte(sure))
		}
	}
	for _, a := range list {
		names = names || a.usesNames(dir)
	}
	if names && dir == Ingress {
		for _, p := range d.classes[c].ports {
			b = append(append(b, p.name...), 0, byte(p.protocol), byte(p.number), byte(p.number>>8))
		}
	}
	sort.SliceStable(list, func(i, j int) bool {
		if list[i].tier != list[j].tier {
			return list[i].tier < list[j].tier
		}
		return list[i].priority < list[j].priority
	})
	return list, string(b)
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
func (d *delta) was(dir Direction, t *touch, atom int) outcome {
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
	for dir := range d.touched {
		for _, t := range d.touched[dir] {
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
	for _, t := range d.touched[Egress] {
		d.source(t)
	}
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
	return opened, closed
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
