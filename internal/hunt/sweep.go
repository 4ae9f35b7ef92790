package hunt

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/bartizan-dev/bartizan"
)

// Sweep is a range of ports in which to look for what listens, at targets that name no port.
type Sweep struct {
	First, Last uint16
	Time        time.Duration // for all of it
}

// DefaultNodePorts is the range of node ports where the API server is not told another one.
const DefaultNodePorts = "30000-32767"

// ParseSweep reads FIRST-LAST, as --service-node-port-range of an API server has it, or FIRST+MORE, as that has it, too.
func ParseSweep(text string, time time.Duration) (*Sweep, error) {
	fault := fmt.Errorf("%q is no range of ports: write FIRST-LAST, as %s", text, DefaultNodePorts)
	from, to, ok := strings.Cut(text, "-")
	size := false
	if !ok {
		if from, to, size = strings.Cut(text, "+"); !size {
			to = from
		}
	}
	first, err := strconv.ParseUint(from, 10, 16)
	last, fail := strconv.ParseUint(to, 10, 16)
	if size {
		last += first
	}
	if err != nil || fail != nil || first == 0 || last < first || last > 65535 {
		return nil, fault
	}
	return &Sweep{First: uint16(first), Last: uint16(last), Time: time}, nil
}

// ports are those of the range that are not looked at anyway.
func (w *Sweep) ports(usual []uint16) []uint16 {
	var all []uint16
	for p := int(w.First); p <= int(w.Last); p++ {
		if !slices.Contains(usual, uint16(p)) {
			all = append(all, uint16(p))
		}
	}
	return all
}

// tooQuiet is after how many ports in a row without an answer the rest of an address's range is left out, if no port of it
// has answered: something drops what is sent there.
const tooQuiet = 48

// swept counts what a sweep did at one address.
type swept struct {
	mu    sync.Mutex
	heard bool
	quiet int
}

// skip says whether a port need not be looked at.
func (s *swept) skip() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.heard && s.quiet >= tooQuiet
}

func (s *swept) note(heard bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.heard = s.heard || heard
	if !heard {
		s.quiet++
	}
}

// sweep opens each port of the range and closes it again, and answers those that are open, to be looked at as any other.
func (s *Source) sweep(ctx context.Context, emit func(bartizan.Item) error) ([]Target, error) {
	w := s.options.Sweep
	if w == nil {
		return nil, nil
	}
	limited, cancel := context.WithTimeout(ctx, w.Time)
	defer cancel()
	var all []Target
	for _, t := range s.options.Targets {
		if t.Port != 0 {
			continue
		}
		for _, p := range w.ports(s.options.Ports) {
			one := t
			one.Port = p
			all = append(all, one)
		}
	}
	state := map[string]*swept{}
	for _, t := range all {
		state[t.Addr.String()] = &swept{}
	}
	open := make([]bool, len(all))
	s.each(limited, len(all), func(i int) {
		at := state[all[i].Addr.String()]
		if at.skip() {
			return
		}
		open[i] = s.isOpen(limited, all[i], at)
	})
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	var found []Target
	for i, t := range all {
		if open[i] {
			found = append(found, t)
		}
	}
	if limited.Err() != nil {
		reason := fmt.Sprintf("node ports: not all of %d were looked at within %s: name a smaller range or fewer addresses, or raise --node-ports-time or --rate", len(all), w.Time)
		return found, emit(missing(reason, false))
	}
	quiet := 0
	for _, at := range state {
		if at.skip() {
			quiet++
		}
	}
	if quiet > 0 {
		return found, emit(missing(fmt.Sprintf("node ports of %d of %d addresses: the first %d gave no answer, and the rest was left out", quiet, len(state), tooQuiet), false))
	}
	return found, nil
}

// isOpen says whether something listens.
func (s *Source) isOpen(ctx context.Context, t Target, at *swept) bool {
	if s.pace.wait(ctx) != nil {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, s.options.Timeout)
	defer cancel()
	conn, err := s.options.Dialer.DialContext(ctx, "tcp", addressOf(t))
	at.note(err == nil || !silent(err))
	if err != nil {
		return false
	}
	_ = conn.Close()
	return true
}
