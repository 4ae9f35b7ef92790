// Package expr is the expression language of the rules: CEL in the dialect of Kubernetes'
// ValidatingAdmissionPolicy, parsed and planned into Go closures that evaluate directly over documents
// (internal/tree), without converting them and nearly without allocating. It plans the subset that rules
// use; what is outside gives ErrUnsupported at compile time and is evaluated by the reference
// (internal/expr/celref), against which this package is tested. It does not check types: the reference does
// that, in tests for the built-in rules and at load time for users' own.
//
// # How it works
//
// An expression is cut into tokens (lex.go, text.go), parsed (parse.go, term.go, macros.go) and planned. A plan
// is a closure of one of three forms: code gives a Value, cond gives true, false or an error without making a
// Value (logic.go, comparison.go), and source gives what may be absent without making an optional (path.go,
// optional.go). Every node of the syntax can be planned in any form; each has the one that suits it and is
// adapted to the others. The functions stand in a table (functions.go).
//
// # The language
//
// The CEL specification (github.com/google/cel-spec, doc/langdef.md) with the options and libraries of
// k8s.io/apiserver/pkg/cel/environment for Kubernetes 1.37. Planned: all operators, and all literals but bytes;
// all macros but transformMapEntry(); optionals; conversions between scalars; the extensions of strings (but
// format()), of lists and of sets; Kubernetes' lists, regular expressions, quantities, IP addresses and CIDRs.
// Anything else is ErrUnsupported: bytes, timestamps and durations, URLs, semantic versions, named formats, the
// authorizer, objects by the name of their type.
//
// # Differences from the API server
//
// The API server fixes at compile time which overload of a function is called, as far as it knows the types: in
// string(x.?y.orValue(”)) the argument is a string, and at run time a number there is an error. Here it is
// converted. The sum or difference of quantities may stand on the right of ==, which the API server takes for an
// error, by an oversight in its comparison. Where distinct(), sort() and sortBy() are called on what is no list,
// its evaluator ends, and no && or || absorbs that. Of a map's entries in random order, this package's are always in the
// order in which they were written.
//
// # Bounds
//
// An expression has at most 100,000 bytes and is nested at most 250 deep; an evaluation ends after two million
// steps, a step being an item visited or some bytes handled.
package expr

import (
	"fmt"
	"slices"
)

// Scope names the variables of expressions. It is filled before the first Compile and read-only after.
type Scope struct {
	names   []string
	defined []*Program // nil for a variable that is set from outside
}

// NewScope makes a scope with variables that a Frame sets.
func NewScope(names ...string) *Scope {
	return &Scope{names: slices.Clone(names), defined: make([]*Program, len(names))}
}

// Define adds a variable that is defined in terms of the earlier ones, like one of the variables of a
// ValidatingAdmissionPolicy. It is evaluated when it is first used in a Frame, and once.
func (s *Scope) Define(name, src string) error {
	p, err := Compile(src, s)
	if err != nil {
		return fmt.Errorf("define %s: %w", name, err)
	}
	s.names, s.defined = append(s.names, name), append(s.defined, p)
	return nil
}

// Names lists the variables in the order of their slots.
func (s *Scope) Names() []string { return slices.Clone(s.names) }

// Slot is the place of a variable in a Frame; -1 if the scope has none of that name.
func (s *Scope) Slot(name string) int { return slices.Index(s.names, name) }

// Program is a planned expression. It is safe for concurrent use with different frames.
type Program struct {
	code   code
	locals int // variables of macros that are bound at the same time, at most
}

// Compile parses and plans an expression over the variables of a scope. The error is a *SyntaxError, or wraps
// ErrUnsupported.
func Compile(src string, s *Scope) (*Program, error) {
	n, err := parse(src)
	if err != nil {
		return nil, err
	}
	c := &compiler{scope: s}
	run, err := c.plan(n)
	if err != nil {
		return nil, err
	}
	return &Program{code: run, locals: c.most}, nil
}

// Eval evaluates the program. A failed evaluation gives a Value whose Err is not nil.
func (p *Program) Eval(f *Frame) Value { return f.run(p) }
