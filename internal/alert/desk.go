package alert

import (
	"time"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/detect"
	"github.com/bartizan-dev/bartizan/internal/triage"
)

// Options set a Desk up.
type Options struct {
	Exceptions []Exception
	Rules      triage.Rules // that run, and that there are: exceptions for others are told of
	Limits     Limits
	Incidents  Grouping
	// Context raises severities; nil where no World was read.
	Context Context
	// ShowAll keeps nothing from being shown: exceptions, limits and duplicates are as if there were none. Incidents are
	// grouped all the same.
	ShowAll bool
}

// Stats counts what a Desk did with what it took: Taken is Shown + Folded + Excepted + Duplicates.
type Stats struct {
	Taken      int `json:"taken"`
	Shown      int `json:"shown"`      // as an alert of its own
	Folded     int `json:"folded"`     // held back by a bucket, and counted in a later alert or a summary
	Excepted   int `json:"excepted"`   // covered by an exception
	Duplicates int `json:"duplicates"` // the same rule on the same record, read twice
	Summaries  int `json:"summaries"`
	Incidents  int `json:"incidents"` // opened, with those of one alert only, without those that were joined to others
	Forced     int `json:"forced"`    // incidents ended early because too many were open
}

// Desk takes alerts in the order of their events, more or less, and gives what is to be shown. It is not safe for use
// by several goroutines at once.
type Desk struct {
	options Options
	known   duplicates
	folds   folds
	groups  groups
	now     time.Time // the latest time that was heard of
	behind  int       // how many times in a row were far behind it
	stats   Stats
	used    []triage.Use // of Options.Exceptions
}

// NewDesk makes a desk. Zero Limits and Grouping stand for the defaults.
func NewDesk(o Options) *Desk {
	if o.Limits.Rule == (Limit{}) && o.Limits.Key == (Limit{}) && len(o.Limits.Rules) == 0 {
		o.Limits = DefaultLimits()
	}
	o.Incidents = o.Incidents.orDefault()
	d := &Desk{options: o, used: make([]triage.Use, len(o.Exceptions))}
	d.known = newDuplicates()
	d.folds = newFolds(&d.options.Limits)
	d.groups = newGroups(o.Incidents)
	return d
}

// Take takes an alert and gives what is to be shown because of it, in order: nothing, if the alert was held back. It keeps
// no memory of the alert's own, and changes it only in what it gives.
func (d *Desk) Take(a *detect.Alert) []Shown {
	out := d.Advance(a.Time)
	d.stats.Taken++
	id := identify(a)
	if d.known.seen(id) && !d.options.ShowAll {
		d.stats.Duplicates++
		return out
	}
	covered, expired := d.except(a)
	if covered && !d.options.ShowAll {
		d.stats.Excepted++
		return out
	}
	s := Shown{ID: id, Alert: *a, Expired: expired}
	d.weigh(&s)
	group, news := d.groups.take(&s)
	s.IncidentID = group
	shown := d.options.ShowAll
	if !shown {
		shown, s.Alert.Folded = d.folds.take(&s, d.now)
	}
	if shown {
		d.stats.Shown++
		out = append(out, s)
	} else {
		d.stats.Folded++
	}
	return append(out, news...)
}

// Advance says that it is now at least a time, by the clock of the events: buckets fill, summaries come due, incidents
// that nothing was added to end. Where no events come, whoever drives the desk advances it by the clock.
func (d *Desk) Advance(now time.Time) []Shown {
	if !now.After(d.now) {
		d.doubt(now)
		return nil
	}
	d.now, d.behind = now, 0
	out := d.folds.advance(now)
	d.stats.Summaries += len(out)
	return append(out, d.groups.advance(now)...)
}

// A time so far behind the latest one, and so many of them in a row, say that the latest one was wrong.
const (
	farBehind = time.Hour
	doubts    = 8
)

// doubt looks at a time that is not the latest: one record with a time far ahead must not stop the clock, as buckets would
// not fill any more.
func (d *Desk) doubt(now time.Time) {
	if !now.Before(d.now.Add(-farBehind)) {
		d.behind = 0
		return
	}
	if d.behind++; d.behind >= doubts {
		d.now, d.behind = now, 0
		d.folds.back(now)
		d.groups.sweep = now
	}
}

// Close gives what is still held back at the end of the input: summaries, and how the incidents stand that are open. One
// that will go on later is saved with Save instead.
func (d *Desk) Close() []Shown {
	out := d.folds.flush()
	d.stats.Summaries += len(out)
	return append(out, d.groups.standing()...)
}

// Stats counts what became of what was taken.
func (d *Desk) Stats() Stats {
	s := d.stats
	s.Incidents, s.Forced = d.groups.opened-d.groups.joined, d.groups.forced
	return s
}

// weigh raises the severity of what happens on an attack path.
func (d *Desk) weigh(s *Shown) {
	if d.options.Context == nil {
		return
	}
	for _, thing := range [...]bartizan.Ref{IdentityRef(s.Alert.Identity), s.Alert.Subject} {
		if thing.Name == "" {
			continue
		}
		at, ok := d.options.Context.Standing(thing)
		if !ok {
			continue
		}
		from := s.Alert.Severity
		if to := raise(from, at.Target); to > from {
			s.Alert.Severity, s.Alert.Priority = to, min(s.Alert.Priority, PriorityOf(to))
			s.Raised = &Raised{from, thing, at}
		}
		return
	}
}

// raise is the severity of an alert about what stands on an attack path.
func raise(from bartizan.Severity, target string) bartizan.Severity {
	to := min(from+1, bartizan.Critical)
	if target == "cluster-admin" || target == "control-plane" {
		to = max(to, bartizan.High)
	}
	return to
}
