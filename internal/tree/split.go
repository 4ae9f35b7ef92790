package tree

import "strings"

// chunk is the text of one document in the stream.
type chunk struct {
	start, stop int  // with directives, leading comments and the --- line
	body        int  // where content may begin: behind the ---, or behind the leading comments
	end         int  // where content ends: at a ... line or at stop
	loose       int  // where text stands behind a ... without a ---; 0: nowhere
	directives  bool // a % line stands before the ---
	marker      bool // a --- line begins the document
	ended       bool // a ... line ends the document: the next one needs a ---
	json        bool // was read by the rules of JSON
	wild        bool // holds line breaks other than \n and \r\n: for the slow reader only
}

const byteOrderMark = "\ufeff"

// split finds the document that follows prev; ok is false at the end of the stream.
func (p *parser) split(prev chunk) (c chunk, ok bool) {
	c = chunk{start: prev.stop, stop: len(p.src)}
	if c.start == len(p.src) {
		return c, false
	}
	at := c.start
	if at == 0 && strings.HasPrefix(p.src, byteOrderMark) {
		at = len(byteOrderMark)
	}
	c.body, c.directives, c.marker = p.prologue(at)
	if i := p.separators.find(p.src, c.body, len(p.src)); i >= 0 {
		c.stop = i
	}
	if prev.ended && !c.marker && c.body < c.stop {
		c.loose = c.body
	}
	c.end = c.stop
	i := c.body
	if c.marker || !isMarker(p.src, i, "...") {
		i = p.ends.find(p.src, c.body, c.stop)
	}
	if i >= 0 {
		c.ended, c.end = true, i
		if !bareEnd(p.src, i) {
			c.loose = i + len("...")
		}
		next := lineEnd(p.src, i)
		for next < len(p.src) && isMarker(p.src, next, "...") && bareEnd(p.src, next) {
			next = lineEnd(p.src, next)
		}
		// Comments behind the last document's end belong to it.
		if body, directives, marker := p.prologue(next); body < len(p.src) || directives || marker {
			c.stop = next
		}
	}
	return c, true
}

// prologue skips blank lines, comments, directives and the --- line.
func (p *parser) prologue(at int) (body int, directives, marker bool) {
	for at < len(p.src) {
		if isMarker(p.src, at, "---") {
			return at + 3, directives, true
		}
		i := at
		for i < len(p.src) && p.src[i] == ' ' {
			i++
		}
		if i < len(p.src) {
			switch p.src[i] {
			case '#', '\n':
			case '\r':
				if i+1 == len(p.src) || p.src[i+1] != '\n' {
					return at, directives, false
				}
			case '%':
				if i != at {
					return at, directives, false
				}
				directives = true
			default:
				return at, directives, false
			}
		}
		at = lineEnd(p.src, at)
	}
	return at, directives, false
}

// markers finds marker lines. It remembers its last answer, because a stream of JSON texts is asked about
// at every one of them.
type markers struct {
	marker   string // "\n---" or "\n..."
	from, at int    // the first marker line behind from is the one at at
}

// find returns where the next marker line that begins in src[from:to] does; -1 if there is none.
func (m *markers) find(src string, from, to int) int {
	if m.from <= from && from < m.at {
		if m.at < to {
			return m.at
		}
		return -1
	}
	m.from, m.at = from, to
	for at := from; at < to; {
		i := strings.Index(src[at:to], m.marker)
		if i < 0 {
			break
		}
		if at += i + 1; isMarker(src, at, m.marker[1:]) {
			m.at = at
			return at
		}
	}
	return -1
}

// isMarker says whether a line that begins at an offset is a document marker.
func isMarker(s string, at int, marker string) bool {
	if !strings.HasPrefix(s[at:], marker) {
		return false
	}
	if at += len(marker); at == len(s) {
		return true
	}
	switch s[at] {
	case ' ', '\t', '\r', '\n':
		return true
	}
	return false
}

// bareEnd says whether nothing but a comment follows a ... on its line.
func bareEnd(s string, at int) bool {
	rest := strings.TrimLeft(s[at+len("..."):lineEnd(s, at)], " \t\r\n")
	return rest == "" || rest[0] == '#'
}

// lineEnd is where the line after the one at an offset begins.
func lineEnd(s string, at int) int {
	if i := strings.IndexByte(s[at:], '\n'); i >= 0 {
		return at + i + 1
	}
	return len(s)
}
