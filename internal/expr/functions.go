package expr

import (
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// functions are the functions and methods of the subset: CEL's standard library, the extension of strings,
// optionals, and Kubernetes' regular expressions, lists and quantities.
var functions = map[signature]function{
	{"size", 1, false}: size, {"size", 1, true}: size,
	{"type", 1, false}: typeOf, {"dyn", 1, false}: func(a []Value) Value { return a[0] },
	{"string", 1, false}: toString, {"int", 1, false}: toInt, {"uint", 1, false}: toUint,
	{"double", 1, false}: toDouble, {"bool", 1, false}: toBool,

	{"contains", 2, true}:   strings2("contains", strings.Contains),
	{"startsWith", 2, true}: strings2("startsWith", strings.HasPrefix),
	{"endsWith", 2, true}:   strings2("endsWith", strings.HasSuffix),
	{"matches", 2, true}:    matchesAny, {"matches", 2, false}: matchesAny,
	{"lowerAscii", 1, true}: strings1("lowerAscii", lowerASCII),
	{"upperAscii", 1, true}: strings1("upperAscii", upperASCII),
	{"trim", 1, true}:       strings1("trim", strings.TrimSpace),
	{"split", 2, true}:      split, {"split", 3, true}: split,
	{"join", 1, true}: join, {"join", 2, true}: join,
	{"replace", 3, true}: replace, {"replace", 4, true}: replace,
	{"substring", 2, true}: substring, {"substring", 3, true}: substring,
	{"charAt", 2, true}:  charAt,
	{"indexOf", 2, true}: indexOf, {"lastIndexOf", 2, true}: lastIndexOf,
	{"find", 2, true}: find, {"findAll", 2, true}: findAll, {"findAll", 3, true}: findAll,

	{"hasValue", 1, true}: hasValue, {"value", 1, true}: value,

	{"isSorted", 1, true}: isSorted, {"sum", 1, true}: sum,
	{"min", 1, true}: extreme("min", -1), {"max", 1, true}: extreme("max", 1),
	{"flatten", 1, true}: flatten, {"distinct", 1, true}: distinct,

	{"quantity", 1, false}: quantity, {"isQuantity", 1, false}: isQuantity,
	{"isGreaterThan", 2, true}: quantityOrder("isGreaterThan", func(c int) bool { return c > 0 }),
	{"isLessThan", 2, true}:    quantityOrder("isLessThan", func(c int) bool { return c < 0 }),
	{"compareTo", 2, true}:     compareTo,

	{"isIP", 1, false}: isIP, {"isCIDR", 1, false}: isCIDR,
}

func size(a []Value) Value {
	switch a[0].kind {
	case KindString:
		return OfInt(int64(utf8.RuneCountInString(a[0].str)))
	case KindList, KindMap:
		return OfInt(int64(a[0].Len()))
	}
	return noOverload("size", a...)
}

func typeOf(a []Value) Value { return OfType(a[0].kind.String()) }

func toString(a []Value) Value {
	switch v := a[0]; v.kind {
	case KindString:
		return v
	case KindBool, KindInt, KindUint, KindDouble:
		out := OfString(v.Text())
		out.node = v.node
		return out
	}
	return noOverload("string", a...)
}

func toInt(a []Value) Value {
	switch v := a[0]; v.kind {
	case KindInt:
		return v
	case KindUint:
		if v.num <= math.MaxInt64 {
			return OfInt(v.int())
		}
	case KindDouble:
		if f := v.float(); f > -(1<<63) && f < 1<<63 {
			return OfInt(int64(f))
		}
	case KindString:
		if i, err := strconv.ParseInt(v.str, 10, 64); err == nil {
			return OfInt(i)
		}
	default:
		return noOverload("int", a...)
	}
	return fail("%s does not fit in an integer", a[0].Text())
}

func toUint(a []Value) Value {
	switch v := a[0]; v.kind {
	case KindUint:
		return v
	case KindInt:
		if v.int() >= 0 {
			return OfUint(v.num)
		}
	case KindDouble:
		if f := v.float(); f >= 0 && f < 1<<64 {
			return OfUint(uint64(f))
		}
	case KindString:
		if u, err := strconv.ParseUint(v.str, 10, 64); err == nil {
			return OfUint(u)
		}
	default:
		return noOverload("uint", a...)
	}
	return fail("%s does not fit in an unsigned integer", a[0].Text())
}

func toDouble(a []Value) Value {
	switch v := a[0]; v.kind {
	case KindDouble:
		return v
	case KindInt:
		return OfFloat(float64(v.int()))
	case KindUint:
		return OfFloat(float64(v.num))
	case KindString:
		if f, err := strconv.ParseFloat(v.str, 64); err == nil {
			return OfFloat(f)
		}
		return fail("%q is no number", v.str)
	}
	return noOverload("double", a...)
}

func toBool(a []Value) Value {
	switch v := a[0]; v.kind {
	case KindBool:
		return v
	case KindString:
		if b, err := strconv.ParseBool(v.str); err == nil {
			return OfBool(b)
		}
		return fail("%q is neither true nor false", v.str)
	}
	return noOverload("bool", a...)
}

func hasValue(a []Value) Value {
	if a[0].kind != KindOptional {
		return noOverload("hasValue", a...)
	}
	_, ok := a[0].Unwrap()
	return OfBool(ok)
}

func value(a []Value) Value {
	if a[0].kind != KindOptional {
		return noOverload("value", a...)
	}
	if v, ok := a[0].Unwrap(); ok {
		return v
	}
	return fail("the optional is empty")
}
