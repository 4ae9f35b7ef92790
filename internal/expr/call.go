package expr

import "slices"

// qualifiedFunctions are the functions whose name has a package, planned or not. Such a name wins over a
// variable that is called like the package.
var qualifiedFunctions = map[string][]string{
	"optional": {"none", "of", "ofNonZeroValue", "unwrap"},
	"sets":     {"contains", "equivalent", "intersects"},
	"strings":  {"quote"},
	"lists":    {"range"},
	"ip":       {"isCanonical"},
	"format": {
		"named", "dns1123Label", "dns1123Subdomain", "dns1035Label", "qualifiedName", "dns1123LabelPrefix",
		"dns1123SubdomainPrefix", "dns1035LabelPrefix", "labelValue", "uri", "uuid", "byte", "date", "datetime",
	},
}

// packaged says whether a method call is one of a function with a package, and not of a variable's method.
func packaged(n *node) bool {
	if !n.method || n.args[0].op != opIdent {
		return false
	}
	return slices.Contains(qualifiedFunctions[n.args[0].text], n.text)
}

// call plans a call of a function or method.
func (c *compiler) call(n *node) (code, error) {
	name, args, method := n.text, n.args, n.method
	if packaged(n) {
		name, args, method = args[0].text+"."+name, args[1:], false
	}
	if method {
		if run, ok, err := c.optionalCall(n); ok {
			return run, err
		}
		if run, ok, err := c.findCall(n); ok {
			return run, err
		}
	}
	fn, ok := functions[signature{name, len(args), method}]
	if !ok {
		return nil, unsupported(name + "()")
	}
	planned, err := c.planAll(args)
	if err != nil {
		return nil, err
	}
	return folded(args, fn.apply(planned)), nil
}

// folded evaluates a call now if its arguments are constant, as in quantity('1Gi'). All functions are pure. A
// call that fails is left for later: the expression may never come to it.
func folded(args []*node, run code) code {
	for _, a := range args {
		if _, ok := constant(a); !ok {
			return run
		}
	}
	f := &Frame{steps: stepsToFold}
	v := run(f)
	if v.kind == KindError || f.steps <= 0 {
		return run
	}
	return func(*Frame) Value { return v }
}

const stepsToFold = 1000

// apply makes the code of a function's call.
func (fn function) apply(planned []code) code {
	switch {
	case fn.one != nil:
		return apply1(fn.one, planned[0])
	case fn.two != nil:
		return apply2(fn.two, planned[0], planned[1])
	}
	return func(f *Frame) Value {
		values := make([]Value, len(planned))
		for i, p := range planned {
			if values[i] = p(f); values[i].kind == KindError {
				return values[i]
			}
		}
		return fn.many(f, values)
	}
}

func apply1(fn func(*Frame, Value) Value, x code) code {
	return func(f *Frame) Value {
		v := x(f)
		if v.kind == KindError {
			return v
		}
		return fn(f, v)
	}
}

func apply2(fn func(*Frame, Value, Value) Value, x, y code) code {
	return func(f *Frame) Value {
		v := x(f)
		if v.kind == KindError {
			return v
		}
		w := y(f)
		if w.kind == KindError {
			return w
		}
		return fn(f, v, w)
	}
}
