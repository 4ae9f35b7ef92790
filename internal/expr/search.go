package expr

import (
	"strings"
	"unicode/utf8"
)

// indexOf and lastIndexOf are defined for strings (cel-go ext.Strings) and for lists (Kubernetes' lists).

func indexOf(f *Frame, in, what Value) Value {
	switch {
	case allKind(KindString, in, what):
		return inRunes(f, in, strings.Index(in.text(), what.text()))
	case in.kind != KindList:
		return noOverload("indexOf", in, what)
	}
	i := int64(0)
	for c := in.cursor(); f.step() && c.next(); i++ {
		if f.equal(c.item, what) {
			return OfInt(i)
		}
	}
	return OfInt(-1)
}

func lastIndexOf(f *Frame, in, what Value) Value {
	switch {
	case allKind(KindString, in, what):
		return inRunes(f, in, strings.LastIndex(in.text(), what.text()))
	case in.kind != KindList:
		return noOverload("lastIndexOf", in, what)
	}
	last, i := int64(-1), int64(0)
	for c := in.cursor(); f.step() && c.next(); i++ {
		if f.equal(c.item, what) {
			last = i
		}
	}
	return OfInt(last)
}

// inRunes turns an offset in bytes into one in code points.
func inRunes(f *Frame, in Value, at int) Value {
	f.spendOn(in)
	if at <= 0 {
		return OfInt(int64(at))
	}
	return OfInt(int64(utf8.RuneCountInString(in.text()[:at])))
}

// indexFrom is indexOf with the position from which to search.
func indexFrom(f *Frame, a []Value) Value {
	if !allKind(KindString, a[:2]...) || a[2].kind != KindInt {
		return noOverload("indexOf", a...)
	}
	s, what, from := a[0].text(), a[1].text(), a[2].int()
	f.spendOn(a[0])
	if from < 0 {
		return OfError(outOfRange)
	}
	start := offset(s, from)
	switch {
	case what == "" && start < 0:
		return OfInt(int64(utf8.RuneCountInString(s)))
	case what == "":
		return OfInt(from)
	case start < 0:
		return OfInt(-1)
	}
	at := strings.Index(s[start:], what)
	if at < 0 {
		return OfInt(-1)
	}
	return OfInt(from + int64(utf8.RuneCountInString(s[start:start+at])))
}

// lastIndexFrom is lastIndexOf with the position at which the last match may begin.
func lastIndexFrom(f *Frame, a []Value) Value {
	if !allKind(KindString, a[:2]...) || a[2].kind != KindInt {
		return noOverload("lastIndexOf", a...)
	}
	s, what, from := a[0].text(), a[1].text(), a[2].int()
	f.spendOn(a[0])
	if from < 0 {
		return OfError(outOfRange)
	}
	count := int64(utf8.RuneCountInString(s))
	switch {
	case what == "":
		return OfInt(min(from, count))
	case from >= count:
		return OfInt(-1)
	}
	end := min(len(s), offset(s, from)+len(what))
	at := strings.LastIndex(s[:end], what)
	if at < 0 {
		return OfInt(-1)
	}
	return OfInt(int64(utf8.RuneCountInString(s[:at])))
}
