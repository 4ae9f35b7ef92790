package hunt

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"time"
)

// outcome is what became of one endpoint.
type outcome struct {
	seen     *seen
	endpoint *endpoint // of what was seen
	sent     int64
	silent   bool  // nothing came back
	closed   bool  // the port is shut
	unknown  bool  // something listens, and it is not known what
	err      error // what went wrong, with seen or without
}

// quietness counts for an address how many of its ports were silent.
type quietness struct{ silent, all int }

func silentTargets(all []Target, outcomes []outcome) map[netip.Addr]quietness {
	found := map[netip.Addr]quietness{}
	for i, t := range all {
		q := found[t.Addr]
		q.all++
		if outcomes[i].silent {
			q.silent++
		}
		found[t.Addr] = q
	}
	return found
}

// gap says what was not seen of an endpoint, if anything, and whether that was to be expected.
func (o *outcome) gap(t Target, q quietness, timeout time.Duration) (reason string, skip bool) {
	at := fmt.Sprintf("%s port %d", t.Addr, t.Port)
	if t.Service != "" {
		at = t.Service + " " + at
	}
	named := t.Service != "" && !t.Many
	switch {
	case o.silent && q.silent == q.all:
		return "", false // told once for the address
	case o.silent:
		return fmt.Sprintf("ports without an answer within %s", timeout), true
	case o.closed && named:
		return at + ": the port is closed: nothing was judged there", false
	case o.closed:
		return "closed ports", true
	case o.unknown && named:
		return at + ": it is not known what listens there", false
	case o.unknown:
		return "services that are not recognised: name them, as --target kubelet=HOST:PORT", true
	case o.err != nil:
		return at + ": " + brief(o.err), false
	}
	return "", false
}

// brief is an error's text, bounded: net/http quotes what a server sent.
func brief(err error) string { return plainText(err.Error(), 300) }

// look finds out what one endpoint is and asks it what the rules need.
func (s *Source) look(ctx context.Context, t Target) (o outcome) {
	if s.pace.wait(ctx) != nil {
		return outcome{err: context.Cause(ctx)}
	}
	e := newEndpoint(t, s.options.Dialer, s.options.Timeout)
	defer e.close()
	defer func() { o.sent = e.sent.Load() }()
	known := usually(t.Port)
	service := t.Service
	if service == "" {
		service = known.service
	}
	plain := slices.Contains(plainFirst, service) || known.plain && t.Service == ""
	cert, err := e.knock(ctx, s.options.Dialer, plain)
	switch {
	case ctx.Err() != nil:
		return outcome{err: context.Cause(ctx)}
	case err != nil && silent(err) && !opened(err):
		return outcome{silent: true}
	case err != nil && closed(err):
		return outcome{closed: true}
	case err != nil:
		return outcome{err: err}
	}
	answers := map[string]*Answer{}
	if service == "" {
		if service, err = s.recognise(ctx, e, cert, answers); err != nil || service == "" {
			return outcome{unknown: err == nil, err: err}
		}
	}
	err = s.askAll(ctx, e, s.asks[service], answers)
	return outcome{seen: describe(service, e, cert, answers, s.options.Now), endpoint: e, err: err}
}

// recognise asks what tells services apart.
func (s *Source) recognise(ctx context.Context, e *endpoint, c *certificate, answers map[string]*Answer) (string, error) {
	greet := []ask{{key: askVersion, method: "GET", path: "/version"}, {key: askRoot, method: "GET", path: "/"}}
	if err := s.askAll(ctx, e, greet, answers); err != nil && len(answers) == 0 {
		return "", err
	}
	return guess(c, answers), nil
}

// giveUp is after how many requests in a row without an answer no more are sent.
const giveUp = 3

// askAll sends requests one after the other. The error tells how many of them got no answer, and why the first one did
// not.
func (s *Source) askAll(ctx context.Context, e *endpoint, list []ask, answers map[string]*Answer) error {
	var first error
	failed, row := 0, 0
	for i, a := range list {
		if answers[a.key] != nil {
			continue
		}
		if err := s.pace.wait(ctx); err != nil {
			return err
		}
		w, err := e.send(ctx, a)
		if err == nil {
			answers[a.key], row = w, 0
			continue
		}
		failed, row = failed+1, row+1
		if first == nil {
			first = err
		}
		if row == giveUp {
			failed += len(list) - i - 1
			break
		}
	}
	if first == nil {
		return nil
	}
	return fmt.Errorf("%d of %d requests got no answer: %w", failed, len(list), first)
}
