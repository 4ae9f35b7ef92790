package expr

import "fmt"

// macro plans the macros over lists and maps (CEL spec, macros; two variables: cel-go ext
// TwoVarComprehensions).
func (c *compiler) macro(n *node) (code, error) {
	over, err := c.plan(n.args[0])
	if err != nil {
		return nil, err
	}
	bodies := make([]code, len(n.args)-1)
	at := 0
	for i, b := range n.args[1:] {
		if bodies[i], at, err = c.bind(n.names, b); err != nil {
			return nil, err
		}
	}
	m := &macro{name: n.text, over: over, at: at, two: len(n.names) == 2, bodies: bodies}
	switch n.text {
	case "all":
		return func(f *Frame) Value { return m.quantify(f, 0) }, nil
	case "exists":
		return func(f *Frame) Value { return m.quantify(f, 1) }, nil
	case "exists_one", "existsOne":
		return m.one, nil
	case "filter":
		return m.filter, nil
	case "map", "transformList":
		return m.transform, nil
	case "optMap", "optFlatMap":
		return m.optional, nil
	}
	return nil, fmt.Errorf("%s: %w", n.text, ErrUnsupported)
}

// macro is a planned macro.
type macro struct {
	name   string
	over   code
	at     int // place of the first variable in the frame
	two    bool
	bodies []code
}

// each runs visit with the variables bound to each item in turn; it returns an error Value or a Value of
// KindNull if all went well.
func (m *macro) each(f *Frame, visit func() bool) Value {
	v := m.over(f)
	switch v.kind {
	case KindList, KindMap:
	case KindError:
		return v
	default:
		return noOverload(m.name, v)
	}
	tired := false
	i := int64(0)
	v.Each(func(item Value) bool {
		if tired = !f.step(); tired {
			return false
		}
		f.locals[m.at] = item
		if m.two {
			f.locals[m.at], f.locals[m.at+1] = OfInt(i), item
			if v.kind == KindMap {
				f.locals[m.at] = item
				f.locals[m.at+1], _ = v.Entry(item)
			}
		}
		i++
		return visit()
	})
	if tired {
		return fail("the expression visits more than %d items", maxSteps)
	}
	return Null
}

// quantify is all() for decides 0 and exists() for decides 1.
func (m *macro) quantify(f *Frame, decides uint64) Value {
	body := m.bodies[0]
	var trouble Value
	decided, troubled := false, false
	v := m.each(f, func() bool {
		x := body(f)
		switch {
		case x.kind == KindBool && x.num == decides:
			decided = true
			return false
		case x.kind != KindBool && !troubled:
			trouble, troubled = noOverload(m.name, x), true
		}
		return true
	})
	switch {
	case decided:
		return OfBool(decides == 1)
	case v.kind == KindError:
		return v
	case troubled:
		return trouble
	}
	return OfBool(decides == 0)
}

func (m *macro) one(f *Frame) Value {
	count := 0
	var trouble Value
	v := m.each(f, func() bool {
		x := m.bodies[0](f)
		if x.kind != KindBool {
			trouble = noOverload(m.name, x)
			return false
		}
		count += int(x.num)
		return true
	})
	if v.kind == KindError {
		return v
	}
	if trouble.ref != nil {
		return trouble
	}
	return OfBool(count == 1)
}

func (m *macro) filter(f *Frame) Value {
	var out []Value
	var trouble Value
	v := m.each(f, func() bool {
		x := m.bodies[0](f)
		if x.kind != KindBool {
			trouble = noOverload(m.name, x)
			return false
		}
		if x.num != 0 {
			out = append(out, f.locals[m.at])
		}
		return true
	})
	if v.kind == KindError {
		return v
	}
	if trouble.ref != nil {
		return trouble
	}
	return OfList(out)
}

// transform is map(x, e), map(x, cond, e) and transformList.
func (m *macro) transform(f *Frame) Value {
	var out []Value
	var trouble Value
	last := m.bodies[len(m.bodies)-1]
	v := m.each(f, func() bool {
		if len(m.bodies) == 2 {
			x := m.bodies[0](f)
			if x.kind != KindBool {
				trouble = noOverload(m.name, x)
				return false
			}
			if x.num == 0 {
				return true
			}
		}
		x := last(f)
		if x.kind == KindError {
			trouble = x
			return false
		}
		out = append(out, x)
		return true
	})
	if v.kind == KindError {
		return v
	}
	if trouble.ref != nil {
		return trouble
	}
	return OfList(out)
}

// optional is optMap and optFlatMap.
func (m *macro) optional(f *Frame) Value {
	v := m.over(f)
	if v.kind != KindOptional {
		return noOverload(m.name, v)
	}
	inner, ok := v.Unwrap()
	if !ok {
		return None
	}
	f.locals[m.at] = inner
	x := m.bodies[0](f)
	switch {
	case x.kind == KindError:
		return x
	case m.name == "optMap":
		return Some(x)
	case x.kind != KindOptional:
		return noOverload(m.name, x)
	}
	return x
}
