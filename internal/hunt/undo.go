package hunt

import (
	"context"
	"fmt"
	"strings"
	"time"
)

const (
	undoTries = 4
	undoTime  = 30 * time.Second
)

// receipt is what takes a step back. The mark is part of the name of everything that the step made.
type receipt struct {
	step, mark string
	undo       []ask
}

// entry is a line of the trail about one of the step's requests.
func (r receipt) entry(event string, who actor, a ask) Entry {
	return Entry{Event: event, Step: r.step, Target: who.address, Service: who.kind, As: who.as, Server: who.server, Mark: r.mark,
		Request: a.key, Body: a.body, Undo: keysOf(r.undo)}
}

// takeBack takes a step back, also when the hunt was stopped; it tries more than once. gone says that there was nothing
// any more.
func takeBack(ctx context.Context, trail *Trail, who actor, r receipt) (gone bool, err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoTime)
	defer cancel()
	gone = true
	for _, a := range r.undo {
		var fault error
		for try := range undoTries {
			// A trail that cannot be written must not keep anything from being taken back.
			_ = trail.add(r.entry("undo", who, a))
			var nothing bool
			if nothing, fault = undone(ctx, who, a); fault == nil {
				gone = gone && nothing
				if err := trail.add(r.entry("undone", who, a)); err != nil {
					return gone, err
				}
				break
			}
			_ = trail.add(Entry{Event: "left", Step: r.step, Target: who.address, Request: a.key, Note: brief(fault)})
			time.Sleep(time.Duration(try) * 500 * time.Millisecond)
		}
		if fault != nil {
			return false, fault
		}
	}
	return gone, nil
}

// undone sends a request that takes something back. gone says that there was nothing to take back.
func undone(ctx context.Context, who actor, a ask) (gone bool, err error) {
	w, err := who.send(ctx, a)
	switch {
	case err != nil:
		return false, err
	case w.Status == 404:
		return true, nil
	case w.Status == 409 && a.method == "DELETE":
		// A namespace that is going already is in conflict with being deleted.
		path, _, _ := strings.Cut(a.path, "?")
		if now, err := who.send(ctx, request("GET", path, "")); err == nil && (now.Status == 404 || now.contains(`"deletionTimestamp"`)) {
			return true, nil
		}
	case w.Status < 300 && w.Status > 0:
		return who.kind == Etcd && !w.contains(`"deleted"`), nil
	}
	return false, fmt.Errorf("the answer was %d", w.Status)
}
