package tree

import "strings"

// blockHeader is what stands behind the | or > of a block scalar.
type blockHeader struct {
	literal bool
	chomp   byte // '+', '-' or 0
	indent  int  // 0: that of the first line
	end     int  // behind the last indicator
}

// blockScalar reads a literal or folded text, and goes to what follows.
func (r *reader) blockScalar(f *frame, key keyRef, parent int) bool {
	off := r.at
	h, ok := r.blockHeader(parent)
	if !ok {
		return false
	}
	b := blockText{reader: r, header: h, parent: parent, end: h.end, buf: r.buf[:0]}
	if !b.read() {
		return false
	}
	r.buf = b.buf
	return r.scalar(f, key, String, off, b.end, r.newText(string(b.buf))) && r.next()
}

func (r *reader) blockHeader(parent int) (h blockHeader, ok bool) {
	h.literal = r.s[r.at] == '|'
	r.at++
	for range 2 {
		if r.at == len(r.s) {
			break
		}
		switch c := r.s[r.at]; {
		case (c == '+' || c == '-') && h.chomp == 0:
			h.chomp = c
			r.at++
		case c >= '1' && c <= '9' && h.indent == 0:
			h.indent = max(parent, 0) + int(c-'0')
			r.at++
		}
	}
	h.end = r.at
	r.blanks()
	if r.at < len(r.s) && r.s[r.at] == '#' && r.at > h.end {
		for r.at < len(r.s) && r.s[r.at] != '\n' {
			r.at++
		}
	}
	if r.at < len(r.s) && r.s[r.at] == '\r' {
		r.at++
	}
	if r.at == len(r.s) {
		return h, true
	}
	ok = r.s[r.at] == '\n'
	r.at++
	r.line = r.at
	return h, ok
}

// blockText gathers the lines of a block scalar.
type blockText struct {
	*reader
	header blockHeader
	parent int
	empty  int // line breaks of the empty lines before the line at hand
	end    int
	buf    []byte
}

func (b *blockText) read() bool {
	r := b.reader
	if !b.leading() {
		return false
	}
	pending, wasBlank := false, false // a line break not yet written; the line before it begins with a blank
	for r.at-r.line == b.header.indent && r.at < len(r.s) {
		blank := r.s[r.at] == ' ' || r.s[r.at] == '\t'
		switch {
		case pending && !b.header.literal && !wasBlank && !blank:
			if b.empty == 0 {
				b.buf = append(b.buf, ' ')
			}
		case pending:
			b.buf = append(b.buf, '\n')
		}
		b.breaks()
		wasBlank = blank
		if pending = b.take(); !b.leading() {
			return false
		}
	}
	if pending && b.header.chomp != '-' {
		b.buf = append(b.buf, '\n')
	}
	if b.header.chomp == '+' {
		b.breaks()
	}
	return true
}

// breaks writes the line breaks of empty lines.
func (b *blockText) breaks() {
	for range b.empty {
		b.buf = append(b.buf, '\n')
	}
	b.empty = 0
}

// take copies one line and says whether a line break ends it.
func (b *blockText) take() (broken bool) {
	r := b.reader
	to := len(r.s)
	if i := strings.IndexByte(r.s[r.at:], '\n'); i >= 0 {
		to, broken = r.at+i, true
	}
	next := to
	if broken {
		next++
		if to > r.at && r.s[to-1] == '\r' {
			to--
		}
	}
	b.buf = append(b.buf, r.s[r.at:to]...)
	if r.trim(r.at, to) > r.at {
		b.end = to
	}
	r.at = next
	if broken {
		r.line = next
	}
	return broken
}

// leading skips empty lines and the indentation of the next line, which the first call may have to find out.
func (b *blockText) leading() bool {
	r, widest := b.reader, 0
	b.empty = 0
	for {
		for r.at < len(r.s) && r.s[r.at] == ' ' && (b.header.indent == 0 || r.at-r.line < b.header.indent) {
			r.at++
		}
		col := r.at - r.line
		widest = max(widest, col)
		if r.at == len(r.s) {
			break
		}
		c := r.s[r.at]
		if c == '\t' && (b.header.indent == 0 || col < b.header.indent) {
			return false
		}
		if c == '\r' {
			r.at++
			c = r.s[r.at]
		}
		if c != '\n' {
			break
		}
		b.empty++
		r.at++
		r.line = r.at
	}
	if b.header.indent == 0 {
		b.header.indent = max(widest, b.parent+1, 1)
	}
	return true
}
