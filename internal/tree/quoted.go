package tree

import (
	"strings"
	"unicode/utf8"
)

// token is a quoted text.
type token struct {
	off, end int
	text     int32
	broken   bool // written over several lines
}

// quoted reads a text in single or double quotes.
func (r *reader) quoted() (token, bool) {
	off, quote := r.at, r.s[r.at]
	i := strings.IndexByte(r.s[off+1:], quote)
	if i < 0 {
		return token{}, false
	}
	at := off + 1 + i
	simple := true
	for _, c := range []byte(r.s[off+1 : at]) {
		if c == '\\' && quote == '"' || c == '\n' {
			simple = false
			break
		}
	}
	if simple && (quote == '"' || at+1 == len(r.s) || r.s[at+1] != '\'') {
		r.at = at + 1
		return token{off, at + 1, unquoted, false}, true
	}
	if !r.decodeQuoted(quote) {
		return token{}, false
	}
	raw := r.s[off:r.at]
	return token{off, r.at, r.newText(string(r.buf)), strings.IndexByte(raw, '\n') >= 0}, true
}

// decodeQuoted reads a text in quotes with escapes or line breaks into buf.
func (r *reader) decodeQuoted(quote byte) bool {
	s, at, buf := r.s, r.at+1, r.buf[:0]
	defer func() { r.buf = buf }()
	for at < len(s) {
		switch c := s[at]; {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			buf, at = fold(buf, s, at, false)
		case c == quote && quote == '\'' && at+1 < len(s) && s[at+1] == '\'':
			buf = append(buf, '\'')
			at += 2
		case c == quote:
			r.at = at + 1
			return true
		case c == '\\' && quote == '"':
			if at+1 == len(s) {
				return false
			}
			if s[at+1] == '\n' || s[at+1] == '\r' {
				buf, at = fold(buf, s, lineEnd(s, at+1), true)
				continue
			}
			n := 0
			if buf, n = unescape(buf, s[at+1:]); n == 0 {
				return false
			}
			at += 1 + n
		default:
			buf = append(buf, c)
			at++
		}
	}
	return false
}

// fold reads white space in a quoted text: one line break is a space, more are one less. Behind an escaped
// line break all of them count.
func fold(buf []byte, s string, at int, escaped bool) ([]byte, int) {
	from, breaks := at, 0
	for at < len(s) && (s[at] == ' ' || s[at] == '\t' || s[at] == '\n' || s[at] == '\r') {
		if s[at] == '\n' {
			breaks++
		}
		at++
	}
	switch {
	case breaks == 0 && !escaped:
		return append(buf, s[from:at]...), at
	case breaks == 1 && !escaped:
		return append(buf, ' '), at
	case !escaped:
		breaks--
	}
	for range breaks {
		buf = append(buf, '\n')
	}
	return buf, at
}

// unescape reads what stands behind a backslash; n is 0 if YAML does not know it.
func unescape(buf []byte, s string) (out []byte, n int) {
	size := 0
	switch s[0] {
	case '0':
		return append(buf, 0), 1
	case 'a':
		return append(buf, '\a'), 1
	case 'b':
		return append(buf, '\b'), 1
	case 't', '\t':
		return append(buf, '\t'), 1
	case 'n':
		return append(buf, '\n'), 1
	case 'v':
		return append(buf, '\v'), 1
	case 'f':
		return append(buf, '\f'), 1
	case 'r':
		return append(buf, '\r'), 1
	case 'e':
		return append(buf, 0x1b), 1
	case ' ', '"', '\'', '\\':
		return append(buf, s[0]), 1
	case 'N':
		return append(buf, "\u0085"...), 1
	case '_':
		return append(buf, "\u00a0"...), 1
	case 'L':
		return append(buf, "\u2028"...), 1
	case 'P':
		return append(buf, "\u2029"...), 1
	case 'x':
		size = 2
	case 'u':
		size = 4
	case 'U':
		size = 8
	}
	r, ok := hexRune(s[1:], size)
	if !ok || !utf8.ValidRune(r) {
		return buf, 0
	}
	return utf8.AppendRune(buf, r), 1 + size
}

// hexRune reads a character code of so many hexadecimal digits.
func hexRune(s string, size int) (r rune, ok bool) {
	if size == 0 || len(s) < size {
		return 0, false
	}
	var v uint32
	for i := range size {
		c := s[i]
		switch {
		case c-'0' <= 9:
			v = v<<4 | uint32(c-'0')
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			v = v<<4 | uint32(c|0x20-'a'+10)
		default:
			return 0, false
		}
	}
	return rune(v), v <= utf8.MaxRune
}
