package expr

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// token is a lexical token of CEL.
type token struct {
	kind tokenKind
	text string // of an identifier, operator or number as written; of a string its value
	at   int    // byte offset in the source
}

type tokenKind uint8

const (
	tokEOF tokenKind = iota
	tokIdent
	tokInt
	tokUint
	tokDouble
	tokString
	tokBytes
	tokOp
)

// lexer cuts an expression into tokens.
type lexer struct {
	src string
	pos int
}

var operators = []string{"&&", "||", "==", "!=", "<=", ">=", "[?", ".?", "{?"}

func (l *lexer) next() (token, error) {
	l.space()
	if l.pos >= len(l.src) {
		return token{tokEOF, "", l.pos}, nil
	}
	at := l.pos
	c := l.src[at]
	switch {
	case letter(c):
		return l.word(at)
	case digit(c), c == '.' && at+1 < len(l.src) && digit(l.src[at+1]):
		return l.number(at)
	case c == '"' || c == '\'':
		return l.str(at, false, tokString)
	}
	for _, op := range operators {
		if strings.HasPrefix(l.src[at:], op) {
			l.pos += len(op)
			return token{tokOp, op, at}, nil
		}
	}
	if strings.IndexByte("()[]{}.,:?<>!+-*/%", c) < 0 {
		r, _ := utf8.DecodeRuneInString(l.src[at:])
		return token{}, &SyntaxError{at, "unexpected character " + strconv.QuoteRune(r)}
	}
	l.pos++
	return token{tokOp, l.src[at:l.pos], at}, nil
}

func (l *lexer) space() {
	for l.pos < len(l.src) {
		switch c := l.src[l.pos]; {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f':
			l.pos++
		case strings.HasPrefix(l.src[l.pos:], "//"):
			i := strings.IndexByte(l.src[l.pos:], '\n')
			if i < 0 {
				l.pos = len(l.src)
				return
			}
			l.pos += i
		default:
			return
		}
	}
}

func letter(c byte) bool {
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

func digit(c byte) bool { return c >= '0' && c <= '9' }

// word reads an identifier, or the prefix of a raw or bytes literal.
func (l *lexer) word(at int) (token, error) {
	for l.pos < len(l.src) && (letter(l.src[l.pos]) || digit(l.src[l.pos])) {
		l.pos++
	}
	text := l.src[at:l.pos]
	if l.pos < len(l.src) && (l.src[l.pos] == '"' || l.src[l.pos] == '\'') {
		switch strings.ToLower(text) {
		case "r":
			return l.str(at, true, tokString)
		case "b":
			return l.str(at, false, tokBytes)
		case "rb", "br":
			return l.str(at, true, tokBytes)
		}
	}
	return token{tokIdent, text, at}, nil
}

func (l *lexer) number(at int) (token, error) {
	kind := tokInt
	if strings.HasPrefix(l.src[at:], "0x") {
		l.pos += 2
		for l.pos < len(l.src) && strings.IndexByte("0123456789abcdefABCDEF", l.src[l.pos]) >= 0 {
			l.pos++
		}
	} else {
		kind = l.decimal()
	}
	text := l.src[at:l.pos]
	if l.pos < len(l.src) && (l.src[l.pos] == 'u' || l.src[l.pos] == 'U') && kind == tokInt {
		l.pos++
		kind = tokUint
	}
	return token{kind, text, at}, nil
}

func (l *lexer) decimal() tokenKind {
	digits := func() {
		for l.pos < len(l.src) && digit(l.src[l.pos]) {
			l.pos++
		}
	}
	kind := tokInt
	digits()
	if l.pos+1 < len(l.src) && l.src[l.pos] == '.' && digit(l.src[l.pos+1]) {
		kind = tokDouble
		l.pos++
		digits()
	}
	if l.pos < len(l.src) && (l.src[l.pos] == 'e' || l.src[l.pos] == 'E') {
		mark := l.pos
		l.pos++
		if l.pos < len(l.src) && (l.src[l.pos] == '+' || l.src[l.pos] == '-') {
			l.pos++
		}
		if l.pos < len(l.src) && digit(l.src[l.pos]) {
			kind = tokDouble
			digits()
		} else {
			l.pos = mark
		}
	}
	return kind
}

// str reads a string literal whose opening quote is at l.pos.
func (l *lexer) str(at int, raw bool, kind tokenKind) (token, error) {
	quote := l.src[l.pos : l.pos+1]
	if triple := strings.Repeat(quote, 3); strings.HasPrefix(l.src[l.pos:], triple) {
		quote = triple
	}
	l.pos += len(quote)
	var b strings.Builder
	for {
		if l.pos >= len(l.src) || len(quote) == 1 && l.src[l.pos] == '\n' {
			return token{}, &SyntaxError{at, "the string does not end"}
		}
		if strings.HasPrefix(l.src[l.pos:], quote) {
			l.pos += len(quote)
			return token{kind, b.String(), at}, nil
		}
		c := l.src[l.pos]
		if c != '\\' || raw {
			b.WriteByte(c)
			l.pos++
			continue
		}
		if err := l.escape(&b); err != nil {
			return token{}, err
		}
	}
}

var simpleEscapes = map[byte]byte{
	'a': '\a', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t', 'v': '\v',
	'\\': '\\', '"': '"', '\'': '\'', '`': '`', '?': '?',
}

// escape reads an escape sequence; l.pos is at its backslash.
func (l *lexer) escape(b *strings.Builder) error {
	at := l.pos
	if at+1 >= len(l.src) {
		return &SyntaxError{at, "the string does not end"}
	}
	c := l.src[at+1]
	if v, ok := simpleEscapes[c]; ok {
		b.WriteByte(v)
		l.pos += 2
		return nil
	}
	size, base := 0, 16
	skip := 2
	switch {
	case c == 'x' || c == 'X':
		size = 2
	case c == 'u':
		size = 4
	case c == 'U':
		size = 8
	case c >= '0' && c <= '3':
		size, base, skip = 3, 8, 1
	}
	end := at + skip + size
	if size > 0 && end <= len(l.src) {
		if n, err := strconv.ParseUint(l.src[at+skip:end], base, 32); err == nil && n <= utf8.MaxRune {
			b.WriteRune(rune(n))
			l.pos = end
			return nil
		}
	}
	return &SyntaxError{at, "unknown escape sequence"}
}
