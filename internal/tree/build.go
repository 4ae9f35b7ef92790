package tree

import (
	"hash/maphash"
	"slices"
)

// Values of node.text and node.key that are not an index in Doc.texts.
const (
	verbatim = -1 // the bytes of the span
	noKey    = -2 // key only: there is none
	unquoted = -3 // the bytes of the span without the first and the last
)

// builder makes the arena of one document.
type builder struct {
	src     string
	lim     Limits
	lines   *lineIndex
	nodes   []node // scratch; finish copies it
	texts   []string
	dups    []Duplicate
	firstOf map[int32]int32 // repeated key -> where the key first stood, for keys written three times
	seed    maphash.Seed
	depth   int
}

func (b *builder) reset() {
	b.nodes, b.texts, b.dups, b.depth = b.nodes[:0], b.texts[:0], nil, 0
	b.firstOf = nil
}

// finish makes the Doc, with no spare capacity: thousands of documents are kept at a time.
func (b *builder) finish(c *chunk) *Doc {
	d := &Doc{src: b.src, lines: b.lines, start: uint32(c.start), stop: uint32(c.stop), Duplicates: b.dups}
	if len(b.nodes) > 0 {
		d.nodes = append(make([]node, 0, len(b.nodes)), b.nodes...)
	}
	if len(b.texts) > 0 {
		d.texts = append(make([]string, 0, len(b.texts)), b.texts...)
		clear(b.texts)
	}
	return d
}

// keyRef is a key of a map: where it is written and what it says.
type keyRef struct {
	off, end uint32
	text     int32
}

// frame is a map or list that is being filled.
type frame struct {
	self, last int32
	kids, dead int32   // children; those of them whose key was written again
	mask       uint64  // one bit per key seen, by hash: most keys are new, and known to be at once
	slots      []int32 // for maps of many keys: their children by hash, -1 in free places
	used       int
}

// add appends a value to a map or list; f is nil for the root. It fails only at the limit of nodes.
func (b *builder) add(f *frame, key keyRef, kind Kind, off, end int, text int32) (int32, error) {
	i := int32(len(b.nodes))
	if len(b.nodes) >= b.lim.Nodes {
		return i, b.errorAt(off, "the document holds more than %d values (Limits.Nodes): split it", b.lim.Nodes)
	}
	n := node{off: uint32(off), end: uint32(end), keyOff: key.off, keyEnd: key.end, text: text, key: key.text,
		parent: -1, first: -1, next: -1, kind: kind}
	if f != nil {
		n.parent = f.self
		if key.text == noKey {
			n.keyOff = uint32(f.kids)
		}
		if f.last < 0 {
			b.nodes[f.self].first = i
		} else {
			b.nodes[f.last].next = i
		}
		f.last = i
		f.kids++
	}
	if len(b.nodes) == cap(b.nodes) {
		b.nodes = slices.Grow(b.nodes, max(64, len(b.nodes)))
	}
	b.nodes = append(b.nodes, n)
	return i, nil
}

// open begins a map or list; close ends it.
func (b *builder) open(f *frame, key keyRef, kind Kind, off int) (frame, error) {
	if b.depth++; b.depth > b.lim.Depth {
		return frame{}, b.errorAt(off, "more than %d maps and lists stand inside one another (Limits.Depth): flatten "+
			"the document", b.lim.Depth)
	}
	i, err := b.add(f, key, kind, off, off, verbatim)
	return frame{self: i, last: -1}, err
}

func (b *builder) close(f *frame, end int) {
	b.depth--
	n := &b.nodes[f.self]
	n.end, n.kids = uint32(end), f.kids-f.dead
	if f.dead > 0 {
		b.prune(f)
	}
}

const deadKey = -2 // as the parent of a child whose key was written again

// prune takes the children whose key was written again out of the chain.
func (b *builder) prune(f *frame) {
	prev := int32(-1)
	for i := b.nodes[f.self].first; i >= 0; i = b.nodes[i].next {
		switch {
		case b.nodes[i].parent == deadKey:
			continue
		case prev < 0:
			b.nodes[f.self].first = i
		default:
			b.nodes[prev].next = i
		}
		prev = i
	}
	b.nodes[prev].next = -1
}

const linearKeys = 24 // up to this many keys, looking through them beats a hash table

// unique sees to it that of equal keys the last one counts. It is called after the key's value was added.
func (b *builder) unique(f *frame, i int32, record bool) {
	key := b.keyText(i)
	bit := uint64(1) << spread(key)
	fresh := f.mask&bit == 0
	f.mask |= bit
	old := int32(-1)
	if f.kids > linearKeys {
		if f.slots == nil {
			for c := b.nodes[f.self].first; c != i; c = b.nodes[c].next {
				if b.nodes[c].parent != deadKey {
					b.swap(f, b.keyText(c), c)
				}
			}
		}
		old = b.swap(f, key, i)
	} else if !fresh {
		for c := b.nodes[f.self].first; c != i; c = b.nodes[c].next {
			if b.nodes[c].parent != deadKey && b.keyText(c) == key {
				old = c
				break
			}
		}
	}
	if old >= 0 {
		b.nodes[old].parent = deadKey
		f.dead++
		if record && len(b.dups) < maxDuplicates {
			b.repeated(key, old, i)
		}
	}
}

// swap puts a child into a map's hash table and returns the one that had the same key; -1 if there was none.
func (b *builder) swap(f *frame, key string, i int32) (old int32) {
	if 2*f.used >= len(f.slots) {
		before := f.slots
		f.slots, f.used = slices.Repeat([]int32{-1}, max(4*linearKeys, 2*len(before))), 0
		for _, c := range before {
			if c >= 0 {
				b.swap(f, b.keyText(c), c)
			}
		}
	}
	size := uint64(len(f.slots))
	for at := maphash.String(b.seed, key) % size; ; at = (at + 1) % size {
		old = f.slots[at]
		if old < 0 {
			f.used++
		}
		if old < 0 || b.keyText(old) == key {
			f.slots[at] = i
			return old
		}
	}
}

// repeated records a duplicate.
func (b *builder) repeated(key string, old, i int32) {
	first := old
	if b.firstOf == nil {
		b.firstOf = make(map[int32]int32)
	} else if x, ok := b.firstOf[old]; ok {
		first = x
	}
	b.firstOf[i] = first
	firstLine, _ := b.lines.position(b.src, int(b.nodes[first].keyOff))
	line, _ := b.lines.position(b.src, int(b.nodes[i].keyOff))
	b.dups = append(b.dups, Duplicate{Key: key, First: firstLine, Line: line})
}

func (b *builder) keyText(i int32) string {
	n := &b.nodes[i]
	switch n.key {
	case verbatim:
		return b.src[n.keyOff:n.keyEnd]
	case unquoted:
		return b.src[n.keyOff+1 : n.keyEnd-1]
	}
	return b.texts[n.key]
}

// spread sorts keys over 64 bits by their length, ends and middle.
func spread(s string) uint {
	if s == "" {
		return 0
	}
	return (uint(len(s))*7 + uint(s[0])*5 + uint(s[len(s)-1])*31 + uint(s[len(s)/2])*13) & 63
}

func (b *builder) newText(s string) int32 {
	b.texts = append(b.texts, s)
	return int32(len(b.texts) - 1)
}
