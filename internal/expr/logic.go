package expr

// verdict is what a condition gives.
type verdict uint8

const (
	no verdict = iota
	yes
	bad // an error, or no boolean: Frame.fault says which
)

func verdictOf(b bool) verdict {
	if b {
		return yes
	}
	return no
}

// cond evaluates to a verdict.
type cond func(*Frame) verdict

// bad notes an error, or that a value is of the wrong kind for what.
func (f *Frame) bad(what string, v Value) verdict {
	f.fault = noOverload(what, v)
	return bad
}

// boolean says whether an expression has a plan as a condition that is better than its plan as code.
func boolean(n *node) bool {
	switch n.op {
	case opHas, opNot, opAnd, opOr:
		return true
	case opBinary:
		switch n.sym {
		case '+', '-', '*', '/', '%':
			return false
		}
		return true
	case opMacro:
		return n.text == "all" || n.text == "exists" || n.text == "exists_one" || n.text == "existsOne"
	case opCall:
		switch {
		case n.text == "matches":
			return len(n.args) == 2
		case !n.method || packaged(n):
			return false
		}
		return len(n.args) == 1 && n.text == "hasValue" || len(n.args) == 2 && isTextTest(n.text)
	}
	return false
}

// cond plans an expression for its truth.
func (c *compiler) cond(n *node) (cond, error) {
	switch n.op {
	case opHas:
		return c.has(n)
	case opNot:
		x, err := c.cond(n.args[0])
		return func(f *Frame) verdict {
			if r := x(f); r != bad {
				return r ^ 1
			}
			return bad
		}, err
	case opAnd:
		return c.logic(n, no)
	case opOr:
		return c.logic(n, yes)
	case opBinary, opMacro, opCall:
		if n.op == opCall && n.method && n.text == "orValue" && len(n.args) == 2 {
			return c.truthOr(n)
		}
		if !boolean(n) {
			break
		}
		switch n.op {
		case opBinary:
			return c.comparison(n)
		case opMacro:
			return c.quantifier(n)
		}
		if n.text == "hasValue" {
			return c.hasValue(n)
		}
		return c.textTest(n)
	}
	x, err := c.plan(n)
	return func(f *Frame) verdict {
		v := x(f)
		if v.kind == KindBool {
			return verdict(v.small)
		}
		return f.bad("_?_:_", v)
	}, err
}

// logic plans && and ||: a side that decides wins, even where another one fails (CEL spec, "Logical
// Operators").
func (c *compiler) logic(n *node, decides verdict) (cond, error) {
	terms := make([]cond, len(n.args))
	for i, a := range n.args {
		var err error
		if terms[i], err = c.cond(a); err != nil {
			return nil, err
		}
	}
	if len(terms) == 2 {
		a, b := terms[0], terms[1]
		return func(f *Frame) verdict {
			x := a(f)
			if x == decides {
				return x
			}
			if x != bad {
				return b(f)
			}
			fault := f.fault
			if b(f) == decides {
				return decides
			}
			f.fault = fault
			return bad
		}, nil
	}
	return func(f *Frame) verdict { return decide(f, terms, decides) }, nil
}

func decide(f *Frame, terms []cond, decides verdict) verdict {
	for i, t := range terms {
		switch r := t(f); r {
		case decides:
			return r
		case bad:
			fault := f.fault
			for _, t := range terms[i+1:] {
				if t(f) == decides {
					return decides
				}
			}
			f.fault = fault
			return bad
		}
	}
	return decides ^ 1
}
