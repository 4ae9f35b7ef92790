package expr

import (
	"math"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"
)

func number(k Kind) bool { return k == KindInt || k == KindUint || k == KindDouble }

// equal is CEL's equality of values of any types (CEL spec, "Equality"). Large ones cost steps.
func (f *Frame) equal(a, b Value) bool {
	if a.kind != b.kind {
		if number(a.kind) && number(b.kind) {
			c, ok := compareNumbers(a, b)
			return ok && c == 0
		}
		return false
	}
	switch a.kind {
	case KindNull:
		return true
	case KindBool:
		return a.small == b.small
	case KindInt, KindUint:
		return a.int() == b.int()
	case KindDouble:
		return a.float() == b.float()
	case KindString, KindType:
		return a.text() == b.text()
	case KindList:
		return f.equalLists(a, b)
	case KindMap:
		return f.equalMaps(a, b)
	case KindOptional:
		x, okX := a.Unwrap()
		y, okY := b.Unwrap()
		return okX == okY && (!okX || f.equal(x, y))
	case KindQuantity:
		x, y := a.made.any.(resource.Quantity), b.made.any.(resource.Quantity)
		return x.Cmp(y) == 0
	case KindIP, KindCIDR:
		return a.made.any == b.made.any
	}
	return false
}

func (f *Frame) equalLists(a, b Value) bool {
	if a.Len() != b.Len() {
		return false
	}
	x, y := a.cursor(), b.cursor()
	for x.next() && y.next() {
		if !f.step() || !f.equal(x.item, y.item) {
			return false
		}
	}
	return true
}

func (f *Frame) equalMaps(a, b Value) bool {
	if a.Len() != b.Len() || !f.spend(a.Len()) {
		return false
	}
	for c := a.cursor(); c.next(); {
		x, _ := a.Entry(c.item)
		y, ok := b.Entry(c.item)
		if !ok || !f.spend(1+b.Len()/8) || !f.equal(x, y) {
			return false
		}
	}
	return true
}

// compare orders values of one type, and numbers of any; known is false for a NaN, comparable for the rest.
func compare(x, y Value) (order int, known, comparable bool) {
	switch {
	case number(x.kind) && number(y.kind):
		order, known = compareNumbers(x, y)
		return order, known, true
	case x.kind != y.kind:
	case x.kind == KindString:
		return strings.Compare(x.text(), y.text()), true, true
	case x.kind == KindBool:
		return int(x.small - y.small), true, true
	}
	return 0, false, false
}

// compareNumbers orders numbers of any types exactly; ok is false where a NaN is among them.
func compareNumbers(a, b Value) (int, bool) {
	switch {
	case a.kind == KindInt && b.kind == KindInt:
		return sign(a.int(), b.int()), true
	case a.kind == KindUint && b.kind == KindUint:
		return sign(a.uint(), b.uint()), true
	case a.kind == KindInt && b.kind == KindUint:
		if a.int() < 0 {
			return -1, true
		}
		return sign(a.uint(), b.uint()), true
	case b.kind != KindDouble:
		c, ok := compareNumbers(b, a)
		return -c, ok
	}
	f := b.float()
	if math.IsNaN(f) || a.kind == KindDouble && math.IsNaN(a.float()) {
		return 0, false
	}
	switch a.kind {
	case KindDouble:
		return sign(a.float(), f), true
	case KindInt:
		return compareInt(a.int(), f), true
	}
	return compareUint(a.uint(), f), true
}

func compareInt(i int64, f float64) int {
	switch {
	case f >= 1<<63:
		return -1
	case f < -(1 << 63):
		return 1
	}
	if c := sign(i, int64(f)); c != 0 {
		return c
	}
	return sign(math.Trunc(f), f)
}

func compareUint(u uint64, f float64) int {
	switch {
	case f >= 1<<64:
		return -1
	case f < 0:
		return 1
	}
	if c := sign(u, uint64(f)); c != 0 {
		return c
	}
	return sign(math.Trunc(f), f)
}

func sign[T int64 | uint64 | float64](a, b T) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}
