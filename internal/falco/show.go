package falco

import "strings"

// Clause is a part of a condition with macros and lists put in for their names, for people to read.
type Clause struct {
	Join    string // "and", "or" or "not" of Clauses; empty for a comparison
	Macro   string // the macro whose body this is
	Text    string // of a comparison the field and the operator
	List    bool   // the comparison is with a list
	Values  []string
	Clauses []Clause
}

// maxClauses bounds what is expanded: macros may name each other very often.
const maxClauses = 1000

// Expanded is the rule's condition, its exceptions included, with macros and lists put in for their names. What is beyond
// the bound is shown as three dots.
func (r *Rule) Expanded() Clause {
	left := maxClauses
	return expanded(r.cond, &left)
}

func expanded(n *node, left *int) Clause {
	if *left--; *left < 0 {
		return Clause{Text: "..."}
	}
	switch n.kind {
	case exprMacro:
		c := expanded(n.macro.body, left)
		if c.Macro != "" {
			return Clause{Join: "and", Macro: n.macro.name, Clauses: []Clause{c}}
		}
		c.Macro = n.macro.name
		return c
	case exprCompare:
		return n.cmp.clause()
	}
	c := Clause{Join: map[exprKind]string{exprAnd: "and", exprOr: "or", exprNot: "not"}[n.kind]}
	for _, k := range n.kids {
		kid := expanded(k, left)
		if kid.Join == c.Join && kid.Macro == "" && c.Join != "not" {
			c.Clauses = append(c.Clauses, kid.Clauses...) // parentheses that change nothing
			continue
		}
		c.Clauses = append(c.Clauses, kid)
		if *left < 0 {
			break
		}
	}
	return c
}

// clause is a comparison as a rule would have it.
func (c *comparison) clause() Clause {
	k := Clause{Text: c.left.key + " " + c.op.String(), List: c.op.takesList() || c.mod != noModifier}
	if c.mod != noModifier {
		k.Text += " " + c.mod.String()
	}
	if c.op == opExists {
		return k
	}
	if c.right != nil {
		k.List = false
		k.Values = []string{"val(" + c.right.key + ")"}
		return k
	}
	for _, t := range c.texts {
		if t == "" || strings.ContainsFunc(t, func(c rune) bool { return c > '~' || !bareByte(byte(c)) }) {
			t = quote(t)
		}
		k.Values = append(k.Values, t)
	}
	return k
}

// ExceptionUse is an exception of a rule: the fields that it compares, and how many values it lets pass.
type ExceptionUse struct {
	Name   string
	Fields []string
	Values int
}

// exceptionUses are a rule's own exceptions, as its files left them.
func exceptionUses(exceptions []*exception) (all []ExceptionUse) {
	for _, e := range exceptions {
		use := ExceptionUse{Name: e.name, Values: len(e.values)}
		for _, f := range append([]entry{e.fields}, e.fields.items...) {
			if f.item != nil {
				use.Fields = append(use.Fields, f.item.text)
			}
		}
		all = append(all, use)
	}
	return all
}
