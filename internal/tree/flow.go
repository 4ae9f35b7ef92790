package tree

// flow reads a map or list in braces or brackets.
func (r *reader) flow(f *frame, key keyRef) bool {
	kind, closer := List, byte(']')
	if r.s[r.at] == '{' {
		kind, closer = Map, '}'
	}
	in, ok := r.begin(f, key, kind, r.at)
	if !ok {
		return false
	}
	for {
		r.at++
		if !r.space() {
			return false
		}
		if r.s[r.at] == closer {
			break
		}
		if kind == Map {
			ok = r.flowEntry(&in)
		} else {
			ok = r.flowValue(&in, keyRef{text: noKey})
		}
		if !ok || !r.space() {
			return false
		}
		if r.s[r.at] == closer {
			break
		}
		if r.s[r.at] != ',' {
			return false
		}
	}
	r.at++
	r.end = r.at
	r.close(&in, r.end)
	return true
}

// space skips white space and comments inside braces and brackets; false at the end of the document.
func (r *reader) space() bool {
	for ; r.at < len(r.s); r.at++ {
		switch r.s[r.at] {
		case ' ', '\t', '\r', '\n':
		case '#':
			if c := r.s[r.at-1]; c != ' ' && c != '\t' && c != '\n' {
				return false
			}
			r.at = lineEnd(r.s, r.at) - 1
		default:
			return true
		}
	}
	return false
}

// flowEntry reads a key and its value, if there is one.
func (r *reader) flowEntry(in *frame) bool {
	k, colon, ok := r.flowKey()
	if !ok || !r.space() {
		return false
	}
	at := int32(len(r.nodes))
	c := r.s[r.at]
	switch {
	case c == ',' || c == '}':
		ok = r.scalar(in, k, Null, r.at, r.at, verbatim)
	default:
		ok = colon && r.flowValue(in, k)
	}
	if ok {
		r.unique(in, at, true)
	}
	return ok
}

// flowKey reads a key, and the colon if one follows it on its line.
func (r *reader) flowKey() (k keyRef, colon, ok bool) {
	c := r.s[r.at]
	if c == '"' || c == '\'' {
		t, ok := r.quoted()
		if !ok || t.broken {
			return k, false, false
		}
		r.blanks()
		if r.at < len(r.s) && r.s[r.at] == ':' {
			r.at++
			colon = true
		}
		return keyRef{uint32(t.off), uint32(t.end), t.text}, colon, r.at-t.off <= longestKey
	}
	if startsPlain[c] == 0 || c == '-' && r.blankAt(r.at+1) {
		return k, false, false
	}
	off, end, stop := r.plainFlow()
	k, ok = r.plainKey(off, end)
	if stop != ':' {
		r.at-- // plainKey skipped a colon
	}
	return k, stop == ':', ok
}

// flowValue reads a value inside braces and brackets.
func (r *reader) flowValue(f *frame, key keyRef) bool {
	switch c := r.s[r.at]; {
	case c == '[' || c == '{':
		return r.flow(f, key)
	case c == '"' || c == '\'':
		t, ok := r.quoted()
		return ok && r.scalar(f, key, String, t.off, t.end, t.text)
	case startsPlain[c] == 0, c == '-' && r.blankAt(r.at+1):
		return false
	}
	off, end, _ := r.plainFlow()
	return r.plainScalar(f, key, off, end)
}
