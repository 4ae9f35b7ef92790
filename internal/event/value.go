package event

import (
	"iter"
	"strconv"
	"strings"
)

// Kind is the sort of a JSON value.
type Kind uint8

// The kinds of values. Absent is the kind of the zero Value.
const (
	Absent Kind = iota
	Null
	Bool
	Number
	String
	Object
	Array
)

// Value is a JSON value in the text of a record that has been checked. The zero Value stands for a value that does
// not exist, and every method is safe on it.
type Value struct{ raw string }

// Raw is the value's JSON text as written.
func (v Value) Raw() string { return v.raw }

// Exists says whether there is a value (null is one).
func (v Value) Exists() bool { return v.raw != "" }

// Kind is the sort of the value.
func (v Value) Kind() Kind {
	if v.raw == "" {
		return Absent
	}
	switch v.raw[0] {
	case '{':
		return Object
	case '[':
		return Array
	case '"':
		return String
	case 't', 'f':
		return Bool
	case 'n':
		return Null
	}
	return Number
}

// Get is the value under a key of an object; of a repeated key the last one.
func (v Value) Get(key string) (found Value) {
	if v.Kind() != Object {
		return Value{}
	}
	for c := v.first(); c.ok; c = c.next() {
		if c.named(key) {
			found = c.value
		}
	}
	return found
}

// At follows keys through nested objects.
func (v Value) At(keys ...string) Value {
	for _, k := range keys {
		if v = v.Get(k); v.raw == "" {
			break
		}
	}
	return v
}

// Index is the i-th item of an array, from 0.
func (v Value) Index(i int) Value {
	if v.Kind() != Array || i < 0 {
		return Value{}
	}
	c := v.first()
	for ; i > 0 && c.ok; i-- {
		c = c.next()
	}
	return c.value
}

// Lookup follows a JSON Pointer (RFC 6901) whose tokens have been split and unescaped.
func (v Value) Lookup(tokens []string) Value {
	for _, t := range tokens {
		if v.Kind() == Array {
			i, err := strconv.Atoi(t)
			if err != nil || len(t) > 1 && t[0] == '0' {
				return Value{}
			}
			v = v.Index(i)
		} else {
			v = v.Get(t)
		}
		if v.raw == "" {
			return v
		}
	}
	return v
}

// Items visits the items of an array.
func (v Value) Items() iter.Seq[Value] {
	return func(yield func(Value) bool) {
		if v.Kind() != Array {
			return
		}
		for c := v.first(); c.ok; c = c.next() {
			if !yield(c.value) {
				return
			}
		}
	}
}

// Members visits the keys and values of an object as written, repeated keys included.
func (v Value) Members() iter.Seq2[string, Value] {
	return func(yield func(string, Value) bool) {
		if v.Kind() != Object {
			return
		}
		for c := v.first(); c.ok; c = c.next() {
			if !yield(resolve(c.key), c.value) {
				return
			}
		}
	}
}

// cursor stands on one entry of an array or object.
type cursor struct {
	rest   string // what follows the entry
	key    string // as written, with its quotes; empty in an array
	value  Value
	object bool
	ok     bool
}

func (v Value) first() cursor {
	return cursor{rest: v.raw[1:], object: v.raw[0] == '{'}.entry()
}

func (c cursor) next() cursor {
	i := space(c.rest, 0)
	if i >= len(c.rest) || c.rest[i] != ',' {
		return cursor{}
	}
	c.rest = c.rest[i+1:]
	return c.entry()
}

func (c cursor) entry() cursor {
	s := c.rest
	i := space(s, 0)
	if i >= len(s) || s[i] == ']' || s[i] == '}' {
		return cursor{}
	}
	if c.object {
		end := str(s, i)
		if end < 0 {
			return cursor{}
		}
		c.key = s[i:end]
		i = space(s, space(s, end)+1)
	}
	end := past(s, i)
	c.value, c.rest, c.ok = Value{s[i:end]}, s[end:], true
	return c
}

// named says whether the entry's key is the given one.
func (c cursor) named(key string) bool {
	k := c.key[1 : len(c.key)-1]
	if strings.IndexByte(k, '\\') < 0 && ascii(k) {
		return k == key
	}
	return resolve(c.key) == key
}

// past is the index behind the value that begins at s[i] in checked text.
func past(s string, i int) int {
	if c := s[i]; c != '{' && c != '[' {
		return scalar(s, i)
	}
	for depth := 0; i < len(s); {
		switch s[i] {
		case '"':
			i = str(s, i)
			continue
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return i + 1
			}
		}
		i++
	}
	return len(s)
}
