package reach

import (
	"encoding/binary"
	"iter"
	mathbits "math/bits"
)

// bits is a set of small numbers.
type bits []uint64

func newBits(n int) bits { return make(bits, (n+63)/64) }

func (b bits) has(i int32) bool {
	return b != nil && b[uint32(i)>>6]&(1<<(uint32(i)&63)) != 0
}

func (b bits) set(i int32) { b[uint32(i)>>6] |= 1 << (uint32(i) & 63) }

// fill sets the numbers from lo up to and without hi.
func (b bits) fill(lo, hi int32) {
	for i := lo; i < hi; {
		if i&63 == 0 && hi-i >= 64 {
			b[i>>6] = ^uint64(0)
			i += 64
			continue
		}
		b.set(i)
		i++
	}
}

func (b bits) or(o bits) {
	for i, w := range o {
		b[i] |= w
	}
}

func (b bits) and(o bits) {
	for i := range b {
		b[i] &= o[i]
	}
}

func (b bits) andNot(o bits) {
	for i, w := range o {
		b[i] &^= w
	}
}

// orAnd adds what is in both x and y.
func (b bits) orAnd(x, y bits) {
	y = y[:len(x)]
	b = b[:len(x)]
	for i, w := range x {
		b[i] |= w & y[i]
	}
}

// orAndNot adds what is in x and not in y.
func (b bits) orAndNot(x, y bits) {
	y = y[:len(x)]
	b = b[:len(x)]
	for i, w := range x {
		b[i] |= w &^ y[i]
	}
}

func (b bits) clone() bits { return append(bits(nil), b...) }

func (b bits) empty() bool {
	for _, w := range b {
		if w != 0 {
			return false
		}
	}
	return true
}

func (b bits) equal(o bits) bool {
	for i, w := range b {
		if w != o[i] {
			return false
		}
	}
	return true
}

func (b bits) meets(o bits) bool {
	for i, w := range b {
		if w&o[i] != 0 {
			return true
		}
	}
	return false
}

// within says whether every number in b is in o.
func (b bits) within(o bits) bool {
	for i, w := range b {
		if w&^o[i] != 0 {
			return false
		}
	}
	return true
}

func (b bits) count() (n int) {
	for _, w := range b {
		n += mathbits.OnesCount64(w)
	}
	return n
}

// all visits the numbers in order.
func (b bits) all() iter.Seq[int32] {
	return func(yield func(int32) bool) {
		for i, w := range b {
			for ; w != 0; w &= w - 1 {
				if !yield(int32(i*64 + mathbits.TrailingZeros64(w))) {
					return
				}
			}
		}
	}
}

func trailing(w uint64) int { return mathbits.TrailingZeros64(w) }

// patternKey is the bytes of some words, as a key.
func patternKey(words []uint64) []byte {
	out := make([]byte, 0, len(words)*8)
	for _, w := range words {
		out = binary.LittleEndian.AppendUint64(out, w)
	}
	return out
}
