// Package expr is the expression language of the rules: CEL in the dialect of Kubernetes'
// ValidatingAdmissionPolicy, parsed and planned into Go closures that evaluate directly over documents
// (internal/tree), without converting them and nearly without allocating. It plans the subset that rules
// use; what is outside gives ErrUnsupported at compile time and is evaluated by the reference
// (internal/expr/celref), against which this package is tested. It does not check types: the reference does
// that, in tests for the built-in rules and at load time for users' own.
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

// Define adds a variable that is defined in terms of the earlier ones. It is evaluated when it is first used
// in a Frame, and once.
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

// Frame holds the variables for a run of evaluations. It is not safe for concurrent use; each worker has its
// own.
type Frame struct {
	scope  *Scope
	slots  []Value
	state  []slotState
	locals []Value
	steps  int
}

type slotState uint8

const (
	unset slotState = iota
	set
	busy
)

// NewFrame makes a frame in which no variable is set.
func NewFrame(s *Scope) *Frame {
	return &Frame{scope: s, slots: make([]Value, len(s.names)), state: make([]slotState, len(s.names))}
}

// Set gives a variable its value.
func (f *Frame) Set(slot int, v Value) { f.slots[slot], f.state[slot] = v, set }

// Reset forgets the value of a variable: one that is defined is evaluated again when it is next used.
func (f *Frame) Reset(slot int) { f.slots[slot], f.state[slot] = Value{}, unset }

// ResetDefined forgets the values of all variables that are defined in terms of others.
func (f *Frame) ResetDefined() {
	for i, p := range f.scope.defined {
		if p != nil {
			f.Reset(i)
		}
	}
}

// Get is the value of a variable, evaluated now if it is defined in terms of others.
func (f *Frame) Get(slot int) Value { return f.get(slot) }

func (f *Frame) get(slot int) Value {
	switch f.state[slot] {
	case set:
		return f.slots[slot]
	case busy:
		return fail("variable %s is defined in terms of itself", f.scope.names[slot])
	}
	p := f.scope.defined[slot]
	if p == nil {
		return fail("variable %s has no value here", f.scope.names[slot])
	}
	f.state[slot] = busy
	v := p.run(f)
	f.Set(slot, v)
	return v
}

// maxSteps bounds one evaluation, in visited items.
const maxSteps = 2_000_000

// step counts one visited item and says whether the evaluation may go on.
func (f *Frame) step() bool {
	f.steps--
	return f.steps > 0
}

// Program is a planned expression. It is safe for concurrent use with different frames.
type Program struct {
	code   code
	locals int
	scope  *Scope
}

type code func(*Frame) Value

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
	return &Program{code: run, locals: c.most, scope: s}, nil
}

// Eval evaluates the program. A failed evaluation gives a Value whose Err is not nil.
func (p *Program) Eval(f *Frame) Value {
	f.steps = maxSteps
	return p.run(f)
}

func (p *Program) run(f *Frame) Value {
	// A defined variable may be evaluated in the middle of another program: its locals come behind.
	base := len(f.locals)
	if base == 0 {
		if cap(f.locals) < p.locals {
			f.locals = make([]Value, p.locals, 2*p.locals+8)
		}
		f.locals = f.locals[:p.locals]
		v := p.code(f)
		f.locals = f.locals[:0]
		return v
	}
	outer := f.locals
	f.locals = make([]Value, p.locals)
	v := p.code(f)
	f.locals = outer
	return v
}
