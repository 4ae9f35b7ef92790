package falco

import "slices"

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

// maxCost is where costs stop growing.
const maxCost = 1 << 20

func (n *node) cost() int {
	switch n.kind {
	case exprMacro:
		m := n.macro
		if m.weight == 0 {
			m.weight = max(m.body.cost(), 1)
		}
		if m.uses > 1 {
			return m.weight/2 + 1
		}
		return m.weight
	case exprCompare:
		return n.cmp.cost()
	}
	total := 0
	for _, k := range n.kids {
		total = min(total+k.cost(), maxCost)
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
