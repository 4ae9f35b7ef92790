package notify

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/bartizan-dev/bartizan/internal/alert"
	"github.com/bartizan-dev/bartizan/internal/detect"
)

// sender stands between a desk and a courier: what is written goes into a queue, and a goroutine delivers it in order,
// tries again after failures, and sets aside what is refused for good.
type sender struct {
	name    string
	courier courier
	sending sending
	report  func(string)
	now     func() time.Time
	waits   bool // Write waits for room

	mu      sync.Mutex
	queue   queue
	dropped int // since there was room last
	told    time.Time
	status  Status

	fresh  chan struct{} // something was put
	ending chan struct{} // deliver what is left, then stop
	cancel context.CancelFunc
	ended  chan struct{}
}

// Status is how an output fares.
type Status struct {
	Name      string
	Delivered int // alerts, summaries and incidents
	Waiting   int
	Refused   int    // that the receiver will never take
	Dropped   int    // for which the queue had no room
	Attempts  int    // that failed
	Trouble   string // the last failure, if nothing was delivered since
}

func newSender(name string, c courier, how sending, q queue, o *Options) *sender {
	ctx, cancel := context.WithCancel(context.Background())
	s := &sender{
		name: name, courier: c, sending: how, report: o.Report, now: o.Now, waits: o.Wait, queue: q, status: Status{Name: name},
		fresh: make(chan struct{}, 1), ending: make(chan struct{}), cancel: cancel, ended: make(chan struct{}),
	}
	go s.run(ctx)
	return s
}

// Write puts what is shown into the queue.
func (s *sender) Write(ctx context.Context, shown []alert.Shown) error {
	records := make([][]byte, 0, len(shown)+1)
	for i := range shown {
		r, err := json.Marshal(&shown[i])
		if err != nil {
			return fmt.Errorf("write to output %s: %w", s.name, err)
		}
		records = append(records, r)
	}
	err := s.enqueue(ctx, records)
	select {
	case s.fresh <- struct{}{}:
	default:
	}
	if err != nil {
		return fmt.Errorf("write to the queue of output %s: %w", s.name, err)
	}
	return nil
}

// enqueue puts records into the queue. If it is full it waits for room, or drops them, as the output was opened.
func (s *sender) enqueue(ctx context.Context, records [][]byte) error {
	for {
		s.mu.Lock()
		err := s.put(records)
		full := errors.Is(err, errFull)
		if full && (!s.waits || s.queue.left() == 0) { // if it is empty, it will never have room
			s.drop(len(records))
			err = nil
		}
		s.mu.Unlock()
		if !full || err == nil {
			return err
		}
		if !s.pause(ctx, 20*time.Millisecond) {
			return ctx.Err()
		}
	}
}

// put puts records into the queue, after one that tells of those that had no room before.
func (s *sender) put(records [][]byte) error {
	if s.dropped > 0 {
		lost, err := json.Marshal(lost(s.name, s.dropped, s.now()))
		if err != nil {
			return err
		}
		records = append([][]byte{lost}, records...)
	}
	err := s.queue.put(records)
	if err == nil {
		s.dropped = 0
	}
	return err
}

// drop counts what has no room.
func (s *sender) drop(n int) {
	if s.dropped == 0 {
		s.report(fmt.Sprintf("output %s: its queue is full; alerts are dropped, and counted, until there is room", s.name))
	}
	s.dropped += n
	s.status.Dropped += n
}

// lost tells the receiver of what it did not get.
func lost(name string, n int, now time.Time) *alert.Shown {
	a := detect.Alert{
		Rule: "bartizan-alerts-lost", Title: "Alerts were lost on the way", Source: "bartizan", Severity: severityLost, Time: now.UTC(), Folded: n,
		Priority: alert.PriorityOf(severityLost),
		Output:   fmt.Sprintf("%d alerts were not kept for output %s: its queue was full", n, name),
	}
	return &alert.Shown{
		Kind: alert.KindSummary, ID: fmt.Sprintf("%032x", now.UnixNano()), Alert: a, Summary: &alert.Summary{Folded: n, First: now.UTC(), Last: now.UTC()},
	}
}

// run delivers until it is ended.
func (s *sender) run(ctx context.Context) {
	defer close(s.ended)
	var tick <-chan time.Time
	r, reminds := s.courier.(reminder)
	if reminds {
		t := time.NewTicker(r.every())
		defer t.Stop()
		tick = t.C
	}
	for {
		if !s.deliverAll(ctx) {
			return
		}
		select {
		case <-s.fresh:
			s.pause(ctx, s.sending.wait)
		case <-tick:
			if err := r.remind(ctx); err != nil {
				s.trouble(err)
			}
		case <-s.ending:
			s.deliverAll(ctx)
			return
		case <-ctx.Done():
			return
		}
	}
}

// deliverAll delivers what is in the queue; false if it was ended before that was done.
func (s *sender) deliverAll(ctx context.Context) bool {
	items, failures := s.sending.items, 0
	for {
		records, err := s.peek(items)
		if err == nil && len(records) == 0 {
			return true
		}
		if err == nil {
			err = s.attempt(ctx, records)
		}
		switch {
		case ctx.Err() != nil && err != nil:
			return false
		case err == nil:
			items, failures = min(items*2, s.sending.items), 0
		case refused(err) && len(records) > 1:
			items = max(len(records)/2, 1) // find out which of them it is
		case refused(err):
			s.setAside(records, err)
		default:
			failures++
			s.trouble(err)
			if !s.pause(ctx, s.backoff(err, failures)) {
				return false
			}
		}
	}
}

// peek gives the next records of the queue.
func (s *sender) peek(items int) ([][]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	records, err := s.queue.peek(items, s.sending.bytes)
	if q, ok := s.queue.(*spool); ok && q.damaged > 0 {
		s.report(fmt.Sprintf("output %s: %d bytes of its queue in %s cannot be read: the alerts in them are lost", s.name, q.damaged, q.dir))
		q.damaged = 0
	}
	return records, err
}

// attempt delivers a batch once.
func (s *sender) attempt(ctx context.Context, records [][]byte) error {
	batch := make([]alert.Shown, 0, len(records))
	for _, r := range records {
		var shown alert.Shown
		if err := json.Unmarshal(r, &shown); err != nil {
			return &refusal{"the queue holds what is no alert: " + err.Error()}
		}
		batch = append(batch, shown)
	}
	attempt, cancel := context.WithTimeout(ctx, s.sending.timeout)
	defer cancel()
	err := s.courier.deliver(attempt, batch)
	var some *partial
	if err != nil && !errors.As(err, &some) {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if some != nil {
		s.status.Refused += some.refused
		s.status.Delivered -= some.refused
		s.report(fmt.Sprintf("output %s: %s (%d so far)", s.name, some, s.status.Refused))
	}
	if s.status.Trouble != "" {
		s.report(fmt.Sprintf("output %s: works again", s.name))
	}
	s.status.Trouble = ""
	s.status.Delivered += len(records)
	return s.queue.done(records)
}

// setAside gives up what is refused.
func (s *sender) setAside(records [][]byte, why error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status.Refused += len(records)
	s.report(fmt.Sprintf("output %s: %s (%d so far)", s.name, why, s.status.Refused))
	if q, ok := s.queue.(*spool); ok {
		if err := q.setAside(records); err != nil {
			s.report(fmt.Sprintf("output %s: what is refused cannot be kept: %s", s.name, err))
		}
	}
	if err := s.queue.done(records); err != nil {
		s.report(fmt.Sprintf("output %s: %s", s.name, err))
	}
}

// trouble notes a failure, and tells of the first, and of another one after a while.
func (s *sender) trouble(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status.Attempts++
	text, now := err.Error(), s.now()
	tell := s.status.Trouble == "" || text != s.status.Trouble && now.Sub(s.told) > time.Minute
	s.status.Trouble = text
	if tell {
		s.told = now
		s.report(fmt.Sprintf("output %s: %s; trying again", s.name, text))
	}
}

// backoff is how long to wait after a number of failures in a row: doubling, of which a random half, so that many senders
// do not come back at once; or as long as the receiver asks for.
func (s *sender) backoff(err error, failures int) time.Duration {
	var l *later
	if errors.As(err, &l) && l.after > 0 {
		return min(l.after, max(s.sending.retryMost, 5*time.Minute))
	}
	d := s.sending.retryMost
	if failures < 20 {
		d = min(s.sending.retry<<(failures-1), d)
	}
	return d/2 + time.Duration(rand.Int64N(int64(d/2)+1))
}

// pause waits; false if it was ended.
func (s *sender) pause(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// Close delivers what is left until ctx ends. What is still left stays in a queue on disk; from one in memory it is lost,
// and the error says so.
func (s *sender) Close(ctx context.Context) error {
	close(s.ending)
	select {
	case <-s.ended:
	case <-ctx.Done():
	}
	s.cancel()
	<-s.ended
	s.mu.Lock()
	defer s.mu.Unlock()
	left := s.queue.left()
	err := errors.Join(s.courier.close(), s.queue.close())
	if _, onDisk := s.queue.(*spool); left > 0 && !onDisk {
		err = errors.Join(err, fmt.Errorf("output %s: %d alerts were not delivered (%s); give it a spool to keep them", s.name, left, cmp.Or(s.status.Trouble, "there was no time")))
	}
	return err
}

// fares says how the output fares.
func (s *sender) fares() Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.status
	st.Waiting = s.queue.left()
	return st
}
