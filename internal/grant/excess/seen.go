package excess

import (
	"iter"
	"maps"
	"slices"
	"time"

	"github.com/bartizan-dev/bartizan/internal/grant"
)

// Seen is one kind of request that somebody made. Count and the times are those of all names together.
type Seen struct {
	Subject     grant.Subject
	Request     grant.Request // AnyName says that it stands for names that are not told
	Count       int64
	First, Last time.Time
	Implied     bool // it came with another request
}

// AnyName says that a request stands for names that are not told.
func (s *Seen) AnyName() bool { return s.Request.Name == otherName }

// All visits what was seen, by identity and kind of request.
func (u *Usage) All() iter.Seq[Seen] {
	return func(yield func(Seen) bool) {
		for _, key := range slices.Sorted(maps.Keys(u.actors)) {
			a := u.actors[key]
			for _, r := range sortedRequests(maps.Keys(a.uses)) {
				x := a.uses[r]
				for _, name := range x.asked(u.named) {
					s := Seen{Subject: a.subject, Request: r, Count: x.count, First: x.first, Last: x.last}
					if s.Request.Name = name; !x.direct {
						s.Count, s.Implied = x.implied, true
					}
					if !yield(s) {
						return
					}
				}
			}
		}
	}
}
