package expr

import (
	"math"
	"net/netip"

	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/bartizan-dev/bartizan/internal/tree"
)

// Kind is the type of a Value.
type Kind uint8

// The kinds of values.
const (
	KindError Kind = iota // the zero Value is an error without reason
	KindNull
	KindBool
	KindInt
	KindUint
	KindDouble
	KindString
	KindList
	KindMap
	KindType
	KindOptional
	KindQuantity
	KindIP
	KindCIDR
)

var kindNames = [...]string{
	"error", "null_type", "bool", "int", "uint", "double", "string", "list", "map", "type", "optional_type",
	"kubernetes.Quantity", "net.IP", "net.CIDR",
}

// String is the kind's name in CEL.
func (k Kind) String() string { return kindNames[k] }

// Value is a value of the expression language. What came from a document keeps its node, scalars included,
// so that whoever gets the value knows where it was written. A field that is null counts as absent: the API
// server drops such fields when it decodes an object, before any policy sees it.
type Value struct {
	kind Kind
	num  uint64    // a bool or number; of a string that has no ref, the part of the node that is its text
	node tree.Node // where it was written, if it was
	ref  any       // error, *string, []Value, *mapping, *Value (of an optional), resource.Quantity, netip.Addr ...
}

// The part of a node that is a string's text.
const (
	textOfNode = iota
	textOfKey
)

// mapping is a map that an expression built, in the order in which it was written.
type mapping struct{ keys, values []Value }

// Null is CEL's null.
var Null = Value{kind: KindNull}

// None is the empty optional.
var None = Value{kind: KindOptional}

// Of is the value of a node. The zero Node gives an error.
func Of(n tree.Node) Value {
	switch n.Kind() {
	case tree.Map:
		return Value{kind: KindMap, node: n}
	case tree.List:
		return Value{kind: KindList, node: n}
	case tree.String:
		return Value{kind: KindString, node: n}
	case tree.Bool:
		if b, _ := n.Bool(); b {
			return Value{kind: KindBool, num: 1, node: n}
		}
		return Value{kind: KindBool, node: n}
	case tree.Null:
		return Value{kind: KindNull, node: n}
	case tree.Int:
		if i, ok := n.Int(); ok {
			return Value{kind: KindInt, num: uint64(i), node: n}
		}
		return ofDouble(n)
	case tree.Float:
		return ofDouble(n)
	}
	return failed("nothing stands there")
}

func ofDouble(n tree.Node) Value {
	f, _ := n.Float()
	return Value{kind: KindDouble, num: math.Float64bits(f), node: n}
}

// ofKey is the key under which a node stands; it keeps the node.
func ofKey(n tree.Node) Value { return Value{kind: KindString, num: textOfKey, node: n} }

// OfBool is a boolean.
func OfBool(b bool) Value {
	if b {
		return Value{kind: KindBool, num: 1}
	}
	return Value{kind: KindBool}
}

// OfInt is a signed integer.
func OfInt(i int64) Value { return Value{kind: KindInt, num: uint64(i)} }

// OfUint is an unsigned integer.
func OfUint(u uint64) Value { return Value{kind: KindUint, num: u} }

// OfFloat is a double.
func OfFloat(f float64) Value { return Value{kind: KindDouble, num: math.Float64bits(f)} }

// OfString is a string.
func OfString(s string) Value { return Value{kind: KindString, ref: &s} }

// OfStrings is a list of strings.
func OfStrings(items []string) Value {
	out := make([]Value, len(items))
	for i := range items {
		out[i] = Value{kind: KindString, ref: &items[i]}
	}
	return OfList(out)
}

// OfList is a list. The caller leaves items alone afterwards.
func OfList(items []Value) Value { return Value{kind: KindList, ref: items} }

// OfMap is a map. The caller leaves keys and values alone afterwards.
func OfMap(keys, values []Value) Value { return Value{kind: KindMap, ref: &mapping{keys, values}} }

// OfError is a failed evaluation.
func OfError(err error) Value { return Value{ref: err} }

// OfType is a type, by its name.
func OfType(name string) Value { return Value{kind: KindType, ref: &name} }

// Some is an optional that holds a value.
func Some(v Value) Value { return Value{kind: KindOptional, ref: &v} }

func ofQuantity(q resource.Quantity) Value { return Value{kind: KindQuantity, ref: q} }
func ofIP(a netip.Addr) Value              { return Value{kind: KindIP, ref: a} }
func ofCIDR(p netip.Prefix) Value          { return Value{kind: KindCIDR, ref: p} }

// Kind is the value's kind.
func (v Value) Kind() Kind { return v.kind }

// Node is the node that the value came from; the zero Node if the expression made it.
func (v Value) Node() tree.Node { return v.node }

// Bool is the value of a boolean.
func (v Value) Bool() (value, ok bool) { return v.num != 0, v.kind == KindBool }

// Str is the text of a string.
func (v Value) Str() (value string, ok bool) {
	if v.kind != KindString {
		return "", false
	}
	return v.text(), true
}

// Err is the error that an evaluation ended with, or nil.
func (v Value) Err() error {
	if v.kind != KindError {
		return nil
	}
	if err, ok := v.ref.(error); ok {
		return err
	}
	return fault("no value")
}

// Unwrap is what an optional holds; ok is false for an empty one and for what is no optional.
func (v Value) Unwrap() (Value, bool) {
	if p, ok := v.ref.(*Value); ok && v.kind == KindOptional {
		return *p, true
	}
	return Value{}, false
}

func (v Value) int() int64     { return int64(v.num) }
func (v Value) float() float64 { return math.Float64frombits(v.num) }

// text is the text of a string or the name of a type.
func (v Value) text() string {
	if p, ok := v.ref.(*string); ok {
		return *p
	}
	if v.num == textOfKey {
		return v.node.Key()
	}
	return v.node.Text()
}

// at gives a value the node of another one, which it was made of.
func (v Value) at(of Value) Value {
	v.node = of.node
	return v
}
