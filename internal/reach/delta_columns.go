package reach

import (
	"encoding/binary"
	"slices"
)

// column is the classes that let a peer through on an atom, in the direction that is theirs, before a change and
// after it.
type column struct{ before, after peerSet }

// bundle is classes of a band that differ at the same peers: the same classes let them through on every port.
type bundle struct {
	*band
	family  uint8
	classes bits
	columns []*column // by group of atoms; nil where nothing can differ
}

// bundles puts the classes that are touched in a direction together by what the other ends say of them.
func (d *delta) bundles(dir Direction) (out []*bundle) {
	touched := make([]int32, 0, 64)
	for c := range d.mask[dir].all() {
		touched = append(touched, c)
	}
	if len(touched) == 0 {
		return nil
	}
	of := make([][]*column, len(touched))
	numbers := make([][]byte, len(touched))
	for i := range of {
		of[i] = make([]*column, len(d.like))
		at := d.of[dir][touched[i]]
		numbers[i] = append(binary.LittleEndian.AppendUint32(nil, uint32(at)), d.classes[touched[i]].family)
	}
	w := d.columnWriter(1-dir, touched)
	for g, atoms := range d.like {
		if !d.mayDiffer(dir, g) {
			continue
		}
		for i, k := range w.columns(atoms[0]) {
			of[i][g] = w.list[k]
			numbers[i] = binary.LittleEndian.AppendUint32(numbers[i], uint32(k))
		}
	}
	index := map[string]*bundle{}
	for i, c := range touched {
		b := index[string(numbers[i])]
		if b == nil {
			b = &bundle{band: d.bands[dir][d.of[dir][c]], family: d.classes[c].family, classes: newBits(d.n), columns: of[i]}
			index[string(numbers[i])] = b
			out = append(out, b)
		}
		b.classes.set(c)
	}
	return out
}

// mayDiffer says whether something may differ on a group of atoms for classes that are touched in a direction.
// Where both ends are touched it is the sources whose turn it is.
func (d *delta) mayDiffer(dir Direction, group int) bool {
	differs := func(b *band) bool { return b.differs[group] }
	return slices.ContainsFunc(d.bands[dir], differs) || dir == Egress && slices.ContainsFunc(d.bands[Ingress], differs)
}

// columnWriter writes columns: peers that the same rows let through share one.
type columnWriter struct {
	d       *delta
	dir     Direction
	entries []entry
	index   map[string]int32
	list    []*column

	peers, parents []run    // the latter are the base's classes of the peers
	pattern        []uint64 // what serves one atom after the other
	key            []byte
	out            []int32
}

// entry is classes with the same row. The rows of the base are asked by its classes and atoms.
type entry struct {
	row           *row
	base          bool
	before, after bool // when it is theirs
	classes       []int32
}

func (d *delta) columnWriter(dir Direction, peers []int32) *columnWriter {
	w := &columnWriter{d: d, dir: dir, index: map[string]int32{}, out: make([]int32, len(peers))}
	w.peers = runsOf(peers)
	parents := make([]int32, len(peers))
	for i, c := range peers {
		parents[i] = d.classParent(c)
	}
	w.parents = runsOf(parents)
	still := d.still(dir)
	w.entries = make([]entry, 0, len(still)+2*len(d.bands[dir]))
	for s, classes := range still {
		if len(classes) > 0 {
			w.entries = append(w.entries, entry{d.base.rows[dir][s], true, true, true, classes})
		}
	}
	for _, b := range d.bands[dir] {
		w.entries = append(w.entries, entry{b.was, true, true, false, b.classes}, entry{b.now, false, false, true, b.classes})
	}
	return w
}

// run is classes that follow each other in a list and stand in the same word of a set.
type run struct {
	word int32
	mask uint64
	from int // the place of the first in the list
	bits []int32
}

func runsOf(list []int32) (out []run) {
	for i, c := range list {
		if n := len(out); n == 0 || out[n-1].word != c>>6 {
			out = append(out, run{word: c >> 6, from: i})
		}
		r := &out[len(out)-1]
		r.mask |= 1 << (c & 63)
		r.bits = append(r.bits, c&63)
	}
	return out
}

// still is the classes of each signature of the base that the change does not touch.
func (d *delta) still(dir Direction) [][]int32 {
	lists := make([][]int32, len(d.base.sigs[dir]))
	sizes := make([]int32, len(lists))
	n := int32(0)
	for c := range d.subjectEnd {
		if d.of[dir][c] < 0 {
			sizes[d.base.sig[dir][d.classParent(c)]]++
			n++
		}
	}
	room := make([]int32, n)
	for s, size := range sizes {
		lists[s], room = room[:0:size], room[size:]
	}
	for c := range d.subjectEnd {
		if d.of[dir][c] < 0 {
			s := d.base.sig[dir][d.classParent(c)]
			lists[s] = append(lists[s], c)
		}
	}
	return lists
}

// columns finds the columns of the peers on an atom, by their places in the list.
func (w *columnWriter) columns(atom int) []int32 {
	half := (len(w.entries) + 63) / 64
	words := 2 * half // the rows that let a peer through, and those of them that perhaps do not
	w.pattern = slices.Grow(w.pattern[:0], words*len(w.out))[:words*len(w.out)]
	clear(w.pattern)
	parent := w.d.atomParent(atom)
	for k := range w.entries {
		e := &w.entries[k]
		at, list := atom, w.peers
		if e.base {
			at, list = parent, w.parents
		}
		w.note(e.row, at, list, k, words)
	}
	for i := range w.out {
		p := w.pattern[i*words : (i+1)*words]
		w.key = w.key[:0]
		for _, x := range p {
			w.key = binary.LittleEndian.AppendUint64(w.key, x)
		}
		k, ok := w.index[string(w.key)]
		if !ok {
			k = int32(len(w.list))
			w.index[string(w.key)] = k
			w.list = append(w.list, w.write(p[:half], p[half:]))
		}
		w.out[i] = k
	}
	return w.out
}

// note puts into the patterns of peers what a row says of them.
func (w *columnWriter) note(r *row, atom int, peers []run, k, words int) {
	o := r.at(atom)
	for i := range peers {
		x := &peers[i]
		accept := o.accept[x.word]
		if accept&x.mask == 0 {
			continue
		}
		deny := o.deny[x.word] & accept
		if r.exact {
			deny = 0
		}
		at := x.from*words + k/64
		for _, b := range x.bits {
			w.pattern[at] |= accept >> b & 1 << (k % 64)
			w.pattern[at+words/2] |= deny >> b & 1 << (k % 64)
			at += words
		}
	}
}

// write makes the column of the rows in a pattern. Whoever policies do not govern lets everything through.
func (w *columnWriter) write(accept, perhaps bits) *column {
	n := w.d.n
	c := &column{peerSet{newBits(n), newBits(n)}, peerSet{newBits(n), newBits(n)}}
	for k := range accept.all() {
		e := &w.entries[k]
		for _, x := range e.classes {
			for when, set := range [...]*peerSet{&c.before, &c.after} {
				if when == 0 && !e.before || when == 1 && !e.after {
					continue
				}
				if set.may.set(x); !perhaps.has(k) {
					set.yes.set(x)
				}
			}
		}
	}
	for _, set := range []*peerSet{&c.before, &c.after} {
		set.yes.fill(w.d.subjectEnd, w.d.outEnd)
		set.may.fill(w.d.subjectEnd, w.d.outEnd)
	}
	return c
}
