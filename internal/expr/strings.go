package expr

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

func strings1(name string, fn func(string) string) function {
	return func(a []Value) Value {
		if a[0].kind != KindString {
			return noOverload(name, a...)
		}
		out := OfString(fn(a[0].str))
		out.node = a[0].node
		return out
	}
}

func strings2(name string, fn func(a, b string) bool) function {
	return func(a []Value) Value {
		if a[0].kind != KindString || a[1].kind != KindString {
			return noOverload(name, a...)
		}
		return OfBool(fn(a[0].str, a[1].str))
	}
}

func lowerASCII(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}

func upperASCII(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' {
			return r - ('a' - 'A')
		}
		return r
	}, s)
}

func matchesAny(a []Value) Value {
	if a[0].kind != KindString || a[1].kind != KindString {
		return noOverload("matches", a...)
	}
	re, err := regexp.Compile(a[1].str)
	if err != nil {
		return fail("the pattern is no regular expression: %v", err)
	}
	return OfBool(re.MatchString(a[0].str))
}

func allKind(a []Value, k Kind) bool {
	return !slices.ContainsFunc(a, func(v Value) bool { return v.kind != k })
}

func stringList(items []string) Value {
	out := make([]Value, len(items))
	for i, s := range items {
		out[i] = OfString(s)
	}
	return OfList(out)
}

func split(a []Value) Value {
	if !allKind(a[:2], KindString) || len(a) == 3 && a[2].kind != KindInt {
		return noOverload("split", a...)
	}
	if len(a) == 3 {
		return stringList(strings.SplitN(a[0].str, a[1].str, int(a[2].int())))
	}
	return stringList(strings.Split(a[0].str, a[1].str))
}

func join(a []Value) Value {
	if a[0].kind != KindList || !allKind(a[1:], KindString) {
		return noOverload("join", a...)
	}
	var parts []string
	var wrong *Value
	a[0].Each(func(v Value) bool {
		if v.kind != KindString {
			wrong = &v
			return false
		}
		parts = append(parts, v.str)
		return true
	})
	if wrong != nil {
		return noOverload("join", *wrong)
	}
	separator := ""
	if len(a) == 2 {
		separator = a[1].str
	}
	return OfString(strings.Join(parts, separator))
}

func replace(a []Value) Value {
	if !allKind(a[:3], KindString) || len(a) == 4 && a[3].kind != KindInt {
		return noOverload("replace", a...)
	}
	n := -1
	if len(a) == 4 {
		n = int(a[3].int())
	}
	return OfString(strings.Replace(a[0].str, a[1].str, a[2].str, n))
}

func substring(a []Value) Value {
	if a[0].kind != KindString || !allKind(a[1:], KindInt) {
		return noOverload("substring", a...)
	}
	r := []rune(a[0].str)
	from, to := a[1].int(), int64(len(r))
	if len(a) == 3 {
		to = a[2].int()
	}
	if from < 0 || to < from || to > int64(len(r)) {
		return fail("index out of range")
	}
	return OfString(string(r[from:to]))
}

func charAt(a []Value) Value {
	if a[0].kind != KindString || a[1].kind != KindInt {
		return noOverload("charAt", a...)
	}
	r := []rune(a[0].str)
	i := a[1].int()
	switch {
	case i == int64(len(r)):
		return OfString("")
	case i < 0 || i > int64(len(r)):
		return fail("index out of range")
	}
	return OfString(string(r[i]))
}

func indexOf(a []Value) Value {
	switch {
	case allKind(a, KindString):
		return runeIndex(a[0].str, strings.Index(a[0].str, a[1].str))
	case a[0].kind == KindList:
		at, i := int64(-1), int64(0)
		a[0].Each(func(v Value) bool {
			if equal(v, a[1]) {
				at = i
				return false
			}
			i++
			return true
		})
		return OfInt(at)
	}
	return noOverload("indexOf", a...)
}

func lastIndexOf(a []Value) Value {
	switch {
	case allKind(a, KindString):
		return runeIndex(a[0].str, strings.LastIndex(a[0].str, a[1].str))
	case a[0].kind == KindList:
		at, i := int64(-1), int64(0)
		a[0].Each(func(v Value) bool {
			if equal(v, a[1]) {
				at = i
			}
			i++
			return true
		})
		return OfInt(at)
	}
	return noOverload("lastIndexOf", a...)
}

func runeIndex(s string, at int) Value {
	if at <= 0 {
		return OfInt(int64(at))
	}
	return OfInt(int64(utf8.RuneCountInString(s[:at])))
}

func find(a []Value) Value {
	if !allKind(a, KindString) {
		return noOverload("find", a...)
	}
	re, err := regexp.Compile(a[1].str)
	if err != nil {
		return fail("the pattern is no regular expression: %v", err)
	}
	return OfString(re.FindString(a[0].str))
}

func findAll(a []Value) Value {
	if !allKind(a[:2], KindString) || len(a) == 3 && a[2].kind != KindInt {
		return noOverload("findAll", a...)
	}
	re, err := regexp.Compile(a[1].str)
	if err != nil {
		return fail("the pattern is no regular expression: %v", err)
	}
	n := -1
	if len(a) == 3 {
		n = int(a[2].int())
	}
	return stringList(re.FindAllString(a[0].str, n))
}
