package hunt

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"time"
)

// Reverting is what is needed to take back what a hunt has left.
type Reverting struct {
	Trail   *Trail
	Dialer  Dialer
	Timeout time.Duration
	Pod     *Pod // where this runs; nil outside of pods
}

// The outcomes of taking something back.
const (
	Undone = "undone"
	Gone   = "gone" // there was nothing any more
	Left   = "left"
)

// Reverted is what became of one step.
type Reverted struct {
	Step    string   `json:"step"`
	Target  string   `json:"target"`
	Outcome string   `json:"outcome"`
	Undo    []string `json:"undo"`
	Note    string   `json:"note,omitempty"` // why it is left
}

// Revert takes back, last one first, what a trail says was left. Where a server is not the one that the trail tells of,
// nothing at all is taken back.
func (r *Reverting) Revert(ctx context.Context, left []Leftover) ([]Reverted, error) {
	if len(left) == 0 {
		return nil, nil
	}
	found := make([]Reverted, len(left))
	at := make([]actor, len(left))
	for i, l := range left {
		found[i] = Reverted{Step: l.Step, Target: plainText(l.Target, 300), Outcome: Left, Undo: l.Undo}
		if l.Step == varLogStep {
			if err := r.samePod(l); err != nil {
				found[i].Note = err.Error()
			}
			continue
		}
		who, err := r.reach(ctx, l)
		if err != nil {
			found[i].Note = brief(err)
			continue
		}
		defer who.close()
		if who.server != l.Server {
			return nil, fmt.Errorf("%s is another cluster's server than the one that the trail tells of (%s now, %s then): nothing was taken back",
				found[i].Target, called(who.server), called(l.Server))
		}
		at[i] = who
	}
	if err := r.Trail.add(Entry{Event: "begin", Note: "take back what was left"}); err != nil {
		return nil, err
	}
	for i := len(left) - 1; i >= 0; i-- {
		if found[i].Note == "" {
			r.one(ctx, left[i], at[i], &found[i])
		}
	}
	return found, r.Trail.add(Entry{Event: "end"})
}

func called(server string) string {
	if server == "" {
		return "unknown"
	}
	return plainText(server, 100)
}

// one takes one step back.
func (r *Reverting) one(ctx context.Context, l Leftover, who actor, out *Reverted) {
	var gone bool
	var err error
	if l.Step == varLogStep {
		gone, err = r.Pod.removeLink(r.Trail, strings.TrimPrefix(l.Undo[0], unlink), l.Mark)
	} else {
		gone, err = takeBack(ctx, r.Trail, who, receipt{step: l.Step, mark: l.Mark, undo: l.requests()})
	}
	switch {
	case err != nil:
		out.Note = brief(err)
	case gone:
		out.Outcome = Gone
	default:
		out.Outcome = Undone
	}
}

// samePod says why a link cannot be removed from here.
func (r *Reverting) samePod(l Leftover) error {
	if r.Pod == nil || r.Pod.title() != l.Server {
		return fmt.Errorf("run this in %s, which has the directory", plainText(l.Server, 300))
	}
	return nil
}

// reach finds the server of a step, to be asked in the same name.
func (r *Reverting) reach(ctx context.Context, l Leftover) (actor, error) {
	if l.As == AsPod {
		if r.Pod == nil {
			return actor{}, fmt.Errorf("it was done with a pod's token: run this in the same pod")
		}
		e, err := r.Pod.endpoint(r.Dialer, r.Timeout)
		if err != nil {
			return actor{}, err
		}
		if e == nil || e.address != l.Target {
			return actor{}, fmt.Errorf("it was done with a pod's token at another API server than this pod's: run this in the same pod")
		}
		return actor{endpoint: e, kind: l.Service, as: AsPod, server: identify(ctx, e, l.Service)}, nil
	}
	to, err := netip.ParseAddrPort(l.Target)
	if err != nil {
		return actor{}, fmt.Errorf("the trail names no address: %w", err)
	}
	e := newEndpoint(Target{Addr: to.Addr(), Port: to.Port(), Service: l.Service}, r.Dialer, r.Timeout)
	if _, err := e.knock(ctx, r.Dialer, false); err != nil {
		return actor{}, err
	}
	return actor{endpoint: e, kind: l.Service, as: l.As, server: identify(ctx, e, l.Service)}, nil
}
