package expr

import (
	"errors"
	"fmt"
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

// Bounds on what is parsed; cel-go's are the same.
const (
	maxLength = 100_000 // bytes
	maxDepth  = 250     // expressions in one another, as written and as a tree
)

type op uint8

const (
	opLiteral op = iota
	opBytes      // a literal that is not planned
	opIdent
	opSelect   // x.name
	opOptional // x.?name
	opHas      // has(x.name)
	opIndex    // x[i]
	opOptIndex // x[?i]
	opCall     // f(args) or x.f(args); args[0] is the receiver where method is set
	opList
	opMap
	opMessage // name{field: value}, not planned
	opNot
	opNegate
	opAnd // of two or more args
	opOr
	opCond
	opBinary // sym is the operator
	opMacro  // text is its name; args are range, then bodies; names are the variables
)

// symIn is the operator in; the other ones are those of tokens.
const symIn = 'i'

// node is a parsed expression.
type node struct {
	op     op
	sym    byte
	method bool
	rooted bool  // written with a leading dot
	depth  int32 // of the tree below
	at     int32 // offset in the source
	text   string
	args   []*node
	lit    *Value   // of a literal
	names  []string // of a macro
	opt    []bool   // of list items or map entries: written with ?
}

type parser struct {
	lex   lexer
	tok   token
	depth int
	deep  *node   // a node that is nested too deep
	nodes []node  // not yet in use
	refs  []*node // not yet in use
}

// parse reads an expression.
func parse(src string) (*node, error) {
	if len(src) > maxLength {
		return nil, &SyntaxError{0, fmt.Sprintf("the expression is longer than %d bytes: split it", maxLength)}
	}
	if !utf8.ValidString(src) {
		return nil, &SyntaxError{0, "the expression is not valid UTF-8"}
	}
	p := &parser{lex: lexer{src: src}}
	if err := p.advance(); err != nil {
		return nil, err
	}
	n, err := p.expression()
	switch {
	case err != nil:
		return nil, err
	case p.tok.kind != tokEOF:
		return nil, p.unexpected()
	case p.deep != nil:
		return nil, tooDeep(int(p.deep.at))
	}
	return n, nil
}

func tooDeep(at int) error {
	return &SyntaxError{at, fmt.Sprintf("the expression is nested more than %d deep: split it", maxDepth)}
}

// node keeps a node, in blocks of several, and sees how deep the tree has become.
func (p *parser) node(n node) *node {
	for _, a := range n.args {
		n.depth = max(n.depth, a.depth+1)
	}
	if len(p.nodes) == 0 {
		p.nodes = make([]node, 12)
	}
	kept := &p.nodes[0]
	p.nodes = p.nodes[1:]
	*kept = n
	if n.depth > maxDepth {
		p.deep = kept
	}
	return kept
}

// args keeps a list of nodes.
func (p *parser) args(of ...*node) []*node {
	if len(p.refs) < len(of) {
		p.refs = make([]*node, max(16, len(of)))
	}
	n := copy(p.refs, of)
	args := p.refs[:n:n]
	p.refs = p.refs[n:]
	return args
}

func (p *parser) advance() (err error) {
	p.tok, err = p.lex.next()
	return err
}

func (p *parser) unexpected() error {
	if p.tok.kind == tokEOF {
		return &SyntaxError{p.tok.at, "the expression ends too early"}
	}
	return &SyntaxError{p.tok.at, fmt.Sprintf("unexpected %q", p.tok.text)}
}

func (p *parser) at() int32 { return int32(p.tok.at) }

func (p *parser) is(op byte) bool { return p.tok.kind == tokOp && p.tok.op == op }

func (p *parser) accept(op byte) (bool, error) {
	if !p.is(op) {
		return false, nil
	}
	return true, p.advance()
}

func (p *parser) expect(op byte) error {
	if !p.is(op) {
		return p.unexpected()
	}
	return p.advance()
}

// expression reads a conditional, which is what brackets of all sorts hold.
func (p *parser) expression() (*node, error) {
	if p.depth++; p.depth > maxDepth {
		return nil, tooDeep(p.tok.at)
	}
	defer func() { p.depth-- }()
	at := p.at()
	cond, err := p.binary(1)
	if err != nil {
		return nil, err
	}
	ok, err := p.accept('?')
	if err != nil || !ok {
		return cond, err
	}
	yes, err := p.binary(1)
	if err != nil {
		return nil, err
	}
	if err := p.expect(':'); err != nil {
		return nil, err
	}
	no, err := p.expression()
	if err != nil {
		return nil, err
	}
	return p.node(node{op: opCond, args: []*node{cond, yes, no}, at: at}), nil
}

// strength is how strongly the operator at hand binds; 0 for what is no binary operator.
func (p *parser) strength() (byte, int) {
	if p.tok.kind == tokIdent && p.tok.text == "in" {
		return symIn, 3
	}
	if p.tok.kind != tokOp {
		return 0, 0
	}
	switch op := p.tok.op; op {
	case opsOr:
		return op, 1
	case opsAnd:
		return op, 2
	case '<', '>', opsAtMost, opsAtLeast, opsEqual, opsUnequal:
		return op, 3
	case '+', '-':
		return op, 4
	case '*', '/', '%':
		return op, 5
	}
	return 0, 0
}

// binary reads operators that bind at least as strongly as least.
func (p *parser) binary(least int) (*node, error) {
	left, err := p.unary()
	if err != nil {
		return nil, err
	}
	for {
		sym, strength := p.strength()
		if strength == 0 || strength < least {
			return left, nil
		}
		at := p.at()
		if err := p.advance(); err != nil {
			return nil, err
		}
		right, err := p.binary(strength + 1)
		if err != nil {
			return nil, err
		}
		left = p.join(left, right, sym, at)
	}
}

// join makes one node of a whole row of && or ||.
func (p *parser) join(left, right *node, sym byte, at int32) *node {
	of := opBinary
	switch sym {
	case opsAnd:
		of = opAnd
	case opsOr:
		of = opOr
	}
	if of != opBinary && left.op == of {
		left.args = append(left.args, right)
		if left.depth = max(left.depth, right.depth+1); left.depth > maxDepth {
			p.deep = left
		}
		return left
	}
	return p.node(node{op: of, sym: sym, args: p.args(left, right), at: at})
}
