package expr

import "regexp"

// Frame holds the variables for a run of evaluations: one entity's, for all rules. It is not safe for
// concurrent use; each worker has its own.
type Frame struct {
	scope *Scope
	slots []Value
	state []slotState
	stack []Value // variables of macros, of all programs under way
	base  int     // where in the stack those of the program at hand begin
	top   int     // where they end
	fault Value   // why the last cond that was bad was
	steps int     // how many more the evaluation at hand may take

	patterns map[string]*regexp.Regexp // regular expressions that are not constant
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
func (f *Frame) Get(slot int) Value {
	switch f.state[slot] {
	case set:
		return f.slots[slot]
	case busy:
		return failed("variable " + f.scope.names[slot] + " is defined in terms of itself")
	}
	p := f.scope.defined[slot]
	if p == nil {
		return failed("variable " + f.scope.names[slot] + " has no value for this object")
	}
	f.state[slot] = busy
	v := f.run(p)
	f.Set(slot, v)
	return v
}

// run evaluates a program, perhaps in the middle of another one that uses a defined variable. Each has its own
// budget, so that it does not matter which rule happens to be the first to use a variable.
func (f *Frame) run(p *Program) Value {
	base, top, steps := f.base, f.top, f.steps
	f.base, f.top, f.steps = top, top+p.locals, maxSteps
	if f.top > len(f.stack) {
		f.stack = append(f.stack, make([]Value, f.top+8-len(f.stack))...)
	}
	v := p.code(f)
	if f.steps <= 0 {
		v = OfError(exhausted)
	}
	f.base, f.top, f.steps = base, top, steps
	return v
}

// local is a variable of a macro.
func (f *Frame) local(i int) *Value { return &f.stack[f.base+i] }

// maxSteps bounds one evaluation. The API server's own limit for an expression is of the same order.
const maxSteps = 2_000_000

// step counts one visited item and says whether the evaluation may go on. Where it may not, whatever the
// evaluation still does is cut short, and its result is an error.
func (f *Frame) step() bool {
	f.steps--
	return f.steps > 0
}

// spend counts n steps at once.
func (f *Frame) spend(n int) bool {
	f.steps = max(0, f.steps-n)
	return f.steps > 0
}

// bytesPerStep is how much text is handled in about the time that it takes to visit an item.
const bytesPerStep = 32

// spendOn counts the steps that it takes to go through values once.
func (f *Frame) spendOn(values ...Value) bool {
	n := 1
	for _, v := range values {
		switch v.kind {
		case KindString:
			n += len(v.text()) / bytesPerStep
		case KindList, KindMap:
			n += v.Len()
		}
	}
	return f.spend(n)
}
