package falco

import (
	"fmt"
	"time"

	"github.com/bartizan-dev/bartizan/internal/event"
)

// Matching says how many rules an event may match.
type Matching uint8

// The ways to match: First stops at the first rule that matches, as Falco does unless told otherwise.
const (
	All Matching = iota
	First
)

// RunOptions say how events are judged.
type RunOptions struct {
	Matching Matching
	// Cluster is what ka.cluster.name is; empty for none.
	Cluster string
	// Keep says which rules run; nil for those that are enabled.
	Keep func(*Rule) bool
}

// Plan is the rules of one source, ready to run. It does not change and serves any number of Runners.
type Plan struct {
	plan    *plan
	options RunOptions
	start   []uint64 // all rules
}

// Plan makes a plan of the rules of a source. Any number of Runners can share it.
func (s *Set) Plan(source string, o RunOptions) (*Plan, error) {
	var src *Source
	for k := range s.terms {
		if k.Name == source {
			src = k
		}
	}
	var rules []*Rule
	for _, r := range s.Rules {
		if r.Source == source && (o.Keep == nil && r.Enabled || o.Keep != nil && o.Keep(r)) {
			rules = append(rules, r)
		}
	}
	if len(rules) == 0 {
		return nil, fmt.Errorf("plan rules for source %s: no rule of this source can run; look at the notices of the rule files", source)
	}
	s.planning.Lock()
	defer s.planning.Unlock()
	p := &Plan{plan: newPlan(src, s.terms[src], rules), options: o, start: make([]uint64, words(len(rules)))}
	for i := range rules {
		p.start[i/64] |= 1 << (i % 64)
	}
	return p, nil
}

// Rules are the rules that run, in order.
func (p *Plan) Rules() []*Rule { return p.plan.rules }

// Runner judges events, one after the other. It is for one goroutine.
type Runner struct {
	plan    *Plan
	frame   frame
	set     []uint64
	matches []*Rule
}

// NewRunner makes a Runner.
func (p *Plan) NewRunner() *Runner {
	return &Runner{plan: p, set: make([]uint64, len(p.start)),
		frame: frame{plan: p.plan, place: p.options.Cluster, slots: make([]slot, len(p.plan.terms)), memos: make([]memo, p.plan.memos)}}
}

// Audit judges an audit record. The rules that match are valid until the next event.
func (r *Runner) Audit(a *event.Audit) []*Rule {
	r.frame.audit, r.frame.record, r.frame.time = a, nil, time.Time{}
	return r.run()
}

// Record judges an event given as a map from fields to values.
func (r *Runner) Record(fields Record, at time.Time) []*Rule {
	r.frame.audit, r.frame.record, r.frame.time = nil, fields, at
	return r.run()
}

func (r *Runner) run() []*Rule {
	f := &r.frame
	f.now++
	f.number++
	r.matches = r.matches[:0]
	copy(r.set, r.plan.start)
	p := r.plan.plan
	p.candidates(f, r.set)
	eachBit(r.set, func(i int) bool {
		if p.tests[i](f) {
			r.matches = append(r.matches, p.rules[i])
			return r.plan.options.Matching == All
		}
		return true
	})
	return r.matches
}

// Alert says what a rule that matched the event of the last call has to say of it.
func (r *Runner) Alert(rule *Rule) Alert {
	text, fields := rule.format.write(&r.frame)
	return Alert{Rule: rule.Name, Priority: rule.Priority, Source: rule.Source, Tags: rule.Tags, Time: r.frame.when(), Output: text, Fields: fields}
}
