package tree

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// json reads a JSON text and returns where the next document begins, which may follow without a separator;
// -1 if this is not JSON. What is not JSON may still be YAML.
func (r *reader) json() (next int) {
	if !r.jsonValue(nil, keyRef{text: noKey}) {
		return -1
	}
	r.jsonSpace()
	if r.at < len(r.s) && r.s[r.at] != '{' && r.s[r.at] != '[' {
		return -1
	}
	return r.at
}

func (r *reader) jsonSpace() {
	for r.at < len(r.s) {
		switch r.s[r.at] {
		case ' ', '\n', '\r', '\t':
			r.at++
		default:
			return
		}
	}
}

func (r *reader) jsonValue(f *frame, key keyRef) bool {
	if r.at == len(r.s) {
		return false
	}
	off := r.at
	switch r.s[off] {
	case '{', '[':
		return r.jsonMany(f, key)
	case '"':
		text, ok := r.jsonString()
		return ok && r.scalar(f, key, String, off, r.at, text)
	}
	for r.at < len(r.s) && jsonWord[r.s[r.at]] {
		r.at++
	}
	word := r.s[off:r.at]
	switch {
	case word == "null":
		return r.scalar(f, key, Null, off, r.at, verbatim)
	case word == "true", word == "false":
		return r.scalar(f, key, Bool, off, r.at, verbatim)
	case !isJSONNumber(word):
		return false
	}
	kind := resolve(word)
	return (kind == Int || kind == Float) && r.scalar(f, key, kind, off, r.at, verbatim)
}

// jsonWord holds the bytes of numbers and of true, false and null.
var jsonWord = func() (t [256]bool) {
	for _, c := range "0123456789+-.eEtrufalsn" {
		t[c] = true
	}
	return t
}()

// isJSONNumber is stricter than YAML: no leading zero or plus, digits on both sides of a point.
func isJSONNumber(s string) bool {
	s = strings.TrimPrefix(s, "-")
	n := digits(s, 0)
	if n == 0 || n > 1 && s[0] == '0' {
		return false
	}
	if n < len(s) && s[n] == '.' && digits(s, n+1) == 0 {
		return false
	}
	return isDecimal(s)
}

// jsonMany reads an object or array.
func (r *reader) jsonMany(f *frame, key keyRef) bool {
	kind, closer := List, byte(']')
	if r.s[r.at] == '{' {
		kind, closer = Map, '}'
	}
	in, ok := r.begin(f, key, kind, r.at)
	if !ok {
		return false
	}
	r.at++
	r.jsonSpace()
	if r.at < len(r.s) && r.s[r.at] == closer {
		r.at++
		r.close(&in, r.at)
		return true
	}
	for {
		if kind == Map {
			ok = r.jsonEntry(&in)
		} else {
			ok = r.jsonValue(&in, keyRef{text: noKey})
		}
		r.jsonSpace()
		if !ok || r.at == len(r.s) {
			return false
		}
		c := r.s[r.at]
		r.at++
		if c == closer {
			r.close(&in, r.at)
			return true
		}
		if c != ',' {
			return false
		}
		r.jsonSpace()
	}
}

func (r *reader) jsonEntry(in *frame) bool {
	off := r.at
	if off == len(r.s) || r.s[off] != '"' {
		return false
	}
	text, ok := r.jsonString()
	if !ok {
		return false
	}
	k := keyRef{uint32(off), uint32(r.at), text}
	if r.jsonSpace(); r.at == len(r.s) || r.s[r.at] != ':' {
		return false
	}
	r.at++
	r.jsonSpace()
	at := int32(len(r.nodes))
	if !r.jsonValue(in, k) {
		return false
	}
	r.unique(in, at, true)
	return true
}

func (r *reader) jsonString() (text int32, ok bool) {
	s := r.s
	for at := r.at + 1; at < len(s); at++ {
		switch c := s[at]; {
		case c == '"':
			r.at = at + 1
			return unquoted, true
		case c == '\\':
			return r.jsonEscapes()
		case c < ' ':
			return 0, false
		}
	}
	return 0, false
}

// jsonEscapes reads a string with escapes.
func (r *reader) jsonEscapes() (text int32, ok bool) {
	s, at, buf := r.s, r.at+1, r.buf[:0]
	defer func() { r.buf = buf }()
	for at < len(s) {
		switch c := s[at]; {
		case c == '"':
			r.at = at + 1
			return r.newText(string(buf)), true
		case c < ' ':
			return 0, false
		case c != '\\':
			buf = append(buf, c)
			at++
		default:
			n := 0
			if buf, n = jsonUnescape(buf, s[at+1:]); n == 0 {
				return 0, false
			}
			at += 1 + n
		}
	}
	return 0, false
}

func jsonUnescape(buf []byte, s string) (out []byte, n int) {
	if s == "" {
		return buf, 0
	}
	switch s[0] {
	case '"', '\\', '/':
		return append(buf, s[0]), 1
	case 'b', 'f', 'n', 'r', 't':
		return unescape(buf, s)
	case 'u':
		r, ok := hexRune(s[1:], 4)
		if !ok {
			return buf, 0
		}
		if !utf16.IsSurrogate(r) {
			return utf8.AppendRune(buf, r), 5
		}
		if len(s) >= 11 && s[5] == '\\' && s[6] == 'u' {
			if low, ok := hexRune(s[7:], 4); ok {
				if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
					return utf8.AppendRune(buf, pair), 11
				}
			}
		}
		return utf8.AppendRune(buf, utf8.RuneError), 5
	}
	return buf, 0
}
