package expr

import "math"

// arithmetic plans + - * / and %.
func (c *compiler) arithmetic(n *node) (code, error) {
	args, err := c.planAll(n.args)
	if err != nil {
		return nil, err
	}
	a, b, op := args[0], args[1], n.sym
	return func(f *Frame) Value {
		x := a(f)
		if x.kind == KindError {
			return x
		}
		y := b(f)
		if y.kind == KindError {
			return y
		}
		return calculate(f, op, x, y)
	}, nil
}

// calculate applies an operator to values of one type; there are no conversions (CEL spec, "Numeric values").
func calculate(f *Frame, op byte, x, y Value) Value {
	if x.kind != y.kind {
		return noOverload("_"+string(op)+"_", x, y)
	}
	switch x.kind {
	case KindInt:
		return ofInts(op, x.int(), y.int())
	case KindUint:
		return ofUints(op, x.uint(), y.uint())
	case KindDouble:
		return ofDoubles(op, x, y)
	case KindString:
		if op == '+' {
			if !f.spendOn(x, y) {
				return OfError(exhausted)
			}
			return OfString(x.text() + y.text())
		}
	case KindList:
		if op == '+' {
			return concat(f, x, y)
		}
	}
	return noOverload("_"+string(op)+"_", x, y)
}

func concat(f *Frame, x, y Value) Value {
	switch {
	case y.Len() == 0:
		return x
	case x.Len() == 0:
		return y
	case !f.spendOn(x, y):
		return OfError(exhausted)
	}
	out := make([]Value, 0, x.Len()+y.Len())
	for c := x.cursor(); c.next(); {
		out = append(out, c.item)
	}
	for c := y.cursor(); c.next(); {
		out = append(out, c.item)
	}
	return OfList(out)
}

func ofInts(op byte, a, b int64) Value {
	switch op {
	case '+':
		if c := a + b; (c > a) == (b > 0) {
			return OfInt(c)
		}
		return OfError(overflow)
	case '-':
		if c := a - b; (c < a) == (b > 0) {
			return OfInt(c)
		}
		return OfError(overflow)
	case '*':
		if a == 0 || b == 0 {
			return OfInt(0)
		}
		c := a * b
		if c/b != a || a == -1 && b == math.MinInt64 || b == -1 && a == math.MinInt64 {
			return OfError(overflow)
		}
		return OfInt(c)
	}
	switch {
	case b == 0:
		return failed("division by zero")
	case a == math.MinInt64 && b == -1:
		return OfError(overflow)
	case op == '/':
		return OfInt(a / b)
	}
	return OfInt(a % b)
}

func ofUints(op byte, a, b uint64) Value {
	switch op {
	case '+':
		if c := a + b; c >= a {
			return OfUint(c)
		}
		return OfError(overflow)
	case '-':
		if b > a {
			return OfError(overflow)
		}
		return OfUint(a - b)
	case '*':
		if c := a * b; a == 0 || c/a == b {
			return OfUint(c)
		}
		return OfError(overflow)
	}
	switch {
	case b == 0:
		return failed("division by zero")
	case op == '/':
		return OfUint(a / b)
	}
	return OfUint(a % b)
}

func ofDoubles(op byte, x, y Value) Value {
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
			return OfError(overflow)
		}
		return OfInt(-v.int())
	case KindDouble:
		return OfFloat(-v.float())
	}
	return noOverload("-_", v)
}
