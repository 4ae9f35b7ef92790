package expr

import (
	"fmt"
	"slices"
)

// code evaluates to a value.
type code func(*Frame) Value

// compiler plans one expression.
type compiler struct {
	scope *Scope
	bound []string // variables of the macros around
	most  int      // how many of them at most
}

func unsupported(what string) error { return fmt.Errorf("%s: %w", what, ErrUnsupported) }

// plan plans an expression for its value.
func (c *compiler) plan(n *node) (code, error) {
	if v, ok := constant(n); ok {
		return func(*Frame) Value { return v }, nil
	}
	if boolean(n) {
		test, err := c.cond(n)
		if err != nil {
			return nil, err
		}
		return func(f *Frame) Value {
			if r := test(f); r != bad {
				return OfBool(r == yes)
			}
			return f.fault
		}, nil
	}
	switch n.op {
	case opIdent:
		return c.ident(n)
	case opSelect:
		if v, ok := c.typeName(n); ok {
			return func(*Frame) Value { return v }, nil
		}
		return c.boxed(c.path(n))
	case opOptional, opIndex, opOptIndex:
		return c.boxed(c.path(n))
	case opCall:
		return c.call(n)
	case opMacro:
		return c.macro(n)
	case opList:
		return c.list(n)
	case opMap:
		return c.mapping(n)
	case opBinary:
		return c.arithmetic(n)
	case opNegate:
		x, err := c.plan(n.args[0])
		if err != nil {
			return nil, err
		}
		return func(f *Frame) Value { return negate(x(f)) }, nil
	case opCond:
		return c.conditional(n)
	case opBytes:
		return nil, unsupported("bytes")
	}
	return nil, unsupported("an object of type " + n.text)
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

// constant is the value of a literal, or of a list of literals.
func constant(n *node) (Value, bool) {
	switch n.op {
	case opLiteral:
		return *n.lit, true
	case opList:
		var items []Value
		for i, a := range n.args {
			v, ok := constant(a)
			if !ok || n.opt[i] {
				return Value{}, false
			}
			items = append(items, v)
		}
		return OfList(items), true
	}
	return Value{}, false
}

// localOf is the place of a variable of a macro around; -1 if there is none of that name.
func (c *compiler) localOf(n *node) int {
	if n.rooted {
		return -1
	}
	for i := len(c.bound) - 1; i >= 0; i-- {
		if c.bound[i] == n.text {
			return i
		}
	}
	return -1
}

func (c *compiler) ident(n *node) (code, error) {
	if i := c.localOf(n); i >= 0 {
		return func(f *Frame) Value { return *f.local(i) }, nil
	}
	if slot := c.scope.Slot(n.text); slot >= 0 {
		return func(f *Frame) Value {
			if f.state[slot] == set {
				return f.slots[slot]
			}
			return f.Get(slot)
		}, nil
	}
	if v, ok := c.typeName(n); ok {
		return func(*Frame) Value { return v }, nil
	}
	if n.text == "google" {
		return nil, unsupported("protocol buffers")
	}
	return nil, &SyntaxError{int(n.at), fmt.Sprintf("there is no variable %s here; there are %s", n.text, c.names())}
}

func (c *compiler) names() string {
	return fmt.Sprint(slices.Concat(c.scope.names, c.bound))
}

// typeNames are the names of types.
var typeNames = [...]string{
	"bool", "bytes", "double", "int", "list", "map", "null_type", "optional_type", "string", "type", "uint",
}

// qualifiedTypes are the names of types that have a package.
var qualifiedTypes = [...]string{"kubernetes.Quantity", "net.CIDR", "net.IP"}

// typeName is the type that an expression names.
func (c *compiler) typeName(n *node) (Value, bool) {
	if n.op == opIdent && c.localOf(n) < 0 && c.scope.Slot(n.text) < 0 && slices.Contains(typeNames[:], n.text) {
		return OfType(n.text), true
	}
	if name := qualifiedType(n); name != "" {
		return OfType(name), true
	}
	return Value{}, false
}

// qualifiedType is the name of the type with a package that an expression names; "" for any other expression.
func qualifiedType(n *node) string {
	if n.op != opSelect || n.args[0].op != opIdent {
		return ""
	}
	for _, name := range qualifiedTypes {
		pkg := n.args[0].text
		if len(name) == len(pkg)+1+len(n.text) && name[:len(pkg)] == pkg && name[len(pkg)+1:] == n.text {
			return name
		}
	}
	return ""
}

func (c *compiler) conditional(n *node) (code, error) {
	test, err := c.cond(n.args[0])
	if err != nil {
		return nil, err
	}
	branches, err := c.planAll(n.args[1:])
	if err != nil {
		return nil, err
	}
	a, b := branches[0], branches[1]
	return func(f *Frame) Value {
		switch test(f) {
		case yes:
			return a(f)
		case no:
			return b(f)
		}
		return f.fault
	}, nil
}

// bind plans expressions in which variables are bound, and says where they stand in the frame.
func (c *compiler) bind(names []string, plan func() error) (at int, err error) {
	at = len(c.bound)
	c.bound = append(c.bound, names...)
	c.most = max(c.most, len(c.bound))
	err = plan()
	c.bound = c.bound[:at]
	return at, err
}
