package expr

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// SyntaxError says what is wrong with an expression and where.
type SyntaxError struct {
	Offset int // in bytes
	Reason string
}

// Error is the reason with its place.
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("at character %d: %s", e.Offset+1, e.Reason)
}

// ErrUnsupported says that an expression is CEL, but outside the subset that this package plans; the
// reference implementation evaluates it.
var ErrUnsupported = errors.New("outside the planned subset")

// Bounds on what is parsed.
const (
	maxLength = 100_000 // bytes
	maxDepth  = 120     // nested expressions
)

type op uint8

const (
	opLiteral op = iota
	opIdent
	opSelect   // x.name
	opOptional // x.?name
	opHas      // has(x.name)
	opIndex    // x[i]
	opOptIndex // x[?i]
	opCall     // f(args) or x.f(args); args[0] is the receiver where method is set
	opList
	opMap
	opNot
	opNegate
	opAnd
	opOr
	opCond
	opBinary // text is the operator
	opMacro  // text is its name; args are range, then bodies; names are the variables
)

// node is a parsed expression.
type node struct {
	op     op
	text   string
	lit    Value
	args   []*node
	names  []string
	opt    []bool // of list items or map entries: written with ?
	method bool
	at     int
}

type parser struct {
	lex   lexer
	tok   token
	depth int
}

// parse reads an expression.
func parse(src string) (*node, error) {
	if len(src) > maxLength {
		return nil, &SyntaxError{0, fmt.Sprintf("the expression is longer than %d bytes", maxLength)}
	}
	if !utf8.ValidString(src) {
		return nil, &SyntaxError{0, "the expression is not valid UTF-8"}
	}
	p := &parser{lex: lexer{src: src}}
	if err := p.advance(); err != nil {
		return nil, err
	}
	n, err := p.conditional()
	if err != nil {
		return nil, err
	}
	if p.tok.kind != tokEOF {
		return nil, p.unexpected()
	}
	return n, nil
}

func (p *parser) advance() error {
	t, err := p.lex.next()
	p.tok = t
	return err
}

func (p *parser) unexpected() error {
	if p.tok.kind == tokEOF {
		return &SyntaxError{p.tok.at, "the expression ends too early"}
	}
	return &SyntaxError{p.tok.at, fmt.Sprintf("unexpected %q", p.tok.text)}
}

func (p *parser) is(text string) bool {
	return p.tok.kind == tokOp && p.tok.text == text
}

func (p *parser) accept(text string) (bool, error) {
	if !p.is(text) {
		return false, nil
	}
	return true, p.advance()
}

func (p *parser) expect(text string) error {
	if !p.is(text) {
		return p.unexpected()
	}
	return p.advance()
}

func (p *parser) enter() error {
	if p.depth++; p.depth > maxDepth {
		return &SyntaxError{p.tok.at, fmt.Sprintf("expressions are nested more than %d deep", maxDepth)}
	}
	return nil
}

func (p *parser) conditional() (*node, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	at := p.tok.at
	cond, err := p.binary(0)
	if err != nil {
		return nil, err
	}
	ok, err := p.accept("?")
	if err != nil || !ok {
		return cond, err
	}
	yes, err := p.binary(0)
	if err != nil {
		return nil, err
	}
	if err := p.expect(":"); err != nil {
		return nil, err
	}
	no, err := p.conditional()
	return &node{op: opCond, args: []*node{cond, yes, no}, at: at}, err
}

// levels are the binary operators from the weakest to the strongest.
var levels = [][]string{{"||"}, {"&&"}, {"<", "<=", ">=", ">", "==", "!=", "in"}, {"+", "-"}, {"*", "/", "%"}}

func (p *parser) binary(level int) (*node, error) {
	if level == len(levels) {
		return p.unary()
	}
	left, err := p.binary(level + 1)
	if err != nil {
		return nil, err
	}
	for {
		op := p.operator(levels[level])
		if op == "" {
			return left, nil
		}
		at := p.tok.at
		if err := p.advance(); err != nil {
			return nil, err
		}
		right, err := p.binary(level + 1)
		if err != nil {
			return nil, err
		}
		n := &node{op: opBinary, text: op, args: []*node{left, right}, at: at}
		switch op {
		case "&&":
			n.op = opAnd
		case "||":
			n.op = opOr
		}
		left = n
	}
}

func (p *parser) operator(of []string) string {
	for _, o := range of {
		if p.is(o) || o == "in" && p.tok.kind == tokIdent && p.tok.text == "in" {
			return o
		}
	}
	return ""
}

func (p *parser) unary() (*node, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	at := p.tok.at
	for _, u := range []struct {
		text string
		op   op
	}{{"!", opNot}, {"-", opNegate}} {
		count := 0
		for p.is(u.text) {
			if err := p.advance(); err != nil {
				return nil, err
			}
			count++
			// A sign right before a number belongs to it, the last one of several.
			if u.op == opNegate && (p.tok.kind == tokInt || p.tok.kind == tokDouble) {
				p.tok.text = "-" + p.tok.text
				count--
				break
			}
		}
		if count == 0 {
			continue
		}
		x, err := p.member()
		if count%2 == 0 {
			return x, err // an even number of them undo one another
		}
		return &node{op: u.op, args: []*node{x}, at: at}, err
	}
	return p.member()
}

func (p *parser) member() (*node, error) {
	n, err := p.primary()
	for err == nil {
		at := p.tok.at
		switch {
		case p.is("."), p.is(".?"):
			optional := p.is(".?")
			if err = p.advance(); err == nil {
				n, err = p.field(n, optional, at)
			}
		case p.is("["), p.is("[?"):
			kind := opIndex
			if p.is("[?") {
				kind = opOptIndex
			}
			var i *node
			if err = p.advance(); err != nil {
				break
			}
			if i, err = p.conditional(); err == nil {
				n, err = &node{op: kind, args: []*node{n, i}, at: at}, p.expect("]")
			}
		default:
			return n, nil
		}
	}
	return nil, err
}

// field reads what follows a dot: a field or a method call.
func (p *parser) field(x *node, optional bool, at int) (*node, error) {
	if p.tok.kind != tokIdent {
		return nil, p.unexpected()
	}
	name := p.tok.text
	if err := p.advance(); err != nil {
		return nil, err
	}
	if optional {
		return &node{op: opOptional, text: name, args: []*node{x}, at: at}, nil
	}
	if !p.is("(") {
		return &node{op: opSelect, text: name, args: []*node{x}, at: at}, nil
	}
	args, err := p.arguments()
	if err != nil {
		return nil, err
	}
	return expand(&node{op: opCall, text: name, args: append([]*node{x}, args...), method: true, at: at})
}

func (p *parser) arguments() ([]*node, error) {
	if err := p.expect("("); err != nil {
		return nil, err
	}
	var args []*node
	for !p.is(")") {
		a, err := p.conditional()
		if err != nil {
			return nil, err
		}
		args = append(args, a)
		more, err := p.accept(",")
		if err != nil {
			return nil, err
		}
		if !more {
			break
		}
	}
	return args, p.expect(")")
}

func (p *parser) primary() (*node, error) {
	t := p.tok
	switch t.kind {
	case tokIdent:
		return p.identifier(t)
	case tokInt, tokUint, tokDouble, tokString, tokBytes:
		v, err := literal(t)
		if err != nil {
			return nil, err
		}
		return &node{op: opLiteral, lit: v, at: t.at}, p.advance()
	}
	switch {
	case p.is("."): // a leading dot names the root scope, the only one there is
		if err := p.advance(); err != nil {
			return nil, err
		}
		if p.tok.kind != tokIdent {
			return nil, p.unexpected()
		}
		return p.identifier(p.tok)
	case p.is("("):
		if err := p.advance(); err != nil {
			return nil, err
		}
		n, err := p.conditional()
		if err != nil {
			return nil, err
		}
		return n, p.expect(")")
	case p.is("["), p.is("[?"):
		return p.list()
	case p.is("{"), p.is("{?"):
		return p.mapping()
	}
	return nil, p.unexpected()
}

var reserved = map[string]bool{
	"as": true, "break": true, "const": true, "continue": true, "else": true, "for": true, "function": true,
	"if": true, "import": true, "let": true, "loop": true, "package": true, "namespace": true, "return": true,
	"var": true, "void": true, "while": true, "in": true,
}

func (p *parser) identifier(t token) (*node, error) {
	if reserved[t.text] {
		return nil, &SyntaxError{t.at, fmt.Sprintf("%s is a reserved word", t.text)}
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	switch t.text {
	case "true", "false":
		return &node{op: opLiteral, lit: OfBool(t.text == "true"), at: t.at}, nil
	case "null":
		return &node{op: opLiteral, lit: Null, at: t.at}, nil
	}
	if !p.is("(") {
		return &node{op: opIdent, text: t.text, at: t.at}, nil
	}
	args, err := p.arguments()
	if err != nil {
		return nil, err
	}
	return expand(&node{op: opCall, text: t.text, args: args, at: t.at})
}

func literal(t token) (Value, error) {
	switch t.kind {
	case tokInt:
		v, err := strconv.ParseInt(t.text, 0, 64)
		if strings.HasPrefix(strings.TrimPrefix(t.text, "-"), "0") && !strings.ContainsAny(t.text, "xX") {
			v, err = strconv.ParseInt(t.text, 10, 64)
		}
		if err != nil {
			return Value{}, &SyntaxError{t.at, "the integer does not fit in 64 bits"}
		}
		return OfInt(v), nil
	case tokUint:
		v, err := strconv.ParseUint(t.text, 0, 64)
		if err != nil {
			return Value{}, &SyntaxError{t.at, "the integer does not fit in 64 bits"}
		}
		return OfUint(v), nil
	case tokDouble:
		v, err := strconv.ParseFloat(t.text, 64)
		if err != nil {
			return Value{}, &SyntaxError{t.at, "the number does not fit"}
		}
		return OfFloat(v), nil
	case tokBytes:
		return Value{}, fmt.Errorf("bytes: %w", ErrUnsupported)
	}
	return OfString(t.text), nil
}

func (p *parser) list() (*node, error) {
	n := &node{op: opList, at: p.tok.at}
	optional := p.is("[?")
	if err := p.advance(); err != nil {
		return nil, err
	}
	if !optional && p.is(",") { // the grammar allows a lone comma
		if err := p.advance(); err != nil {
			return nil, err
		}
		return n, p.expect("]")
	}
	for optional || !p.is("]") {
		if !optional {
			ok, err := p.accept("?")
			if err != nil {
				return nil, err
			}
			optional = ok
		}
		item, err := p.conditional()
		if err != nil {
			return nil, err
		}
		n.args, n.opt = append(n.args, item), append(n.opt, optional)
		optional = false
		more, err := p.accept(",")
		if err != nil {
			return nil, err
		}
		if !more {
			break
		}
	}
	return n, p.expect("]")
}

func (p *parser) mapping() (*node, error) {
	n := &node{op: opMap, at: p.tok.at}
	optional := p.is("{?")
	if err := p.advance(); err != nil {
		return nil, err
	}
	if !optional && p.is(",") {
		if err := p.advance(); err != nil {
			return nil, err
		}
		return n, p.expect("}")
	}
	for optional || !p.is("}") {
		if !optional {
			ok, err := p.accept("?")
			if err != nil {
				return nil, err
			}
			optional = ok
		}
		k, err := p.conditional()
		if err != nil {
			return nil, err
		}
		if err := p.expect(":"); err != nil {
			return nil, err
		}
		v, err := p.conditional()
		if err != nil {
			return nil, err
		}
		n.args, n.opt = append(n.args, k, v), append(n.opt, optional)
		optional = false
		more, err := p.accept(",")
		if err != nil {
			return nil, err
		}
		if !more {
			break
		}
	}
	return n, p.expect("}")
}

// macros says how many arguments behind the range each macro takes, and how many of them are variables.
var macros = map[string][]struct{ args, vars int }{
	"all": {{2, 1}, {3, 2}}, "exists": {{2, 1}, {3, 2}}, "exists_one": {{2, 1}, {3, 2}}, "existsOne": {{2, 1}, {3, 2}},
	"map": {{2, 1}, {3, 1}}, "filter": {{2, 1}},
	"transformList": {{3, 2}, {4, 2}}, "transformMap": {{3, 2}, {4, 2}}, "transformMapEntry": {{3, 2}, {4, 2}},
	"optMap": {{2, 1}}, "optFlatMap": {{2, 1}},
}

// expand turns calls that are macros into macro nodes.
func expand(n *node) (*node, error) {
	if !n.method {
		if n.text != "has" {
			return n, nil
		}
		if len(n.args) != 1 || n.args[0].op != opSelect {
			return nil, &SyntaxError{n.at, "has() takes one field, as in has(object.spec)"}
		}
		return &node{op: opHas, text: n.args[0].text, args: n.args[0].args, at: n.at}, nil
	}
	for _, form := range macros[n.text] {
		if len(n.args)-1 != form.args {
			continue
		}
		m := &node{op: opMacro, text: n.text, args: []*node{n.args[0]}, at: n.at}
		for i, a := range n.args[1:] {
			if i >= form.vars {
				m.args = append(m.args, a)
				continue
			}
			if a.op != opIdent {
				return nil, &SyntaxError{a.at, fmt.Sprintf("%s() takes the name of a variable here", n.text)}
			}
			m.names = append(m.names, a.text)
		}
		return m, nil
	}
	return n, nil
}
