package expr

import (
	"fmt"
	"strconv"
	"strings"
)

// unary reads any number of ! or of -, and what they stand before. A pair undoes itself, as in cel-go.
func (p *parser) unary() (*node, error) {
	at := p.at()
	sign, of := byte('!'), opNot
	if p.is('-') {
		sign, of = '-', opNegate
	}
	count := 0
	for p.is(sign) {
		if err := p.advance(); err != nil {
			return nil, err
		}
		count++
	}
	if of == opNegate && count == 1 {
		if n, err := p.negative(); n != nil || err != nil {
			return p.members(n, err)
		}
	}
	x, err := p.members(p.primary())
	if err != nil || count%2 == 0 {
		return x, err
	}
	return p.node(node{op: of, args: p.args(x), at: at}), nil
}

// negative reads a number behind its sign, which belongs to it: -9223372036854775808 is in range. It is nil if
// there is none.
func (p *parser) negative() (*node, error) {
	if p.tok.kind != tokInt && p.tok.kind != tokDouble {
		return nil, nil
	}
	p.tok.text = "-" + p.tok.text
	return p.primary()
}

// members reads all the fields, indexes and calls behind a term.
func (p *parser) members(n *node, err error) (*node, error) {
	for err == nil {
		at := p.at()
		switch {
		case p.is('.'):
			n, err = p.field(n, at)
		case p.is('['):
			n, err = p.index(n, at)
		case p.is('{') && dotted(n):
			n, err = p.entries(&node{op: opMessage, text: n.text, at: at}, true)
		default:
			return n, nil
		}
	}
	return nil, err
}

// dotted says whether a term may be the name of a type, as Object.spec is in a MutatingAdmissionPolicy.
func dotted(n *node) bool {
	for n.op == opSelect {
		n = n.args[0]
	}
	return n.op == opIdent
}

// field reads .name, .?name or .name(arguments).
func (p *parser) field(x *node, at int32) (*node, error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	optional, err := p.accept('?')
	if err != nil {
		return nil, err
	}
	name, quoted := p.tok.text, p.tok.kind == tokQuoted
	if !quoted && (p.tok.kind != tokIdent || keyword(name)) {
		return nil, p.unexpected()
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	switch {
	case optional:
		return p.node(node{op: opOptional, text: name, args: p.args(x), at: at}), nil
	case quoted || !p.is('('):
		return p.node(node{op: opSelect, text: name, args: p.args(x), at: at}), nil
	}
	args, err := p.arguments(x)
	if err != nil {
		return nil, err
	}
	return p.expand(node{op: opCall, text: name, args: args, method: true, at: at})
}

func (p *parser) index(x *node, at int32) (*node, error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	kind := opIndex
	if optional, err := p.accept('?'); err != nil {
		return nil, err
	} else if optional {
		kind = opOptIndex
	}
	i, err := p.expression()
	if err != nil {
		return nil, err
	}
	return p.node(node{op: kind, args: p.args(x, i), at: at}), p.expect(']')
}

// arguments reads what stands in the brackets of a call, and puts the receiver before it.
func (p *parser) arguments(receiver ...*node) ([]*node, error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	var few [4]*node
	args := append(few[:0], receiver...)
	for !p.is(')') {
		a, err := p.expression()
		if err != nil {
			return nil, err
		}
		args = append(args, a)
		if more, err := p.accept(','); err != nil {
			return nil, err
		} else if !more {
			break
		}
		if p.is(')') {
			return nil, p.unexpected()
		}
	}
	return p.args(args...), p.expect(')')
}

func (p *parser) primary() (*node, error) {
	t := p.tok
	switch t.kind {
	case tokIdent:
		return p.identifier(t, false)
	case tokBytes:
		return p.node(node{op: opBytes, at: int32(t.at)}), p.advance()
	case tokInt, tokUint, tokDouble, tokString:
		v, err := literal(t)
		if err != nil {
			return nil, err
		}
		return p.node(node{op: opLiteral, lit: &v, at: int32(t.at)}), p.advance()
	}
	switch {
	case p.is('.'): // a leading dot names the root scope
		if err := p.advance(); err != nil {
			return nil, err
		}
		if p.tok.kind != tokIdent || keyword(p.tok.text) {
			return nil, p.unexpected()
		}
		return p.identifier(p.tok, true)
	case p.is('('):
		if err := p.advance(); err != nil {
			return nil, err
		}
		n, err := p.expression()
		if err != nil {
			return nil, err
		}
		return n, p.expect(')')
	case p.is('-'): // only behind a !, where the grammar allows a negative number
		if err := p.advance(); err != nil {
			return nil, err
		}
		if n, err := p.negative(); n != nil || err != nil {
			return n, err
		}
	case p.is('['):
		return p.list()
	case p.is('{'):
		return p.entries(&node{op: opMap, at: int32(t.at)}, false)
	}
	return nil, p.unexpected()
}

// keyword says whether a word can be no name at all, not even that of a field.
func keyword(s string) bool { return s == "in" || s == "true" || s == "false" || s == "null" }

// reserved says whether a word can be no variable or function (CEL spec, "Syntax").
func reserved(s string) bool {
	switch s {
	case "as", "break", "const", "continue", "else", "for", "function", "if", "import", "let", "loop", "package",
		"namespace", "return", "var", "void", "while", "in":
		return true
	}
	return false
}

func (p *parser) identifier(t token, rooted bool) (*node, error) {
	if reserved(t.text) {
		return nil, &SyntaxError{t.at, fmt.Sprintf("%s is a reserved word and can be no variable", t.text)}
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	switch t.text {
	case "true", "false", "null":
		v := Null
		if t.text != "null" {
			v = OfBool(t.text == "true")
		}
		return p.node(node{op: opLiteral, lit: &v, at: int32(t.at)}), nil
	}
	if p.is('(') {
		args, err := p.arguments()
		if err != nil {
			return nil, err
		}
		return p.expand(node{op: opCall, text: t.text, args: args, rooted: rooted, at: int32(t.at)})
	}
	return p.node(node{op: opIdent, text: t.text, rooted: rooted, at: int32(t.at)}), nil
}

func literal(t token) (Value, error) {
	text, base := t.text, 10
	if rest := strings.TrimPrefix(text, "-"); strings.HasPrefix(rest, "0x") {
		text, base = text[:len(text)-len(rest)]+rest[2:], 16
	}
	switch t.kind {
	case tokInt:
		v, err := strconv.ParseInt(text, base, 64)
		if err != nil {
			return Value{}, &SyntaxError{t.at, "the integer does not fit in 64 bits"}
		}
		return OfInt(v), nil
	case tokUint:
		v, err := strconv.ParseUint(text, base, 64)
		if err != nil {
			return Value{}, &SyntaxError{t.at, "the integer does not fit in 64 bits"}
		}
		return OfUint(v), nil
	case tokDouble:
		v, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return Value{}, &SyntaxError{t.at, "the number does not fit in a double"}
		}
		return OfFloat(v), nil
	}
	return OfString(t.text), nil
}
