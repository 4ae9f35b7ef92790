package tree

// startsPlain has a 1 for every byte that may begin a plain text; - needs a look at the byte behind it.
var startsPlain = func() (t [256]uint8) {
	for i := range t {
		t[i] = 1
	}
	for _, c := range "?:,[]{}#&*!|>'\"%@` \t\r\n" {
		t[c] = 0
	}
	return t
}()

// endsPlain has a 1 for every byte that may end a plain text in block style, a 2 for those in flow style.
var endsPlain = func() (t [256]uint8) {
	for _, c := range ":#\r\n" {
		t[c] = 1
	}
	for _, c := range ",?[]{}" {
		t[c] = 2
	}
	return t
}()

// plain reads a plain text up to the end of the line at most. Stop is the byte that ended it: a colon, the #
// of a comment, or a line break (0 at the end of the document).
func (r *reader) plain() (off, end int, stop byte) {
	s, at := r.s, r.at
	off = at
	for ; at < len(s); at++ {
		if endsPlain[s[at]] != 1 {
			continue
		}
		c := s[at]
		if c == ':' && !r.blankAt(at+1) || c == '#' && at > off && s[at-1] != ' ' && s[at-1] != '\t' {
			continue
		}
		stop = c
		break
	}
	r.at = at
	return off, r.trim(off, at), stop
}

// plainFlow is plain inside [] and {}, where more bytes end a text.
func (r *reader) plainFlow() (off, end int, stop byte) {
	s, at := r.s, r.at
	off = at
	for ; at < len(s); at++ {
		c := s[at]
		if endsPlain[c] == 0 || c == ':' && !r.blankAt(at+1) || c == '#' && at > off && s[at-1] != ' ' && s[at-1] != '\t' {
			continue
		}
		stop = c
		break
	}
	r.at = at
	return off, r.trim(off, at), stop
}

func (r *reader) trim(off, end int) int {
	for end > off && (r.s[end-1] == ' ' || r.s[end-1] == '\t') {
		end--
	}
	return end
}

// plainValue adds a plain text, of which the first line has been read, and goes to what follows.
func (r *reader) plainValue(f *frame, key keyRef, parent, off, end int) bool {
	if !r.next() {
		return false
	}
	if r.col > parent && !r.comment {
		return r.plainLines(f, key, parent, off, end)
	}
	return r.plainScalar(f, key, off, end)
}

// plainScalar adds a plain text of one line.
func (r *reader) plainScalar(f *frame, key keyRef, off, end int) bool {
	kind := resolve(r.s[off:end])
	if kind == Float {
		if _, infinite := notFinite(r.s[off:end]); infinite {
			return false
		}
	}
	return r.scalar(f, key, kind, off, end, verbatim)
}

// plainLines reads the further lines of a plain text. One line break is a space, more are one less.
func (r *reader) plainLines(f *frame, key keyRef, parent, off, end int) bool {
	buf := append(r.buf[:0], r.s[off:end]...)
	for r.col > parent && !r.comment {
		if r.breaks == 1 {
			buf = append(buf, ' ')
		}
		for range r.breaks - 1 {
			buf = append(buf, '\n')
		}
		from, to, stop := r.plain()
		if stop == ':' {
			return false
		}
		buf = append(buf, r.s[from:to]...)
		if end = to; !r.next() {
			return false
		}
	}
	r.buf = buf
	text := string(buf)
	return resolve(text) == String && r.scalar(f, key, String, off, end, r.newText(text))
}
