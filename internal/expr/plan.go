package expr

import (
	"fmt"
	"slices"
)

// compiler plans one expression.
type compiler struct {
	scope *Scope
	bound []string // variables of the macros around
	most  int      // how many of them at most
}

var typeNames = map[string]bool{
	"bool": true, "int": true, "uint": true, "double": true, "string": true, "bytes": true, "list": true,
	"map": true, "null_type": true, "type": true,
}

func (c *compiler) plan(n *node) (code, error) {
	switch n.op {
	case opLiteral:
		v := n.lit
		return func(*Frame) Value { return v }, nil
	case opIdent:
		return c.ident(n)
	case opSelect, opOptional, opHas:
		return c.selection(n)
	case opIndex, opOptIndex:
		return c.index(n)
	case opCall:
		return c.call(n)
	case opMacro:
		return c.macro(n)
	case opList:
		return c.list(n)
	case opMap:
		return c.mapping(n)
	case opBinary:
		return c.binary(n)
	}
	return c.logic(n)
}

func (c *compiler) planAll(nodes []*node) ([]code, error) {
	all := make([]code, len(nodes))
	for i, n := range nodes {
		var err error
		if all[i], err = c.plan(n); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func (c *compiler) ident(n *node) (code, error) {
	for i := len(c.bound) - 1; i >= 0; i-- {
		if c.bound[i] == n.text {
			return func(f *Frame) Value { return f.locals[i] }, nil
		}
	}
	if slot := c.scope.Slot(n.text); slot >= 0 {
		return func(f *Frame) Value {
			if f.state[slot] == set {
				return f.slots[slot]
			}
			return f.get(slot)
		}, nil
	}
	if typeNames[n.text] {
		v := OfType(n.text)
		return func(*Frame) Value { return v }, nil
	}
	return nil, &SyntaxError{n.at, fmt.Sprintf("there is no variable %s here", n.text)}
}

// selection plans x.name, x.?name and has(x.name).
func (c *compiler) selection(n *node) (code, error) {
	if n.op == opSelect && n.args[0].op == opIdent && n.args[0].text == "optional" && !slices.Contains(c.bound, "optional") {
		return nil, &SyntaxError{n.at, "optional is no variable: call optional.of(x) or optional.none()"}
	}
	x, err := c.plan(n.args[0])
	if err != nil {
		return nil, err
	}
	name := n.text
	switch n.op {
	case opHas:
		return func(f *Frame) Value {
			v, ok := present(x(f), name)
			if v.kind == KindError && !ok && v.ref != nil {
				return v
			}
			return OfBool(ok)
		}, nil
	case opOptional:
		return func(f *Frame) Value { return optSelect(x(f), name) }, nil
	}
	return func(f *Frame) Value { return selectField(x(f), name) }, nil
}

// present finds a field for a presence test. An error without ok is a Value with a reason.
func present(v Value, name string) (Value, bool) {
	switch v.kind {
	case KindMap:
		return v.lookup(name)
	case KindOptional:
		if inner, ok := v.Unwrap(); ok {
			return present(inner, name)
		}
		return Value{}, false
	case KindError:
		return v, false
	case KindList:
		return noOverload("_[_]", v), false
	}
	return Value{}, false
}

func optSelect(v Value, name string) Value {
	found, ok := present(v, name)
	switch {
	case ok:
		return Some(found)
	case found.kind == KindError && found.ref != nil:
		return found
	}
	return None
}

func selectField(v Value, name string) Value {
	switch v.kind {
	case KindMap:
		if found, ok := v.lookup(name); ok {
			return found
		}
		return fail("no such key: %s", name)
	case KindOptional:
		return optSelect(v, name)
	case KindError:
		return v
	case KindList:
		return noOverload("_[_]", v)
	}
	return fail("no such key: %s", name)
}

func (c *compiler) index(n *node) (code, error) {
	args, err := c.planAll(n.args)
	if err != nil {
		return nil, err
	}
	x, i, optional := args[0], args[1], n.op == opOptIndex
	return func(f *Frame) Value {
		v, k := x(f), i(f)
		if v.kind == KindError {
			return v
		}
		if k.kind == KindError {
			return k
		}
		return indexed(v, k, optional)
	}, nil
}

func indexed(v, k Value, optional bool) Value {
	if v.kind == KindOptional {
		inner, ok := v.Unwrap()
		if !ok {
			return None
		}
		v, optional = inner, true
	}
	var found Value
	ok := false
	switch v.kind {
	case KindMap:
		if k.kind > KindString || k.kind == KindNull {
			return noOverload("_[_]", v, k)
		}
		found, ok = v.Entry(k)
	case KindList:
		i, fits := asIndex(k)
		if !fits {
			return noOverload("_[_]", v, k)
		}
		found, ok = v.item(i)
	default:
		if optional {
			return None
		}
		return noOverload("_[_]", v, k)
	}
	switch {
	case optional && ok:
		return Some(found)
	case optional:
		return None
	case !ok:
		return fail("no such key or index: %s", k.Text())
	}
	return found
}

func asIndex(k Value) (int64, bool) {
	switch k.kind {
	case KindInt:
		return k.int(), true
	case KindUint:
		return int64(k.num), k.num < 1<<63
	case KindDouble:
		return int64(k.float()), float64(int64(k.float())) == k.float()
	}
	return 0, false
}

// logic plans ! - && || and ?:.
func (c *compiler) logic(n *node) (code, error) {
	args, err := c.planAll(n.args)
	if err != nil {
		return nil, err
	}
	a := args[0]
	switch n.op {
	case opNot:
		return func(f *Frame) Value {
			v := a(f)
			if v.kind != KindBool {
				return noOverload("!_", v)
			}
			return OfBool(v.num == 0)
		}, nil
	case opNegate:
		return func(f *Frame) Value { return negate(a(f)) }, nil
	case opAnd:
		return func(f *Frame) Value { return both(f, a, args[1], 0) }, nil
	case opOr:
		return func(f *Frame) Value { return both(f, a, args[1], 1) }, nil
	}
	return func(f *Frame) Value {
		v := a(f)
		if v.kind != KindBool {
			return noOverload("_?_:_", v)
		}
		if v.num != 0 {
			return args[1](f)
		}
		return args[2](f)
	}, nil
}

// both is && and ||: whichever side decides wins, even where the other one fails (CEL spec, logical
// operators).
func both(f *Frame, a, b code, decides uint64) Value {
	x := a(f)
	if x.kind == KindBool && x.num == decides {
		return x
	}
	y := b(f)
	if y.kind == KindBool && (y.num == decides || x.kind == KindBool) {
		if x.kind == KindBool || y.num == decides {
			return OfBool(y.num != 0)
		}
	}
	if x.kind == KindError {
		return x
	}
	if x.kind != KindBool {
		return noOverload("_&&_", x, y)
	}
	return noOverload("_&&_", y)
}

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
				if v.kind != KindOptional {
					return noOverload("[?_]", v)
				}
				inner, ok := v.Unwrap()
				if !ok {
					continue
				}
				v = inner
			}
			out = append(out, v)
		}
		return OfList(out)
	}, nil
}

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
				if v.kind != KindOptional {
					return noOverload("{?_:_}", v)
				}
				inner, ok := v.Unwrap()
				if !ok {
					continue
				}
				v = inner
			}
			m.set(k, v)
		}
		return Value{kind: KindMap, ref: m}
	}, nil
}

// bind plans an expression in which variables are bound; their places in the frame are returned.
func (c *compiler) bind(names []string, n *node) (code, int, error) {
	at := len(c.bound)
	c.bound = append(c.bound, names...)
	c.most = max(c.most, len(c.bound))
	run, err := c.plan(n)
	c.bound = c.bound[:at]
	return run, at, err
}
