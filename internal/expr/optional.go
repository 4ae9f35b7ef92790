package expr

// The functions of optionals (cel-go, optional types): optional.of(), none() and ofNonZeroValue() make one,
// these take it apart.

// optionalCall plans the calls whose receiver need not become an optional, or whose argument is evaluated only
// where it is needed; ok is false for other calls.
func (c *compiler) optionalCall(n *node) (run code, ok bool, err error) {
	switch {
	case n.text == "orValue" && len(n.args) == 2:
		run, err = c.orValue(n)
	case n.text == "or" && len(n.args) == 2:
		run, err = c.or(n)
	case n.text == "value" && len(n.args) == 1:
		run, err = c.value(n)
	default:
		return nil, false, nil
	}
	return run, true, err
}

func (c *compiler) orValue(n *node) (code, error) {
	x, err := c.source(n.args[0])
	if err != nil {
		return nil, err
	}
	y, err := c.plan(n.args[1])
	return func(f *Frame) Value {
		v, is := x(f)
		switch is {
		case none:
			return y(f)
		case plain:
			return noOverload("orValue", v)
		}
		return v
	}, err
}

// truthOr is orValue() as a condition.
func (c *compiler) truthOr(n *node) (cond, error) {
	x, err := c.source(n.args[0])
	if err != nil {
		return nil, err
	}
	y, err := c.cond(n.args[1])
	return func(f *Frame) verdict {
		v, is := x(f)
		switch {
		case is == some && v.kind == KindBool:
			return verdict(v.small)
		case is == none:
			return y(f)
		}
		return f.bad("orValue", v)
	}, err
}

func (c *compiler) or(n *node) (code, error) {
	x, err := c.source(n.args[0])
	if err != nil {
		return nil, err
	}
	y, err := c.plan(n.args[1])
	return func(f *Frame) Value {
		v, is := x(f)
		switch is {
		case some:
			return Some(v)
		case plain:
			return noOverload("or", v)
		case broken:
			return v
		}
		return y(f)
	}, err
}

func (c *compiler) value(n *node) (code, error) {
	x, err := c.source(n.args[0])
	return func(f *Frame) Value {
		v, is := x(f)
		switch is {
		case none:
			return failed("the optional is empty: ask hasValue() first, or use orValue()")
		case plain:
			return noOverload("value", v)
		}
		return v
	}, err
}

func (c *compiler) hasValue(n *node) (cond, error) {
	x, err := c.source(n.args[0])
	return func(f *Frame) verdict {
		v, is := x(f)
		switch is {
		case some:
			return yes
		case none:
			return no
		}
		return f.bad("hasValue", v)
	}, err
}

// optionalMap plans optMap() and optFlatMap().
func (c *compiler) optionalMap(n *node) (code, error) {
	x, err := c.source(n.args[0])
	if err != nil {
		return nil, err
	}
	var body code
	at, err := c.bind(n.names, func() (err error) {
		body, err = c.plan(n.args[1])
		return err
	})
	flat := n.text == "optFlatMap"
	return func(f *Frame) Value {
		v, is := x(f)
		switch is {
		case none:
			return None
		case plain:
			return noOverload(n.text, v)
		case broken:
			return v
		}
		*f.local(at) = v
		if v = body(f); flat || v.kind == KindError {
			return v
		}
		return Some(v)
	}, err
}

func optionalOf(_ *Frame, v Value) Value { return Some(v) }

func optionalOfNonZero(_ *Frame, v Value) Value {
	if isZero(v) {
		return None
	}
	return Some(v)
}

func isZero(v Value) bool {
	switch v.kind {
	case KindNull:
		return true
	case KindString:
		return v.text() == ""
	case KindList, KindMap:
		return v.Len() == 0
	case KindBool:
		return v.small == 0
	case KindInt, KindUint:
		return v.int() == 0
	case KindDouble:
		return v.float() == 0
	}
	return false
}

// unwrapAll is optional.unwrap(list) and list.unwrapOpt().
func unwrapAll(f *Frame, v Value) Value {
	if v.kind != KindList {
		return noOverload("unwrapOpt", v)
	}
	if !f.spendOn(v) {
		return OfError(exhausted)
	}
	var out []Value
	for c := v.cursor(); c.next(); {
		if c.item.kind != KindOptional {
			return noOverload("unwrapOpt", c.item)
		}
		if inner, ok := c.item.Unwrap(); ok {
			out = append(out, inner)
		}
	}
	return OfList(out)
}
