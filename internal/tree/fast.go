package tree

import "strings"

// reader is the fast reader: one pass over the plain style in which nearly all manifests are written. At
// anything it is not certain about a method returns false, and the slow reader takes the document. So a
// false is never an error in itself, unless err is set.
type reader struct {
	*builder
	s    string // the stream up to the end of the document's content
	at   int    // the next byte to look at
	line int    // where the line of at begins
	col  int    // after next: the column of the next value, from 0; -1 at the end
	end  int    // where the last value ended
	// What next skipped: line breaks, and whether there was a comment.
	breaks  int
	comment bool
	buf     []byte
	err     error
}

// fast reads a document in one pass; done is false if the slow reader has to do it.
func (p *parser) fast(c *chunk) (done bool, err error) {
	if c.directives {
		return false, nil
	}
	r := reader{builder: &p.builder, s: p.src[:c.end], at: c.body, line: c.body, buf: p.buf}
	defer func() { p.buf, p.stuck = r.buf, r.at }()
	if !r.next() {
		return false, nil
	}
	if c.wild && strings.Trim(r.s[c.start:r.at], byteOrderMark+" \t\r\n") != "" {
		return false, nil
	}
	if r.col < 0 {
		return c.marker || !c.ended, nil
	}
	if b := r.s[r.at]; (b == '{' || b == '[') && !c.ended {
		start := r.at
		if next := r.json(); next >= 0 {
			c.stop, c.json = next, true
			return true, nil
		}
		if r.err != nil {
			return false, r.err
		}
		p.reset()
		r.at = start
	}
	if c.wild || c.marker && r.breaks == 0 {
		return false, nil
	}
	ok := r.node(nil, keyRef{text: noKey}, -1) && r.col < 0
	return ok, r.err
}

// next skips blank lines, comments and indentation up to the next value. It is called at a line's beginning
// or behind a value.
func (r *reader) next() bool {
	r.breaks, r.comment = 0, false
	s, at := r.s, r.at
	for at < len(s) {
		switch s[at] {
		case ' ':
			at++
		case '\n':
			at++
			r.breaks++
			r.line = at
		case '\r':
			at++
		case '#':
			r.comment = true
			at = lineEnd(s, at)
			if s[at-1] == '\n' {
				at--
			}
		case '\t':
			r.at = at
			return false
		default:
			r.at, r.col = at, at-r.line
			return true
		}
	}
	r.at, r.col = at, -1
	return true
}

// rest checks that nothing but blanks and a comment follows a value on its line, and goes to the next value.
func (r *reader) rest() bool {
	from := r.at
	r.blanks()
	if r.at < len(r.s) {
		switch r.s[r.at] {
		case '\n', '\r':
		case '#':
			if r.at == from {
				return false
			}
		default:
			return false
		}
	}
	return r.next()
}

func (r *reader) blanks() {
	for r.at < len(r.s) && (r.s[r.at] == ' ' || r.s[r.at] == '\t') {
		r.at++
	}
}

// blankAt says whether a blank, a line break or the end stands at an offset.
func (r *reader) blankAt(at int) bool {
	if at >= len(r.s) {
		return true
	}
	switch r.s[at] {
	case ' ', '\n', '\r', '\t':
		return true
	}
	return false
}

// node reads the value that begins here in block style, and goes to what follows. Parent is the column of
// the map or list that it stands in.
func (r *reader) node(f *frame, key keyRef, parent int) bool {
	col := r.at - r.line
	switch c := r.s[r.at]; {
	case c == '-' && r.blankAt(r.at+1):
		return r.list(f, key, parent, col)
	case c == '"' || c == '\'':
		t, ok := r.quoted()
		if !ok {
			return false
		}
		if k, isKey := r.quotedKey(&t); isKey {
			return r.mapping(f, key, col, k)
		}
		return r.scalar(f, key, String, t.off, t.end, t.text) && r.rest()
	case c == '[' || c == '{' || c == '|' || c == '>':
		return r.value(f, key, parent)
	case startsPlain[c] == 0:
		return false
	}
	off, end, stop := r.plain()
	if stop == ':' {
		k, ok := r.plainKey(off, end)
		return ok && r.mapping(f, key, col, k)
	}
	return r.plainValue(f, key, parent, off, end)
}

// value reads a value that is not a block map or list, and goes to what follows.
func (r *reader) value(f *frame, key keyRef, parent int) bool {
	switch c := r.s[r.at]; {
	case c == '"' || c == '\'':
		t, ok := r.quoted()
		return ok && r.scalar(f, key, String, t.off, t.end, t.text) && r.rest()
	case c == '|' || c == '>':
		return r.blockScalar(f, key, parent)
	case c == '[' || c == '{':
		return r.flow(f, key) && r.rest()
	case startsPlain[c] == 0, c == '-' && r.blankAt(r.at+1):
		return false
	}
	off, end, stop := r.plain()
	return stop != ':' && r.plainValue(f, key, parent, off, end)
}

// mapping reads a block map whose first key has been read.
func (r *reader) mapping(f *frame, key keyRef, col int, k keyRef) bool {
	in, ok := r.begin(f, key, Map, int(k.off))
	if !ok {
		return false
	}
	for {
		at := int32(len(r.nodes))
		if !r.entry(&in, k, col) {
			return false
		}
		r.unique(&in, at, true)
		if r.col != col {
			if r.col > col {
				return false
			}
			r.close(&in, r.end)
			return true
		}
		if k, ok = r.key(); !ok {
			return false
		}
	}
}

// entry reads the value behind a key and its colon.
func (r *reader) entry(in *frame, k keyRef, col int) bool {
	colon := r.at
	r.blanks()
	if r.at < len(r.s) && r.s[r.at] != '\n' && r.s[r.at] != '\r' && r.s[r.at] != '#' {
		return r.value(in, k, col)
	}
	if !r.next() {
		return false
	}
	switch {
	case r.col > col:
		return r.node(in, k, col)
	case r.col == col && r.s[r.at] == '-' && r.blankAt(r.at+1):
		return r.list(in, k, col, col)
	}
	return r.scalar(in, k, Null, colon, colon, verbatim)
}

// list reads a block list. It may stand at the same column as the map that it is a value of.
func (r *reader) list(f *frame, key keyRef, parent, col int) bool {
	in, ok := r.begin(f, key, List, r.at)
	if !ok {
		return false
	}
	none := keyRef{text: noKey}
	for {
		r.at++
		dash := r.at
		for r.at < len(r.s) && r.s[r.at] == ' ' {
			r.at++
		}
		switch {
		case r.at == len(r.s) || r.s[r.at] == '\n' || r.s[r.at] == '\r' || r.s[r.at] == '#':
			if !r.next() {
				return false
			}
			if r.col > col {
				ok = r.node(&in, none, col)
			} else {
				ok = r.scalar(&in, none, Null, dash, dash, verbatim)
			}
		default:
			ok = r.node(&in, none, col)
		}
		if !ok || r.col > col {
			return false
		}
		if r.col == col && r.s[r.at] == '-' && r.blankAt(r.at+1) {
			continue
		}
		if r.col == col && parent < col {
			return false
		}
		r.close(&in, r.end)
		return true
	}
}

// key reads a key and the colon behind it.
func (r *reader) key() (keyRef, bool) {
	c := r.s[r.at]
	if c == '"' || c == '\'' {
		t, ok := r.quoted()
		if !ok {
			return keyRef{}, false
		}
		return r.quotedKey(&t)
	}
	if startsPlain[c] == 0 || c == '-' && r.blankAt(r.at+1) {
		return keyRef{}, false
	}
	off, end, stop := r.plain()
	if stop != ':' {
		return keyRef{}, false
	}
	return r.plainKey(off, end)
}

// longestKey keeps clear of the 1024 characters after which YAML takes nothing for a key.
const longestKey = 1000

// quotedKey takes a quoted text for a key if a colon follows it on its line.
func (r *reader) quotedKey(t *token) (keyRef, bool) {
	if t.broken {
		return keyRef{}, false
	}
	back := r.at
	r.blanks()
	if r.at < len(r.s) && r.s[r.at] == ':' && r.blankAt(r.at+1) && r.at-t.off <= longestKey {
		r.at++
		return keyRef{uint32(t.off), uint32(t.end), t.text}, true
	}
	r.at = back
	return keyRef{}, false
}

// plainKey makes a key of a plain text that a colon ended.
func (r *reader) plainKey(off, end int) (keyRef, bool) {
	if r.at-off > longestKey {
		return keyRef{}, false
	}
	r.at++
	k := keyRef{uint32(off), uint32(end), verbatim}
	s := r.s[off:end]
	switch kind := resolve(s); {
	case kind == String:
		return k, s != "<<"
	default:
		t, ok := keyText(s)
		if ok && t != s {
			k.text = r.newText(t)
		}
		return k, ok
	}
}

// begin opens a map or list, scalar adds one value. Both note the error at a limit.
func (r *reader) begin(f *frame, key keyRef, kind Kind, off int) (frame, bool) {
	in, err := r.open(f, key, kind, off)
	if err != nil {
		r.err = err
		return in, false
	}
	return in, true
}

func (r *reader) scalar(f *frame, key keyRef, kind Kind, off, end int, text int32) bool {
	r.end = end
	if _, err := r.add(f, key, kind, off, end, text); err != nil {
		r.err = err
		return false
	}
	return true
}
