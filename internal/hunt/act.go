package hunt

import (
	"context"
	"fmt"
	"time"

	"github.com/bartizan-dev/bartizan"
)

// Active is what an active hunt needs.
type Active struct {
	Scope *Scope
	Trail *Trail
	Now   func() time.Time
}

// took is a step that was taken, as the rules see it.
type took struct {
	APIVersion string            `json:"apiVersion"`
	Kind       string            `json:"kind"`
	Metadata   map[string]string `json:"metadata"`
	Service    string            `json:"service"`
	Step       string            `json:"step"`
	Who        string            `json:"who"`    // whose rights were used: Stranger or AsPod
	Status     int               `json:"status"` // of the last request
	Undone     bool              `json:"undone"` // or there was nothing to take back
	Proof      string            `json:"proof"`
}

// ActiveStep is the kind of the objects that tell of steps.
const ActiveStep = "ActiveStep"

// In whose name steps are taken: without any credential, or with the token of the pod that the hunt runs in.
const (
	Stranger = "stranger"
	AsPod    = "pod"
)

// actor is a service at which steps are taken, and in whose name.
type actor struct {
	*endpoint
	kind   string
	as     string
	server string // what tells it from other servers
}

// at is where, and in whose name, for messages.
func (a actor) at() string {
	if a.as == AsPod {
		return a.address + " as this pod"
	}
	return a.address
}

// act takes every step that the scope allows at the services that were found. Whatever ends it, what was done is taken
// back first.
func (s *Source) act(ctx context.Context, found []outcome, emit func(bartizan.Item) error) error {
	a := s.options.Active
	if a == nil {
		return nil
	}
	if err := a.Trail.add(Entry{Event: "begin", By: a.Scope.AuthorisedBy, Note: "the scope is valid until " + a.Scope.Expires.Format(time.RFC3339)}); err != nil {
		return err
	}
	all := s.actors(ctx, found)
	for _, who := range all {
		defer who.close()
		for _, st := range steps {
			if st.service != who.kind || st.needs == "container" && a.Scope.Container == "" {
				continue
			}
			if err := s.step(ctx, who, st, emit); err != nil {
				return err
			}
		}
	}
	if err := s.link(ctx, all, emit); err != nil {
		return err
	}
	return a.Trail.add(Entry{Event: "end"})
}

// actors are the services that were found, as strangers see them, and the pod's own API server, if its token may be used.
func (s *Source) actors(ctx context.Context, found []outcome) []actor {
	var all []actor
	for _, o := range found {
		if o.seen != nil {
			all = append(all, actor{endpoint: o.endpoint, kind: o.seen.Kind, as: Stranger, server: identify(ctx, o.endpoint, o.seen.Kind)})
		}
	}
	if s.options.Pod == nil || !s.options.Active.Scope.PodToken {
		return all
	}
	if e, err := s.options.Pod.endpoint(s.options.Dialer, s.options.Timeout); err == nil && e != nil {
		all = append(all, actor{endpoint: e, kind: APIServer, as: AsPod, server: identify(ctx, e, APIServer)})
	}
	return all
}

// step takes one step at one service, if the scope allows it.
func (s *Source) step(ctx context.Context, who actor, st step, emit func(bartizan.Item) error) error {
	a := s.options.Active
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if why := a.Scope.allows(st.name, who.target, a.Now()); why != "" {
		return emit(missing("active steps that were not taken: "+why, true))
	}
	mark := newMark()
	do, undo := st.make(mark, a.Scope.Container)
	r := receipt{step: st.name, mark: mark, undo: undo}
	sent, t, err := s.do(ctx, who, r, do)
	if sent && len(undo) > 0 {
		if _, fault := takeBack(ctx, a.Trail, who, r); fault != nil {
			t.Undone = false
			left := fmt.Errorf("%s at %s could not be taken back: %w; try bartizan hunt --revert with the trail, or by hand: %v", st.name, who.at(), fault, keysOf(undo))
			if ctx.Err() != nil {
				return left // nothing else would be told any more
			}
			if fault := emit(missing(left.Error(), false)); fault != nil {
				return fault
			}
		}
	}
	return s.emitStep(ctx, t, err, emit)
}

// emitStep tells of a step, or why it was not to be taken.
func (s *Source) emitStep(ctx context.Context, t *took, err error, emit func(bartizan.Item) error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		return emit(missing(t.Metadata["name"]+": "+brief(err), false))
	}
	it, err := item(t)
	if err != nil {
		return err
	}
	return emit(it)
}

// do sends the requests of a step. sent says whether one of them may have had an effect.
func (s *Source) do(ctx context.Context, who actor, r receipt, do []ask) (sent bool, t *took, err error) {
	trail := s.options.Active.Trail
	t = &took{APIVersion: apiVersion, Kind: ActiveStep, Metadata: map[string]string{"name": r.step + " at " + who.at()},
		Service: who.kind, Step: r.step, Who: who.as, Undone: true}
	for _, a := range do {
		if err := s.pace.wait(ctx); err != nil {
			return sent, t, err
		}
		if err := trail.add(r.entry("do", who, a)); err != nil {
			return sent, t, err
		}
		w, err := who.send(ctx, a)
		if err != nil {
			// It may have arrived nevertheless.
			return true, t, joined(trail.add(Entry{Event: "left", Step: r.step, Target: who.address, Note: brief(err)}), err)
		}
		t.Status, t.Proof = w.Status, shortened(w.Proof, 2*proofBytes)
		effect := w.Refused == "" && (w.Status < 300 || w.Status >= 500)
		sent = sent || effect
		if err := trail.add(Entry{Event: "done", Step: r.step, Target: who.address, Request: a.key, Status: w.Status, Effect: effect}); err != nil {
			return sent, t, err
		}
		if w.Status >= 300 || w.Status == 0 {
			break
		}
	}
	return sent, t, nil
}
