package falco

import (
	"slices"
	"strings"
)

// collection holds what the files define, in the order in which names were first defined.
type collection struct {
	rep     *report
	options Options
	next    int // the place of the next definition in the order of all

	lists     map[string]*listDef
	macros    map[string]*macroDef
	rules     map[string]*ruleDef
	listSeq   []*listDef
	macroSeq  []*macroDef
	ruleSeq   []*ruleDef
	expanding int // values put in for lists so far, all conditions together
	flattened int // values of lists with lists put in, all lists together

	overflowed bool
	eventTypes []string // in order
	toldTypes  map[string]bool
}

// listDef is a list. It was first defined at first; it and what stands in it sees definitions before seen.
type listDef struct {
	name        string
	items       []*origin
	first, seen int
	at          place
	used        bool
	values      []value // with lists in it put in; set by flatten
	flat        bool
	flattening  bool
}

// macroDef is a macro, with first and seen as of a list.
type macroDef struct {
	name        string
	cond        script
	first, seen int
	at          place
	tree        *expr
	used        bool
	broken      bool
	walking     bool
}

// ruleDef is a rule as its files left it.
type ruleDef struct {
	name         string
	cond, output script
	desc         string
	source       string
	priority     Priority
	tags         []string
	enabled      bool
	warn, skip   bool
	capture      bool
	captureFor   int64
	exceptions   []*exception
	at           place
	unknown      bool // its source is unknown
	broken       bool // a faulty item left it in doubt
	told         bool // what is wrong stands at the item itself
}

func (d *ruleDef) item() string  { return `rule "` + excerpt(d.name) + `"` }
func (d *macroDef) item() string { return `macro "` + excerpt(d.name) + `"` }

func (c *collection) step() int {
	c.next++
	return c.next - 1
}

func (c *collection) defineList(d *listDef) {
	d.seen = c.step()
	if before := c.lists[d.name]; before != nil {
		d.first = before.first
		*before = *d
		return
	}
	d.first = d.seen
	c.lists[d.name] = d
	c.listSeq = append(c.listSeq, d)
}

func (c *collection) appendList(d *listDef, item string) {
	before := c.lists[d.name]
	if before == nil {
		c.rep.errorAt(d.at, "no-previous", item, d.name, didYouMean(d.name, c.listNames()), "there is no list %s to append to", quoted(d.name))
		return
	}
	before.items = append(before.items, d.items...)
	before.seen = c.step()
}

func (c *collection) defineMacro(d *macroDef) {
	d.seen = c.step()
	if before := c.macros[d.name]; before != nil {
		d.first = before.first
		*before = *d
		return
	}
	d.first = d.seen
	c.macros[d.name] = d
	c.macroSeq = append(c.macroSeq, d)
}

func (c *collection) appendMacro(d *macroDef, item string) {
	before := c.macros[d.name]
	if before == nil {
		c.rep.errorAt(d.at, "no-previous", item, d.name, didYouMean(d.name, c.macroNames()), "there is no macro %s to append to", quoted(d.name))
		return
	}
	before.cond.glue(" ", d.cond.parts[0].from)
	before.cond.join(&d.cond)
	before.seen = c.step()
}

func (c *collection) listNames() []string {
	var names []string
	for _, d := range c.listSeq {
		names = append(names, d.name)
	}
	return names
}

func (c *collection) macroNames() []string {
	var names []string
	for _, d := range c.macroSeq {
		names = append(names, d.name)
	}
	return names
}

func (c *collection) ruleNames() []string {
	var names []string
	for _, d := range c.ruleSeq {
		names = append(names, d.name)
	}
	return names
}

// spoil marks a rule whose redefinition is faulty, so that the earlier one does not run in its place unnoticed.
func (c *collection) spoil(name string) {
	if d := c.rules[name]; d != nil {
		d.broken = true
	}
}

// defineBroken remembers a rule that has a fault, so that other faults in it are told as well.
func (c *collection) defineBroken(u update) {
	if c.rules[u.name] != nil || u.cond == nil {
		return
	}
	d := &ruleDef{name: u.name, at: u.at, source: "syscall", broken: true, told: true}
	if u.source != nil {
		d.source = u.source.text
	}
	d.unknown = c.options.source(d.source) == nil
	d.cond.add(u.cond)
	if u.output != nil {
		d.output.add(u.output)
	}
	c.rules[u.name] = d
	c.ruleSeq = append(c.ruleSeq, d)
	c.step()
}

func (c *collection) defineRule(u update) {
	d := &ruleDef{name: u.name, at: u.at, enabled: true, warn: true, source: "syscall", priority: *u.priority, desc: u.desc.text}
	if u.source != nil {
		d.source = u.source.text
	}
	before := c.rules[u.name]
	if before != nil && before.source != d.source && !before.told {
		c.rep.errorAt(u.at, "source-changed", u.item, d.source, "give it another name", "the rule was defined with source %s, now with %s", before.source, d.source)
		before.broken = true
		return
	}
	s := c.options.source(d.source)
	if d.unknown = s == nil; d.unknown {
		c.rep.warnAt(u.at, "unknown-source", u.item, d.source, didYouMean(d.source, c.sourceNames()), "source %s is unknown, the rule is passed over", quoted(d.source))
	}
	for _, e := range u.exceptions {
		if !c.complete(e, u.item, s) {
			d.broken = true
		}
	}
	d.cond.add(u.cond)
	d.output.add(u.output)
	c.apply(d, u)
	c.step()
	if before != nil {
		*before = *d
		return
	}
	c.rules[u.name] = d
	c.ruleSeq = append(c.ruleSeq, d)
}

func (c *collection) sourceNames() []string {
	var names []string
	for _, s := range c.options.Sources {
		names = append(names, s.Name)
	}
	return names
}

// apply takes over the keys that replace and redefine alike.
func (c *collection) apply(d *ruleDef, u update) {
	if u.hasTags {
		d.tags = u.tags
	}
	if u.hasExceptions {
		d.exceptions = u.exceptions
	}
	for _, b := range []struct{ to, from *bool }{{&d.enabled, u.enabled}, {&d.warn, u.warn}, {&d.skip, u.skip}, {&d.capture, u.capture}} {
		if b.from != nil {
			*b.to = *b.from
		}
	}
	if u.captureMillis != nil {
		d.captureFor = *u.captureMillis
	}
	if u.priority != nil {
		d.priority = *u.priority
	}
}

func (c *collection) previous(u update, verb string) *ruleDef {
	d := c.rules[u.name]
	if d == nil {
		c.rep.errorAt(u.at, "no-previous", u.item, u.name, didYouMean(u.name, c.ruleNames()), "there is no rule %s to %s", quoted(u.name), verb)
	}
	return d
}

func (c *collection) replaceRule(u update) {
	d := c.previous(u, "change")
	if d == nil {
		return
	}
	s := c.options.source(d.source)
	for _, e := range u.exceptions {
		if !c.complete(e, u.item, s) {
			d.broken = true
		}
	}
	if u.cond != nil {
		d.cond = script{}
		d.cond.add(u.cond)
	}
	if u.output != nil {
		d.output = script{}
		d.output.add(u.output)
	}
	if u.desc != nil {
		d.desc = u.desc.text
	}
	c.apply(d, u)
	c.step()
}

func (c *collection) appendRule(u update) {
	d := c.previous(u, "append to")
	if d == nil {
		return
	}
	if u.cond == nil && u.output == nil && u.desc == nil && !u.hasTags && !u.hasExceptions {
		c.rep.errorAt(u.at, "missing-key", u.item, "append", "give condition or exceptions", "there is nothing to append")
		return
	}
	if u.cond != nil {
		d.cond.glue(" ", u.cond)
		d.cond.add(u.cond)
	}
	if u.output != nil {
		d.output.glue(" ", u.output)
		d.output.add(u.output)
	}
	if u.desc != nil {
		d.desc += " " + u.desc.text
	}
	for _, t := range u.tags {
		if !slices.Contains(d.tags, t) {
			d.tags = append(d.tags, t)
		}
	}
	for _, e := range u.exceptions {
		if !c.appendException(d, e, u.item) {
			d.broken = true
		}
	}
	c.step()
}

func (c *collection) appendException(d *ruleDef, e *exception, item string) bool {
	for _, before := range d.exceptions {
		if before.name != e.name {
			continue
		}
		if e.fields.given() || e.comps.given() {
			c.rep.errorAt(e.at, "exception", item, e.name, "leave out fields and comps, or use another name", "exception %s is there already: only values can be appended", quoted(e.name))
			return false
		}
		before.values = append(before.values, e.values...)
		return true
	}
	if !e.fields.given() || len(e.values) == 0 {
		c.rep.errorAt(e.at, "exception", item, e.name, "", "exception %s is new to the rule and needs fields and values", quoted(e.name))
		return false
	}
	d.exceptions = append(d.exceptions, e)
	return c.complete(e, item, c.options.source(d.source))
}

// trimmed is the output without the blanks around it.
func trimmed(s string) string { return strings.Trim(s, " \t\r\n\v\f") }
