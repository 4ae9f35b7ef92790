package expr

// maybe evaluates to a value that may be absent, without building an optional for it. An error is a Value
// with a reason and false.
type maybe func(*Frame) (Value, bool)

// chain plans x.?a, x.?a.b, x.?a.?b and x[?i] for a caller that unwraps the result at once, as orValue and
// hasValue do; nearly every optional in a rule is of this form. ok is false for any other expression.
func (c *compiler) chain(n *node) (run maybe, ok bool, err error) {
	if n.op != opOptional && n.op != opOptIndex && n.op != opSelect {
		return nil, false, nil
	}
	base, optional, err := c.chain(n.args[0])
	if err != nil {
		return nil, false, err
	}
	if !optional {
		if n.op == opSelect {
			return nil, false, nil
		}
		x, err := c.plan(n.args[0])
		if err != nil {
			return nil, false, err
		}
		base = func(f *Frame) (Value, bool) {
			v := x(f)
			if v.kind == KindOptional {
				return v.Unwrap()
			}
			return v, v.kind != KindError
		}
	}
	if n.op == opOptIndex {
		i, err := c.plan(n.args[1])
		if err != nil {
			return nil, false, err
		}
		return func(f *Frame) (Value, bool) {
			v, ok := base(f)
			k := i(f)
			if k.kind == KindError {
				return k, false
			}
			if !ok {
				return v, false
			}
			found := indexed(v, k, true)
			if found.kind == KindError {
				return found, false
			}
			return found.Unwrap()
		}, true, nil
	}
	name := n.text
	return func(f *Frame) (Value, bool) {
		v, ok := base(f)
		if !ok {
			return v, false
		}
		return present(v, name)
	}, true, nil
}

// unwrapping plans chain.hasValue() and chain.orValue(y); ok is false where the receiver is no chain.
func (c *compiler) unwrapping(n *node) (run code, ok bool, err error) {
	x, ok, err := c.chain(n.args[0])
	if !ok || err != nil {
		return nil, false, err
	}
	if n.text == "hasValue" {
		return func(f *Frame) Value {
			v, ok := x(f)
			if !ok && v.kind == KindError && v.ref != nil {
				return v
			}
			return OfBool(ok)
		}, true, nil
	}
	y, err := c.plan(n.args[1])
	if err != nil {
		return nil, false, err
	}
	return func(f *Frame) Value {
		v, ok := x(f)
		if ok || v.kind == KindError && v.ref != nil {
			return v
		}
		return y(f)
	}, true, nil
}
