package expr

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

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
)

var kindNames = [...]string{"error", "null_type", "bool", "int", "uint", "double", "string", "list", "map", "type", "optional_type", "kubernetes.Quantity"}

// String is the kind's name in CEL.
func (k Kind) String() string { return kindNames[k] }

// Value is a value of the expression language. What came from a document keeps its node, scalars included,
// so that whoever gets the value knows where it was written. A field that is null counts as absent: the API
// server drops such fields when it decodes an object, before any policy sees it.
type Value struct {
	kind Kind
	num  uint64
	str  string
	node tree.Node
	ref  any // error, []Value, *mapping, *Value (of an optional), resource.Quantity
}

// mapping is a map that an expression built.
type mapping struct{ keys, values []Value }

// Null is CEL's null.
var Null = Value{kind: KindNull}

// Of is the value of a node. The zero Node gives an error.
func Of(n tree.Node) Value {
	switch n.Kind() {
	case tree.Null:
		return Value{kind: KindNull, node: n}
	case tree.Bool:
		b, _ := n.Bool()
		v := OfBool(b)
		v.node = n
		return v
	case tree.Int:
		if i, ok := n.Int(); ok {
			return Value{kind: KindInt, num: uint64(i), node: n}
		}
		f, _ := n.Float()
		return Value{kind: KindDouble, num: math.Float64bits(f), node: n}
	case tree.Float:
		f, _ := n.Float()
		return Value{kind: KindDouble, num: math.Float64bits(f), node: n}
	case tree.String:
		return Value{kind: KindString, str: n.Text(), node: n}
	case tree.Map:
		return Value{kind: KindMap, node: n}
	case tree.List:
		return Value{kind: KindList, node: n}
	}
	return fail("nothing stands there")
}

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
func OfString(s string) Value { return Value{kind: KindString, str: s} }

// OfList is a list.
func OfList(items []Value) Value { return Value{kind: KindList, ref: items} }

// OfAny is the value of what encoding/json decodes, or of a list of strings.
func OfAny(v any) Value {
	switch v := v.(type) {
	case nil:
		return Null
	case bool:
		return OfBool(v)
	case int64:
		return OfInt(v)
	case float64:
		return OfFloat(v)
	case string:
		return OfString(v)
	case []string:
		items := make([]Value, len(v))
		for i, s := range v {
			items[i] = OfString(s)
		}
		return OfList(items)
	case []any:
		items := make([]Value, len(v))
		for i, x := range v {
			items[i] = OfAny(x)
		}
		return OfList(items)
	case map[string]any:
		m := &mapping{}
		for k, x := range v {
			m.keys, m.values = append(m.keys, OfString(k)), append(m.values, OfAny(x))
		}
		return Value{kind: KindMap, ref: m}
	}
	return fail("a %T is no value", v)
}

// OfMap is a map.
func OfMap(keys, values []Value) Value { return Value{kind: KindMap, ref: &mapping{keys, values}} }

// OfError is a failed evaluation.
func OfError(err error) Value { return Value{ref: err} }

// OfType is a type, by its name.
func OfType(name string) Value { return Value{kind: KindType, str: name} }

// Some is an optional that holds a value.
func Some(v Value) Value { return Value{kind: KindOptional, ref: &v} }

// None is the empty optional.
var None = Value{kind: KindOptional}

func fail(format string, args ...any) Value {
	return Value{ref: fmt.Errorf(format, args...)}
}

var errOverload = errors.New("no such overload")

func noOverload(what string, args ...Value) Value {
	names := make([]string, len(args))
	for i, a := range args {
		if a.kind == KindError {
			return a
		}
		names[i] = a.kind.String()
	}
	return Value{ref: fmt.Errorf("%w: %s(%s)", errOverload, what, strings.Join(names, ", "))}
}

// Kind is the value's kind.
func (v Value) Kind() Kind { return v.kind }

// Node is the node that the value came from; the zero Node if the expression made it.
func (v Value) Node() tree.Node { return v.node }

// Bool is the value of a boolean.
func (v Value) Bool() (value, ok bool) { return v.num != 0, v.kind == KindBool }

// Str is the text of a string.
func (v Value) Str() (value string, ok bool) { return v.str, v.kind == KindString }

// Err is the error that an evaluation ended with, or nil.
func (v Value) Err() error {
	if v.kind != KindError {
		return nil
	}
	if err, ok := v.ref.(error); ok {
		return err
	}
	return errors.New("no value")
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

// Len is the number of items or entries of a list or map.
func (v Value) Len() int {
	switch x := v.ref.(type) {
	case []Value:
		return len(x)
	case *mapping:
		return len(x.keys)
	}
	if v.kind == KindMap {
		n := 0
		for c := v.node.First(); c.Exists(); c = c.Next() {
			if c.Kind() != tree.Null {
				n++
			}
		}
		return n
	}
	return v.node.Len()
}

// Each visits the items of a list, or the keys of a map, until visit returns false.
func (v Value) Each(visit func(Value) bool) {
	switch x := v.ref.(type) {
	case []Value:
		for _, item := range x {
			if !visit(item) {
				return
			}
		}
		return
	case *mapping:
		for _, k := range x.keys {
			if !visit(k) {
				return
			}
		}
		return
	}
	for c := v.node.First(); c.Exists(); c = c.Next() {
		if v.kind == KindMap {
			if c.Kind() != tree.Null && !visit(Value{kind: KindString, str: c.Key(), node: c}) {
				return
			}
		} else if !visit(Of(c)) {
			return
		}
	}
}

// lookup finds an entry of a map by a string key.
func (v Value) lookup(key string) (Value, bool) {
	if m, ok := v.ref.(*mapping); ok {
		return m.find(OfString(key))
	}
	if n := v.node.Get(key); n.Exists() && n.Kind() != tree.Null {
		return Of(n), true
	}
	return Value{}, false
}

func (m *mapping) find(key Value) (Value, bool) {
	for i, k := range m.keys {
		if equal(k, key) {
			return m.values[i], true
		}
	}
	return Value{}, false
}

// set adds an entry; of two with one key the last counts.
func (m *mapping) set(key, value Value) {
	for i, k := range m.keys {
		if equal(k, key) {
			m.values[i] = value
			return
		}
	}
	m.keys, m.values = append(m.keys, key), append(m.values, value)
}

// Entry finds an entry of a map by its key.
func (v Value) Entry(key Value) (Value, bool) {
	if key.kind == KindString {
		return v.lookup(key.str)
	}
	if m, ok := v.ref.(*mapping); ok {
		return m.find(key)
	}
	return Value{}, false
}

// item is the i-th item of a list.
func (v Value) item(i int64) (Value, bool) {
	if items, ok := v.ref.([]Value); ok {
		if i < 0 || i >= int64(len(items)) {
			return Value{}, false
		}
		return items[i], true
	}
	if i < 0 || i >= int64(v.node.Len()) {
		return Value{}, false
	}
	return Of(v.node.Index(int(i))), true
}

func number(k Kind) bool { return k == KindInt || k == KindUint || k == KindDouble }

// equal is CEL's equality of values of any types.
func equal(a, b Value) bool {
	if number(a.kind) && number(b.kind) {
		c, ok := compareNumbers(a, b)
		return ok && c == 0
	}
	if a.kind != b.kind {
		return false
	}
	switch a.kind {
	case KindNull:
		return true
	case KindBool:
		return a.num == b.num
	case KindString, KindType:
		return a.str == b.str
	case KindList:
		return equalLists(a, b)
	case KindMap:
		return equalMaps(a, b)
	case KindOptional:
		x, okX := a.Unwrap()
		y, okY := b.Unwrap()
		return okX == okY && (!okX || equal(x, y))
	case KindQuantity:
		x, y := a.ref.(resource.Quantity), b.ref.(resource.Quantity)
		return x.Cmp(y) == 0
	}
	return false
}

func equalLists(a, b Value) bool {
	if a.Len() != b.Len() {
		return false
	}
	same, i := true, int64(0)
	a.Each(func(x Value) bool {
		y, _ := b.item(i)
		i++
		same = equal(x, y)
		return same
	})
	return same
}

func equalMaps(a, b Value) bool {
	if a.Len() != b.Len() {
		return false
	}
	same := true
	a.Each(func(k Value) bool {
		x, _ := a.Entry(k)
		y, ok := b.Entry(k)
		same = ok && equal(x, y)
		return same
	})
	return same
}

// compareNumbers orders numbers of any types; ok is false where a NaN is among them.
func compareNumbers(a, b Value) (int, bool) {
	switch {
	case a.kind == KindInt && b.kind == KindInt:
		return cmpOrdered(a.int(), b.int()), true
	case a.kind == KindUint && b.kind == KindUint:
		return cmpOrdered(a.num, b.num), true
	case a.kind == KindInt && b.kind == KindUint:
		if a.int() < 0 {
			return -1, true
		}
		return cmpOrdered(a.num, b.num), true
	case a.kind == KindUint && b.kind == KindInt:
		c, ok := compareNumbers(b, a)
		return -c, ok
	case b.kind != KindDouble:
		c, ok := compareNumbers(b, a)
		return -c, ok
	}
	f := b.float()
	if math.IsNaN(f) || a.kind == KindDouble && math.IsNaN(a.float()) {
		return 0, false
	}
	switch a.kind {
	case KindDouble:
		return cmpOrdered(a.float(), f), true
	case KindInt:
		switch {
		case f >= 1<<63:
			return -1, true
		case f < -(1 << 63):
			return 1, true
		}
		if c := cmpOrdered(a.int(), int64(f)); c != 0 {
			return c, true
		}
		return cmpOrdered(math.Trunc(f), f), true
	}
	switch {
	case f >= 1<<64:
		return -1, true
	case f < 0:
		return 1, true
	}
	if c := cmpOrdered(a.num, uint64(f)); c != 0 {
		return c, true
	}
	return cmpOrdered(math.Trunc(f), f), true
}

func cmpOrdered[T int64 | uint64 | float64](a, b T) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// Text writes a scalar as string() does.
func (v Value) Text() string {
	switch v.kind {
	case KindString, KindType:
		return v.str
	case KindBool:
		return strconv.FormatBool(v.num != 0)
	case KindInt:
		return strconv.FormatInt(v.int(), 10)
	case KindUint:
		return strconv.FormatUint(v.num, 10)
	case KindDouble:
		return strconv.FormatFloat(v.float(), 'g', -1, 64)
	case KindNull:
		return "null"
	}
	return ""
}

// Any is the value as encoding/json would decode it; nil for what JSON has no form for.
func (v Value) Any() any {
	switch v.kind {
	case KindBool:
		return v.num != 0
	case KindInt:
		return v.int()
	case KindUint:
		return v.num
	case KindDouble:
		return v.float()
	case KindString:
		return v.str
	case KindList:
		out := make([]any, 0, v.Len())
		v.Each(func(x Value) bool { out = append(out, x.Any()); return true })
		return out
	case KindMap:
		out := make(map[string]any, v.Len())
		v.Each(func(k Value) bool {
			x, _ := v.Entry(k)
			out[k.Text()] = x.Any()
			return true
		})
		return out
	}
	return nil
}
