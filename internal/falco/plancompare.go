package falco

import (
	"net/netip"
	"slices"
	"strings"
)

// compareTest makes a comparison a closure. A field that the event does not have makes every comparison false.
func compareTest(c *comparison) test {
	slot := c.left.slot
	switch {
	case c.left.field != nil && strings.HasSuffix(c.left.field.Name, ".rawtime") && c.left.typ == StringType && timeTest(c) != nil:
		return timeTest(c)
	case c.op == opExists:
		return func(f *frame) bool { return f.value(slot) != nil }
	case c.right != nil:
		return fieldTest(c)
	case c.left.list:
		return listTest(c)
	case c.mod != noModifier && len(c.literals) == 0:
		return func(*frame) bool { return false }
	case c.left.typ == StringType || c.left.typ == BytesType:
		return textTest(slot, c.op == opNotEqual, textPredicate(c))
	}
	return valueTest(slot, c.op == opNotEqual, valuePredicate(c))
}

// timeTest answers what rule files ask of the time to say always and never: whether it is there, and whether it is 0.
func timeTest(c *comparison) test {
	slot := c.left.slot
	switch {
	case c.op == opExists:
		return func(f *frame) bool { return f.record == nil || f.value(slot) != nil }
	case c.op == opEqual && c.mod == noModifier && c.right == nil && c.literals[0].text == "0":
		return func(f *frame) bool {
			if f.record != nil {
				v := f.value(slot)
				return v != nil && v.Text == "0"
			}
			return !f.when().IsZero() && f.when().UnixNano() == 0
		}
	}
	return nil
}

// textTest asks a text; of several, any must hold, or with every all.
func textTest(slot int, every bool, holds func(string) bool) test {
	return func(f *frame) bool {
		v := f.value(slot)
		if v == nil {
			return false
		}
		if v.Alt == nil {
			return holds(v.Text)
		}
		for ; v != nil; v = v.Alt {
			if holds(v.Text) != every {
				return !every
			}
		}
		return every
	}
}

func valueTest(slot int, every bool, holds func(*Value) bool) test {
	return func(f *frame) bool {
		for v := f.value(slot); v != nil; v = v.Alt {
			if ok := holds(v); ok != every || v.Alt == nil {
				return ok
			}
		}
		return false
	}
}

// textPredicate is a comparison of a text with literals.
func textPredicate(c *comparison) func(string) bool {
	all := make([]string, len(c.literals))
	for i, l := range c.literals {
		all[i] = l.text
	}
	switch {
	case c.op == opIn, c.op == opIntersects, c.op == opEqual && c.mod == anyOf:
		return newTextSet(all).has
	case c.op == opPMatch:
		return newPaths(all).matches
	case c.mod == noModifier && len(all) == 1:
		return oneText(c.op, all[0])
	case c.mod == anyOf:
		switch c.op {
		case opStartsWith:
			return newTrie(all, false).matches
		case opEndsWith:
			return newTrie(all, true).matches
		case opContains:
			return anyContained(all, false)
		case opIContains:
			return anyContained(all, true)
		}
	}
	each := make([]func(string) bool, len(all))
	for i, s := range all {
		each[i] = oneText(c.op, s)
	}
	return counted(c.mod, each)
}

// counted asks several predicates, of which a modifier says how many must hold.
func counted[T any](m modifier, each []func(T) bool) func(T) bool {
	return func(x T) bool {
		n := 0
		for _, holds := range each {
			if holds(x) {
				n++
			}
		}
		switch m {
		case oneOf:
			return n == 1
		case allOf:
			return n == len(each)
		}
		return n > 0
	}
}

// oneText is a comparison of a text with one literal.
func oneText(op operator, s string) func(string) bool {
	switch op {
	case opEqual:
		return func(x string) bool { return x == s }
	case opNotEqual:
		return func(x string) bool { return x != s }
	case opLess:
		return func(x string) bool { return x < s }
	case opLessEqual:
		return func(x string) bool { return x <= s }
	case opGreater:
		return func(x string) bool { return x > s }
	case opGreaterEqual:
		return func(x string) bool { return x >= s }
	case opContains, opBContains:
		return func(x string) bool { return strings.Contains(x, s) }
	case opIContains:
		return anyContained([]string{s}, true)
	case opStartsWith, opBStartsWith:
		return func(x string) bool { return strings.HasPrefix(x, s) }
	case opEndsWith:
		return func(x string) bool { return strings.HasSuffix(x, s) }
	case opGlob, opIGlob:
		return newGlob(s, op == opIGlob).matches
	case opRegex:
		if r, err := newRegex(s); err == nil {
			return r.MatchString
		}
	}
	return func(string) bool { return false }
}

// valuePredicate is a comparison of a number, truth or address with literals.
func valuePredicate(c *comparison) func(*Value) bool {
	each := make([]func(*Value) bool, len(c.literals))
	for i, l := range c.literals {
		each[i] = oneValue(c.left.typ, c.op, l)
	}
	if len(each) == 1 && (c.mod == noModifier || c.mod == anyOf) {
		return each[0]
	}
	return counted(c.mod, each)
}

func oneValue(t Type, op operator, l literal) func(*Value) bool {
	equal := op != opNotEqual
	switch t {
	case IPType:
		return func(v *Value) bool { return (v.Addr.Unmap() == l.addr.Unmap()) == equal }
	case NetType:
		return func(v *Value) bool { return within(l.net, v.Addr) == equal }
	case IntType:
		return func(v *Value) bool { return ordered(op, int64(v.Num), int64(l.num)) }
	}
	return func(v *Value) bool { return ordered(op, v.Num, l.num) }
}

// within says whether a network holds an address; one of another family it never holds.
func within(n netip.Prefix, a netip.Addr) bool { return n.Contains(a.Unmap()) || n.Contains(a) }

func ordered[T int64 | uint64 | string](op operator, a, b T) bool {
	switch op {
	case opEqual, opIn, opIntersects:
		return a == b
	case opNotEqual:
		return a != b
	case opLess:
		return a < b
	case opLessEqual:
		return a <= b
	case opGreater:
		return a > b
	}
	return a >= b
}

// listTest asks a list: all of it must be in the set for in, any of it for intersects.
func listTest(c *comparison) test {
	all := make([]string, len(c.literals))
	for i, l := range c.literals {
		all[i] = l.text
	}
	slot, every, set := c.left.slot, c.op == opIn, newTextSet(all)
	return func(f *frame) bool {
		v := f.value(slot)
		if v == nil {
			return false
		}
		for _, s := range v.List {
			if set.has(s) != every {
				return !every
			}
		}
		return every
	}
}

// fieldTest compares a field with another. If the event does not have both it is false.
func fieldTest(c *comparison) test {
	left, right := c.left, c.right
	if c.op.takesList() {
		return func(f *frame) bool {
			a, b := f.value(left.slot), f.value(right.slot)
			return a != nil && b != nil && listed(left, a, right, b, c.op == opIn)
		}
	}
	return func(f *frame) bool {
		a, b := f.value(left.slot), f.value(right.slot)
		return a != nil && b != nil && pairs(left.typ, c.op, a, b)
	}
}

// pairs compares all values of two fields that may stand for several: any pair must hold, or with != each.
func pairs(t Type, op operator, a, b *Value) bool {
	every := op == opNotEqual
	for ; a != nil; a = a.Alt {
		for y := b; y != nil; y = y.Alt {
			if compareFields(t, op, a, y) != every {
				return !every
			}
		}
	}
	return every
}

// listed says whether all, or any, of what the left side has is what the right side has.
func listed(left *term, a *Value, right *term, b *Value, every bool) bool {
	if left.typ != StringType {
		return pairs(left.typ, opEqual, a, b)
	}
	bs := right.texts(b)
	for _, x := range left.texts(a) {
		if slices.Contains(bs, x) != (every && left.list) {
			return !(every && left.list)
		}
	}
	return every && left.list
}

// texts are all that a term has in an event.
func (t *term) texts(v *Value) (all []string) {
	if t.list {
		return v.List
	}
	for ; v != nil; v = v.Alt {
		all = append(all, v.Text)
	}
	return all
}

func compareFields(t Type, op operator, a, b *Value) bool {
	switch t {
	case StringType, BytesType:
		return oneText(op, b.Text)(a.Text)
	case IPType:
		return (a.Addr.Unmap() == b.Addr.Unmap()) == (op != opNotEqual)
	case IntType:
		return ordered(op, int64(a.Num), int64(b.Num))
	}
	return ordered(op, a.Num, b.Num)
}
