package expr

import (
	"math"
	"strconv"
	"unicode/utf8"
)

// The conversions between scalars (CEL spec, "Type Conversions"), and what else is defined for many types.

func size(f *Frame, v Value) Value {
	switch v.kind {
	case KindString:
		s := v.text()
		f.spend(len(s) / bytesPerStep)
		return OfInt(int64(utf8.RuneCountInString(s)))
	case KindList, KindMap:
		return OfInt(int64(v.Len()))
	}
	return noOverload("size", v)
}

func typeOf(_ *Frame, v Value) Value {
	return OfType(kindNames[v.kind])
}

func toString(_ *Frame, v Value) Value {
	switch v.kind {
	case KindString:
		return v
	case KindBool, KindInt, KindUint, KindDouble, KindIP, KindCIDR:
		return OfString(v.Text()).at(v)
	}
	return noOverload("string", v)
}

func toInt(_ *Frame, v Value) Value {
	switch v.kind {
	case KindInt:
		return v
	case KindUint:
		if v.uint() <= math.MaxInt64 {
			return OfInt(v.int())
		}
	case KindDouble:
		if f := v.float(); f > -(1<<63) && f < 1<<63 {
			return OfInt(int64(f))
		}
	case KindString:
		if i, err := strconv.ParseInt(v.text(), 10, 64); err == nil {
			return OfInt(i)
		}
	default:
		return noOverload("int", v)
	}
	return failed("convert " + v.Text() + " to an int: it is none, or does not fit")
}

func toUint(_ *Frame, v Value) Value {
	switch v.kind {
	case KindUint:
		return v
	case KindInt:
		if v.int() >= 0 {
			return OfUint(v.uint())
		}
	case KindDouble:
		if f := v.float(); f >= 0 && f < 1<<64 {
			return OfUint(uint64(f))
		}
	case KindString:
		if u, err := strconv.ParseUint(v.text(), 10, 64); err == nil {
			return OfUint(u)
		}
	default:
		return noOverload("uint", v)
	}
	return failed("convert " + v.Text() + " to a uint: it is none, or does not fit")
}

func toDouble(_ *Frame, v Value) Value {
	switch v.kind {
	case KindDouble:
		return v
	case KindInt:
		return OfFloat(float64(v.int()))
	case KindUint:
		return OfFloat(float64(v.uint()))
	case KindString:
		if d, err := strconv.ParseFloat(v.text(), 64); err == nil {
			return OfFloat(d)
		}
		return failed("convert " + v.text() + " to a double: it is no number")
	}
	return noOverload("double", v)
}

func toBool(_ *Frame, v Value) Value {
	switch v.kind {
	case KindBool:
		return v
	case KindString:
		if b, err := strconv.ParseBool(v.text()); err == nil {
			return OfBool(b)
		}
		return failed("convert " + v.text() + " to a bool: it is neither true nor false")
	}
	return noOverload("bool", v)
}
