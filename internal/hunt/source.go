package hunt

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/rule"
)

// Options say what to look at, and how gently.
type Options struct {
	Targets []Target
	Ports   []uint16 // of targets that name none
	Sweep   *Sweep   // more of their ports; nil: none
	Kubectl string   // the program whose version is judged; empty: none
	Rules   []*rule.Rule
	Pod     *Pod           // the pod that the hunt runs in; nil outside
	Gaps    []bartizan.Gap // what could not be found out about the targets
	Timeout time.Duration
	Rate    int // connections and requests a second
	Workers int // endpoints at once
	Now     time.Time
	Dialer  Dialer
	Active  *Active // nil: only ask
}

// Source hunts when it is read. It is for one Read.
type Source struct {
	options Options
	asks    map[string][]ask
	pace    *pace
	failed  map[bartizan.Ref]bool
	counts  Counts
}

var _ bartizan.Source = (*Source)(nil)

// Counts is what a hunt did, valid after Read.
type Counts struct {
	Endpoints, Services int
	Requests            int64
}

// The bounds of the options.
const (
	maxRate    = 1000
	maxWorkers = 256
)

// New checks the options and the requests of the rules. Nothing is sent yet.
func New(o Options) (*Source, error) {
	found, err := asks(o.Rules)
	if err != nil {
		return nil, err
	}
	if len(o.Ports) == 0 {
		o.Ports = DefaultPorts()
	}
	switch {
	case o.Timeout <= 0 || o.Timeout > time.Minute:
		return nil, fmt.Errorf("a timeout of %s: give one of up to a minute", o.Timeout)
	case o.Rate < 1 || o.Rate > maxRate:
		return nil, fmt.Errorf("a rate of %d requests a second: give 1 to %d", o.Rate, maxRate)
	case o.Workers < 1 || o.Workers > maxWorkers:
		return nil, fmt.Errorf("%d endpoints at once: give 1 to %d", o.Workers, maxWorkers)
	}
	s := &Source{options: o, asks: found, pace: newPace(o.Rate), failed: map[bartizan.Ref]bool{}}
	n := len(s.endpoints())
	if o.Sweep != nil {
		n += len(o.Sweep.ports(o.Ports)) * len(o.Targets)
	}
	if n > maxEndpoints {
		return nil, fmt.Errorf("%d ports at %d addresses are more than %d together: name fewer", n/max(len(o.Targets), 1), len(o.Targets), maxEndpoints)
	}
	return s, nil
}

// Counts is valid after Read.
func (s *Source) Counts() Counts { return s.counts }

// Explained says whether a Gap is about a rule that lacks an answer, where another Gap says why there is none.
func (s *Source) Explained(g bartizan.Gap) bool {
	for ref, failed := range s.failed {
		if failed && strings.HasPrefix(g.Reason, ref.String()+": ") && strings.Contains(g.Reason, "could not be evaluated") {
			return true
		}
	}
	return false
}

// endpoints are the targets with each of their ports.
func (s *Source) endpoints() []Target {
	var all []Target
	for _, t := range s.options.Targets {
		if t.Port != 0 {
			all = append(all, t)
			continue
		}
		for _, p := range s.options.Ports {
			one := t
			one.Port = p
			all = append(all, one)
		}
	}
	return all
}

// each calls a function for 0 to n-1, so many at once as the options say, until the context ends.
func (s *Source) each(ctx context.Context, n int, do func(int)) {
	work := make(chan int)
	var group sync.WaitGroup
	for range min(s.options.Workers, n) {
		group.Go(func() {
			for i := range work {
				do(i)
			}
		})
	}
	for i := 0; i < n && ctx.Err() == nil; i++ {
		work <- i
	}
	close(work)
	group.Wait()
}

// Read looks at every endpoint and emits what answered, in the order of the targets.
func (s *Source) Read(ctx context.Context, emit func(bartizan.Item) error) error {
	open, err := s.sweep(ctx, emit)
	if err != nil {
		return err
	}
	all := append(s.endpoints(), open...)
	outcomes := make([]outcome, len(all))
	s.each(ctx, len(all), func(i int) { outcomes[i] = s.look(ctx, all[i]) })
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	s.counts.Endpoints = len(all)
	for i := range s.options.Gaps {
		if err := emit(bartizan.Item{Gap: &s.options.Gaps[i]}); err != nil {
			return err
		}
	}
	if err := s.readPod(ctx, emit); err != nil {
		return err
	}
	if err := s.readKubectl(ctx, emit); err != nil {
		return err
	}
	told := false
	err = s.emit(all, outcomes, func(it bartizan.Item) error {
		told = told || it.Gap != nil && !it.Gap.Skip
		return emit(it)
	})
	if err != nil {
		return err
	}
	if s.counts.Services > 0 || told || len(all) == 0 && s.options.Kubectl != "" {
		return s.act(ctx, outcomes, emit)
	}
	return emit(missing("no service of Kubernetes answered: nothing was judged", false))
}

// missing tells of something that was not seen.
func missing(reason string, skip bool) bartizan.Item {
	return bartizan.Item{Gap: &bartizan.Gap{Origin: objectOrigin, Reason: reason, Skip: skip}}
}

// emit tells of all endpoints: objects first, then what is missing.
func (s *Source) emit(all []Target, outcomes []outcome, emit func(bartizan.Item) error) error {
	quiet := silentTargets(all, outcomes)
	for i, o := range outcomes {
		s.counts.Requests += o.sent
		if o.seen != nil {
			if err := s.emitSeen(o, emit); err != nil {
				return err
			}
		}
		if reason, skip := o.gap(all[i], quiet[all[i].Addr], s.options.Timeout); reason != "" {
			if err := emit(missing(reason, skip)); err != nil {
				return err
			}
		}
	}
	for _, t := range s.options.Targets {
		n, all := quiet[t.Addr].silent, quiet[t.Addr].all
		if n < all || all == 0 {
			continue
		}
		reason := "addresses where nothing answered"
		if !t.Many {
			reason = fmt.Sprintf("%s: no answer from %s within %s: check the address and the way there, or raise --timeout", t.Addr, ports(all), s.options.Timeout)
		}
		delete(quiet, t.Addr)
		if err := emit(missing(reason, t.Many)); err != nil {
			return err
		}
	}
	return nil
}

func ports(n int) string {
	if n == 1 {
		return "the port"
	}
	return fmt.Sprintf("any of %d ports", n)
}

func (s *Source) emitSeen(o outcome, emit func(bartizan.Item) error) error {
	it, err := item(o.seen)
	if err != nil {
		return emit(missing(fmt.Sprintf("%s: %v", o.seen.Metadata["name"], err), false))
	}
	s.counts.Services++
	s.failed[it.Entity.Ref] = o.err != nil
	return emit(it)
}

// keys are a map's keys in order.
func keys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// pace spreads what is sent evenly over time.
type pace struct {
	mu    sync.Mutex
	every time.Duration
	next  time.Time
}

func newPace(rate int) *pace { return &pace{every: time.Second / time.Duration(rate)} }

// wait returns when it is one's turn, or the context's error.
func (p *pace) wait(ctx context.Context) error {
	p.mu.Lock()
	now := time.Now()
	if p.next.Before(now) {
		p.next = now
	}
	turn := p.next
	p.next = p.next.Add(p.every)
	p.mu.Unlock()
	timer := time.NewTimer(turn.Sub(now))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
