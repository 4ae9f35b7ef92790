package expr

import (
	"fmt"
	"regexp"
)

// function is a function or method over evaluated arguments, none of which is an error.
type function func(args []Value) Value

// signature names a function with its number of arguments, the receiver included.
type signature struct {
	name   string
	args   int
	method bool
}

func (c *compiler) call(n *node) (code, error) {
	args := n.args
	if n.method && args[0].op == opIdent && args[0].text == "optional" && c.scope.Slot("optional") < 0 {
		return c.optionalCall(n)
	}
	if n.method && n.text == "matches" && len(args) == 2 && args[1].op == opLiteral && args[1].lit.kind == KindString {
		return c.matches(n)
	}
	if n.method && (n.text == "orValue" && len(args) == 2 || n.text == "hasValue" && len(args) == 1) {
		if run, ok, err := c.unwrapping(n); ok || err != nil {
			return run, err
		}
	}
	if n.method && n.text == "or" && len(args) == 2 || n.method && n.text == "orValue" && len(args) == 2 {
		return c.or(n)
	}
	fn, ok := functions[signature{n.text, len(args), n.method}]
	if !ok {
		return nil, fmt.Errorf("%s(): %w", n.text, ErrUnsupported)
	}
	planned, err := c.planAll(args)
	if err != nil {
		return nil, err
	}
	if len(planned) == 1 {
		return func(f *Frame) Value {
			v := planned[0](f)
			if v.kind == KindError {
				return v
			}
			one := [1]Value{v}
			return fn(one[:])
		}, nil
	}
	return func(f *Frame) Value {
		values := make([]Value, len(planned))
		for i, p := range planned {
			if values[i] = p(f); values[i].kind == KindError {
				return values[i]
			}
		}
		return fn(values)
	}, nil
}

// optionalCall plans optional.of(), optional.none() and optional.ofNonZeroValue().
func (c *compiler) optionalCall(n *node) (code, error) {
	args, err := c.planAll(n.args[1:])
	if err != nil {
		return nil, err
	}
	switch {
	case n.text == "none" && len(args) == 0:
		return func(*Frame) Value { return None }, nil
	case n.text == "of" && len(args) == 1, n.text == "ofNonZeroValue" && len(args) == 1:
		nonZero := n.text != "of"
		return func(f *Frame) Value {
			v := args[0](f)
			switch {
			case v.kind == KindError:
				return v
			case nonZero && isZero(v):
				return None
			}
			return Some(v)
		}, nil
	}
	return nil, &SyntaxError{n.at, "optional has of(x), none() and ofNonZeroValue(x)"}
}

func isZero(v Value) bool {
	switch v.kind {
	case KindNull:
		return true
	case KindString:
		return v.str == ""
	case KindList, KindMap:
		return v.Len() == 0
	case KindBool, KindInt, KindUint:
		return v.num == 0
	case KindDouble:
		return v.float() == 0
	case KindOptional:
		_, ok := v.Unwrap()
		return !ok
	}
	return false
}

// matches plans x.matches('literal'), whose pattern is compiled once.
func (c *compiler) matches(n *node) (code, error) {
	x, err := c.plan(n.args[0])
	if err != nil {
		return nil, err
	}
	re, err := regexp.Compile(n.args[1].lit.str)
	if err != nil {
		return nil, &SyntaxError{n.args[1].at, fmt.Sprintf("the pattern is no regular expression: %v", err)}
	}
	return func(f *Frame) Value {
		v := x(f)
		if v.kind != KindString {
			return noOverload("matches", v)
		}
		return OfBool(re.MatchString(v.str))
	}, nil
}

// or plans x.or(y) and x.orValue(y), which evaluate y only where x is empty.
func (c *compiler) or(n *node) (code, error) {
	args, err := c.planAll(n.args)
	if err != nil {
		return nil, err
	}
	x, y, unwrap := args[0], args[1], n.text == "orValue"
	return func(f *Frame) Value {
		v := x(f)
		if v.kind != KindOptional {
			return noOverload(n.text, v)
		}
		inner, ok := v.Unwrap()
		switch {
		case ok && unwrap:
			return inner
		case ok:
			return v
		}
		z := y(f)
		if !unwrap && z.kind != KindOptional {
			return noOverload(n.text, v, z)
		}
		return z
	}, nil
}
