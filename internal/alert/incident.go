package alert

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/bartizan-dev/bartizan"
)

// Grouping says which alerts belong together: those of one identity, one object or one source address between which
// no longer than Idle passes, and what belongs together with any of them.
type Grouping struct {
	Idle time.Duration
	// Slack is how far alerts may come out of order without making a difference.
	Slack time.Duration
	// Open is how many incidents are open at most: if there are more, that which is idle the longest is ended.
	Open int
	// Steps is how many lines the timeline of an incident has at most.
	Steps int
	// Shared is how many identities an address or an object may have before it says nothing any more: an egress
	// gateway, a load balancer.
	Shared int
}

func (g Grouping) orDefault() Grouping {
	g.Idle = cmp.Or(g.Idle, 30*time.Minute)
	g.Slack = cmp.Or(g.Slack, 30*time.Second)
	g.Open = cmp.Or(g.Open, 2000)
	g.Steps = cmp.Or(g.Steps, 100)
	g.Shared = cmp.Or(g.Shared, 8)
	return g
}

// State says why an incident is told of.
type State uint8

// The states of an incident.
const (
	// Opened: alerts of several rules belong together.
	Opened State = iota
	// Grown: it is worse than when it was told of last: in severity, in tactics, or by joining another.
	Grown
	// Ended: nothing was added for the idle time.
	Ended
	// StillOpen: the input ended before the incident did.
	StillOpen
)

var stateNames = [...]string{"opened", "grown", "ended", "open"}

// String is the state as JSON has it.
func (s State) String() string { return stateNames[s] }

// Incident is what belongs together, as it stands when it is told of.
type Incident struct {
	ID          string
	State       State
	Severity    bartizan.Severity
	First, Last time.Time
	Alerts      int // with those that were held back
	Rules       int
	Identities  []string
	Addresses   []string
	Subjects    []bartizan.Ref
	// More counts the identities, addresses and subjects that the lists have no room for.
	More       int
	Tactics    []string // as an attack goes
	Techniques []string
	Steps      []Step // by time
	MoreAlerts int    // alerts that the timeline has no line for
	Joined     []string
	// New are the tactics that it had not when it was told of last.
	New    []string
	Raised *Raised // the first reason that there was for a higher severity
	Text   string  // what happened, in a few sentences
}

// Step is a line of an incident's timeline: alerts of one rule, identity and subject.
type Step struct {
	First, Last time.Time
	Count       int
	Rule, Title string
	Severity    bartizan.Severity
	Identity    string
	Subject     bartizan.Ref
	Output      string // of the first
	Tactics     []string
	Alert       string // the first one's ID
}

// The bounds of an incident's lists.
const (
	maxNames = 20
	maxLinks = 200
)

// incident is one that is open.
type incident struct {
	ID         string
	First      time.Time
	Last       time.Time
	Severity   bartizan.Severity
	Alerts     int
	MoreAlerts int
	Steps      map[string]*Step
	Rules      map[string]bool
	Identities map[string]bool
	Addresses  map[string]bool
	Subjects   map[string]bartizan.Ref
	More       map[string]bool // what the lists have no room for, as far as it is told apart
	Tactics    map[string]bool
	Techniques map[string]bool
	Joined     []string
	Raised     *Raised
	Links      []*link `json:"-"`
	Told       told
}

// told is what was told of an incident last.
type told struct {
	Times    int
	Severity bartizan.Severity
	Tactics  []string
	Joined   int
}

// add takes up an alert.
func (in *incident) add(s *Shown, steps int) {
	a := &s.Alert
	if in.Alerts == 0 || a.Time.Before(in.First) {
		in.First = a.Time
	}
	if in.Alerts == 0 || a.Time.After(in.Last) {
		in.Last = a.Time
	}
	in.Alerts++
	in.Severity = max(in.Severity, a.Severity)
	if in.Raised == nil {
		in.Raised = s.Raised
	}
	if len(in.Rules) < maxLinks {
		in.Rules[a.Rule] = true
	}
	tactics := Tactics(a.Tags)
	for _, t := range tactics {
		in.Tactics[t] = true
	}
	for _, t := range Techniques(a.Tags) {
		if len(in.Techniques) < maxLinks {
			in.Techniques[t] = true
		}
	}
	in.name(s)
	in.step(Step{
		First: a.Time, Last: a.Time, Count: 1, Rule: a.Rule, Title: a.Title, Severity: a.Severity, Identity: a.Identity, Subject: a.Subject,
		Output: a.Output, Tactics: tactics, Alert: s.ID,
	}, steps)
}

// name notes who, from where and to what.
func (in *incident) name(s *Shown) {
	a := &s.Alert
	more := func(name string) {
		if len(in.More) < maxLinks {
			in.More[name] = true
		}
	}
	put := func(set map[string]bool, name string) {
		switch {
		case name == "" || set[name]:
		case len(set) < maxNames:
			set[strings.Clone(name)] = true
		default:
			more(name)
		}
	}
	put(in.Identities, a.Identity)
	for _, address := range a.Addresses[:min(len(a.Addresses), maxNames)] {
		put(in.Addresses, address)
	}
	subject := a.Subject.String()
	if _, ok := in.Subjects[subject]; ok || a.Subject.Name == "" {
		return
	}
	if len(in.Subjects) < maxNames {
		in.Subjects[subject] = a.Subject
	} else {
		more(subject)
	}
}

// step adds to a line of the timeline, or a line to it.
func (in *incident) step(s Step, most int) {
	key := s.Rule + "\x00" + s.Identity + "\x00" + s.Subject.String()
	old := in.Steps[key]
	switch {
	case old == nil && len(in.Steps) >= most:
		in.MoreAlerts += s.Count
	case old == nil:
		in.Steps[key] = &s
	default:
		old.join(&s)
	}
}

func (s *Step) join(o *Step) {
	if o.First.Before(s.First) || o.First.Equal(s.First) && o.Alert < s.Alert {
		s.First, s.Output, s.Alert = o.First, o.Output, o.Alert
	}
	if o.Last.After(s.Last) {
		s.Last = o.Last
	}
	s.Count += o.Count
	s.Severity = max(s.Severity, o.Severity)
}

// absorb joins another incident to this one.
func (in *incident) absorb(o *incident, steps int) {
	if o.First.Before(in.First) {
		in.First = o.First
	}
	if o.Last.After(in.Last) {
		in.Last = o.Last
	}
	in.Alerts += o.Alerts
	in.MoreAlerts += o.MoreAlerts
	in.Severity = max(in.Severity, o.Severity)
	in.Raised = cmp.Or(in.Raised, o.Raised)
	union(in.Rules, o.Rules, maxLinks)
	union(in.Tactics, o.Tactics, maxLinks)
	union(in.Techniques, o.Techniques, maxLinks)
	union(in.Identities, o.Identities, maxNames)
	union(in.Addresses, o.Addresses, maxNames)
	union(in.Subjects, o.Subjects, maxNames)
	union(in.More, o.More, maxLinks)
	for _, key := range slices.Sorted(maps.Keys(o.Steps)) {
		in.step(*o.Steps[key], steps)
	}
	for _, l := range o.Links {
		l.in = in
	}
	in.Links = append(in.Links, o.Links...)
	if o.Told.Times > 0 && len(in.Joined) < maxNames {
		in.Joined = append(append(in.Joined, o.ID), o.Joined...)
	}
}

// union adds the entries of one map to another, as far as there is room, in the order of their keys.
func union[V any](to, from map[string]V, most int) {
	for _, k := range slices.Sorted(maps.Keys(from)) {
		if _, ok := to[k]; ok || len(to) < most {
			to[k] = from[k]
		}
	}
}
