// Package engine runs rules over a World. It is pure: no network, no files, no clock, no client; the same
// World and rules give the same findings in the same order. It decides neither what to show (internal/triage)
// nor how (internal/sink).
package engine

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/rule"
)

// Config is what the rules' verdicts depend on besides the World.
type Config struct {
	Version rule.Version   // the target Kubernetes version; zero means rule.Latest
	Params  map[string]any // "RULE.name" -> value of the parameter's type
	Fixes   FixDetail      // what of a finding's fix to work out
	Workers int            // how many objects are judged at once; 0 means one for each processor
}

// FixDetail says how much of a fix to work out for each finding. Patches are what findings are heaviest of: who
// only says that there is a fix does without.
type FixDetail uint8

// The details. NoFixes is the zero value.
const (
	NoFixes    FixDetail = iota
	FixHints             // a Change that says whether there is a fix and whether it is safe, without target and patch
	FixPatches           // a Change that can be carried out
)

// Engine holds rules that are ready to run. It is safe for concurrent use.
type Engine struct {
	config   Config
	plans    []*plan
	byKind   map[bartizan.Kind][]*plan
	workload []*plan // the rules on workloads
	any      []*plan // the rules on every kind
	scope    *scope
	joined   *rule.Joined
}

// New plans rules. Expressions are compiled when the first object that needs them comes by; call Compile to
// have every fault at once.
func New(rules []*rule.Rule, config Config) (*Engine, error) {
	if config.Version == (rule.Version{}) {
		config.Version = rule.Latest
	}
	if config.Workers <= 0 {
		config.Workers = runtime.GOMAXPROCS(0)
	}
	scope, err := newScope()
	if err != nil {
		return nil, fmt.Errorf("plan rules: %w", err)
	}
	e := &Engine{config: config, byKind: map[bartizan.Kind][]*plan{}, scope: scope}
	seen := map[string]string{}
	for _, r := range rules {
		if file, twice := seen[r.ID]; twice {
			return nil, fmt.Errorf("plan rules: %s is defined twice, in %s and in %s: give one another id", r.ID, file, r.File)
		}
		seen[r.ID] = r.File
		p, err := newPlan(r, config, e.scope)
		if err != nil {
			return nil, err
		}
		if p == nil {
			continue // the requirement does not exist in the target version
		}
		e.add(p)
	}
	for name := range config.Params {
		if !e.knows(name) {
			return nil, fmt.Errorf("set parameter %s: no rule has it: see rule show for a rule's parameters", name)
		}
	}
	return e, nil
}

// With gives rules that need it the joined view of the World that is judged next. Those that need what was not read
// judge nothing, as do all that need anything in an Engine that has no view.
func (e *Engine) With(j *rule.Joined) *Engine {
	own := &Engine{config: e.config, scope: e.scope, plans: e.plans, joined: j, byKind: map[bartizan.Kind][]*plan{}}
	for _, p := range e.plans {
		if len(p.rule.Needs) == 0 || j.Has(p.rule.Needs...) {
			own.file(p)
		}
	}
	return own
}

// Needs says whether some rule needs a joined view.
func (e *Engine) Needs() bool {
	return slices.ContainsFunc(e.plans, func(p *plan) bool { return len(p.rule.Needs) > 0 })
}

func (e *Engine) add(p *plan) {
	p.index = len(e.plans)
	e.plans = append(e.plans, p)
	if len(p.rule.Needs) == 0 {
		e.file(p)
	}
}

// file puts a rule under the kinds that it judges.
func (e *Engine) file(p *plan) {
	for _, on := range p.rule.On {
		switch on {
		case rule.Workload:
			e.workload = append(e.workload, p)
		case rule.AnyKind:
			e.any = append(e.any, p)
		default:
			e.byKind[bartizan.Kind(on)] = append(e.byKind[bartizan.Kind(on)], p)
		}
	}
}

func (e *Engine) knows(param string) bool {
	for _, p := range e.plans {
		for _, q := range p.rule.Params {
			if p.rule.ID+"."+q.Name == param {
				return true
			}
		}
	}
	return false
}

// Version is the target Kubernetes version.
func (e *Engine) Version() rule.Version { return e.config.Version }

// Rules lists the rules that apply to the target version, in the order given.
func (e *Engine) Rules() []*rule.Rule {
	all := make([]*rule.Rule, len(e.plans))
	for i, p := range e.plans {
		all[i] = p.rule
	}
	return all
}

// Compile compiles every expression now and returns the first fault.
func (e *Engine) Compile() error {
	for _, p := range e.plans {
		if err := p.compile(); err != nil {
			return err
		}
	}
	return nil
}

// Check compiles the expressions of some rules now and checks their types as the API server does, so that
// users hear of faults in their rules whatever is scanned. Rules that the engine does not run are left out.
func (e *Engine) Check(rules []*rule.Rule) error {
	for _, r := range rules {
		i := slices.IndexFunc(e.plans, func(p *plan) bool { return p.rule == r })
		if i < 0 {
			continue
		}
		p := e.plans[i]
		if err := p.compile(); err != nil {
			return err
		}
		for field, src := range map[string]string{"find": p.source, "when": r.When, "fixWhen": r.FixWhen, "safeWhen": r.SafeWhen} {
			if src == "" {
				continue
			}
			if err := e.scope.check(src); err != nil {
				return &rule.Error{File: r.File, Reason: fmt.Sprintf("%s: %s: %v", r.ID, field, err)}
			}
		}
	}
	return nil
}

// Count is how often a rule was evaluated, and with what verdict.
type Count struct{ Passed, Failed, NotEvaluated int }

// Tally counts verdicts by rule id; a rule that judged nothing is not in it.
type Tally map[string]Count

// Total adds up the verdicts of all rules.
func (t Tally) Total() Count {
	var sum Count
	for _, c := range t {
		sum.Passed += c.Passed
		sum.Failed += c.Failed
		sum.NotEvaluated += c.NotEvaluated
	}
	return sum
}

// Result is what a run gives besides the findings it emits.
type Result struct {
	Tally Tally
	Gaps  []bartizan.Gap // objects on which rules could not be evaluated
}

// chunk is how many objects a worker takes at a time.
const chunk = 32

// Run judges every object of a World and emits the findings in the World's order. An error is that of emit
// or of the context, or a rule that does not compile.
func (e *Engine) Run(ctx context.Context, w bartizan.World, objects []*kube.Object, emit func(bartizan.Finding) error) (Result, error) {
	run := &run{engine: e, world: w, objects: objects, ctx: ctx}
	return run.do(emit)
}

// run is one Run under way.
type run struct {
	engine  *Engine
	world   bartizan.World
	objects []*kube.Object
	ctx     context.Context
}

// batch is what a worker found in one chunk of objects.
type batch struct {
	findings []bartizan.Finding
	gaps     []bartizan.Gap
	err      error
}

func (r *run) do(emit func(bartizan.Finding) error) (Result, error) {
	chunks := (len(r.objects) + chunk - 1) / chunk
	workers := min(r.engine.config.Workers, max(chunks, 1))
	done := make([]chan batch, chunks)
	for i := range done {
		done[i] = make(chan batch, 1)
	}
	next := make(chan int, 2*workers) // bounds how far workers run ahead of emit
	ctx, cancel := context.WithCancel(r.ctx)
	defer cancel()
	go func() {
		defer close(next)
		for i := range chunks {
			if ctx.Err() != nil {
				return // select would take either way
			}
			select {
			case next <- i:
			case <-ctx.Done():
				return
			}
		}
	}()
	counts := make([][]Count, workers)
	var wg sync.WaitGroup
	for k := range workers {
		counts[k] = make([]Count, len(r.engine.plans))
		wg.Go(func() {
			j := newJudge(r.engine, r.world, counts[k])
			for i := range next {
				done[i] <- j.chunk(r.objects[i*chunk : min((i+1)*chunk, len(r.objects))])
			}
		})
	}
	var result Result
	err := r.collect(ctx, done, &result, emit)
	cancel()
	wg.Wait()
	result.Tally = r.tally(counts)
	return result, err
}

// collect emits the batches in the order of the objects.
func (r *run) collect(ctx context.Context, done []chan batch, result *Result, emit func(bartizan.Finding) error) error {
	for _, c := range done {
		select {
		case b := <-c:
			if b.err != nil {
				return b.err
			}
			result.Gaps = append(result.Gaps, b.gaps...)
			for _, f := range b.findings {
				if err := emit(f); err != nil {
					return err
				}
			}
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

func (r *run) tally(counts [][]Count) Tally {
	t := Tally{}
	for i, p := range r.engine.plans {
		var sum Count
		for _, c := range counts {
			sum.Passed += c[i].Passed
			sum.Failed += c[i].Failed
			sum.NotEvaluated += c[i].NotEvaluated
		}
		if sum != (Count{}) {
			t[p.rule.ID] = sum
		}
	}
	return t
}

// plansFor lists the rules that judge an object, in no repeated order: by kind, on any kind, on workloads.
func (e *Engine) plansFor(o *kube.Object) []*plan {
	own := e.byKind[o.Ref.Kind]
	if len(e.any) == 0 {
		return own
	}
	return slices.Concat(own, e.any)
}
