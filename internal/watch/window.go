package watch

import (
	"encoding/binary"
	"math/bits"

	"github.com/bartizan-dev/bartizan/internal/event"
)

// window knows the records that were seen of late, so that one that comes twice counts once. An API server sends a batch
// again if it got no answer; copies of a log may be read together. The audit id alone does not tell records apart:
// clients choose it.
type window struct {
	table []uint64
	// received are the last records that came over the network, all of them: only those come again after a restart.
	received map[uint64]struct{}
	ring     []uint64
	next     int
}

const (
	windowSize   = 1 << 17 // records, more or less
	receivedSize = 1 << 13
)

func newWindow() window {
	return window{table: make([]uint64, windowSize), received: map[uint64]struct{}{}, ring: make([]uint64, receivedSize)}
}

// save writes down the last records that were received, the oldest first.
func (w *window) save() []byte {
	out := make([]byte, 0, 8*len(w.received))
	for i := range w.ring {
		if h := w.ring[(w.next+i)%receivedSize]; h != 0 {
			out = binary.LittleEndian.AppendUint64(out, h)
		}
	}
	return out
}

// restore takes up what was saved.
func (w *window) restore(text []byte) {
	for ; len(text) >= 8; text = text[8:] {
		w.add(binary.LittleEndian.Uint64(text), true)
	}
}

// add says whether a record is new, and remembers it.
func (w *window) add(h uint64, received bool) bool {
	h |= 1
	slot := &w.table[(h>>20)%windowSize]
	known := *slot == h
	*slot = h
	if !received {
		return !known
	}
	if _, ok := w.received[h]; ok {
		return false
	}
	delete(w.received, w.ring[w.next])
	w.received[h], w.ring[w.next] = struct{}{}, h
	w.next = (w.next + 1) % receivedSize
	return !known
}

// repeated says whether a record was seen, and remembers it. Records without an id and a time are never the same. The
// times come first: who does not know them cannot choose a request whose number is that of another.
func (w *window) repeated(a *event.Audit, received bool) bool {
	id, at := a.Get(event.AuditID).Raw(), a.Get(event.StageTimestamp).Raw()
	if id == "" || at == "" {
		return false
	}
	h := uint64(hashStart)
	for _, s := range [...]string{at, a.Get(event.RequestReceived).Raw(), id, a.Get(event.RequestURI).Raw(), a.Get(event.Stage).Raw(), a.Get(event.Verb).Raw(), a.Get(event.UserName).Raw()} {
		h = mix(h, s)
	}
	return !w.add(h, received)
}

const (
	hashStart = 0x243f6a8885a308d3
	hashStep  = 0x9e3779b97f4a7c15
)

// mix adds a text to a number that stands for those before. It is the same in every run. No text makes the number forget
// what came before: that takes a factor of 0, and the bytes of hashStep are not those of a JSON text.
func mix(h uint64, s string) uint64 {
	h ^= uint64(len(s)) * hashStep
	for ; len(s) > 16; s = s[16:] {
		h = fold(h^word(s[:8]), word(s[8:16])^hashStep)
	}
	if len(s) > 8 {
		return fold(h^word(s[:8]), word(s[len(s)-8:])^hashStep)
	}
	var rest uint64
	for i := range len(s) {
		rest = rest<<8 | uint64(s[i])
	}
	return fold(h^rest, hashStep)
}

// word is the first eight bytes of a text as a number.
func word(s string) uint64 {
	s = s[:8]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 | uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

func fold(a, b uint64) uint64 {
	high, low := bits.Mul64(a^0xa0761d6478bd642f, b)
	return bits.RotateLeft64(high^low, 23) + 0x1d8e4e27c47d124f
}
