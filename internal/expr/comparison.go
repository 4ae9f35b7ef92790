package expr

// comparison plans == != < <= > >= and in.
func (c *compiler) comparison(n *node) (cond, error) {
	switch n.sym {
	case opsEqual:
		return c.equality(n, yes)
	case opsUnequal:
		return c.equality(n, no)
	case symIn:
		return c.in(n)
	}
	args, err := c.planAll(n.args)
	if err != nil {
		return nil, err
	}
	a, b, sym := args[0], args[1], n.sym
	return func(f *Frame) verdict { return f.order(sym, a(f), b(f)) }, nil
}

// order compares; a NaN is in no order.
func (f *Frame) order(sym byte, x, y Value) verdict {
	c, known, comparable := compare(x, y)
	switch {
	case !comparable:
		f.fault = noOverload("_"+symbol(sym)+"_", x, y)
		return bad
	case !known:
		return no
	}
	switch sym {
	case '<':
		return verdictOf(c < 0)
	case opsAtMost:
		return verdictOf(c <= 0)
	case '>':
		return verdictOf(c > 0)
	}
	return verdictOf(c >= 0)
}

func symbol(sym byte) string {
	switch sym {
	case opsAtMost:
		return "<="
	case opsAtLeast:
		return ">="
	}
	return string(sym)
}

// equality plans == for want yes and != for want no. What rules compare with most often has plans of its own.
func (c *compiler) equality(n *node, want verdict) (cond, error) {
	for i, side := range n.args {
		other := n.args[1-i]
		if v, ok := constant(side); ok {
			switch v.kind {
			case KindString:
				return c.isText(other, v.text(), want, i == 1)
			case KindNull:
				return c.isKind(other, KindNull, want)
			}
		}
		if v, ok := c.typeName(side); ok && other.op == opCall && !other.method && other.text == "type" && len(other.args) == 1 {
			if k, ok := kindOf(v.text()); ok {
				return c.isKind(other.args[0], k, want)
			}
		}
	}
	args, err := c.planAll(n.args)
	if err != nil {
		return nil, err
	}
	a, b := args[0], args[1]
	return func(f *Frame) verdict {
		x := a(f)
		if x.kind == KindError {
			f.fault = x
			return bad
		}
		y := b(f)
		if y.kind == KindError {
			f.fault = y
			return bad
		}
		if want == yes && opaque(x.kind) && x.kind != y.kind && y.kind != KindNull {
			f.fault = noOverload("_==_", x, y)
			return bad
		}
		return verdictOf(f.equal(x, y) == (want == yes))
	}, nil
}

// opaque says whether values of a kind can be asked only whether they equal one of their own kind. The other
// way round, 1 == quantity('1'), is false.
func opaque(k Kind) bool { return k >= KindQuantity }

func kindOf(name string) (Kind, bool) {
	for k := KindNull; int(k) < len(kindNames); k++ {
		if kindNames[k] == name {
			return k, true
		}
	}
	return 0, false
}

// isText compares with a constant text; left says that the other side stands on the left.
func (c *compiler) isText(n *node, text string, want verdict, left bool) (cond, error) {
	x, err := c.plan(n)
	return func(f *Frame) verdict {
		switch v := x(f); v.kind {
		case KindString:
			return verdictOf(v.text() == text) ^ want ^ 1
		case KindError:
			f.fault = v
			return bad
		default:
			if left && want == yes && opaque(v.kind) {
				return f.bad("_==_", v)
			}
		}
		return want ^ 1
	}, err
}

func (c *compiler) isKind(n *node, kind Kind, want verdict) (cond, error) {
	x, err := c.plan(n)
	return func(f *Frame) verdict {
		switch v := x(f); v.kind {
		case kind:
			return want
		case KindError:
			f.fault = v
			return bad
		}
		return want ^ 1
	}, err
}

// in plans membership of a list, or among the keys of a map.
func (c *compiler) in(n *node) (cond, error) {
	if list, ok := constant(n.args[1]); ok && list.kind == KindList {
		if list.Len() == 0 {
			// The API server's evaluator folds this away, even where the left side would fail.
			return func(*Frame) verdict { return no }, nil
		}
		if has := texts(list); has != nil {
			x, err := c.plan(n.args[0])
			return func(f *Frame) verdict {
				switch v := x(f); v.kind {
				case KindString:
					return verdictOf(has(v.text()))
				case KindError:
					f.fault = v
					return bad
				}
				return no
			}, err
		}
	}
	args, err := c.planAll(n.args)
	if err != nil {
		return nil, err
	}
	x, y := args[0], args[1]
	return func(f *Frame) verdict { return f.member(x(f), y(f)) }, nil
}

// texts makes a set of a list of strings; nil if others are among them.
func texts(list Value) func(string) bool {
	items := make([]string, 0, list.Len())
	for c := list.cursor(); c.next(); {
		if c.item.kind != KindString {
			return nil
		}
		items = append(items, c.item.text())
	}
	if len(items) <= 6 {
		return func(s string) bool {
			for _, item := range items {
				if item == s {
					return true
				}
			}
			return false
		}
	}
	set := make(map[string]bool, len(items))
	for _, item := range items {
		set[item] = true
	}
	return func(s string) bool { return set[s] }
}

func (f *Frame) member(x, y Value) verdict {
	switch {
	case x.kind == KindError:
		f.fault = x
		return bad
	case y.kind == KindMap:
		_, ok := y.Entry(x)
		return verdictOf(ok)
	case y.kind != KindList:
		f.fault = noOverload("_in_", x, y)
		return bad
	}
	for c := y.cursor(); f.step() && c.next(); {
		if f.equal(x, c.item) {
			return yes
		}
	}
	return no
}
