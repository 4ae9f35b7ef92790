package tree

// Any is the value as encoding/json would decode it into an API object: map[string]any, []any, string,
// int64, float64, bool or nil. It is nil for the zero Node.
func (n Node) Any() any {
	switch n.Kind() {
	case Map:
		m := make(map[string]any, n.Len())
		for c := n.First(); c.d != nil; c = c.Next() {
			m[c.Key()] = c.Any()
		}
		return m
	case List:
		l := make([]any, 0, n.Len())
		for c := n.First(); c.d != nil; c = c.Next() {
			l = append(l, c.Any())
		}
		return l
	case String:
		return n.Text()
	case Int:
		v, _ := n.Int()
		return v
	case Float:
		v, _ := n.Float()
		return v
	case Bool:
		v, _ := n.Bool()
		return v
	}
	return nil
}
