package tree

import (
	"cmp"
	"iter"
	"slices"
)

// Kind is the sort of a value.
type Kind uint8

// The kinds of values. Invalid is the kind of a Node that does not exist.
const (
	Invalid Kind = iota
	Null
	Bool
	Int
	Float
	String
	Map
	List
)

var kindNames = [...]string{"absent", "null", "bool", "int", "double", "string", "map", "list"}

// String is the kind's name in words of the expression language.
func (k Kind) String() string { return kindNames[k] }

// node is one value. It holds no pointers, so that the garbage collector never walks a document.
type node struct {
	off, end       uint32 // the value's bytes in Doc.src, end exclusive
	keyOff, keyEnd uint32 // the key's bytes in Doc.src as written, quotes included; keyOff of an item: its position
	text           int32  // index in Doc.texts of the decoded scalar, or verbatim or unquoted
	key            int32  // index in Doc.texts of the decoded key, or verbatim, unquoted or noKey
	parent         int32
	first, next    int32 // first child, next sibling; -1 none
	kids           int32
	kind           Kind
}

// Doc is one document of a stream.
type Doc struct {
	src   string // the whole stream the document stands in
	nodes []node
	texts []string
	lines *lineIndex // shared by all documents of the stream
	start uint32     // where the document's bytes begin, directives and leading comments included
	stop  uint32
	// Duplicates lists map keys that were written twice; the last one counts, as in the API server's
	// lenient decoding. Of very many, the first 1000 are listed.
	Duplicates []Duplicate
}

const maxDuplicates = 1000

// Duplicate is a key written twice in one map.
type Duplicate struct {
	Key         string
	First, Line int // the lines of the first and of the repeated key; the lines of an alias are those of its anchor
}

// Node is a handle on a value. The zero Node stands for a value that does not exist, and every method is
// safe on it.
type Node struct {
	d *Doc
	i int32
}

// Root is the document's top value; the zero Node for an empty document.
func (d *Doc) Root() Node {
	if d == nil || len(d.nodes) == 0 {
		return Node{}
	}
	return Node{d, 0}
}

// Source is the whole text of the stream that the document was read from.
func (d *Doc) Source() string { return d.src }

// Bounds gives the byte offsets of the document in Source, with the comments that lead it.
func (d *Doc) Bounds() (start, end int) { return int(d.start), int(d.stop) }

// Position turns a byte offset in Source into a line and a column, both from 1; columns count bytes.
func (d *Doc) Position(offset int) (line, column int) { return d.lines.position(d.src, offset) }

// Size is the number of values in the document.
func (d *Doc) Size() int { return len(d.nodes) }

// Exists says whether the node stands for a value at all (null is a value).
func (n Node) Exists() bool { return n.d != nil }

// Doc is the document the node belongs to; nil for the zero Node.
func (n Node) Doc() *Doc { return n.d }

// Kind is the kind of the value.
func (n Node) Kind() Kind {
	if n.d == nil {
		return Invalid
	}
	return n.d.nodes[n.i].kind
}

// Len is the number of entries of a map or list, else 0.
func (n Node) Len() int {
	if n.d == nil {
		return 0
	}
	return int(n.d.nodes[n.i].kids)
}

// First is the first child of a map or list, in document order.
func (n Node) First() Node {
	if n.d == nil || n.d.nodes[n.i].first < 0 {
		return Node{}
	}
	return Node{n.d, n.d.nodes[n.i].first}
}

// Next is the sibling that follows.
func (n Node) Next() Node {
	if n.d == nil || n.d.nodes[n.i].next < 0 {
		return Node{}
	}
	return Node{n.d, n.d.nodes[n.i].next}
}

// Parent is the map or list the value stands in; the zero Node for the root.
func (n Node) Parent() Node {
	if n.d == nil || n.i == 0 {
		return Node{}
	}
	return Node{n.d, n.d.nodes[n.i].parent}
}

// Key is the map key under which the value stands; "" for list items and the root.
func (n Node) Key() string {
	if n.d == nil {
		return ""
	}
	x := &n.d.nodes[n.i]
	switch x.key {
	case noKey:
		return ""
	case verbatim:
		return n.d.src[x.keyOff:x.keyEnd]
	case unquoted:
		return n.d.src[x.keyOff+1 : x.keyEnd-1]
	}
	return n.d.texts[x.key]
}

// HasKey says whether the value stands in a map.
func (n Node) HasKey() bool { return n.d != nil && n.d.nodes[n.i].key != noKey }

// Get is the value under a key of a map; the zero Node if there is none.
func (n Node) Get(key string) Node {
	if n.d == nil || n.d.nodes[n.i].kind != Map {
		return Node{}
	}
	for c := n.First(); c.d != nil; c = c.Next() {
		if c.Key() == key {
			return c
		}
	}
	return Node{}
}

// At follows keys through nested maps.
func (n Node) At(keys ...string) Node {
	for _, k := range keys {
		n = n.Get(k)
	}
	return n
}

// Index is the i-th item of a list, from 0.
func (n Node) Index(i int) Node {
	if n.Kind() != List || i < 0 {
		return Node{}
	}
	if i >= n.Len() {
		return Node{}
	}
	if i > fewItems {
		if found, ok := n.search(i); ok {
			return found
		}
	}
	c := n.First()
	for ; i > 0 && c.d != nil; i-- {
		c = c.Next()
	}
	return c
}

const fewItems = 16 // up to so many, going along them beats a search

// search finds an item of a long list. The nodes below a list stand behind it, item after item: the item that a
// node belongs to tells on which side of it the one sought is. It may fail where a key was written twice, since
// the value that does not count belongs to no item.
func (n Node) search(position int) (Node, bool) {
	at, _ := slices.BinarySearchFunc(n.d.nodes[n.i+1:], position, func(candidate node, position int) int {
		for candidate.parent > n.i {
			candidate = n.d.nodes[candidate.parent]
		}
		if candidate.parent != n.i {
			return 1 // behind the list
		}
		return cmp.Compare(int(candidate.keyOff), position)
	})
	found := Node{n.d, n.i + 1 + int32(at)}
	if int(found.i) >= len(n.d.nodes) {
		return Node{}, false
	}
	x := n.d.nodes[found.i]
	return found, x.parent == n.i && int(x.keyOff) == position
}

// Items visits the children of a map or list in document order.
func (n Node) Items() iter.Seq[Node] {
	return func(yield func(Node) bool) {
		for c := n.First(); c.d != nil; c = c.Next() {
			if !yield(c) {
				return
			}
		}
	}
}

// Text is a scalar's text with quoting and escapes resolved; "" for anything else. Numbers and booleans
// are as written.
func (n Node) Text() string {
	if n.d == nil {
		return ""
	}
	x := &n.d.nodes[n.i]
	switch {
	case x.kind == Map || x.kind == List:
		return ""
	case x.text >= 0:
		return n.d.texts[x.text]
	case x.text == unquoted:
		return n.d.src[x.off+1 : x.end-1]
	}
	return n.d.src[x.off:x.end]
}

// Str is the text of a string; "" for any other kind.
func (n Node) Str() string {
	if n.Kind() != String {
		return ""
	}
	return n.Text()
}

// Bool is the value of a boolean; ok is false for any other kind.
func (n Node) Bool() (value, ok bool) {
	if n.Kind() != Bool {
		return false, false
	}
	return truth(n.Text()), true
}

// Int is the value of an integer; ok is false for any other kind. What does not fit in 64 bits is a Float.
func (n Node) Int() (value int64, ok bool) {
	if n.Kind() != Int {
		return 0, false
	}
	return parseNumber(n.Text()).int64()
}

// Float is the value of a number; ok is false for any other kind.
func (n Node) Float() (value float64, ok bool) {
	if k := n.Kind(); k != Int && k != Float {
		return 0, false
	}
	return parseNumber(n.Text()).float64(), true
}

// Pos is the line and column where the value begins, from 1; 0, 0 for the zero Node.
func (n Node) Pos() (line, column int) {
	if n.d == nil {
		return 0, 0
	}
	return n.d.Position(int(n.d.nodes[n.i].off))
}

// KeyPos is where the value's key begins, or where the value begins if it has no key.
func (n Node) KeyPos() (line, column int) {
	if !n.HasKey() {
		return n.Pos()
	}
	return n.d.Position(int(n.d.nodes[n.i].keyOff))
}

// Span gives the byte offsets of the value in Doc.Source, end exclusive. A block map or list begins at its
// first key or dash and ends behind its last value. A null that is not written has an empty span.
func (n Node) Span() (start, end int) {
	if n.d == nil {
		return 0, 0
	}
	return int(n.d.nodes[n.i].off), int(n.d.nodes[n.i].end)
}

// KeySpan gives the byte offsets of the key as written; 0, 0 if there is none.
func (n Node) KeySpan() (start, end int) {
	if !n.HasKey() {
		return 0, 0
	}
	return int(n.d.nodes[n.i].keyOff), int(n.d.nodes[n.i].keyEnd)
}

// ID is a number that is unique in the document and stable over parses of the same text.
func (n Node) ID() int { return int(n.i) }
