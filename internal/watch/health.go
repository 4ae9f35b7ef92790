package watch

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/alert"
	"github.com/bartizan-dev/bartizan/internal/detect"
	"github.com/bartizan-dev/bartizan/internal/event"
	"github.com/bartizan-dev/bartizan/internal/source/audit"
)

// The alerts about the stream itself.
const (
	RuleSilent     = "audit-stream-silent"     // an API server or its heartbeat is not heard of any more
	RuleBack       = "audit-stream-back"       // it is again
	RuleClock      = "audit-stream-clock"      // time goes back, or is ahead of ours
	RuleRestart    = "audit-stream-restart"    // an API server has started
	RuleLevel      = "audit-stream-level"      // less is recorded than before
	RuleTruncated  = "audit-stream-truncated"  // the API server cut a record short
	RuleUnreadable = "audit-stream-unreadable" // a record cannot be read
	RuleLost       = "audit-stream-lost"       // records are missing
)

const (
	backwards   = int64(time.Minute)
	skewed      = time.Minute
	maxStreams  = 1024
	maxRestarts = int64(time.Minute) // one start makes several requests
)

// health watches over the streams.
type health struct {
	live    bool
	silence time.Duration
	streams map[string]*stream
	ordered []*stream
	oldest  int64 // of all records
	newest  int64
}

// stream is what one API server records, or several under one name.
type stream struct {
	*health
	name     string
	input    string // the Key of the Input that it comes from
	records  int64
	gaps     int64
	newest   int64     // by the clock of the records
	heard    time.Time // by ours
	beats    []*beat
	levels   levels
	silent   bool
	back     bool // time has gone back
	ahead    bool
	fresh    bool  // a record came since heard was set
	timeless bool  // a record without a time was told of
	since    int64 // of the last check of heartbeats
}

func newHealth(live bool, silence time.Duration) *health {
	return &health{live: live, silence: silence, streams: map[string]*stream{}}
}

// of is the stream of a name. Beyond a bound, streams share what is known of them.
func (h *health) of(name string) *stream {
	s := h.streams[name]
	if s == nil {
		if len(h.streams) >= maxStreams {
			name = "others"
			if s = h.streams[name]; s != nil {
				return s
			}
		}
		s = &stream{health: h, name: name}
		h.streams[name] = s
		h.ordered = append(h.ordered, s)
	}
	return s
}

// observe looks at a record.
func (s *stream) observe(r *audit.Record, at bartizan.Origin, tell func(*detect.Alert)) {
	s.fresh = true
	s.clock(r, at, tell)
	if r.Get(event.Resource).Raw() == `"leases"` {
		s.lease(r, at, tell)
	}
	if now := s.newest; now-s.since >= int64(time.Second) {
		s.since = now
		s.missed(now, tell)
	}
	if cut(r) {
		tell(s.about(r, at, RuleTruncated, bartizan.Medium, "The API server cut an audit record short",
			fmt.Sprintf("%s cut an audit record short (annotation audit.k8s.io/truncated): what the request or the response held is not known; raise --audit-log-truncate-max-event-size", s.who())))
	}
	if was, is, dropped := s.levels.observe(r); dropped {
		tell(s.about(r, at, RuleLevel, bartizan.High, "Less is recorded of requests than before",
			fmt.Sprintf("%s records %s at level %s, and recorded it at %s before: has the audit policy been changed?", s.who(), request(r), is, was)))
	}
}

// clock watches the time of the records.
func (s *stream) clock(r *audit.Record, at bartizan.Origin, tell func(*detect.Alert)) {
	t := r.Time
	if t == 0 {
		if !s.timeless {
			s.timeless = true
			tell(s.about(r, at, RuleClock, bartizan.Medium, "Audit records without a time",
				fmt.Sprintf("records of %s have no time, or one that cannot be: that of the record before is taken, and windows of time are not to be relied on", s.who())))
		}
		return
	}
	switch behind := s.newest - t; {
	case behind > backwards && !s.back:
		s.back = true
		tell(s.about(r, at, RuleClock, bartizan.Medium, "The time of audit records goes back",
			fmt.Sprintf("the time of the records of %s went back by %s: a clock was set, or records were added later", s.who(), alert.Span(time.Duration(behind)))))
	case behind < int64(5*time.Second):
		s.back = false
	}
	s.newest = max(s.newest, t)
	s.health.newest = max(s.health.newest, t)
	if s.oldest == 0 || t < s.oldest {
		s.oldest = t
	}
}

// pass is what is watched for as time passes.
func (h *health) pass(now time.Time, idle bool, tell func(*detect.Alert)) {
	for _, s := range h.ordered {
		if s.heard.IsZero() || s.fresh {
			s.heard, s.fresh = now, false
		}
		s.skew(now, tell)
		if !idle || s.name == "" {
			continue
		}
		if len(s.beats) > 0 {
			s.missed(now.UnixNano(), tell)
			continue
		}
		s.quiet(now, tell)
	}
}

// quiet watches a stream that has no heartbeat.
func (s *stream) quiet(now time.Time, tell func(*detect.Alert)) {
	switch long := now.Sub(s.heard); { // by our clock: records of long ago that come late are no silence
	case s.silence > 0 && long > s.silence && !s.silent:
		s.silent = true
		tell(s.say(RuleSilent, bartizan.High, now, "An API server records nothing any more",
			fmt.Sprintf("nothing was recorded by %s for %s: is it down, is its audit log written elsewhere, or was auditing turned off?", s.who(), alert.Span(long))))
	case s.silent && long < s.silence:
		s.silent = false
		tell(s.say(RuleBack, bartizan.Info, now, "An API server records again", s.who()+" records again"))
	}
}

// skew watches for clocks that are ahead of ours.
func (s *stream) skew(now time.Time, tell func(*detect.Alert)) {
	ahead := time.Duration(s.newest - now.UnixNano())
	if s.newest > 0 && ahead > skewed && !s.ahead {
		s.ahead = true
		tell(s.say(RuleClock, bartizan.Medium, now, "The time of audit records is ahead",
			fmt.Sprintf("the clock of %s is %s ahead of the clock here: what happened when, and windows of time, are not to be relied on", s.who(), alert.Span(ahead))))
	}
	if ahead < skewed/2 {
		s.ahead = false
	}
}

// unreadable is the alert about what could not be read.
func (s *stream) unreadable(g *audit.Gap, now time.Time) *detect.Alert {
	a := s.say(RuleUnreadable, bartizan.Medium, now, "An audit record cannot be read", "")
	a.Output = fmt.Sprintf("an audit record of %s cannot be read: %s: %s", s.who(), g.Origin.File, g.Reason)
	if g.Lost {
		a.Rule, a.Title, a.Severity, a.Priority = RuleLost, "Audit records are missing", bartizan.High, alert.PriorityOf(bartizan.High)
		a.Output = fmt.Sprintf("audit records of %s are missing: %s: %s", s.who(), g.Origin.File, g.Reason)
	}
	a.Evidence = []bartizan.Evidence{{Value: g.Reason, Origin: g.Origin}}
	return a
}

// who names the stream in a sentence.
func (s *stream) who() string {
	if s.name == "" {
		return "the webhook"
	}
	return "audit log " + s.name
}

// say is an alert about the stream.
func (s *stream) say(rule string, severity bartizan.Severity, at time.Time, title, text string) *detect.Alert {
	var tags []string
	if severity >= bartizan.Medium {
		tags = []string{"T1562.001"}
	}
	return &detect.Alert{
		Rule: rule, Title: title, Source: "k8s_audit", Severity: severity, Priority: alert.PriorityOf(severity), Time: at.UTC(),
		Subject: bartizan.Ref{Kind: "AuditLog", Name: s.name}, Output: text, Tags: tags,
	}
}

// about is an alert about the stream for which a record is the reason.
func (s *stream) about(r *audit.Record, at bartizan.Origin, rule string, severity bartizan.Severity, title, text string) *detect.Alert {
	a := s.say(rule, severity, time.Unix(0, max(r.Time, s.newest)), title, text)
	var words event.Text
	a.Evidence = []bartizan.Evidence{{Value: words.Of(r.Get(event.AuditID)), Origin: at}}
	return a
}

// counts are those of the streams, by name.
func (h *health) counts() (all []StreamCounts) {
	for _, s := range h.ordered {
		if s.name != "" || s.records+s.gaps > 0 {
			c := StreamCounts{Name: s.name, Records: s.records, Gaps: s.gaps}
			if s.newest > 0 {
				c.Last = time.Unix(0, s.newest).UTC()
			}
			all = append(all, c)
		}
	}
	slices.SortFunc(all, func(a, b StreamCounts) int { return cmp.Compare(a.Name, b.Name) })
	return all
}

// span is the time of the first record and of the last.
func (h *health) span() (first, last time.Time) {
	if h.newest == 0 {
		return first, last
	}
	return time.Unix(0, h.oldest).UTC(), time.Unix(0, h.newest).UTC()
}
