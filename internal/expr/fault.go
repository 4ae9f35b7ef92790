package expr

import "strings"

// Errors are values, and most of them are absorbed by a && or || around them: their text is made when
// somebody asks for it.

// fault is an error that is a text.
type fault string

// Error is the text.
func (e fault) Error() string { return string(e) }

func failed(text string) Value { return OfError(fault(text)) }

// missing is the error of a field or key that is not there. It is made once, when the expression is planned.
type missing struct{ name string }

// Error names the field and says how to allow for its absence.
func (e *missing) Error() string {
	return "no such key: " + e.name + "; test with has(), or read it with .?" + e.name + " and orValue()"
}

// overload is the error of a function or operator that does not take values of these kinds.
type overload struct {
	what  string
	kinds [3]Kind
	count int
}

// Error names the function and the kinds, in cel-go's words.
func (e *overload) Error() string {
	names := make([]string, e.count)
	for i := range names {
		names[i] = e.kinds[i].String()
	}
	return "no such overload: " + e.what + "(" + strings.Join(names, ", ") + ")"
}

// noOverload is the error of the first argument that is one, or that what does not take such arguments.
func noOverload(what string, args ...Value) Value {
	e := overload{what: what}
	for _, a := range args {
		if a.kind == KindError {
			return a
		}
		if e.count < len(e.kinds) {
			e.kinds[e.count] = a.kind
			e.count++
		}
	}
	return OfError(&e)
}

// Errors that need no details.
const (
	overflow   = fault("integer overflow")
	outOfRange = fault("index out of range")
	exhausted  = fault("the expression takes too many steps: make it shorter, or the lists it visits")
)
