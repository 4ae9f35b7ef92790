package expr

import "k8s.io/apimachinery/pkg/api/resource"

// Kubernetes' quantities (k8s.io/apiserver/pkg/cel/library, quantity).

func quantity(_ *Frame, v Value) Value {
	if v.kind != KindString {
		return noOverload("quantity", v)
	}
	q, err := resource.ParseQuantity(v.text())
	if err != nil {
		return failed("read " + v.text() + " as a quantity: it is none, see isQuantity()")
	}
	return OfAny(q).at(v)
}

func isQuantity(_ *Frame, v Value) Value {
	if v.kind != KindString {
		return noOverload("isQuantity", v)
	}
	_, err := resource.ParseQuantity(v.text())
	return OfBool(err == nil)
}

// compareQuantities orders quantities; ok is false if one of the values is none.
func compareQuantities(a, b Value) (order int, ok bool) {
	if !allKind(KindQuantity, a, b) {
		return 0, false
	}
	x, y := a.made.any.(resource.Quantity), b.made.any.(resource.Quantity)
	return x.Cmp(y), true
}

func isGreaterThan(_ *Frame, a, b Value) Value {
	if c, ok := compareQuantities(a, b); ok {
		return OfBool(c > 0)
	}
	return noOverload("isGreaterThan", a, b)
}

func isLessThan(_ *Frame, a, b Value) Value {
	if c, ok := compareQuantities(a, b); ok {
		return OfBool(c < 0)
	}
	return noOverload("isLessThan", a, b)
}

func compareTo(_ *Frame, a, b Value) Value {
	if c, ok := compareQuantities(a, b); ok {
		return OfInt(int64(c))
	}
	return noOverload("compareTo", a, b)
}

func quantitySign(_ *Frame, v Value) Value {
	if q, ok := as[resource.Quantity](v); ok {
		return OfInt(int64(q.Sign()))
	}
	return noOverload("sign", v)
}

func asInteger(_ *Frame, v Value) Value {
	q, ok := as[resource.Quantity](v)
	if !ok {
		return noOverload("asInteger", v)
	}
	if i, whole := q.AsInt64(); whole {
		return OfInt(i)
	}
	return failed("convert the quantity " + q.String() + " to an integer: it is no whole number, see isInteger()")
}

func isInteger(_ *Frame, v Value) Value {
	q, ok := as[resource.Quantity](v)
	if !ok {
		return noOverload("isInteger", v)
	}
	_, whole := q.AsInt64()
	return OfBool(whole)
}

func asFloat(_ *Frame, v Value) Value {
	if q, ok := as[resource.Quantity](v); ok {
		return OfFloat(q.AsApproximateFloat64())
	}
	return noOverload("asApproximateFloat", v)
}

func quantityAdd(_ *Frame, a, b Value) Value {
	x, y, ok := operands(a, b)
	if !ok {
		return noOverload("add", a, b)
	}
	x.Add(y)
	return OfAny(x)
}

func quantitySub(_ *Frame, a, b Value) Value {
	x, y, ok := operands(a, b)
	if !ok {
		return noOverload("sub", a, b)
	}
	x.Sub(y)
	return OfAny(x)
}

// operands are a quantity, to be changed, and what is added to it: a quantity or an integer.
func operands(a, b Value) (x, y resource.Quantity, ok bool) {
	x, ok = as[resource.Quantity](a)
	if !ok {
		return x, y, false
	}
	if b.kind == KindInt {
		return x.DeepCopy(), *resource.NewQuantity(b.int(), resource.DecimalExponent), true
	}
	y, ok = as[resource.Quantity](b)
	return x.DeepCopy(), y, ok
}
