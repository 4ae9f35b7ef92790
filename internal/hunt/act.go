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
	Status     int               `json:"status"` // of the last request
	Undone     bool              `json:"undone"` // or there was nothing to take back
	Proof      string            `json:"proof"`
}

// ActiveStep is the kind of the objects that tell of steps.
const ActiveStep = "ActiveStep"

const (
	undoTries = 4
	undoTime  = 30 * time.Second
)

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
	for _, o := range found {
		if o.seen == nil {
			continue
		}
		for _, st := range steps {
			if st.service != o.seen.Kind || st.needs == "container" && a.Scope.Container == "" {
				continue
			}
			if err := s.step(ctx, o, st, emit); err != nil {
				return err
			}
		}
	}
	return a.Trail.add(Entry{Event: "end"})
}

// step takes one step at one service, if the scope allows it.
func (s *Source) step(ctx context.Context, o outcome, st step, emit func(bartizan.Item) error) error {
	a := s.options.Active
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if why := a.Scope.allows(st.name, o.endpoint.target, a.Now()); why != "" {
		return emit(missing("active steps that were not taken: "+why, true))
	}
	do, undo := st.make(newToken(), a.Scope.Container)
	t := &took{APIVersion: apiVersion, Kind: ActiveStep, Metadata: map[string]string{"name": st.name + " at " + o.endpoint.address}, Service: o.seen.Kind, Step: st.name}
	sent, err := s.do(ctx, o.endpoint, st, do, undo, t)
	t.Undone = true
	if sent && len(undo) > 0 {
		if fault := s.undo(ctx, o.endpoint, st, undo); fault != nil {
			t.Undone = false
			left := fmt.Errorf("%s at %s could not be taken back: %w; do it by hand: %v", st.name, o.endpoint.address, fault, keysOf(undo))
			if ctx.Err() != nil {
				return left // nothing else would be told any more
			}
			if fault := emit(missing(left.Error(), false)); fault != nil {
				return fault
			}
		}
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		return emit(missing(fmt.Sprintf("%s at %s: %s", st.name, o.endpoint.address, brief(err)), false))
	}
	it, err := item(t)
	if err != nil {
		return err
	}
	return emit(it)
}

// do sends the requests of a step. sent says whether one of them may have had an effect.
func (s *Source) do(ctx context.Context, e *endpoint, st step, do, undo []ask, t *took) (sent bool, err error) {
	trail := s.options.Active.Trail
	for _, a := range do {
		if err := s.pace.wait(ctx); err != nil {
			return sent, err
		}
		entry := Entry{Event: "do", Step: st.name, Target: e.address, Request: a.key, Body: a.body, Undo: keysOf(undo)}
		if err := trail.add(entry); err != nil {
			return sent, err
		}
		w, err := e.send(ctx, a)
		if err != nil {
			// It may have arrived nevertheless.
			return true, joined(trail.add(Entry{Event: "left", Step: st.name, Target: e.address, Note: brief(err)}), err)
		}
		t.Status, t.Proof = w.Status, shortened(w.Proof, 2*proofBytes)
		sent = sent || w.Refused == "" && (w.Status < 300 || w.Status >= 500)
		if err := trail.add(Entry{Event: "done", Step: st.name, Target: e.address, Request: a.key, Status: w.Status}); err != nil {
			return sent, err
		}
		if w.Status >= 300 || w.Status == 0 {
			break
		}
	}
	return sent, nil
}

// undo takes a step back, also when the hunt was stopped; it tries more than once.
func (s *Source) undo(ctx context.Context, e *endpoint, st step, undo []ask) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoTime)
	defer cancel()
	trail := s.options.Active.Trail
	for _, a := range undo {
		var fault error
		for try := range undoTries {
			// A trail that cannot be written must not keep anything from being taken back.
			_ = trail.add(Entry{Event: "undo", Step: st.name, Target: e.address, Request: a.key, Body: a.body})
			w, err := e.send(ctx, a)
			switch {
			case err != nil:
				fault = err
			case w.Status < 300 && w.Status > 0, w.Status == 404:
				fault = nil
			default:
				fault = fmt.Errorf("the answer was %d", w.Status)
			}
			if fault == nil {
				if err := trail.add(Entry{Event: "undone", Step: st.name, Target: e.address, Request: a.key, Status: w.Status}); err != nil {
					return err
				}
				break
			}
			_ = trail.add(Entry{Event: "left", Step: st.name, Target: e.address, Request: a.key, Note: brief(fault)})
			time.Sleep(time.Duration(try) * 500 * time.Millisecond)
		}
		if fault != nil {
			return fault
		}
	}
	return nil
}
