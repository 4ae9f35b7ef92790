package falco

import (
	"slices"
	"strconv"
	"strings"
)

// node is a condition whose names are resolved and whose comparisons have types.
type node struct {
	kind  exprKind
	kids  []*node
	macro *typedMacro
	cmp   *comparison
}

// typedMacro is a macro as one source understands it. All rules of the source share it.
type typedMacro struct {
	name string
	body *node
	bad  *fault
	uses int
	// What was found out about the body, as macros within macros may name it very often.
	weight   int
	possible map[question]answer
	required map[question]bool
}

// comparison is one test of an event.
type comparison struct {
	left     *term
	op       operator
	mod      modifier
	literals []literal
	texts    []string // the literals as written
	right    *term    // instead of literals
}

// fault is why a condition or an output cannot be used.
type fault struct {
	at                         place
	code, token, message, hint string
}

// unknownName says whether the fault is one that skip-if-unknown-filter forgives.
func (f *fault) unknownName() bool { return f.code == "unknown-field" }

// checker resolves conditions for one source.
type checker struct {
	c      *collection
	source *Source
	terms  map[string]*term
	seq    []*term
	macros map[*macroDef]*typedMacro
}

func newChecker(c *collection, s *Source) *checker {
	return &checker{c: c, source: s, terms: map[string]*term{}, macros: map[*macroDef]*typedMacro{}}
}

// check resolves a tree. seen is the place in the order of definitions before which macros can be seen.
func (k *checker) check(e *expr, seen int) (*node, *fault) {
	switch e.kind {
	case exprMacro:
		return k.macro(e, seen)
	case exprCompare:
		cmp, f := k.compare(e)
		return &node{kind: exprCompare, cmp: cmp}, f
	}
	n := &node{kind: e.kind}
	for _, kid := range e.kids {
		x, f := k.check(kid, seen)
		if f != nil {
			return nil, f
		}
		n.kids = append(n.kids, x)
	}
	return n, nil
}

func (k *checker) macro(e *expr, seen int) (*node, *fault) {
	d := e.def
	m := k.macros[d]
	if m == nil {
		m = &typedMacro{name: d.name}
		k.macros[d] = m
		if m.body, m.bad = k.check(d.tree, d.seen); m.bad != nil && !strings.HasPrefix(m.bad.message, "in macro ") {
			m.bad.message = "in macro " + d.name + ": " + m.bad.message
		}
	}
	if m.bad != nil {
		return nil, m.bad
	}
	m.uses++
	return &node{kind: exprMacro, macro: m}, nil
}

func faultAt(s *script, at int, code, token, hint, message string) *fault {
	return &fault{s.at(at), code, token, message, hint}
}

func (k *checker) compare(e *expr) (*comparison, *fault) {
	left, f := k.term(e.left, e.from)
	if f != nil {
		return nil, f
	}
	c := &comparison{left: left, op: e.op, mod: e.mod}
	name := e.from.text[e.left.at:e.left.end]
	if ok, why := allows(left.typ, left.list, e.op); !ok {
		return nil, faultAt(e.from, e.opAt, "operator-type", e.op.String(), why, e.op.String()+" cannot compare "+name)
	}
	if left.list && e.mod != noModifier {
		return nil, faultAt(e.from, e.opAt, "operator-type", e.mod.String(), "use in or intersects", name+" is a list, and "+e.mod.String()+" needs a single value on the left")
	}
	switch {
	case e.op == opExists:
		return c, nil
	case e.right.kind == fieldOperand || e.right.kind == transformOperand:
		c.right, f = k.rightTerm(e, left, name)
		return c, f
	}
	for _, v := range e.right.values {
		l, err := readLiteral(left.typ, v.text, e.op == opBContains || e.op == opBStartsWith)
		if err == nil && (e.op == opRegex || e.op == opGlob || e.op == opIGlob) {
			err = checkPattern(e.op, v.text)
		}
		if err != nil {
			return nil, faultAt(e.from, v.at, "bad-value", v.text, "", name+" is of type "+left.typ.String()+": "+err.Error())
		}
		c.literals = append(c.literals, l)
		c.texts = append(c.texts, v.text)
	}
	return c, nil
}

// rightTerm resolves the right side of a comparison with a field.
func (k *checker) rightTerm(e *expr, left *term, name string) (*term, *fault) {
	right, f := k.term(e.right, e.from)
	if f != nil {
		return nil, f
	}
	other := e.from.text[e.right.at:e.right.end]
	switch {
	case e.op == opRegex || e.op == opPMatch || left.typ == NetType:
		return nil, faultAt(e.from, e.right.at, "operator-type", other, "use a value", e.op.String()+" cannot compare "+name+" with a field")
	case right.typ != left.typ:
		return nil, faultAt(e.from, e.right.at, "field-types", other, "", name+" is of type "+left.typ.String()+", "+other+" of type "+right.typ.String())
	case right.list && !e.op.takesList():
		return nil, faultAt(e.from, e.right.at, "field-types", other, "use in or intersects", other+" is a list, and "+e.op.String()+" compares with one value")
	}
	return right, nil
}

// resolveMacro finds the macro that a name stands for; it is a fault if it is not defined, or only later.
func (c *collection) resolveMacro(e *expr, seen int) *fault {
	d := c.macros[e.macro]
	if d == nil {
		hint := didYouMean(e.macro, c.macroNames())
		if c.lists[e.macro] != nil {
			hint = e.macro + " is a list: write FIELD in (" + e.macro + ")"
		}
		return faultAt(e.from, e.at, "undefined-macro", e.macro, hint, "macro "+quoted(e.macro)+" is not defined")
	}
	if d.first >= seen {
		return faultAt(e.from, e.at, "undefined-macro", e.macro, "define it before the macro that uses it",
			"macro "+quoted(e.macro)+" is defined later, at "+d.at.file+":"+strconv.Itoa(d.at.line))
	}
	if d.walking {
		return faultAt(e.from, e.at, "macro-loop", e.macro, "take one of the references out", "macro "+quoted(e.macro)+" refers to itself")
	}
	e.def, d.used = d, true
	if d.tree == nil {
		return faultAt(e.from, e.at, "broken-macro", e.macro, "mend the macro", "macro "+quoted(e.macro)+" has an error of its own")
	}
	d.walking = true
	defer func() { d.walking = false }()
	if d.broken {
		return faultAt(e.from, e.at, "broken-macro", e.macro, "mend the macro", "macro "+quoted(e.macro)+" has an error of its own")
	}
	return nil
}

// compileMacros parses macros and resolves the names in them.
func (c *collection) compileMacros() {
	for _, d := range c.macroSeq {
		tree, err := parseBounded(&d.cond, c.values)
		if err != nil {
			at := d.cond.at(err.at)
			c.rep.errorAt(at, err.code, d.item(), err.token, err.hint_, "%s", err.message)
			d.broken = true
			continue
		}
		d.tree = tree
	}
	for _, d := range c.macroSeq {
		if d.tree == nil {
			continue
		}
		d.walking = true
		if f := c.resolveDeep(d.tree, d.seen, 0); f != nil {
			d.broken = true
			c.rep.errorAt(f.at, f.code, d.item(), f.token, f.hint, "%s", f.message)
		}
		d.walking = false
	}
}

// resolveDeep resolves a macro's tree and the trees below it, so that a loop through several macros is found.
func (c *collection) resolveDeep(e *expr, seen, depth int) *fault {
	if depth > maxNesting {
		return faultAt(e.from, e.at, "too-deep", e.macro, "", "macros are nested more than 1000 deep")
	}
	for _, kid := range e.kids {
		if f := c.resolveDeep(kid, seen, depth); f != nil {
			return f
		}
	}
	if e.kind != exprMacro {
		return nil
	}
	if f := c.resolveMacro(e, seen); f != nil {
		return f
	}
	if e.def.checked() {
		return nil
	}
	e.def.walking = true
	defer func() { e.def.walking = false }()
	return c.resolveDeep(e.def.tree, e.def.seen, depth+1)
}

// checked says whether the names in a macro have been resolved.
func (d *macroDef) checked() bool { return d.tree != nil && resolved(d.tree) }

func resolved(e *expr) bool {
	if e.kind == exprMacro {
		return e.def != nil
	}
	return !slices.ContainsFunc(e.kids, func(k *expr) bool { return !resolved(k) })
}

func parseBounded(s *script, lists func(string) ([]value, bool)) (*expr, *syntaxError) {
	if len(s.text) > maxCondition {
		return nil, &syntaxError{"too-large", 0, "", "the condition has more than 1 MiB", "use lists and macros"}
	}
	return parse(s, lists)
}
