package expr

import (
	"sort"
)

// The functions of lists: Kubernetes' own, and cel-go's ext.Lists (version 3).

// ordered says whether values of a kind have an order. The functions below take those of several kinds as in no
// order to one another, which is what the API server's do.
func ordered(k Kind) bool { return k >= KindBool && k <= KindString }

func isSorted(f *Frame, v Value) Value {
	if v.kind != KindList {
		return noOverload("isSorted", v)
	}
	var before Value
	for c := v.cursor(); c.next() && f.step(); before = c.item {
		if !ordered(c.item.kind) {
			return noOverload("isSorted", c.item)
		}
		if order, known, _ := compare(before, c.item); known && order > 0 {
			return OfBool(false)
		}
	}
	return OfBool(true)
}

func sum(f *Frame, v Value) Value {
	if v.kind != KindList {
		return noOverload("sum", v)
	}
	total, empty := OfInt(0), true
	for c := v.cursor(); c.next() && f.step(); {
		switch {
		case !number(c.item.kind):
			return noOverload("sum", v, c.item)
		case empty:
			total, empty = c.item, false
			continue
		}
		if total = calculate(f, '+', total, c.item); total.kind == KindError {
			return total
		}
	}
	return total
}

func minimum(f *Frame, v Value) Value { return extreme(f, v, "min", -1) }
func maximum(f *Frame, v Value) Value { return extreme(f, v, "max", 1) }

func extreme(f *Frame, v Value, name string, want int) Value {
	if v.kind != KindList {
		return noOverload(name, v)
	}
	var best Value
	for c := v.cursor(); c.next() && f.step(); {
		if !ordered(c.item.kind) {
			return noOverload(name, c.item)
		}
		order, known, _ := compare(c.item, best)
		if best.kind == KindError || known && order == want {
			best = c.item
		}
	}
	if best.kind == KindError {
		return failed(name + "() of an empty list")
	}
	return best
}

func flatten(f *Frame, v Value) Value { return flattenTo(f, v, OfInt(1)) }

// flattenTo puts the items of the lists in a list in their place, down to a depth.
func flattenTo(f *Frame, v, depth Value) Value {
	switch {
	case v.kind != KindList || depth.kind != KindInt:
		return noOverload("flatten", v, depth)
	case depth.int() < 0:
		return failed("flatten() takes a depth that is not negative")
	}
	out, ok := flattened(f, nil, v, depth.int())
	if !ok {
		return OfError(exhausted)
	}
	return OfList(out)
}

func flattened(f *Frame, out []Value, v Value, depth int64) ([]Value, bool) {
	for c := v.cursor(); c.next(); {
		if !f.step() {
			return nil, false
		}
		if c.item.kind != KindList || depth == 0 {
			out = append(out, c.item)
			continue
		}
		var ok bool
		if out, ok = flattened(f, out, c.item, depth-1); !ok {
			return nil, false
		}
	}
	return out, true
}

func distinct(f *Frame, v Value) Value {
	if v.kind != KindList {
		return noOverload("distinct", v)
	}
	var out []Value
	for c := v.cursor(); c.next(); {
		if !f.step() {
			return OfError(exhausted)
		}
		if f.member(c.item, OfList(out)) == no {
			out = append(out, c.item)
		}
	}
	return OfList(out)
}

// reverse is defined for lists only: that of strings is newer than what Kubernetes has.
func reverse(f *Frame, v Value) Value {
	if v.kind != KindList {
		return noOverload("reverse", v)
	}
	if !f.spendOn(v) {
		return OfError(exhausted)
	}
	out := make([]Value, v.Len())
	i := len(out)
	for c := v.cursor(); c.next(); {
		i--
		out[i] = c.item
	}
	return OfList(out)
}

func slice(f *Frame, a []Value) Value {
	if a[0].kind != KindList || !allKind(KindInt, a[1:]...) {
		return noOverload("slice", a...)
	}
	from, to := a[1].int(), a[2].int()
	if from < 0 || to < from || to > int64(a[0].Len()) {
		return OfError(outOfRange)
	}
	if !f.spendOn(a[0]) {
		return OfError(exhausted)
	}
	return OfList(a[0].items()[from:to:to])
}

func first(_ *Frame, v Value) Value {
	if v.kind != KindList {
		return noOverload("first", v)
	}
	if item, ok := v.item(0); ok {
		return Some(item)
	}
	return None
}

func last(_ *Frame, v Value) Value {
	if v.kind != KindList {
		return noOverload("last", v)
	}
	if item, ok := v.item(int64(v.Len()) - 1); ok {
		return Some(item)
	}
	return None
}

// numbers is lists.range().
func numbers(f *Frame, v Value) Value {
	if v.kind != KindInt {
		return noOverload("lists.range", v)
	}
	if v.int() < 0 || v.int() > 1_000_000 {
		return failed("lists.range() takes a number from 0 to 1,000,000")
	}
	if !f.spend(1 + int(v.int())) {
		return OfError(exhausted)
	}
	out := make([]Value, v.int())
	for i := range out {
		out[i] = OfInt(int64(i))
	}
	return OfList(out)
}

func sortList(f *Frame, v Value) Value {
	if v.kind != KindList {
		return noOverload("sort", v)
	}
	return sorted(f, v, v.items())
}

// sorted sorts a list by keys, of which there is one for each item and all are of one type.
func sorted(f *Frame, v Value, keys []Value) Value {
	if v.kind != KindList || len(keys) != v.Len() {
		return noOverload("sort", v)
	}
	if len(keys) == 0 {
		return v
	}
	for _, k := range keys {
		if _, _, ok := compare(k, k); !ok || k.kind != keys[0].kind && len(keys) > 1 {
			return noOverload("sort", keys[0], k)
		}
	}
	if !f.spend(len(keys) * 8) {
		return OfError(exhausted)
	}
	places := make([]int, len(keys))
	for i := range places {
		places[i] = i
	}
	// cel-go sorts in this way, so that equal keys come in the same order.
	sort.Slice(places, func(i, j int) bool {
		c, known, _ := compare(keys[places[i]], keys[places[j]])
		return known && c < 0
	})
	items, out := v.items(), make([]Value, len(keys))
	for i, p := range places {
		out[i] = items[p]
	}
	return OfList(out)
}
