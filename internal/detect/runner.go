package detect

import (
	"strings"
	"time"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/event"
	"github.com/bartizan-dev/bartizan/internal/falco"
)

// Runner judges the events of a stream, one after the other. It is for one goroutine.
type Runner struct {
	set     *Set
	falco   *falco.Runner
	watches []*watch // by the rule's index; nil for rules about one event
	ordered []*watch // those that there are
	told    recent   // what was told of, so that the stages of a request, and repeated records, are told once
	newest  int64    // the latest time of an event that interested a window, in nanoseconds since 1970
	due     int64    // when the next absence is certain, on the clock of events; none if there is none
	text    event.Text
	// of the event of the last call:
	scratch []byte // its key
	value   string // the value that the rule looks at
	valued  bool   // whether it has one
}

// NewRunner makes a Runner that remembers nothing yet.
func (s *Set) NewRunner() *Runner {
	r := &Runner{set: s, falco: s.plan.NewRunner(), watches: make([]*watch, len(s.rules)), newest: never, due: none}
	for i, d := range s.rules {
		if d.over() != nil {
			r.watches[i] = newWatch(d, int64(s.slack))
			r.ordered = append(r.ordered, r.watches[i])
		}
	}
	return r
}

// Audit judges one audit record and gives the alerts to emit: first those that its time makes due, then its own, in
// the order of the rules. The record may be decoded into again afterwards; alerts hold nothing of it.
func (r *Runner) Audit(a *event.Audit, at bartizan.Origin, emit func(*Alert)) {
	matched := r.falco.Audit(a)
	if len(matched) == 0 && r.due == none {
		return
	}
	now := nanoseconds(a.Time())
	if now != never && r.due != none {
		r.reach(now-int64(r.set.slack), emit)
	}
	first := true
	for _, m := range matched {
		p := r.set.by[m]
		switch {
		case p.rule.Own == nil:
			if first || !r.set.first {
				emit(r.alert(p.rule, m, a, at))
			}
			first = false
		case r.watches[p.rule.index] == nil:
			if r.told.add(requestOf(a, p.rule.ID)) {
				emit(r.alert(p.rule, m, a, at))
			}
		default:
			r.observe(p, m, a, at, now, emit)
		}
	}
}

// observe gives an event that matched to the window of its rule.
func (r *Runner) observe(p part, m *falco.Rule, a *event.Audit, at bartizan.Origin, now int64, emit func(*Alert)) {
	if now == never {
		now = max(r.newest, 0) // a record without a time counts as the latest
	}
	r.newest = max(r.newest, now)
	w := r.watches[p.rule.index]
	r.look(p)
	w.keys.expire(r.newest-int64(r.set.slack), w)
	seen := w.keys.get(r.scratch)
	if w.over.First != "" && w.usual(seen, r.value, now) {
		return
	}
	f := fact{at: now, id: requestOf(a, ""), step: uint8(p.step), valued: r.valued, value: strings.Clone(r.value), evidence: r.evidence(a, at)}
	if seen.known(&f) {
		return
	}
	if w.over.Absent != nil && p.step == 0 {
		f.alert = r.alert(p.rule, m, a, at)
	}
	v, fires := w.add(seen, f, r.newest)
	r.due = min(r.due, w.due)
	if fires {
		alert := r.alert(p.rule, p.rule.Conditions[0], a, at)
		v.complete(alert, w.over)
		emit(alert)
	}
}

// look finds what makes the key of the event of the last call, and the further value that the rule looks at.
func (r *Runner) look(p part) {
	r.scratch, r.value, r.valued = r.scratch[:0], "", false
	over := p.rule.over()
	by := len(over.By)
	r.falco.Values(p.rule.keys[p.step], func(i int, text string, ok bool) {
		if i < by {
			r.scratch = append(append(r.scratch, bounded(text)...), 0)
			return
		}
		if before, _, cut := strings.Cut(text, over.UpTo); cut && over.UpTo != "" {
			text = before
		}
		r.value, r.valued = bounded(text), ok
	})
}

// Advance says what time it is for the events: what was to follow and did not is told. Windows that have passed are
// forgotten. Call it with the time of the last event, or with the clock's when the stream is live and silent.
func (r *Runner) Advance(now time.Time, emit func(*Alert)) {
	at := nanoseconds(now)
	if at == never {
		return
	}
	at -= int64(r.set.slack)
	r.reach(at, emit)
	for _, w := range r.ordered {
		w.keys.expire(at, w)
	}
}

// reach tells what is due by a time.
func (r *Runner) reach(at int64, emit func(*Alert)) {
	if at <= r.due {
		return
	}
	r.due = none
	for _, w := range r.ordered {
		w.reach(at, emit)
		r.due = min(r.due, w.due)
	}
}

// Forgotten says what a rule lost because memory is bounded.
type Forgotten struct {
	Rule string
	// Keys were forgotten to make room for newer ones, Values within keys. What they would have led to goes unseen.
	Keys, Values int64
	// Late are records that came later than the declared slack; they count, but not in every window.
	Late int64
}

// Forgotten lists the rules that lost something since the Runner was made, in order.
func (r *Runner) Forgotten() []Forgotten {
	var all []Forgotten
	for _, w := range r.ordered {
		if w.lost.Keys+w.lost.Values+w.lost.Late > 0 {
			all = append(all, w.lost)
		}
	}
	return all
}

// The years between which a time is one, in seconds since 1970.
const (
	year1900 = -2208988800
	year2101 = 4133980800
)

// never and none are times that are not: before and after all others.
const (
	never = -1 << 62
	none  = 1<<62 - 1
)

// nanoseconds is a time as a number; never for the zero time and those that do not fit.
func nanoseconds(t time.Time) int64 {
	if s := t.Unix(); s < year1900 || s >= year2101 {
		return never
	}
	return t.UnixNano()
}
