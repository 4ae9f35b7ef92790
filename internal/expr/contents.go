package expr

import "github.com/bartizan-dev/bartizan/internal/tree"

// Len is the number of items or entries of a list or map.
func (v Value) Len() int {
	switch m, ok := as[*mapping](v); {
	case ok:
		return len(m.keys)
	case v.made != nil:
		return len(v.made.list)
	case v.kind != KindMap:
		return v.node.Len()
	}
	n := 0
	for c := v.node.First(); c.Exists(); c = c.Next() {
		if c.Kind() != tree.Null {
			n++
		}
	}
	return n
}

// Each visits the items of a list, or the keys of a map, until visit returns false.
func (v Value) Each(visit func(Value) bool) {
	for c := v.cursor(); c.next(); {
		if !visit(c.item) {
			return
		}
	}
}

// cursor runs over the items of a list or the keys of a map.
type cursor struct {
	item Value
	made []Value // what remains, of a list or map that an expression built
	node tree.Node
	keys bool
}

func (v Value) cursor() (c cursor) {
	c.begin(&v)
	return c
}

func (c *cursor) begin(v *Value) {
	if v.made == nil {
		c.node, c.keys = v.node.First(), v.kind == KindMap
	} else if m, ok := v.made.any.(*mapping); ok {
		c.made = m.keys
	} else {
		c.made = v.made.list
	}
}

func (c *cursor) next() bool {
	if len(c.made) > 0 {
		c.item, c.made = c.made[0], c.made[1:]
		return true
	}
	for n := c.node; n.Exists(); n = n.Next() {
		switch {
		case !c.keys:
			c.item = Of(n)
		case n.Kind() == tree.Null:
			continue
		default:
			c.item = ofKey(n)
		}
		c.node = n.Next()
		return true
	}
	return false
}

// items are the items of a list or the keys of a map.
func (v Value) items() []Value {
	if v.made != nil {
		return v.made.list
	}
	out := make([]Value, 0, v.Len())
	for c := v.cursor(); c.next(); {
		out = append(out, c.item)
	}
	return out
}

// Entry finds an entry of a map by its key.
func (v Value) Entry(key Value) (Value, bool) {
	if m, ok := as[*mapping](v); ok {
		return m.find(key)
	}
	if key.kind == KindString {
		return v.field(key.text())
	}
	return Value{}, false
}

// field finds an entry of a map by a string key.
func (v Value) field(name string) (Value, bool) {
	if v.made == nil {
		if n := v.node.Get(name); n.Exists() && n.Kind() != tree.Null {
			return Of(n), true
		}
		return Value{}, false
	}
	if m, ok := as[*mapping](v); ok {
		for i, k := range m.keys {
			if k.kind == KindString && k.text() == name {
				return m.values[i], true
			}
		}
	}
	return Value{}, false
}

// find compares keys as CEL does: 1, 1u and 1.0 find one another, but one of the same type comes first.
func (m *mapping) find(key Value) (Value, bool) {
	other := -1
	for i, k := range m.keys {
		if sameKey(k, key) {
			if k.kind == key.kind {
				return m.values[i], true
			}
			other = i
		}
	}
	if other < 0 {
		return Value{}, false
	}
	return m.values[other], true
}

func sameKey(a, b Value) bool {
	switch {
	case number(a.kind) && number(b.kind):
		c, ok := compareNumbers(a, b)
		return ok && c == 0
	case a.kind != b.kind:
		return false
	case a.kind == KindString:
		return a.text() == b.text()
	}
	return a.kind == KindBool && a.small == b.small
}

// item is the i-th item of a list.
func (v Value) item(i int64) (Value, bool) {
	if v.made != nil {
		if i < 0 || i >= int64(len(v.made.list)) {
			return Value{}, false
		}
		return v.made.list[i], true
	}
	if i < 0 || i >= int64(v.node.Len()) {
		return Value{}, false
	}
	return Of(v.node.Index(int(i))), true
}
