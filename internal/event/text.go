package event

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Text turns values into text. Text that stands in the record as it is stays there; the rest is written behind what
// was written before and is never overwritten, so that strings stay valid. The zero Text is ready for use.
type Text struct{ b *strings.Builder }

const chunk = 32 << 10

// room is a builder with room for n more bytes.
func (t *Text) room(n int) *strings.Builder {
	if t.b == nil || t.b.Cap()-t.b.Len() < n {
		t.b = &strings.Builder{}
		if n > chunk/4 {
			t.b.Grow(n)
		} else if n > 0 {
			t.b.Grow(chunk)
		}
	}
	return t.b
}

// Of is a string's text with escapes resolved, a number or word as written, and compact JSON for an object or array.
func (t *Text) Of(v Value) string {
	switch v.Kind() {
	case String:
		return t.unquote(v.raw)
	case Object, Array:
		return t.compact(v.raw)
	}
	return v.raw
}

// Join is strings joined, written behind what was written before.
func (t *Text) Join(parts ...string) string {
	n := 0
	for _, p := range parts {
		n += len(p)
	}
	b := t.room(n)
	start := b.Len()
	for _, p := range parts {
		b.WriteString(p)
	}
	return b.String()[start:]
}

// Number is a number in decimal, written behind what was written before.
func (t *Text) Number(n int64) string {
	var digits [20]byte
	b := t.room(len(digits))
	start := b.Len()
	b.Write(strconv.AppendInt(digits[:0], n, 10))
	return b.String()[start:]
}

func ascii(s string) bool {
	i := 0
	for ; i+8 <= len(s); i += 8 {
		if load64(s, i)&highs != 0 {
			return false
		}
	}
	for ; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// unquote resolves a JSON string, quotes included.
func (t *Text) unquote(raw string) string {
	s := raw[1 : len(raw)-1]
	if strings.IndexByte(s, '\\') < 0 && (ascii(s) || utf8.ValidString(s)) {
		return s
	}
	b := t.room(len(s) * 3) // a bad byte becomes three
	start := b.Len()
	unescape(b, s)
	return b.String()[start:]
}

// resolve is unquote for a text that is not kept.
func resolve(raw string) string {
	s := raw[1 : len(raw)-1]
	if strings.IndexByte(s, '\\') < 0 && (ascii(s) || utf8.ValidString(s)) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	unescape(&b, s)
	return b.String()
}

var plainEscapes = [256]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

func unescape(b *strings.Builder, s string) {
	for i := 0; i < len(s); {
		switch c := s[i]; {
		case c == '\\' && s[i+1] == 'u':
			r := hex4(s[i+2 : i+6])
			i += 6
			if utf16.IsSurrogate(r) {
				low := rune(-1)
				if i+6 <= len(s) && s[i] == '\\' && s[i+1] == 'u' {
					low = hex4(s[i+2 : i+6])
				}
				if r = utf16.DecodeRune(r, low); r != utf8.RuneError {
					i += 6
				}
			}
			b.WriteRune(r)
		case c == '\\':
			b.WriteByte(plainEscapes[s[i+1]])
			i += 2
		case c < utf8.RuneSelf:
			b.WriteByte(c)
			i++
		default:
			r, n := utf8.DecodeRuneInString(s[i:])
			b.WriteRune(r)
			i += n
		}
	}
}

// compact is an object or array as compact JSON in which only what must be escaped is.
func (t *Text) compact(raw string) string {
	b := t.room(len(raw) * 3)
	start := b.Len()
	for i := 0; i < len(raw); {
		switch c := raw[i]; c {
		case '"':
			end := str(raw, i)
			b.WriteByte('"')
			requote(b, raw[i+1:end-1])
			b.WriteByte('"')
			i = end
		case ' ', '\t', '\r', '\n':
			i++
		default:
			b.WriteByte(c)
			i++
		}
	}
	return b.String()[start:]
}

const hexDigits = "0123456789abcdef"

// requote writes the inside of a JSON string so that of its characters only those are escaped that must be.
func requote(b *strings.Builder, s string) {
	if strings.IndexByte(s, '\\') < 0 && utf8.ValidString(s) {
		b.WriteString(s)
		return
	}
	var plain strings.Builder
	unescape(&plain, s)
	for _, r := range plain.String() {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < 0x20:
			b.WriteString(`\u00`)
			b.WriteByte(hexDigits[r>>4])
			b.WriteByte(hexDigits[r&15])
		default:
			b.WriteRune(r)
		}
	}
}
