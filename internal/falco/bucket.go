package falco

import (
	"math/bits"
	"slices"
)

// bucketKey sorts rules by the values of one field with which they can match at all.
type bucketKey struct {
	slot     int
	narrowed []uint64            // the rules, a bit each, that cannot match with any value, and with none
	values   map[string][]uint64 // those that can match, for a value that any of them names
	other    []uint64            // for every other value
	missing  []uint64            // for none
}

func words(n int) int { return (n + 63) / 64 }

func newBucketKey(t *term, rules []*Rule) bucketKey {
	n := words(len(rules))
	k := bucketKey{slot: t.slot, narrowed: make([]uint64, n), values: map[string][]uint64{}, other: make([]uint64, n), missing: make([]uint64, n)}
	sets := make([][]string, len(rules))
	for i, r := range rules {
		var bounded bool
		if sets[i], bounded = possible(r.cond, true, t); !bounded {
			k.other[i/64] |= 1 << (i % 64)
		}
		if !requires(r.cond, true, t) {
			k.missing[i/64] |= 1 << (i % 64)
		}
	}
	for i, set := range sets {
		for _, v := range set {
			if k.values[v] == nil {
				k.values[v] = slices.Clone(k.other)
			}
			k.values[v][i/64] |= 1 << (i % 64)
		}
	}
	for w := range n {
		k.narrowed[w] = ^(k.other[w] & k.missing[w])
	}
	return k
}

// requires says whether a condition can have a truth only if the event has a field: without it every comparison is false.
func requires(n *node, truth bool, t *term) bool {
	switch {
	case n.kind == exprMacro:
		m, q := n.macro, question{truth, t}
		needed, known := m.required[q]
		if !known {
			if needed = requires(m.body, truth, t); m.required == nil {
				m.required = map[question]bool{}
			}
			m.required[q] = needed
		}
		return needed
	case n.kind == exprNot:
		return requires(n.kids[0], !truth, t)
	case n.kind == exprCompare:
		return truth && (n.cmp.left == t || n.cmp.right == t)
	case (n.kind == exprAnd) == truth: // all of them must have the truth
		return slices.ContainsFunc(n.kids, func(k *node) bool { return requires(k, truth, t) })
	}
	return !slices.ContainsFunc(n.kids, func(k *node) bool { return !requires(k, truth, t) })
}

// question and answer are what possible was asked and said of a macro.
type question struct {
	truth bool
	term  *term
}

type answer struct {
	values  []string
	bounded bool
}

// possible are the values of a field with which a condition can have a truth, in order and each once; bounded is false
// if it can have it with any value, or with none.
func possible(n *node, truth bool, t *term) (values []string, bounded bool) {
	switch {
	case n.kind == exprMacro:
		m, q := n.macro, question{truth, t}
		a, known := m.possible[q]
		if !known {
			if a.values, a.bounded = possible(m.body, truth, t); m.possible == nil {
				m.possible = map[question]answer{}
			}
			m.possible[q] = a
		}
		return a.values, a.bounded
	case n.kind == exprNot:
		return possible(n.kids[0], !truth, t)
	case n.kind == exprCompare:
		return n.cmp.possible(truth, t)
	case (n.kind == exprAnd) == truth: // all of them must have the truth
		for _, k := range n.kids {
			set, ok := possible(k, truth, t)
			switch {
			case ok && bounded:
				values = slices.DeleteFunc(slices.Clone(values), func(v string) bool { return !has(set, v) })
			case ok:
				values, bounded = set, true
			}
		}
		return values, bounded
	}
	for _, k := range n.kids { // any of them may
		set, ok := possible(k, truth, t)
		if !ok {
			return nil, false
		}
		values = append(slices.Clip(values), set...)
	}
	slices.Sort(values)
	return slices.Compact(values), true
}

func (c *comparison) possible(truth bool, t *term) (values []string, bounded bool) {
	if !truth || c.left != t || c.right != nil || !(c.op == opEqual || c.op == opIn || c.op == opIntersects) || c.mod == oneOf || c.mod == allOf {
		return nil, false
	}
	for _, l := range c.literals {
		values = append(values, l.text)
	}
	slices.Sort(values)
	return slices.Compact(values), true
}

// has says whether a value is in values that are in order.
func has(values []string, v string) bool {
	_, found := slices.BinarySearch(values, v)
	return found
}

// candidates narrows a set of rules, a bit each, to those that can match the event.
func (p *plan) candidates(f *frame, set []uint64) {
	for i := range p.keys {
		k := &p.keys[i]
		if !meet(set, k.narrowed) {
			continue
		}
		allowed := k.missing
		if v := f.value(k.slot); v != nil && v.Alt != nil {
			continue // several values: leave it to the rules
		} else if v != nil {
			if allowed = k.values[v.Text]; allowed == nil {
				allowed = k.other
			}
		}
		for w := range set {
			set[w] &= allowed[w]
		}
	}
}

// meet says whether two sets have a rule in common.
func meet(a, b []uint64) bool {
	for w := range a {
		if a[w]&b[w] != 0 {
			return true
		}
	}
	return false
}

// eachBit calls do with the number of each rule in a set until it says stop.
func eachBit(set []uint64, do func(int) bool) {
	for w, x := range set {
		for x != 0 {
			if !do(w*64 + bits.TrailingZeros64(x)) {
				return
			}
			x &= x - 1
		}
	}
}
