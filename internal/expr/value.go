package expr

import (
	"math"

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
//
// A Value has four words, so that the Go compiler keeps it in registers.
type Value struct {
	tag
	node tree.Node // where it was written, if it was
	made *made     // what is not in the document
}

// tag says what a value is, and holds one that is small.
type tag struct {
	kind  Kind
	where where
	small int32 // a bool, or a number of inTag
}

// where says where a string or number is.
type where uint8

const (
	inNode where = iota // the text of the node
	inKey               // the key of the node
	inTag
	inMade
)

// made is what an expression made. Which field counts depends on the kind.
type made struct {
	num  uint64
	text string
	list []Value // also what an optional holds
	any  any     // an error, *mapping, resource.Quantity, netip.Addr or netip.Prefix
}

// mapping is a map that an expression built, in the order in which it was written.
type mapping struct{ keys, values []Value }

// Null is CEL's null.
var Null = Value{tag: tag{kind: KindNull}}

// None is the empty optional.
var None = Value{tag: tag{kind: KindOptional}}

// Of is the value of a node. The zero Node gives an error.
func Of(n tree.Node) Value {
	v := Value{node: n}
	switch n.Kind() {
	case tree.Map:
		v.kind = KindMap
	case tree.List:
		v.kind = KindList
	case tree.String:
		v.kind = KindString
	case tree.Bool:
		v.kind, v.where = KindBool, inTag
		if b, _ := n.Bool(); b {
			v.small = 1
		}
	case tree.Null:
		v.kind = KindNull
	case tree.Int:
		v.kind = KindInt
	case tree.Float:
		v.kind = KindDouble
	default:
		return failed("nothing stands there")
	}
	return v
}

// ofKey is the key under which a node stands; it keeps the node.
func ofKey(n tree.Node) Value { return Value{tag: tag{kind: KindString, where: inKey}, node: n} }

// OfBool is a boolean.
func OfBool(b bool) Value {
	if b {
		return Value{tag: tag{KindBool, inTag, 1}}
	}
	return Value{tag: tag{KindBool, inTag, 0}}
}

// OfInt is a signed integer.
func OfInt(i int64) Value {
	if i >= math.MinInt32 && i <= math.MaxInt32 {
		return Value{tag: tag{KindInt, inTag, int32(i)}}
	}
	return ofMade(KindInt, &made{num: uint64(i)})
}

// OfUint is an unsigned integer.
func OfUint(u uint64) Value {
	if u <= math.MaxInt32 {
		return Value{tag: tag{KindUint, inTag, int32(u)}}
	}
	return ofMade(KindUint, &made{num: u})
}

// OfFloat is a double.
func OfFloat(f float64) Value { return ofMade(KindDouble, &made{num: math.Float64bits(f)}) }

// OfString is a string.
func OfString(s string) Value { return ofMade(KindString, &made{text: s}) }

// OfStrings is a list of strings.
func OfStrings(items []string) Value {
	out, all := make([]Value, len(items)), make([]made, len(items))
	for i, s := range items {
		all[i].text = s
		out[i] = ofMade(KindString, &all[i])
	}
	return OfList(out)
}

// OfList is a list. The caller leaves items alone afterwards.
func OfList(items []Value) Value {
	if len(items) == 0 {
		return Value{tag: tag{kind: KindList}}
	}
	return ofMade(KindList, &made{list: items})
}

// OfMap is a map. The caller leaves keys and values alone afterwards.
func OfMap(keys, values []Value) Value { return of(KindMap, &mapping{keys, values}) }

// OfError is a failed evaluation.
func OfError(err error) Value { return of(KindError, err) }

// OfType is a type, by its name.
func OfType(name string) Value { return ofMade(KindType, &made{text: name}) }

// Some is an optional that holds a value.
func Some(v Value) Value { return ofMade(KindOptional, &made{list: []Value{v}}) }

func ofMade(k Kind, m *made) Value { return Value{tag: tag{kind: k, where: inMade}, made: m} }

// of is a value that Go knows by its type.
func of(k Kind, x any) Value { return ofMade(k, &made{any: x}) }

// as is what of made a value of.
func as[T any](v Value) (x T, ok bool) {
	if v.made != nil {
		x, ok = v.made.any.(T)
	}
	return x, ok
}

// Kind is the value's kind.
func (v Value) Kind() Kind { return v.kind }

// Node is the node that the value came from; the zero Node if the expression made it.
func (v Value) Node() tree.Node { return v.node }

// Bool is the value of a boolean.
func (v Value) Bool() (value, ok bool) { return v.small != 0, v.kind == KindBool }

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
	if err, ok := as[error](v); ok {
		return err
	}
	return fault("no value")
}

// Unwrap is what an optional holds; ok is false for an empty one and for what is no optional.
func (v Value) Unwrap() (Value, bool) {
	if v.kind == KindOptional && v.made != nil {
		return v.made.list[0], true
	}
	return Value{}, false
}

func (v Value) int() int64 {
	switch v.where {
	case inTag:
		return int64(v.small)
	case inMade:
		return int64(v.made.num)
	}
	i, _ := v.node.Int()
	return i
}

func (v Value) uint() uint64 { return uint64(v.int()) }

func (v Value) float() float64 {
	if v.where == inMade {
		return math.Float64frombits(v.made.num)
	}
	d, _ := v.node.Float()
	return d
}

// text is the text of a string or the name of a type.
func (v Value) text() string {
	switch v.where {
	case inMade:
		return v.made.text
	case inKey:
		return v.node.Key()
	}
	return v.node.Text()
}

// at gives a value the node of another one, which it was made of.
func (v Value) at(of Value) Value {
	v.node = of.node
	return v
}
