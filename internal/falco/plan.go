package falco

import (
	"math/bits"
	"slices"
)

// plan is what a source's rules were made into. It does not change and serves any number of Runners.
type plan struct {
	source *Source
	terms  []*term
	rules  []*Rule
	tests  []test
	memos  int
	keys   []bucketKey
}

// test is a condition, or a part of it, made into a closure.
type test func(f *frame) bool

// planner makes closures.
type planner struct {
	plan   *plan
	macros map[*typedMacro]test
}

func newPlan(s *Source, terms []*term, rules []*Rule) *plan {
	p := &plan{source: s, terms: terms, rules: rules}
	pl := &planner{plan: p, macros: map[*typedMacro]test{}}
	for _, r := range rules {
		p.tests = append(p.tests, pl.test(r.cond))
	}
	for _, name := range s.keys {
		for _, t := range terms {
			if t.key == name {
				p.keys = append(p.keys, newBucketKey(t, rules))
			}
		}
	}
	return p
}

func (p *planner) test(n *node) test {
	switch n.kind {
	case exprAnd:
		return p.and(n.kids)
	case exprOr:
		return p.or(n)
	case exprNot:
		return negate(p.test(n.kids[0]))
	case exprMacro:
		return p.macro(n.macro)
	}
	return compareTest(n.cmp)
}

func negate(t test) test { return func(f *frame) bool { return !t(f) } }

// macro makes a macro that is used once a part of what uses it; another one is judged once per event.
func (p *planner) macro(m *typedMacro) test {
	if m.uses == 1 || cheap(m.body) {
		return p.test(m.body)
	}
	if t := p.macros[m]; t != nil {
		return t
	}
	body, i := p.test(m.body), p.plan.memos
	p.plan.memos++
	t := func(f *frame) bool {
		o := &f.memos[i]
		if o.at != f.now {
			o.at, o.truth = f.now, body(f)
		}
		return o.truth
	}
	p.macros[m] = t
	return t
}

// cheap says whether judging a condition costs no more than looking up what it was.
func cheap(n *node) bool {
	switch n.kind {
	case exprMacro:
		return cheap(n.macro.body)
	case exprCompare:
		return n.cmp.cost() <= 4
	}
	return false
}

func (p *planner) and(kids []*node) test {
	kids = slices.Clone(kids)
	slices.SortStableFunc(kids, func(a, b *node) int { return a.cost() - b.cost() })
	tests := make([]test, len(kids))
	for i, k := range kids {
		tests[i] = p.test(k)
	}
	return allTests(tests)
}

func allTests(tests []test) test {
	switch len(tests) {
	case 1:
		return tests[0]
	case 2:
		a, b := tests[0], tests[1]
		return func(f *frame) bool { return a(f) && b(f) }
	case 3:
		a, b, c := tests[0], tests[1], tests[2]
		return func(f *frame) bool { return a(f) && b(f) && c(f) }
	}
	return func(f *frame) bool {
		for _, t := range tests {
			if !t(f) {
				return false
			}
		}
		return true
	}
}

func anyTest(tests []test) test {
	switch len(tests) {
	case 1:
		return tests[0]
	case 2:
		a, b := tests[0], tests[1]
		return func(f *frame) bool { return a(f) || b(f) }
	}
	return func(f *frame) bool {
		for _, t := range tests {
			if t(f) {
				return true
			}
		}
		return false
	}
}

// or joins comparisons of one field into one search, and tries the cheap ones first.
func (p *planner) or(n *node) test {
	kids := merge(flatten(n, nil))
	slices.SortStableFunc(kids, func(a, b *node) int { return a.cost() - b.cost() })
	tests := make([]test, len(kids))
	for i, k := range kids {
		tests[i] = p.test(k)
	}
	return anyTest(tests)
}

// flatten takes alternatives within alternatives as one row.
func flatten(n *node, to []*node) []*node {
	if n.kind == exprMacro && (n.macro.uses == 1 || cheap(n.macro.body)) {
		return flatten(n.macro.body, to)
	}
	if n.kind != exprOr {
		return append(to, n)
	}
	for _, k := range n.kids {
		to = flatten(k, to)
	}
	return to
}

// merge joins alternatives that search one text in the same way.
func merge(kids []*node) []*node {
	type group struct {
		term *term
		op   operator
	}
	seen := map[group]*node{}
	var out []*node
	for _, k := range kids {
		op, ok := searchOf(k)
		if !ok {
			out = append(out, k)
			continue
		}
		g := group{k.cmp.left, op}
		if before := seen[g]; before != nil {
			before.cmp.literals = append(before.cmp.literals, k.cmp.literals...)
			continue
		}
		mod := anyOf
		if op == opIn {
			mod = noModifier
		}
		c := &comparison{left: k.cmp.left, op: op, mod: mod, literals: slices.Clone(k.cmp.literals)}
		seen[g] = &node{kind: exprCompare, cmp: c}
		out = append(out, seen[g])
	}
	return out
}

// searchOf says which search for any of several texts a comparison is.
func searchOf(n *node) (operator, bool) {
	c := n.cmp
	if n.kind != exprCompare || c.right != nil || c.left.list || c.left.typ != StringType || c.mod == oneOf || c.mod == allOf {
		return 0, false
	}
	switch c.op {
	case opEqual, opIn, opIntersects:
		return opIn, true
	case opStartsWith, opEndsWith, opContains, opIContains, opPMatch:
		return c.op, c.op != opPMatch
	}
	return 0, false
}

func (n *node) cost() int {
	switch n.kind {
	case exprMacro:
		if n.macro.uses > 1 {
			return n.macro.body.cost()/2 + 1
		}
		return n.macro.body.cost()
	case exprCompare:
		return n.cmp.cost()
	}
	total := 0
	for _, k := range n.kids {
		total += k.cost()
	}
	return total
}

func (c *comparison) cost() int {
	cost := c.left.cost
	if c.right != nil {
		cost += c.right.cost
	}
	switch c.op {
	case opExists:
	case opEqual, opNotEqual, opStartsWith, opEndsWith, opIn, opIntersects:
		cost += 1 + min(len(c.literals)/8, 2)
	case opGlob, opIGlob, opPMatch:
		cost += 8
	case opRegex:
		cost += 20
	default:
		cost += 4
	}
	return cost
}

// bucketKey sorts rules by the values of one field with which they can match at all.
type bucketKey struct {
	slot   int
	values map[string][]uint64 // the rules, a bit each, for a value that any of them names
	other  []uint64            // for every other value, and for none
}

func words(n int) int { return (n + 63) / 64 }

func newBucketKey(t *term, rules []*Rule) bucketKey {
	k := bucketKey{slot: t.slot, values: map[string][]uint64{}, other: make([]uint64, words(len(rules)))}
	sets := make([][]string, len(rules))
	bounded := make([]bool, len(rules))
	for i, r := range rules {
		sets[i], bounded[i] = possible(r.cond, true, t)
		if !bounded[i] {
			k.other[i/64] |= 1 << (i % 64)
		}
		for _, v := range sets[i] {
			if k.values[v] == nil {
				k.values[v] = make([]uint64, words(len(rules)))
			}
		}
	}
	for v, set := range k.values {
		for i := range rules {
			if !bounded[i] || slices.Contains(sets[i], v) {
				set[i/64] |= 1 << (i % 64)
			}
		}
	}
	return k
}

// possible are the values of a field with which a condition can have a truth; bounded is false if it can have it with
// any value, or with none.
func possible(n *node, truth bool, t *term) (values []string, bounded bool) {
	switch {
	case n.kind == exprMacro:
		return possible(n.macro.body, truth, t)
	case n.kind == exprNot:
		return possible(n.kids[0], !truth, t)
	case n.kind == exprCompare:
		c := n.cmp
		if !truth || c.left != t || c.right != nil || !(c.op == opEqual || c.op == opIn || c.op == opIntersects) || c.mod == oneOf || c.mod == allOf {
			return nil, false
		}
		for _, l := range c.literals {
			values = append(values, l.text)
		}
		return values, true
	case (n.kind == exprAnd) == truth: // all of them must have the truth
		for _, k := range n.kids {
			set, ok := possible(k, truth, t)
			switch {
			case ok && bounded:
				values = slices.DeleteFunc(slices.Clone(values), func(v string) bool { return !slices.Contains(set, v) })
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
		values = append(values, set...)
	}
	return values, true
}

// candidates narrows a set of rules, a bit each, to those that can match the event.
func (p *plan) candidates(f *frame, set []uint64) {
	for i := range p.keys {
		k := &p.keys[i]
		allowed := k.other
		if v := f.value(k.slot); v != nil && v.Alt == nil {
			if named := k.values[v.Text]; named != nil {
				allowed = named
			}
		} else if v != nil {
			continue // several values: leave it to the rules
		}
		for w := range set {
			set[w] &= allowed[w]
		}
	}
}

// each calls do with the number of each rule in a set until it says stop.
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
