package expr

import (
	"net/netip"
	"slices"

	"k8s.io/apimachinery/pkg/api/resource"
)

func isSorted(a []Value) Value {
	if a[0].kind != KindList {
		return noOverload("isSorted", a...)
	}
	sorted, first := OfBool(true), true
	var before Value
	a[0].Each(func(v Value) bool {
		if !first {
			if sorted = order("<=", before, v); sorted.kind != KindBool || sorted.num == 0 {
				return false
			}
		}
		before, first = v, false
		return true
	})
	return sorted
}

func sum(a []Value) Value {
	if a[0].kind != KindList {
		return noOverload("sum", a...)
	}
	total, first := OfInt(0), true
	a[0].Each(func(v Value) bool {
		if first {
			total, first = v, false
			return number(v.kind)
		}
		total = arithmetic('+', total, v)
		return total.kind != KindError
	})
	if total.kind == KindError || number(total.kind) {
		return total
	}
	return noOverload("sum", a...)
}

func extreme(name string, sign int) function {
	return func(a []Value) Value {
		if a[0].kind != KindList {
			return noOverload(name, a...)
		}
		if a[0].Len() == 0 {
			return fail("%s of an empty list", name)
		}
		var best Value
		first := true
		a[0].Each(func(v Value) bool {
			if first {
				best, first = v, false
				return true
			}
			op := "<"
			if sign > 0 {
				op = ">"
			}
			c := order(op, v, best)
			if c.kind == KindError {
				best = c
				return false
			}
			if c.num != 0 {
				best = v
			}
			return true
		})
		return best
	}
}

func flatten(a []Value) Value {
	if a[0].kind != KindList {
		return noOverload("flatten", a...)
	}
	var out []Value
	a[0].Each(func(v Value) bool {
		if v.kind == KindList {
			v.Each(func(x Value) bool { out = append(out, x); return true })
			return true
		}
		out = append(out, v)
		return true
	})
	return OfList(out)
}

func distinct(a []Value) Value {
	if a[0].kind != KindList {
		return noOverload("distinct", a...)
	}
	var out []Value
	a[0].Each(func(v Value) bool {
		if len(out) > 1000 || !slices.ContainsFunc(out, func(x Value) bool { return equal(x, v) }) {
			out = append(out, v)
		}
		return true
	})
	return OfList(out)
}

func quantity(a []Value) Value {
	if a[0].kind != KindString {
		return noOverload("quantity", a...)
	}
	q, err := resource.ParseQuantity(a[0].str)
	if err != nil {
		return fail("%q is no quantity", a[0].str)
	}
	return Value{kind: KindQuantity, ref: q}
}

func isQuantity(a []Value) Value {
	if a[0].kind != KindString {
		return noOverload("isQuantity", a...)
	}
	_, err := resource.ParseQuantity(a[0].str)
	return OfBool(err == nil)
}

func quantityOrder(name string, holds func(int) bool) function {
	return func(a []Value) Value {
		if !allKind(a, KindQuantity) {
			return noOverload(name, a...)
		}
		x, y := a[0].ref.(resource.Quantity), a[1].ref.(resource.Quantity)
		return OfBool(holds(x.Cmp(y)))
	}
}

func compareTo(a []Value) Value {
	if !allKind(a, KindQuantity) {
		return noOverload("compareTo", a...)
	}
	x, y := a[0].ref.(resource.Quantity), a[1].ref.(resource.Quantity)
	return OfInt(int64(x.Cmp(y)))
}

func isIP(a []Value) Value {
	if a[0].kind != KindString {
		return noOverload("isIP", a...)
	}
	ip, err := netip.ParseAddr(a[0].str)
	return OfBool(err == nil && ip.Zone() == "" && !ip.Is4In6())
}

func isCIDR(a []Value) Value {
	if a[0].kind != KindString {
		return noOverload("isCIDR", a...)
	}
	p, err := netip.ParsePrefix(a[0].str)
	return OfBool(err == nil && !p.Addr().Is4In6())
}
