package expr

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// token is a lexical token of CEL (CEL spec, "Syntax").
type token struct {
	kind tokenKind
	op   byte   // of an operator; those of two characters have letters of their own
	text string // of an identifier, operator or number as written; of a string its value
	at   int    // byte offset in the source
}

type tokenKind uint8

const (
	tokEOF tokenKind = iota
	tokIdent
	tokQuoted // the name of a field, between backticks
	tokInt
	tokUint
	tokDouble
	tokString
	tokBytes
	tokOp
)

// Operators of two characters.
const (
	opsAnd     = 'a'
	opsOr      = 'o'
	opsEqual   = '='
	opsUnequal = 'n'
	opsAtMost  = 'l'
	opsAtLeast = 'g'
)

// lexer cuts an expression into tokens.
type lexer struct {
	src string
	pos int
}

func (l *lexer) next() (token, error) {
	l.space()
	at := l.pos
	if at >= len(l.src) {
		return token{kind: tokEOF, at: at}, nil
	}
	c := l.src[at]
	switch {
	case letter(c):
		return l.word(at)
	case digit(c), c == '.' && at+1 < len(l.src) && digit(l.src[at+1]):
		return l.number(at)
	case c == '"' || c == '\'':
		return l.str(at, false, tokString)
	case c == '`':
		return l.quoted(at)
	}
	if op := operator2(l.src[at:]); op != 0 {
		l.pos += 2
		return token{tokOp, op, l.src[at:l.pos], at}, nil
	}
	if strings.IndexByte("()[]{}.,:?<>!+-*/%", c) < 0 {
		r, _ := utf8.DecodeRuneInString(l.src[at:])
		return token{}, &SyntaxError{at, "unexpected character " + strconv.QuoteRune(r)}
	}
	l.pos++
	return token{tokOp, c, l.src[at:l.pos], at}, nil
}

func operator2(s string) byte {
	if len(s) < 2 {
		return 0
	}
	switch s[:2] {
	case "&&":
		return opsAnd
	case "||":
		return opsOr
	case "==":
		return opsEqual
	case "!=":
		return opsUnequal
	case "<=":
		return opsAtMost
	case ">=":
		return opsAtLeast
	}
	return 0
}

func (l *lexer) space() {
	for l.pos < len(l.src) {
		switch c := l.src[l.pos]; {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f':
			l.pos++
		case c == '/' && strings.HasPrefix(l.src[l.pos:], "//"):
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
		case "br":
			return l.str(at, true, tokBytes)
		}
	}
	return token{kind: tokIdent, text: text, at: at}, nil
}

// quoted reads the name of a field between backticks, which may hold what a word may not.
func (l *lexer) quoted(at int) (token, error) {
	for l.pos++; l.pos < len(l.src); l.pos++ {
		c := l.src[l.pos]
		switch {
		case c == '`' && l.pos > at+1:
			l.pos++
			return token{kind: tokQuoted, text: l.src[at+1 : l.pos-1], at: at}, nil
		case !letter(c) && !digit(c) && strings.IndexByte(".-/ ", c) < 0:
			return token{}, &SyntaxError{l.pos, "the name of a field between backticks has letters, digits and _ . - / only"}
		}
	}
	return token{}, &SyntaxError{at, "the name of a field does not end with a backtick"}
}

func (l *lexer) number(at int) (token, error) {
	kind := tokInt
	if hex := strings.HasPrefix(l.src[at:], "0x") && at+2 < len(l.src) && hexDigit(l.src[at+2]); hex {
		l.pos += 2
		for l.pos < len(l.src) && hexDigit(l.src[l.pos]) {
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
	return token{kind: kind, text: text, at: at}, nil
}

func hexDigit(c byte) bool { return digit(c) || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F' }

func (l *lexer) digits() {
	for l.pos < len(l.src) && digit(l.src[l.pos]) {
		l.pos++
	}
}

func (l *lexer) decimal() tokenKind {
	kind := tokInt
	l.digits()
	if l.pos+1 < len(l.src) && l.src[l.pos] == '.' && digit(l.src[l.pos+1]) {
		kind = tokDouble
		l.pos++
		l.digits()
	}
	if l.pos < len(l.src) && (l.src[l.pos] == 'e' || l.src[l.pos] == 'E') {
		mark := l.pos
		l.pos++
		if l.pos < len(l.src) && (l.src[l.pos] == '+' || l.src[l.pos] == '-') {
			l.pos++
		}
		if l.pos >= len(l.src) || !digit(l.src[l.pos]) {
			l.pos = mark
			return kind
		}
		kind = tokDouble
		l.digits()
	}
	return kind
}
