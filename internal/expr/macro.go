package expr

// macro plans the macros over lists and maps that give a value, and those of optionals (CEL spec, "Macros";
// cel-go, two-variable comprehensions).
func (c *compiler) macro(n *node) (code, error) {
	switch n.text {
	case "optMap", "optFlatMap":
		return c.optionalMap(n)
	case "transformMapEntry":
		return nil, unsupported("transformMapEntry()")
	}
	m, err := c.loop(n)
	if err != nil {
		return nil, err
	}
	switch n.text {
	case "filter":
		return m.filter, nil
	case "transformMap":
		return m.transformMap, nil
	case "sortBy":
		return m.sortBy, nil
	}
	return m.transform, nil
}

// loop is a planned macro over a list or map.
type loop struct {
	name string
	over code
	at   int  // place of the first variable in the frame
	two  bool // variables
	test cond // of a macro that has one
	body code // of a macro that has one
}

func (c *compiler) loop(n *node) (*loop, error) {
	m := &loop{name: n.text, two: len(n.names) == 2}
	var err error
	if m.over, err = c.plan(n.args[0]); err != nil {
		return nil, err
	}
	m.at, err = c.bind(n.names, func() error {
		rest := n.args[1:]
		if len(rest) == 2 || n.text == "filter" || boolean(n) {
			if m.test, err = c.cond(rest[0]); err != nil {
				return err
			}
			rest = rest[1:]
		}
		if len(rest) > 0 {
			m.body, err = c.plan(rest[0])
		}
		return err
	})
	return m, err
}

// run is a loop under way.
type run struct {
	cursor
	over  Value
	index int64
}

// start evaluates the range. If it cannot be visited, Frame.fault says why.
func (m *loop) start(f *Frame, r *run) bool {
	r.over = m.over(f)
	if r.over.kind != KindList && r.over.kind != KindMap {
		f.bad(m.name, r.over)
		return false
	}
	r.begin(&r.over)
	return true
}

// next binds the variables to the next item. The loop ends early when the evaluation has no steps left.
func (m *loop) next(f *Frame, r *run) bool {
	if !r.cursor.next() || !f.step() {
		return false
	}
	*f.local(m.at) = r.item
	if !m.two {
		return true
	}
	if r.over.kind == KindMap {
		*f.local(m.at + 1), _ = r.over.Entry(r.item)
		return f.spend(1 + len(r.made)/8)
	}
	*f.local(m.at), *f.local(m.at + 1) = OfInt(r.index), r.item
	r.index++
	return true
}

func (m *loop) filter(f *Frame) Value {
	var r run
	if !m.start(f, &r) {
		return f.fault
	}
	var out []Value
	for m.next(f, &r) {
		switch m.test(f) {
		case bad:
			return f.fault
		case yes:
			out = append(out, r.item)
		}
	}
	return OfList(out)
}

// transform is map(x, e), map(x, test, e) and transformList.
func (m *loop) transform(f *Frame) Value {
	var r run
	if !m.start(f, &r) {
		return f.fault
	}
	var out []Value
	for m.next(f, &r) {
		if m.test != nil {
			switch m.test(f) {
			case bad:
				return f.fault
			case no:
				continue
			}
		}
		x := m.body(f)
		if x.kind == KindError {
			return x
		}
		if out == nil && m.test == nil {
			out = make([]Value, 0, r.over.Len())
		}
		out = append(out, x)
	}
	return OfList(out)
}

func (m *loop) transformMap(f *Frame) Value {
	var r run
	if !m.start(f, &r) {
		return f.fault
	}
	out := &mapping{}
	for m.next(f, &r) {
		if m.test != nil {
			switch m.test(f) {
			case bad:
				return f.fault
			case no:
				continue
			}
		}
		x := m.body(f)
		if x.kind == KindError {
			return x
		}
		out.keys, out.values = append(out.keys, *f.local(m.at)), append(out.values, x)
	}
	return of(KindMap, out)
}

// sortBy sorts by what its body gives for each item.
func (m *loop) sortBy(f *Frame) Value {
	keys := m.transform(f)
	over := m.over(f)
	if keys.kind == KindError {
		return keys
	}
	return sorted(f, over, keys.items())
}

// quantifier plans all(), exists() and exists_one(). The first two decide as && and || do.
func (c *compiler) quantifier(n *node) (cond, error) {
	m, err := c.loop(n)
	if err != nil {
		return nil, err
	}
	switch n.text {
	case "all":
		return func(f *Frame) verdict { return m.any(f, no) }, nil
	case "exists":
		return func(f *Frame) verdict { return m.any(f, yes) }, nil
	}
	return m.one, nil
}

func (m *loop) any(f *Frame, decides verdict) verdict {
	var r run
	if !m.start(f, &r) {
		return bad
	}
	var fault Value
	result := decides ^ 1
	for m.next(f, &r) {
		switch x := m.test(f); {
		case x == decides:
			return x
		case x == bad && result != bad:
			result, fault = bad, f.fault
		}
	}
	if result == bad {
		f.fault = fault
	}
	return result
}

func (m *loop) one(f *Frame) verdict {
	var r run
	if !m.start(f, &r) {
		return bad
	}
	count := 0
	for m.next(f, &r) {
		switch m.test(f) {
		case bad:
			return bad
		case yes:
			count++
		}
	}
	return verdictOf(count == 1)
}
