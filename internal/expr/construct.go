package expr

// list plans a list literal that is not constant.
func (c *compiler) list(n *node) (code, error) {
	items, err := c.planAll(n.args)
	if err != nil {
		return nil, err
	}
	return func(f *Frame) Value {
		out := make([]Value, 0, len(items))
		for i, item := range items {
			v := item(f)
			if v.kind == KindError {
				return v
			}
			if n.opt[i] {
				inner, ok := v.Unwrap()
				switch {
				case v.kind != KindOptional:
					return noOverload("[?_]", v)
				case !ok:
					continue
				}
				v = inner
			}
			out = append(out, v)
		}
		return OfList(out)
	}, nil
}

// mapping plans a map literal. Keys are strings, bools and numbers (CEL spec, "Aggregate values").
func (c *compiler) mapping(n *node) (code, error) {
	parts, err := c.planAll(n.args)
	if err != nil {
		return nil, err
	}
	return func(f *Frame) Value {
		m := &mapping{}
		for i := 0; i < len(parts); i += 2 {
			k, v := parts[i](f), parts[i+1](f)
			if k.kind == KindError {
				return k
			}
			if v.kind == KindError {
				return v
			}
			if n.opt[i/2] {
				inner, ok := v.Unwrap()
				switch {
				case v.kind != KindOptional:
					return noOverload("{?_:_}", v)
				case !ok:
					continue
				}
				v = inner
			}
			if fault := m.add(f, k, v); fault.made != nil {
				return fault
			}
		}
		return of(KindMap, m)
	}, nil
}

// add adds an entry; of two with one key the last counts, as in cel-go. The fault is a zero Value if all went
// well.
func (m *mapping) add(f *Frame, key, value Value) Value {
	switch key.kind {
	case KindString, KindBool, KindInt, KindUint, KindDouble:
	default:
		return noOverload("{_:_}", key)
	}
	if !f.spend(1 + len(m.keys)/8) {
		return OfError(exhausted)
	}
	for i, k := range m.keys {
		if k.kind == key.kind && sameKey(k, key) {
			m.values[i] = value
			return Value{}
		}
	}
	m.keys, m.values = append(m.keys, key), append(m.values, value)
	return Value{}
}
