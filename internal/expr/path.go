package expr

import "github.com/bartizan-dev/bartizan/internal/tree"

// presence says what a source gave.
type presence uint8

const (
	plain  presence = iota // a value that is no optional
	some                   // what an optional holds
	none                   // an empty optional
	broken                 // an error
)

// source evaluates to what may be absent, without making an optional of it: nearly every optional in a rule is
// unwrapped at once.
type source func(*Frame) (Value, presence)

// path is a row of fields and indexes. Once one of them is optional, all behind it are (cel-go, optional
// types, "optional chaining").
type path struct {
	base  code
	steps []step
}

type step struct {
	name  string // of a field, or of a constant key of text
	key   code   // of any other index; nil for a field
	opt   bool
	fault Value // what the absence of a field gives
}

// path plans x.name, x.?name, x[i] and x[?i], in any row.
func (c *compiler) path(n *node) (source, error) {
	var steps []step
	for ; n.op == opSelect || n.op == opOptional || n.op == opIndex || n.op == opOptIndex; n = n.args[0] {
		if _, isType := c.typeName(n); isType {
			break
		}
		s, err := c.step(n)
		if err != nil {
			return nil, err
		}
		steps = append(steps, s)
	}
	for i, j := 0, len(steps)-1; i < j; i, j = i+1, j-1 {
		steps[i], steps[j] = steps[j], steps[i]
	}
	base, err := c.plan(n)
	p := &path{base, steps}
	return p.find, err
}

func (c *compiler) step(n *node) (step, error) {
	s := step{name: n.text, opt: n.op == opOptional || n.op == opOptIndex}
	if n.op == opIndex || n.op == opOptIndex {
		if key, ok := constant(n.args[1]); ok && key.kind == KindString {
			s.name = key.text()
		} else {
			var err error
			s.key, err = c.plan(n.args[1])
			return s, err
		}
	}
	s.fault = OfError(&missing{s.name})
	return s, nil
}

// find follows the path.
func (p *path) find(f *Frame) (Value, presence) {
	v, is := p.base(f), plain
	switch v.kind {
	case KindError:
		return v, broken
	case KindOptional:
		inner, ok := v.Unwrap()
		if !ok {
			return v, none
		}
		v, is = inner, some
	}
	for i := range p.steps {
		s := &p.steps[i]
		if s.opt {
			is = some
		}
		if v.kind == KindMap && v.ref == nil && s.key == nil {
			if n := v.node.Get(s.name); n.Exists() && n.Kind() != tree.Null {
				v = Of(n)
				continue
			}
			if is == plain {
				return s.fault, broken
			}
			return None, none
		}
		next, ok := s.from(f, v)
		switch {
		case ok:
			v = next
		case next.kind == KindError && next.ref != nil:
			return next, broken
		case is == plain && s.key == nil:
			return s.fault, broken
		case is == plain:
			return OfError(&missing{next.Text()}), broken
		default:
			return None, none
		}
	}
	if is == plain && v.kind == KindOptional {
		return unwrap(v)
	}
	return v, is
}

// from takes one step. What is absent gives false, with the key where it is not constant.
func (s *step) from(f *Frame, v Value) (Value, bool) {
	if s.key == nil {
		switch v.kind {
		case KindMap:
			return v.field(s.name)
		case KindList:
			return noOverload("_[_]", v, Value{kind: KindString}), false
		}
		return Value{}, false
	}
	k := s.key(f)
	switch {
	case k.kind == KindError:
		return k, false
	case v.kind == KindMap:
		if k.kind > KindString || k.kind == KindNull {
			return noOverload("_[_]", v, k), false
		}
		if found, ok := v.Entry(k); ok {
			return found, true
		}
	case v.kind == KindList:
		i, ok := position(k)
		if !ok {
			return noOverload("_[_]", v, k), false
		}
		if found, ok := v.item(i); ok {
			return found, true
		}
	}
	return k, false
}

// position is the number that indexes a list.
func position(k Value) (int64, bool) {
	switch k.kind {
	case KindInt:
		return k.int(), true
	case KindUint:
		return k.int(), k.num < 1<<63
	case KindDouble:
		return int64(k.float()), float64(int64(k.float())) == k.float()
	}
	return 0, false
}

// has plans has(x.name).
func (c *compiler) has(n *node) (cond, error) {
	x, err := c.path(&node{op: opOptional, text: n.text, args: n.args, at: n.at})
	return func(f *Frame) verdict {
		switch v, is := x(f); is {
		case broken:
			f.fault = v
			return bad
		case none:
			return no
		}
		return yes
	}, err
}

// boxed makes the code of a source, with optionals.
func (c *compiler) boxed(x source, err error) (code, error) {
	return func(f *Frame) Value {
		v, is := x(f)
		switch is {
		case some:
			return Some(v)
		case none:
			return None
		}
		return v
	}, err
}

// source plans any expression that may be an optional.
func (c *compiler) source(n *node) (source, error) {
	if n.op == opSelect || n.op == opOptional || n.op == opIndex || n.op == opOptIndex {
		return c.path(n)
	}
	x, err := c.plan(n)
	return func(f *Frame) (Value, presence) { return unwrap(x(f)) }, err
}

func unwrap(v Value) (Value, presence) {
	switch v.kind {
	case KindError:
		return v, broken
	case KindOptional:
		if inner, ok := v.Unwrap(); ok {
			return inner, some
		}
		return v, none
	}
	return v, plain
}
