package expr

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// str reads a string literal whose opening quote is at l.pos.
func (l *lexer) str(at int, raw bool, kind tokenKind) (token, error) {
	quote := l.src[l.pos : l.pos+1]
	if rest := l.src[l.pos:]; len(rest) >= 3 && rest[1] == rest[0] && rest[2] == rest[0] {
		quote = rest[:3]
	}
	l.pos += len(quote)
	from := l.pos
	for plain := true; ; {
		if l.pos >= len(l.src) {
			return token{}, &SyntaxError{at, "the string does not end"}
		}
		c := l.src[l.pos]
		switch {
		case c == quote[0] && strings.HasPrefix(l.src[l.pos:], quote):
			text := l.src[from:l.pos]
			l.pos += len(quote)
			if plain {
				return token{kind: kind, text: text, at: at}, nil
			}
			text, err := unescape(text, from, raw)
			return token{kind: kind, text: text, at: at}, err
		case len(quote) == 1 && (c == '\n' || c == '\r'):
			return token{}, &SyntaxError{at, "the string does not end on its line; three quotes make a longer one"}
		case c == '\\' && !raw:
			plain = false
			l.pos += 2
		default:
			plain = plain && c != '\r'
			l.pos++
		}
	}
}

// unescape resolves escape sequences and makes every line end a \n; at is the offset of the text.
func unescape(text string, at int, raw bool) (string, error) {
	var b strings.Builder
	for i := 0; i < len(text); {
		switch c := text[i]; {
		case c == '\r':
			b.WriteByte('\n')
			i++
			if i < len(text) && text[i] == '\n' {
				i++
			}
		case c != '\\' || raw:
			b.WriteByte(c)
			i++
		default:
			r, size := escape(text[i:])
			if size == 0 {
				return "", &SyntaxError{at + i, `unknown escape sequence; write \\ for a backslash, or r'...' for a raw string`}
			}
			b.WriteRune(r)
			i += size
		}
	}
	return b.String(), nil
}

// escape reads the escape sequence that s begins with; its size is 0 if it is none.
func escape(s string) (r rune, size int) {
	if len(s) < 2 {
		return 0, 0
	}
	const letters, meanings = "abfnrtv\\\"'`?", "\a\b\f\n\r\t\v\\\"'`?"
	if i := strings.IndexByte(letters, s[1]); i >= 0 {
		return rune(meanings[i]), 2
	}
	from, size, base := 2, 0, 16
	switch s[1] {
	case 'x', 'X':
		size = 4
	case 'u':
		size = 6
	case 'U':
		size = 10
	case '0', '1', '2', '3':
		from, size, base = 1, 4, 8
	}
	if size == 0 || len(s) < size {
		return 0, 0
	}
	n, err := strconv.ParseUint(s[from:size], base, 32)
	if err != nil || !utf8.ValidRune(rune(n)) {
		return 0, 0
	}
	return rune(n), size
}
