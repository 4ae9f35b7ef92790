// Package watch is the role that runs detections on a stream: it takes records from readers (internal/source/audit) in
// the order of their time, has them judged (internal/detect), has the alerts sorted out (internal/alert) and hands what
// is to be shown to outputs (internal/sink/notify). It also watches the stream itself: an API server that falls silent,
// a clock that goes back, records that are cut short or recorded at a lower level than before are alerts as well.
//
// Alerts are written before the place up to which a log was judged is; after a crash nothing is lost, and what was shown
// last may be shown again, under the same id. It reads and sends nothing itself, and decides nothing about alerts. To
// judge objects rather than events use internal/scan.
package watch

import (
	"context"
	"fmt"
	"time"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/alert"
	"github.com/bartizan-dev/bartizan/internal/detect"
	"github.com/bartizan-dev/bartizan/internal/event"
	"github.com/bartizan-dev/bartizan/internal/sink/notify"
	"github.com/bartizan-dev/bartizan/internal/source/audit"
)

// Judge says what events are. internal/detect has the one.
type Judge interface {
	// Audit judges the records of a stream, in order.
	Audit(a *event.Audit, at bartizan.Origin, emit func(*detect.Alert))
	// Advance says what time it is for the events.
	Advance(now time.Time, emit func(*detect.Alert))
}

// Memory is what survives a restart. Judges may have it, and an alert.Desk does.
type Memory interface {
	Save() ([]byte, error)
}

// Input is a log, or several that come together.
type Input struct {
	// Key names the input in the state that is kept.
	Key string
	// Read emits batches in order, from a position on, until the context ends.
	Read func(ctx context.Context, from *audit.Position, emit func(*audit.Batch) error) error
	// Done, if set, is told of a position behind which reading will go on whatever happens.
	Done func(audit.Position)
}

// Watch is a stream, and what becomes of it.
type Watch struct {
	Inputs  []Input
	Judge   Judge
	Desk    *alert.Desk
	Outputs []notify.Output
	// State keeps where reading stopped and what is remembered; nil keeps nothing.
	State *State
	// SaveEvery is how often State is written at most; 0 is each second.
	SaveEvery time.Duration
	// Live says that the inputs go on for ever; otherwise they are read to their end, and time is that of the events.
	Live bool
	// Silence is how long an API server may record nothing before that is an alert, if it shows no heartbeat; 0 for ever.
	Silence time.Duration
	// Report takes what people should know and what is no alert; nil drops it.
	Report func(string)
	// Now is the clock; nil is time.Now.
	Now func() time.Time
}

// Counts say what a Watch did.
type Counts struct {
	Records    int64
	Bytes      int64
	Duplicates int64
	Gaps       int64 // records that could not be read, and places where some are missing
	Alerts     int64 // before they were sorted out
	Shown      int64
	Worst      bartizan.Severity // of what was shown
	Saves      int64
	First      time.Time
	Last       time.Time
	Streams    []StreamCounts
}

// StreamCounts are those of one API server.
type StreamCounts struct {
	Name    string
	Records int64
	Gaps    int64
	Last    time.Time
}

const (
	tick      = 200 * time.Millisecond
	saveEvery = time.Second
	patience  = time.Second // for a log that is behind, before others go on without it
)

// Run watches until the context ends or, unless Live, the inputs do. An error says that it could not go on.
func (w *Watch) Run(ctx context.Context) (Counts, error) {
	l := w.loop()
	if err := l.restore(); err != nil {
		return l.counts, err
	}
	reading, stop := context.WithCancel(ctx)
	defer stop()
	l.start(reading)
	err := l.run(ctx)
	stop()
	l.lanes.drain()
	if err == nil {
		err = l.end(context.WithoutCancel(ctx))
	}
	return l.total(), err
}

// loop is a Watch at work, in one goroutine.
type loop struct {
	*Watch
	ctx      context.Context //nolint:containedctx // of this one run
	now      func() time.Time
	emit     func(*detect.Alert) // alert, made once rather than for each record
	lanes    *lanes
	seen     window
	health   *health
	shown    []alert.Shown
	counts   Counts
	told     time.Time // the desk's clock
	saved    time.Time
	saveCost time.Duration
	unsaved  bool  // the last checkpoint could not be written
	first    int64 // the time of the first record that has one
	dirty    bool
}

func (w *Watch) loop() *loop {
	own := *w
	l := &loop{Watch: &own, now: w.Now, seen: newWindow()}
	l.emit = l.alert
	if l.now == nil {
		l.now = time.Now
	}
	if l.SaveEvery <= 0 {
		l.SaveEvery = saveEvery
	}
	if l.Report == nil {
		l.Report = func(string) {}
	}
	l.health = newHealth(w.Live, w.Silence)
	l.lanes = newLanes(len(w.Inputs))
	for i, in := range w.Inputs {
		l.lanes.all[i].key = in.Key
	}
	return l
}

// start begins to read the inputs.
func (l *loop) start(ctx context.Context) {
	for i, in := range l.Inputs {
		go func() {
			lane := l.lanes.all[i]
			lane.end(in.Read(ctx, lane.from, func(b *audit.Batch) error { return lane.emit(ctx, b) }))
		}()
	}
}

// run judges what comes.
func (l *loop) run(ctx context.Context) error {
	l.ctx = ctx
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	l.saved = l.now()
	for ctx.Err() == nil {
		lane, until := l.lanes.earliest()
		if lane == nil {
			if l.lanes.over() {
				return l.lanes.failure()
			}
			if err := l.wait(ctx, ticker); err != nil {
				return err
			}
			continue
		}
		l.judge(lane, until)
		if err := l.write(ctx); err != nil {
			return err
		}
		if l.Live {
			select {
			case <-ticker.C:
				if err := l.tick(ctx); err != nil {
					return err
				}
			default:
			}
		}
	}
	return nil
}

// wait waits for a batch, or for time to pass.
func (l *loop) wait(ctx context.Context, ticker *time.Ticker) error {
	select {
	case a := <-l.lanes.arrivals:
		l.lanes.take(a)
	case <-ticker.C:
		if l.Live {
			return l.tick(ctx)
		}
	case <-ctx.Done():
	}
	return l.lanes.failure()
}

// tick is what is done as time passes.
func (l *loop) tick(ctx context.Context) error {
	now := l.now()
	idle := l.lanes.idle(now)
	l.health.pass(now, idle, l.emit)
	if idle {
		l.Judge.Advance(now, l.emit)
		l.advance(now)
	}
	if err := l.write(ctx); err != nil {
		return err
	}
	if l.dirty && now.Sub(l.saved) >= max(l.SaveEvery, 20*l.saveCost) {
		l.checkpoint(now)
	}
	return nil
}

// judge takes the records of a lane up to a time.
func (l *loop) judge(lane *lane, until int64) {
	b := lane.head()
	s := l.health.of(b.Stream)
	s.input = lane.key
	for i := 0; l.first == 0 && i < len(b.Records); i++ { // what stands before the first record that has a time is told of at that time
		l.first = b.Records[i].Time
	}
	for ; lane.taken < len(b.Records); lane.taken++ {
		i := lane.taken
		for lane.gaps < len(b.Gaps) && b.Gaps[lane.gaps].Before <= i {
			l.gap(s, &b.Gaps[lane.gaps])
			lane.gaps++
		}
		r := &b.Records[i]
		if lane.time = max(lane.time, r.Time); lane.time > until {
			return
		}
		l.record(s, b, i, r)
	}
	for ; lane.gaps < len(b.Gaps); lane.gaps++ {
		l.gap(s, &b.Gaps[lane.gaps])
	}
	l.counts.Bytes += int64(b.Bytes())
	lane.next()
	l.dirty = true
}

// record judges one record.
func (l *loop) record(s *stream, b *audit.Batch, i int, r *audit.Record) {
	if l.seen.repeated(&r.Audit, b.Received()) {
		l.counts.Duplicates++
		return
	}
	l.counts.Records++
	s.records++
	at := b.Origin(i)
	s.observe(r, at, l.emit)
	l.Judge.Audit(&r.Audit, at, l.emit)
	if t := l.health.newest; t-l.told.UnixNano() >= int64(time.Second) {
		l.advance(time.Unix(0, t).UTC())
	}
}

// gap tells of what could not be read.
func (l *loop) gap(s *stream, g *audit.Gap) {
	l.counts.Gaps++
	s.gaps++
	l.dirty = true
	l.alert(s.unreadable(g, l.clock()))
}

// clock is the time by which alerts are told that no event has.
func (l *loop) clock() time.Time {
	if l.Live {
		return l.now().UTC()
	}
	return time.Unix(0, max(l.health.newest, l.first)).UTC()
}

// alert takes an alert to the desk.
func (l *loop) alert(a *detect.Alert) {
	l.counts.Alerts++
	if y := a.Time.Year(); y < 1970 || y >= 2200 { // such a time is none: see stream.clock
		a.Time = l.clock()
	}
	l.shown = append(l.shown, l.Desk.Take(a)...)
}

// advance tells the desk the time.
func (l *loop) advance(now time.Time) {
	l.told = now
	l.shown = append(l.shown, l.Desk.Advance(now)...)
}

// write hands on what is to be shown.
func (l *loop) write(ctx context.Context) error {
	if len(l.shown) == 0 {
		return nil
	}
	l.dirty = true
	l.counts.Shown += int64(len(l.shown))
	for i := range l.shown {
		l.counts.Worst = max(l.counts.Worst, l.shown[i].Severity())
	}
	for _, out := range l.Outputs {
		if err := out.Write(context.WithoutCancel(ctx), l.shown); err != nil {
			return fmt.Errorf("write alerts: %w", err)
		}
	}
	clear(l.shown)
	l.shown = l.shown[:0]
	return nil
}

// end writes what is still held back, or keeps it for the next run.
func (l *loop) end(ctx context.Context) error {
	if !l.Live && l.health.newest > 0 {
		l.Judge.Advance(time.Unix(0, l.health.newest).UTC(), l.emit)
	}
	if l.State == nil {
		l.shown = append(l.shown, l.Desk.Close()...)
	}
	if err := l.write(ctx); err != nil {
		return err
	}
	if l.Live {
		return l.save(l.now())
	}
	return nil
}

// total are the counts with those of the streams.
func (l *loop) total() Counts {
	l.counts.Streams = l.health.counts()
	l.counts.First, l.counts.Last = l.health.span()
	return l.counts
}
