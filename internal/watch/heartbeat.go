package watch

import (
	"fmt"
	"strings"
	"time"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/alert"
	"github.com/bartizan-dev/bartizan/internal/detect"
	"github.com/bartizan-dev/bartizan/internal/event"
	"github.com/bartizan-dev/bartizan/internal/source/audit"
)

// beat is the heartbeat of an API server: every ten seconds it renews the lease in kube-system that is its identity, by a
// request to itself, which stands in its own audit log. No audit record has a number, so that a missing heartbeat is
// the surest sign of missing records that there is.
type beat struct {
	lease    string
	holder   string
	last     int64
	interval int64 // on average
	renewals int
	started  int64
	silent   bool
}

const (
	maxBeats    = 64 // for each stream
	enoughBeats = 3
	shortest    = int64(2 * time.Second)
	longest     = int64(2 * time.Minute)
	beatPrefix  = `"apiserver-`
)

// limit is after how long a heartbeat counts as missing.
func (b *beat) limit() int64 { return b.interval*7/2 + int64(5*time.Second) }

// lease looks at a request for a lease.
func (s *stream) lease(r *audit.Record, at bartizan.Origin, tell func(*detect.Alert)) {
	name := r.Get(event.Name).Raw()
	if !strings.HasPrefix(name, beatPrefix) || r.Get(event.UserName).Raw() != `"system:apiserver"` ||
		r.Get(event.Namespace).Raw() != `"kube-system"` || r.Get(event.Stage).Raw() == `"RequestReceived"` || r.Time == 0 {
		return
	}
	b := s.beat(strings.Trim(name, `"`))
	if b == nil {
		return
	}
	switch r.Get(event.Verb).Raw() {
	case `"update"`, `"patch"`:
		s.renewed(b, r, at, tell)
	case `"get"`, `"create"`:
		s.started(b, r, at, tell)
	}
}

// beat is that of a lease; nil if there are too many.
func (s *stream) beat(lease string) *beat {
	for _, b := range s.beats {
		if b.lease == lease {
			return b
		}
	}
	if len(s.beats) >= maxBeats {
		return nil
	}
	b := &beat{lease: strings.Clone(lease)}
	s.beats = append(s.beats, b)
	return b
}

// renewed takes a heartbeat.
func (s *stream) renewed(b *beat, r *audit.Record, at bartizan.Origin, tell func(*detect.Alert)) {
	var words event.Text
	if holder := words.Of(r.Spec().Get("holderIdentity")); holder != "" && holder != b.holder {
		if b.holder != "" {
			s.started(b, r, at, tell)
		}
		b.holder = strings.Clone(holder)
	}
	between := r.Time - b.last
	if b.last > 0 && between >= shortest && between <= longest {
		if b.interval == 0 {
			b.interval = between
		}
		b.interval += (between - b.interval) / 8
		b.renewals++
	}
	if b.silent {
		b.silent = false
		tell(s.about(r, at, RuleBack, bartizan.Low, "The heartbeat of an API server is back",
			fmt.Sprintf("API server %s is heard of again in %s after %s: what it did in between is not known", b.lease, s.who(), alert.Span(time.Duration(between)))))
	}
	b.last = max(b.last, r.Time)
}

// started tells that an API server has started.
func (s *stream) started(b *beat, r *audit.Record, at bartizan.Origin, tell func(*detect.Alert)) {
	if b.started > 0 && r.Time-b.started < maxRestarts {
		return
	}
	b.started = r.Time
	tell(s.about(r, at, RuleRestart, bartizan.Info, "An API server has started",
		fmt.Sprintf("API server %s of %s has started, or took its identity anew: audit policy and flags may have changed", b.lease, s.who())))
}

// missed looks for heartbeats that are missing.
func (s *stream) missed(now int64, tell func(*detect.Alert)) {
	for _, b := range s.beats {
		if b.silent || b.renewals < enoughBeats || now-b.last <= b.limit() {
			continue
		}
		b.silent = true
		since := time.Unix(0, b.last).UTC()
		tell(s.say(RuleSilent, bartizan.High, time.Unix(0, now), "The heartbeat of an API server is missing",
			fmt.Sprintf("API server %s renews its identity every %s, and %s shows no renewal since %s: it is down, cannot write, or records are missing",
				b.lease, alert.Span(time.Duration(b.interval).Round(time.Second)), s.who(), since.Format(time.TimeOnly))))
	}
}
