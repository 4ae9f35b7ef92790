package falco

// Values visits what the fields of a rule's output are in the event of the last call, in their order; ok is false
// where the event has none. A text is valid until the next event. The rule need not have matched, nor be planned.
func (r *Runner) Values(rule *Rule, visit func(i int, text string, ok bool)) {
	i := 0
	for _, p := range rule.format.pieces {
		if p.term == nil {
			continue
		}
		if v := r.frame.value(p.term.slot); v != nil {
			visit(i, p.term.textOf(v), true)
		} else {
			visit(i, "", false)
		}
		i++
	}
}

// Lacks says whether an event can only match the rule if it does not have a field.
func (r *Rule) Lacks(field string) bool {
	r.set.planning.Lock()
	defer r.set.planning.Unlock()
	t := findTerm(r.cond, field)
	return t != nil && lacks(r.cond, true, t)
}

// lacks says whether a condition's truth implies that a field does not exist.
func lacks(n *node, truth bool, t *term) bool {
	switch {
	case n.kind == exprMacro:
		return lacks(n.macro.body, truth, t)
	case n.kind == exprNot:
		return lacks(n.kids[0], !truth, t)
	case n.kind == exprCompare:
		return !truth && n.cmp.op == opExists && n.cmp.left == t
	}
	all := (n.kind == exprAnd) == truth
	for _, k := range n.kids {
		if lacks(k, truth, t) == all {
			return all
		}
	}
	return !all
}

// Reachable says whether the rule can match at all if some fields, named with their arguments, are not recorded.
func (r *Rule) Reachable(missing func(field string) bool) bool {
	return reachable(r.cond, missing) != certainlyFalse
}

// outcome is what is known of a condition.
type outcome int8

const (
	certainlyFalse outcome = iota - 1
	unknown
	certainlyTrue
)

func reachable(n *node, missing func(field string) bool) outcome {
	switch n.kind {
	case exprMacro:
		return reachable(n.macro.body, missing)
	case exprNot:
		return -reachable(n.kids[0], missing)
	case exprCompare:
		gone := false
		see := func(_ *Field, name string) { gone = gone || missing(name) }
		n.cmp.left.fields(see)
		if n.cmp.right != nil {
			n.cmp.right.fields(see)
		}
		if gone {
			return certainlyFalse // whatever is compared with what is not there
		}
		return unknown
	}
	worst := certainlyTrue
	for _, k := range n.kids {
		o := reachable(k, missing)
		if n.kind == exprOr {
			o = -o
		}
		worst = min(worst, o)
	}
	if n.kind == exprOr {
		return -worst
	}
	return worst
}
