package event

import (
	"iter"
	"math/bits"
	"strconv"
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
	for s, i := v.raw, space(v.raw, 1); i < len(s) && s[i] == '"'; {
		after, plain := name(s, i)
		same := s[i+1:after-1] == key
		if !plain {
			same = resolve(s[i:after]) == key
		}
		at := space(s, space(s, after)+1)
		end := past(s, at)
		if same {
			found = Value{s[at:end]}
		}
		i = entry(s, end)
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
	if i < 0 {
		return Value{}
	}
	for item := range v.Items() {
		if i == 0 {
			return item
		}
		i--
	}
	return Value{}
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
		for s, i := v.raw, space(v.raw, 1); i < len(s) && s[i] != ']'; {
			end := past(s, i)
			if !yield(Value{s[i:end]}) {
				return
			}
			i = entry(s, end)
		}
	}
}

// Members visits the keys and values of an object as written, repeated keys included.
func (v Value) Members() iter.Seq2[string, Value] {
	return func(yield func(string, Value) bool) {
		if v.Kind() != Object {
			return
		}
		for s, i := v.raw, space(v.raw, 1); i < len(s) && s[i] == '"'; {
			after := str(s, i)
			at := space(s, space(s, after)+1)
			end := past(s, at)
			if !yield(resolve(s[i:after]), Value{s[at:end]}) {
				return
			}
			i = entry(s, end)
		}
	}
}

// name is the index behind the key that begins at s[i], and whether it surely stands for itself: if not it may have
// escapes, or bytes that are no text.
func name(s string, i int) (end int, plain bool) {
	seen := uint64(0)
	for i++; i+8 <= len(s); i += 8 {
		w := load64(s, i)
		seen |= w
		if m := quoteOrWorse(w); m != 0 {
			i += bits.TrailingZeros64(m) >> 3
			return strEnd(s, i), s[i] == '"' && seen&highs == 0
		}
	}
	return strEnd(s, i), false
}

// entry is where the next entry of an array or object begins behind one that ends at s[i], or its closing bracket.
func entry(s string, i int) int {
	if i = space(s, i); i < len(s) && s[i] == ',' {
		return space(s, i+1)
	}
	return i
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
