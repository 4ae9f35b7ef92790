package detect

import (
	"strconv"

	"github.com/bartizan-dev/bartizan/internal/event"
)

// FNV-1a over 64 bits.
const (
	hashStart = 14695981039346656037
	hashPrime = 1099511628211
)

func hash(h uint64, s string) uint64 {
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * hashPrime
	}
	return (h ^ 0xff) * hashPrime
}

// requestOf tells requests apart, with a rule's id if given. A client chooses the audit id that the API server writes,
// and could send the same for all it does; the time when the request came is the server's own.
func requestOf(a *event.Audit, id string) uint64 {
	h := hash(hashStart, id)
	h = hash(h, a.Get(event.AuditID).Raw())
	h = hash(h, a.Get(event.RequestReceived).Raw())
	h = hash(h, a.Get(event.Verb).Raw())
	return hash(h, a.Get(event.RequestURI).Raw())
}

// maxText bounds what is kept of a value of an event.
const maxText = 256

// bounded is a text, or of a long one its beginning and what tells it from others that begin in the same way.
func bounded(s string) string {
	if len(s) <= maxText {
		return s
	}
	return s[:maxText-24] + "..." + strconv.FormatUint(hash(hashStart, s), 16)
}

// recent remembers the last requests that rules told of.
type recent struct {
	seen map[uint64]struct{}
	ring []uint64
	next int
}

// maxRecent bounds them.
const maxRecent = 8192

// add says whether a request is new.
func (r *recent) add(h uint64) bool {
	if _, old := r.seen[h]; old {
		return false
	}
	if r.seen == nil {
		r.seen = map[uint64]struct{}{}
	}
	if len(r.ring) < maxRecent {
		r.ring = append(r.ring, h)
	} else {
		delete(r.seen, r.ring[r.next])
		r.ring[r.next] = h
		r.next = (r.next + 1) % maxRecent
	}
	r.seen[h] = struct{}{}
	return true
}

// inOrder is what is remembered, the oldest first.
func (r *recent) inOrder() []uint64 {
	return append(append([]uint64{}, r.ring[r.next:]...), r.ring[:r.next]...)
}
