package detect

import (
	"fmt"
	"slices"
	"time"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/falco"
	"github.com/bartizan-dev/bartizan/rule"
)

// Config says what a set of detections is made of.
type Config struct {
	// Source is the sort of events; empty for "k8s_audit".
	Source string
	// Rules are detections of ours (rules.Detections) and the user's.
	Rules []*rule.Rule
	// Falco are Falco rule files, later ones on top of earlier ones. They are loaded after Rules, so that they may
	// except, change or disable those, under their ids.
	Falco []falco.File
	// Options say what Falco rules may use.
	Options falco.Options
	// Matching says how many Falco rules an event may match. Rules of ours do not count.
	Matching falco.Matching
	// Cluster is the cluster's name; empty for none.
	Cluster string
	// Keep says by name which rules run; nil for those that are enabled.
	Keep func(name string, enabled bool) bool
	// Slack is how far records may be out of the order of their time, as those of several API servers are.
	Slack time.Duration
}

// Set is the detections of one source. It does not change, and is safe for concurrent use.
type Set struct {
	source string
	slack  time.Duration
	first  bool
	plan   *falco.Plan
	rules  []*Rule
	by     map[*falco.Rule]part // what to do about a condition that matched
	others []*falco.Rule        // of other sources
}

// Rule is a detection that runs: one of ours, or a Falco rule.
type Rule struct {
	ID, Title string
	Severity  bartizan.Severity
	Priority  falco.Priority
	Tags      []string
	// Own is the rule as its file has it; nil for a Falco rule.
	Own *rule.Rule
	// Conditions are what the rule matches: its own, then those of its steps.
	Conditions []*falco.Rule

	keys  []*falco.Rule // for each condition what makes the key, then the value
	index int
}

// part is a condition's place in a rule.
type part struct {
	rule *Rule
	step int
}

// New makes a set. Rules with an error are left out and the notices say so; the error says that no rule is left.
func New(c Config) (*Set, falco.Notices, error) {
	if c.Source == "" {
		c.Source = "k8s_audit"
	}
	if c.Slack < 0 {
		c.Slack = 0
	}
	files, own := compose(c.Rules, c.Source)
	loaded, notices := falco.Load(append(files, c.Falco...), c.Options)
	s := &Set{source: c.Source, slack: c.Slack, first: c.Matching == falco.First, by: map[*falco.Rule]part{}}
	notices = slices.DeleteFunc(notices, own.idle)
	for i := range notices {
		own.place(&notices[i])
	}
	s.gather(loaded, own, c)
	if len(s.rules) == 0 {
		return nil, notices, fmt.Errorf("load detections for source %s: no rule can run: %d are for other sources, the rest is disabled or passed over", c.Source, len(s.others))
	}
	plan, err := loaded.Plan(c.Source, falco.RunOptions{Cluster: c.Cluster, Keep: func(r *falco.Rule) bool {
		_, runs := s.by[r]
		return runs
	}})
	if err != nil {
		return nil, notices, fmt.Errorf("load detections: %w", err)
	}
	s.plan = plan
	return s, notices, nil
}

// gather makes rules of the conditions that were compiled.
func (s *Set) gather(loaded *falco.Set, own *composed, c Config) {
	compiled := map[string]*falco.Rule{}
	for _, r := range loaded.Rules {
		compiled[r.Name] = r
	}
	keep := func(r *falco.Rule) bool {
		if c.Keep == nil {
			return r.Enabled
		}
		return c.Keep(r.Name, r.Enabled)
	}
	for _, r := range loaded.Rules {
		if r.Source != s.source {
			s.others = append(s.others, r)
			continue
		}
		if own.helper[r.Name] || !keep(r) {
			continue
		}
		d := &Rule{ID: r.Name, Title: r.Name, Priority: r.Priority, Severity: severityOf(r.Priority), Tags: r.Tags, index: len(s.rules)}
		if d.Own = own.rules[r.Name]; d.Own != nil {
			d.Title, d.Severity = d.Own.Title, d.Own.Severity
		}
		if !d.bind(compiled) {
			continue // a step has an error, which the notices tell
		}
		s.rules = append(s.rules, d)
		for i, cond := range d.Conditions {
			s.by[cond] = part{d, i}
		}
	}
}

// bind finds the conditions of a rule and what makes their keys.
func (d *Rule) bind(compiled map[string]*falco.Rule) bool {
	steps := 1
	if d.Own != nil && d.Own.Over != nil {
		steps += len(stepsOf(d.Own.Over))
	}
	for i := range steps {
		cond := compiled[partName(d.ID, i)]
		if cond == nil {
			return false
		}
		d.Conditions = append(d.Conditions, cond)
		if d.Own == nil || d.Own.Over == nil {
			continue
		}
		key := compiled[keyName(d.ID, i)]
		if key == nil {
			return false
		}
		d.keys = append(d.keys, key)
	}
	return true
}

// Rules are the detections that run, ours in the order given, then Falco's.
func (s *Set) Rules() []*Rule { return s.rules }

// Others are the rules that were loaded and are for events of other sources: they do not run.
func (s *Set) Others() []*falco.Rule { return s.others }

// Source is the sort of events that the set judges.
func (s *Set) Source() string { return s.source }

// over is what the rule says of several events; nil for one event, and for a Falco rule.
func (d *Rule) over() *rule.Over {
	if d.Own == nil {
		return nil
	}
	return d.Own.Over
}
