package falco

import (
	"slices"
	"strings"
	"sync"
)

// Set is a set of compiled rules. It does not change, and is safe for concurrent use.
type Set struct {
	Rules []*Rule // in the order in which they were first defined

	terms map[*Source][]*term
	// planning guards what is found out about conditions while plans are made.
	planning sync.Mutex
}

// Rule is a rule that can run.
type Rule struct {
	Name     string
	Desc     string
	Source   string
	Priority Priority
	Tags     []string
	Enabled  bool
	// Condition and Output are as written, with what was appended to them.
	Condition, Output string
	File              string
	Line              int
	// Fields are the fields that the condition reads, and OutputFields those that only the output does.
	Fields, OutputFields []FieldUse
	// EventTypes are the event types with which the rule can match; nil for all.
	EventTypes []string
	// Exceptions are the rule's own, as its files left them; Expanded has them as conditions.
	Exceptions []ExceptionUse

	set    *Set
	cond   *node
	format *format
}

// FieldUse is a field with its argument, and the audit level that it needs.
type FieldUse struct{ Name, Needs string }

// Needs is the lowest audit level at which the rule can match, or with the output's fields, can say all of it.
func (r *Rule) Needs(output bool) string {
	level := ""
	uses := r.Fields
	if output {
		uses = append(slices.Clone(uses), r.OutputFields...)
	}
	order := []string{"", metadata, request, response}
	for _, u := range uses {
		if slices.Index(order, u.Needs) > slices.Index(order, level) {
			level = u.Needs
		}
	}
	return level
}

// Values are the values of a field, named without argument, with which the rule can match; bounded is false if it can
// with any value.
func (r *Rule) Values(field string) (values []string, bounded bool) {
	r.set.planning.Lock()
	defer r.set.planning.Unlock()
	t := findTerm(r.cond, field)
	if t == nil {
		return nil, false
	}
	values, bounded = possible(r.cond, true, t)
	return slices.Clone(values), bounded
}

// findTerm finds a field on the left of a comparison.
func findTerm(n *node, key string) (found *term) {
	comparisons(n, map[*typedMacro]bool{}, func(c *comparison) {
		if found == nil && c.left.key == key {
			found = c.left
		}
	})
	return found
}

// comparisons visits the comparisons of a condition, those of each macro once.
func comparisons(n *node, seen map[*typedMacro]bool, visit func(*comparison)) {
	switch n.kind {
	case exprCompare:
		visit(n.cmp)
	case exprMacro:
		if !seen[n.macro] {
			seen[n.macro] = true
			comparisons(n.macro.body, seen, visit)
		}
	}
	for _, k := range n.kids {
		comparisons(k, seen, visit)
	}
}

// Find is the rule of a name.
func (s *Set) Find(name string) *Rule {
	for _, r := range s.Rules {
		if r.Name == name {
			return r
		}
	}
	return nil
}

// compile makes rules of what was collected.
func (c *collection) compile() *Set {
	c.compileMacros()
	s := &Set{terms: map[*Source][]*term{}}
	checkers := map[*Source]*checker{}
	for _, d := range c.ruleSeq {
		src := c.options.source(d.source)
		if d.unknown || src == nil {
			continue
		}
		if checkers[src] == nil {
			checkers[src] = newChecker(c, src)
		}
		if r := c.rule(d, checkers[src]); r != nil {
			r.set = s
			s.Rules = append(s.Rules, r)
		}
	}
	for src, k := range checkers {
		s.terms[src] = k.seq
	}
	c.unused()
	return s
}

// unused warns of lists and macros that nothing names.
func (c *collection) unused() {
	for _, d := range c.listSeq {
		if !d.used {
			c.rep.warnAt(d.at, "unused-list", `list "`+excerpt(d.name)+`"`, d.name, "", "no rule, macro or list uses it")
		}
	}
	for _, d := range c.macroSeq {
		if !d.used {
			c.rep.warnAt(d.at, "unused-macro", d.item(), d.name, "", "no rule or macro uses it")
		}
	}
}

// rule compiles one rule; nil if it cannot run.
func (c *collection) rule(d *ruleDef, k *checker) *Rule {
	if d.broken {
		if f := c.further(d, k); f != nil {
			c.rep.errorAt(f.at, f.code, d.item(), f.token, f.hint, "%s", f.message)
		}
		if d.told {
			return nil
		}
		c.rep.errorAt(d.at, "broken-rule", d.item(), d.name, "mend the item with the error", "the rule is left out, as an item that defines or changes it has an error")
		return nil
	}
	cond, f := c.condition(d, k)
	var format *format
	if f == nil {
		format, f = k.output(trimScript(&d.output))
	}
	switch {
	case f != nil && d.skip && f.unknownName():
		c.rep.warnAt(f.at, f.code, d.item(), f.token, "", "%s; the rule is passed over, as skip-if-unknown-filter says", f.message)
		return nil
	case f != nil:
		c.rep.errorAt(f.at, f.code, d.item(), f.token, f.hint, "%s", f.message)
		return nil
	case cond == nil:
		return nil
	}
	r := &Rule{Name: d.name, Desc: d.desc, Source: d.source, Priority: d.priority, Tags: d.tags, Enabled: d.enabled, Condition: d.cond.text,
		Output: trimmed(d.output.text), File: d.at.file, Line: d.at.line, cond: cond, format: format, Exceptions: exceptionUses(d.exceptions)}
	r.uses()
	r.EventTypes = eventTypes(cond)
	c.warnEventTypes(d, r)
	c.warnUnknownTypes(d, k, cond)
	return r
}

// trimScript is a script without the blanks at its end.
func trimScript(s *script) *script {
	return &script{text: strings.TrimRight(s.text, " \t\r\n\v\f"), parts: s.parts}
}

func trimLeft(s string) string {
	for s != "" && (blank(s[0]) || s[0] == '\v' || s[0] == '\f') {
		s = s[1:]
	}
	return s
}

// further is what is wrong with a rule besides what was told of it already.
func (c *collection) further(d *ruleDef, k *checker) *fault {
	tree, err := parseBounded(&d.cond, c.values)
	if err != nil {
		return faultAt(&d.cond, err.at, err.code, err.token, err.hint_, err.message)
	}
	if f := c.resolveDeep(tree, c.next, 0); f != nil {
		return f
	}
	if _, f := k.check(tree, c.next); f != nil {
		return f
	}
	_, f := k.output(trimScript(&d.output))
	return f
}

// condition parses and checks a rule's condition with its exceptions.
func (c *collection) condition(d *ruleDef, k *checker) (*node, *fault) {
	s, ok := c.except(d, &d.cond)
	if !ok {
		return nil, nil
	}
	tree, err := parseBounded(s, c.values)
	if err != nil {
		return nil, faultAt(s, err.at, err.code, err.token, err.hint_, err.message)
	}
	if f := c.resolveDeep(tree, c.next, 0); f != nil {
		return nil, f
	}
	return k.check(tree, c.next)
}

// uses collects the fields that the rule reads.
func (r *Rule) uses() {
	seen := map[string]bool{}
	add := func(to *[]FieldUse) func(*Field, string) {
		return func(f *Field, name string) {
			if !seen[name] {
				seen[name] = true
				*to = append(*to, FieldUse{name, f.Needs})
			}
		}
	}
	comparisons(r.cond, map[*typedMacro]bool{}, func(c *comparison) {
		c.left.fields(add(&r.Fields))
		if c.right != nil {
			c.right.fields(add(&r.Fields))
		}
	})
	for _, p := range r.format.pieces {
		if p.term != nil {
			p.term.fields(add(&r.OutputFields))
		}
	}
}

func eventTypes(n *node) []string {
	t := findTerm(n, "evt.type")
	if t == nil {
		return nil
	}
	types, bounded := possible(n, true, t)
	if !bounded {
		return nil
	}
	return slices.Clone(types)
}

const manyEventTypes = 100

func (c *collection) warnEventTypes(d *ruleDef, r *Rule) {
	if d.source != "syscall" || !d.warn {
		return
	}
	switch n := len(r.EventTypes); {
	case r.EventTypes == nil:
		c.rep.warnAt(d.cond.at(0), "no-event-type", d.item(), "", "compare evt.type with the event types it is about", "the rule is judged for events of all types")
	case n > manyEventTypes:
		c.rep.warnAt(d.cond.at(0), "no-event-type", d.item(), "", "", "the rule is judged for events of %d types", n)
	}
}
