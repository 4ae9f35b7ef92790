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
	base  code // nil for a variable of a macro
	local int  // its place
	steps []step
}

type step struct {
	name  string // of a field, or a constant key of text
	key   code   // of any other index; nil for a field
	opt   bool
	fault Value // what the absence of a field gives
}

// path plans x.name, x.?name, x[i] and x[?i], in any row.
func (c *compiler) path(n *node) (source, error) {
	count, base := 0, n
	for ; c.follows(base); base = base.args[0] {
		count++
	}
	p := &path{steps: make([]step, count)}
	for i := count - 1; i >= 0; i, n = i-1, n.args[0] {
		if err := c.step(n, &p.steps[i]); err != nil {
			return nil, err
		}
	}
	if base.op == opIdent {
		if p.local = c.localOf(base); p.local >= 0 {
			return p.find, nil
		}
	}
	var err error
	p.base, err = c.plan(base)
	return p.find, err
}

// follows says whether an expression is a step from another one.
func (c *compiler) follows(n *node) bool {
	switch n.op {
	case opOptional, opIndex, opOptIndex:
		return true
	}
	return n.op == opSelect && qualifiedType(n) == ""
}

func (c *compiler) step(n *node, s *step) (err error) {
	s.name, s.opt = n.text, n.op == opOptional || n.op == opOptIndex
	if n.op == opIndex || n.op == opOptIndex {
		if key, ok := constant(n.args[1]); ok && key.kind == KindString {
			s.name = key.text()
		} else if s.key, err = c.plan(n.args[1]); err != nil {
			return err
		}
	}
	s.fault = OfError(&missing{s.name})
	return nil
}

// find follows the path.
func (p *path) find(f *Frame) (Value, presence) {
	var v Value
	if p.base == nil {
		v = *f.local(p.local)
	} else {
		v = p.base(f)
	}
	if v.kind == KindMap && v.made == nil {
		return p.walk(f, v.node)
	}
	switch v.kind {
	case KindError:
		return v, broken
	case KindOptional:
		inner, ok := v.Unwrap()
		if !ok {
			return v, none
		}
		return p.follow(f, inner, 0, some)
	}
	return p.follow(f, v, 0, plain)
}

// walk follows the path through the maps of a document, as far as it goes through them.
func (p *path) walk(f *Frame, n tree.Node) (Value, presence) {
	is := plain
	for i := range p.steps {
		s := &p.steps[i]
		if s.key != nil || n.Kind() != tree.Map {
			return p.follow(f, Of(n), i, is)
		}
		if s.opt {
			is = some
		}
		n = n.Get(s.name)
		if k := n.Kind(); k == tree.Invalid || k == tree.Null {
			if is == plain {
				return s.fault, broken
			}
			return None, none
		}
	}
	return Of(n), is
}

// follow follows the path from a value on, beginning with the i-th step.
func (p *path) follow(f *Frame, v Value, i int, is presence) (Value, presence) {
	for ; i < len(p.steps); i++ {
		s := &p.steps[i]
		if s.opt {
			is = some
		}
		next, ok := s.from(f, v)
		switch {
		case ok:
			v = next
		case next.kind == KindError && next.made != nil:
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
			return noOverload("_[_]", v, Value{tag: tag{kind: KindString}}), false
		}
		return Value{}, false
	}
	k := s.key(f)
	switch {
	case k.kind < KindBool || k.kind > KindString: // nothing can be indexed with it, not even what is absent
		return noOverload("_[_]", v, k), false
	case v.kind == KindMap:
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
		return k.int(), k.uint() < 1<<63
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
