package expr

import (
	"math"
	"strings"
)

func (c *compiler) binary(n *node) (code, error) {
	args, err := c.planAll(n.args)
	if err != nil {
		return nil, err
	}
	a, b := args[0], args[1]
	switch n.text {
	case "==", "!=":
		want := n.text == "=="
		return func(f *Frame) Value {
			x, y := a(f), b(f)
			if x.kind == KindError {
				return x
			}
			if y.kind == KindError {
				return y
			}
			return OfBool(equal(x, y) == want)
		}, nil
	case "in":
		if n.args[1].op == opList && len(n.args[1].args) == 0 {
			// The API server's evaluator folds this away, even where the left side would fail.
			return func(*Frame) Value { return OfBool(false) }, nil
		}
		if n.args[1].op == opList {
			if set, ok := literalSet(n.args[1]); ok {
				return inSet(a, set), nil
			}
		}
		return func(f *Frame) Value { return in(a(f), b(f)) }, nil
	case "<", "<=", ">", ">=":
		op := n.text
		return func(f *Frame) Value { return order(op, a(f), b(f)) }, nil
	}
	op := n.text[0]
	return func(f *Frame) Value { return arithmetic(op, a(f), b(f)) }, nil
}

// literalSet makes a set of a list of string literals.
func literalSet(n *node) (map[string]bool, bool) {
	set := make(map[string]bool, len(n.args))
	for i, item := range n.args {
		if item.op != opLiteral || item.lit.kind != KindString || n.opt[i] {
			return nil, false
		}
		set[item.lit.str] = true
	}
	return set, true
}

func inSet(a code, set map[string]bool) code {
	return func(f *Frame) Value {
		x := a(f)
		if x.kind == KindError {
			return x
		}
		return OfBool(x.kind == KindString && set[x.str])
	}
}

func in(x, y Value) Value {
	switch {
	case x.kind == KindError:
		return x
	case y.kind == KindMap:
		_, ok := y.Entry(x)
		return OfBool(ok)
	case y.kind != KindList:
		return noOverload("_in_", x, y)
	}
	found := false
	y.Each(func(item Value) bool {
		found = equal(x, item)
		return !found
	})
	return OfBool(found)
}

func order(op string, x, y Value) Value {
	cmp, ok := 0, true
	switch {
	case number(x.kind) && number(y.kind):
		cmp, ok = compareNumbers(x, y)
	case x.kind == KindString && y.kind == KindString:
		cmp = strings.Compare(x.str, y.str)
	case x.kind == KindBool && y.kind == KindBool:
		cmp = int(x.num) - int(y.num)
	default:
		return noOverload("_"+op+"_", x, y)
	}
	if !ok {
		return OfBool(false) // a NaN is in no order
	}
	switch op {
	case "<":
		return OfBool(cmp < 0)
	case "<=":
		return OfBool(cmp <= 0)
	case ">":
		return OfBool(cmp > 0)
	}
	return OfBool(cmp >= 0)
}

func arithmetic(op byte, x, y Value) Value {
	if x.kind == KindError {
		return x
	}
	if y.kind == KindError {
		return y
	}
	if x.kind != y.kind {
		return noOverload("_"+string(op)+"_", x, y)
	}
	switch x.kind {
	case KindInt:
		return intArithmetic(op, x.int(), y.int())
	case KindUint:
		return uintArithmetic(op, x.num, y.num)
	case KindDouble:
		return floatArithmetic(op, x, y)
	case KindString:
		if op == '+' {
			return OfString(x.str + y.str)
		}
	case KindList:
		if op == '+' {
			return concat(x, y)
		}
	}
	return noOverload("_"+string(op)+"_", x, y)
}

func concat(x, y Value) Value {
	if y.Len() == 0 {
		return x
	}
	if x.Len() == 0 {
		return y
	}
	out := make([]Value, 0, x.Len()+y.Len())
	add := func(v Value) bool { out = append(out, v); return true }
	x.Each(add)
	y.Each(add)
	return OfList(out)
}

func intArithmetic(op byte, a, b int64) Value {
	overflow := fail("integer overflow")
	switch op {
	case '+':
		if c := a + b; (c > a) == (b > 0) {
			return OfInt(c)
		}
		return overflow
	case '-':
		if c := a - b; (c < a) == (b > 0) {
			return OfInt(c)
		}
		return overflow
	case '*':
		if a == 0 || b == 0 {
			return OfInt(0)
		}
		c := a * b
		if c/b != a || a == -1 && b == math.MinInt64 || b == -1 && a == math.MinInt64 {
			return overflow
		}
		return OfInt(c)
	}
	if b == 0 {
		return fail("division by zero")
	}
	if a == math.MinInt64 && b == -1 {
		return overflow
	}
	if op == '/' {
		return OfInt(a / b)
	}
	return OfInt(a % b)
}

func uintArithmetic(op byte, a, b uint64) Value {
	overflow := fail("integer overflow")
	switch op {
	case '+':
		if c := a + b; c >= a {
			return OfUint(c)
		}
		return overflow
	case '-':
		if b > a {
			return overflow
		}
		return OfUint(a - b)
	case '*':
		if c := a * b; a == 0 || c/a == b {
			return OfUint(c)
		}
		return overflow
	}
	if b == 0 {
		return fail("division by zero")
	}
	if op == '/' {
		return OfUint(a / b)
	}
	return OfUint(a % b)
}

func floatArithmetic(op byte, x, y Value) Value {
	a, b := x.float(), y.float()
	switch op {
	case '+':
		return OfFloat(a + b)
	case '-':
		return OfFloat(a - b)
	case '*':
		return OfFloat(a * b)
	case '/':
		return OfFloat(a / b)
	}
	return noOverload("_%_", x, y)
}

func negate(v Value) Value {
	switch v.kind {
	case KindInt:
		if v.int() == math.MinInt64 {
			return fail("integer overflow")
		}
		return OfInt(-v.int())
	case KindDouble:
		return OfFloat(-v.float())
	}
	return noOverload("-_", v)
}
