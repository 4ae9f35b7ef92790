package expr

import (
	"strings"
	"unicode/utf8"
)

// The extension of strings (cel-go ext.Strings, version 2). Positions count code points.

// derived is a string that was made of another one, whose node it keeps.
func derived(f *Frame, of Value, name string, fn func(string) string) Value {
	if of.kind != KindString {
		return noOverload(name, of)
	}
	if !f.spendOn(of) {
		return OfError(exhausted)
	}
	return OfString(fn(of.text())).at(of)
}

func lowerASCII(f *Frame, v Value) Value {
	return derived(f, v, "lowerAscii", func(s string) string { return mapASCII(s, 'A', 'Z', 'a'-'A') })
}

func upperASCII(f *Frame, v Value) Value {
	return derived(f, v, "upperAscii", func(s string) string { return mapASCII(s, 'a', 'z', 0x100+'A'-'a') })
}

// mapASCII shifts the bytes from low to high.
func mapASCII(s string, low, high byte, shift int) string {
	for i := 0; i < len(s); i++ {
		if s[i] < low || s[i] > high {
			continue
		}
		b := []byte(s)
		for ; i < len(b); i++ {
			if b[i] >= low && b[i] <= high {
				b[i] += byte(shift)
			}
		}
		return string(b)
	}
	return s
}

func trim(f *Frame, v Value) Value { return derived(f, v, "trim", strings.TrimSpace) }

// quote writes a string as a CEL literal.
func quote(f *Frame, v Value) Value {
	escapes := strings.NewReplacer("\a", `\a`, "\b", `\b`, "\f", `\f`, "\n", `\n`, "\r", `\r`, "\t", `\t`,
		"\v", `\v`, `\`, `\\`, `"`, `\"`)
	return derived(f, v, "quote", func(s string) string { return `"` + escapes.Replace(s) + `"` })
}

func allKind(k Kind, args ...Value) bool {
	for _, a := range args {
		if a.kind != k {
			return false
		}
	}
	return true
}

func split(f *Frame, s, separator Value) Value {
	if !allKind(KindString, s, separator) {
		return noOverload("split", s, separator)
	}
	return cut(f, s, separator, -1)
}

func splitN(f *Frame, a []Value) Value {
	if !allKind(KindString, a[:2]...) || a[2].kind != KindInt {
		return noOverload("split", a...)
	}
	return cut(f, a[0], a[1], int(a[2].int()))
}

func cut(f *Frame, s, separator Value, n int) Value {
	text, between := s.text(), separator.text()
	if !f.spendOn(s) || !f.spend(2*strings.Count(text, between)) {
		return OfError(exhausted)
	}
	return OfStrings(strings.SplitN(text, between, n))
}

func join(f *Frame, v Value) Value {
	return joinWith(f, v, OfString(""))
}

func joinWith(f *Frame, v, separator Value) Value {
	if v.kind != KindList || separator.kind != KindString {
		return noOverload("join", v, separator)
	}
	var b strings.Builder
	between, text := "", separator.text()
	for c := v.cursor(); c.next(); {
		if c.item.kind != KindString {
			return noOverload("join", c.item)
		}
		if !f.spendOn(c.item, separator) {
			return OfError(exhausted)
		}
		b.WriteString(between)
		b.WriteString(c.item.text())
		between = text
	}
	return OfString(b.String())
}

func replace(f *Frame, a []Value) Value {
	n := -1
	if len(a) == 4 {
		if a[3].kind != KindInt {
			return noOverload("replace", a...)
		}
		n = int(a[3].int())
	}
	if !allKind(KindString, a[:3]...) {
		return noOverload("replace", a...)
	}
	s, old, with := a[0].text(), a[1].text(), a[2].text()
	if !f.spend(1 + len(s)/bytesPerStep*(1+len(with)/8)) {
		return OfError(exhausted)
	}
	return OfString(strings.Replace(s, old, with, n))
}

func substringFrom(f *Frame, s, from Value) Value {
	if s.kind != KindString || from.kind != KindInt {
		return noOverload("substring", s, from)
	}
	return part(f, s, from.int(), -1)
}

func substring(f *Frame, a []Value) Value {
	switch {
	case a[0].kind != KindString || !allKind(KindInt, a[1:]...):
		return noOverload("substring", a...)
	case a[2].int() < 0:
		return OfError(outOfRange)
	}
	return part(f, a[0], a[1].int(), a[2].int())
}

// part cuts out the code points from one up to another; to is -1 for the end.
func part(f *Frame, s Value, from, to int64) Value {
	text := s.text()
	f.spend(len(text) / bytesPerStep)
	low := offset(text, from)
	high := len(text)
	if to >= 0 {
		high = offset(text, to)
	}
	if low < 0 || high < low {
		return OfError(outOfRange)
	}
	return OfString(text[low:high])
}

// offset is where in bytes the i-th code point begins, or the end; -1 if there are not so many.
func offset(s string, i int64) int {
	if i < 0 || i > int64(len(s)) {
		return -1
	}
	at := 0
	for ; i > 0; i-- {
		if at == len(s) {
			return -1
		}
		_, size := utf8.DecodeRuneInString(s[at:])
		at += size
	}
	return at
}

func charAt(f *Frame, s, at Value) Value {
	if s.kind != KindString || at.kind != KindInt {
		return noOverload("charAt", s, at)
	}
	text := s.text()
	f.spend(len(text) / bytesPerStep)
	i := offset(text, at.int())
	if i < 0 {
		return OfError(outOfRange)
	}
	_, size := utf8.DecodeRuneInString(text[i:])
	return OfString(text[i : i+size])
}
