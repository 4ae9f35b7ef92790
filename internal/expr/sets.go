package expr

// The functions of lists as sets (cel-go ext.Sets).

func setContains(f *Frame, v, part Value) Value {
	return overLists(f, "sets.contains", v, part, contains)
}

func setIntersects(f *Frame, a, b Value) Value {
	return overLists(f, "sets.intersects", a, b, func(f *Frame, a, b Value) bool {
		for c := a.cursor(); c.next() && f.step(); {
			if f.member(c.item, b) == yes {
				return true
			}
		}
		return false
	})
}

func setEquivalent(f *Frame, a, b Value) Value {
	return overLists(f, "sets.equivalent", a, b, func(f *Frame, a, b Value) bool {
		return contains(f, a, b) && contains(f, b, a)
	})
}

func overLists(f *Frame, name string, a, b Value, test func(*Frame, Value, Value) bool) Value {
	if !allKind(KindList, a, b) {
		return noOverload(name, a, b)
	}
	return OfBool(test(f, a, b))
}

func contains(f *Frame, v, part Value) bool {
	for c := part.cursor(); c.next() && f.step(); {
		if f.member(c.item, v) != yes {
			return false
		}
	}
	return true
}

// includes is a list's membership, or the equality of anything else (Kubernetes' lists, version 1).
func includes(f *Frame, v, what Value) Value {
	if v.kind == KindList {
		return OfBool(f.member(what, v) == yes)
	}
	return OfBool(f.equal(v, what))
}
