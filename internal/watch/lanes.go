package watch

import (
	"context"
	"errors"
	"math"
	"time"

	"github.com/bartizan-dev/bartizan/internal/source/audit"
)

// lanes merge inputs by the time of their records. Within an input the order stays as it is; of records of several
// inputs at the same time that of the first input comes first.
type lanes struct {
	all      []*lane
	arrivals chan arrival
	err      error
	running  int
}

// arrival is a batch, or the end of an input.
type arrival struct {
	lane  *lane
	batch *audit.Batch // nil at the end
	err   error
}

// lane is an input, and how far it was judged.
type lane struct {
	key      string // of the Input
	from     *audit.Position
	position *audit.Position // behind the last batch that was judged to its end
	arrivals chan<- arrival
	room     chan struct{}

	queue   []*audit.Batch
	taken   int   // records of the head
	gaps    int   // of the head
	time    int64 // the latest of those taken
	rests   bool  // there is nothing more for now
	over    bool
	waiting time.Time // since when others wait for it
	moved   bool
}

// ahead is how many batches an input may be ahead of the judge.
const ahead = 2

func newLanes(n int) *lanes {
	l := &lanes{arrivals: make(chan arrival, n*(ahead+1)), running: n}
	for range n {
		l.all = append(l.all, &lane{arrivals: l.arrivals, room: make(chan struct{}, ahead)})
	}
	return l
}

// emit waits until there is room, and so holds its input back.
func (l *lane) emit(ctx context.Context, b *audit.Batch) error {
	select {
	case l.room <- struct{}{}:
		l.arrivals <- arrival{lane: l, batch: b}
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (l *lane) end(err error) { l.arrivals <- arrival{lane: l, err: err} }

// take puts what arrived into its lane.
func (l *lanes) take(a arrival) {
	if a.batch == nil {
		l.running--
		a.lane.over = true
		if a.err != nil && !errors.Is(a.err, context.Canceled) {
			l.err = a.err
		}
		return
	}
	a.lane.queue = append(a.lane.queue, a.batch)
	a.lane.rests, a.lane.waiting = false, time.Time{}
}

// earliest is the lane whose next record comes first, and the time of the first record of any other. It is nil if that
// has to be waited for.
func (l *lanes) earliest() (first *lane, until int64) {
	for more := true; more; {
		select {
		case a := <-l.arrivals:
			l.take(a)
		default:
			more = false
		}
	}
	until = math.MaxInt64
	least := int64(math.MaxInt64)
	for _, lane := range l.all {
		b := lane.head()
		if b == nil {
			if !lane.rests && !lane.over {
				return nil, 0
			}
			continue
		}
		t := lane.time
		if lane.taken < len(b.Records) {
			t = max(t, b.Records[lane.taken].Time)
		}
		if first == nil || t < least {
			until = least
			first, least = lane, t
		} else {
			until = min(until, t)
		}
	}
	return first, until
}

// idle says whether nothing is behind. An input that gives nothing for a while is not waited for any more.
func (l *lanes) idle(now time.Time) bool {
	idle := true
	for _, lane := range l.all {
		switch {
		case lane.rests || lane.over:
		case lane.head() != nil:
			idle = false
		case lane.waiting.IsZero():
			lane.waiting = now
			idle = false
		case now.Sub(lane.waiting) < patience:
			idle = false
		default:
			lane.rests = true
		}
	}
	return idle
}

// over says whether all inputs have ended and were judged.
func (l *lanes) over() bool {
	for _, lane := range l.all {
		if !lane.over || len(lane.queue) > 0 {
			return false
		}
	}
	return true
}

func (l *lanes) failure() error { return l.err }

// drain waits until the inputs have ended. What they emitted was not judged, and is read again.
func (l *lanes) drain() {
	for l.running > 0 {
		l.take(<-l.arrivals)
	}
}

func (l *lane) head() *audit.Batch {
	if len(l.queue) == 0 {
		return nil
	}
	return l.queue[0]
}

// next is done with the batch at the head.
func (l *lane) next() {
	b := l.head()
	p := b.Position(len(b.Records))
	l.position, l.moved = &p, true
	l.rests = b.CaughtUp
	l.queue = append(l.queue[:0], l.queue[1:]...)
	l.taken, l.gaps = 0, 0
	b.Release()
	<-l.room
}

// place is where to go on.
func (l *lane) place() *audit.Position {
	if b := l.head(); b != nil && l.taken > 0 {
		p := b.Position(l.taken)
		return &p
	}
	if l.position != nil {
		return l.position
	}
	return l.from
}
