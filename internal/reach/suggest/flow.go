package suggest

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/reach"
)

// End is one end of a flow as it was recorded: a pod or workload by name, or an address, or both.
type End struct {
	Namespace, Name string
	Workload        string // the workload's name, where the record gives it
	Kind            string // the workload's kind, where the record gives it
	Address         netip.Addr
	Local           bool // the pod's own node
}

// String is the end as a person names it.
func (e End) String() string {
	if e.Name != "" {
		return e.Namespace + "/" + e.Name
	}
	if e.Address.IsValid() {
		return e.Address.String()
	}
	return "an end without a name"
}

// Flow is what was seen of connections from one end to a port of another.
type Flow struct {
	From, To    End
	Port        reach.Port
	Count       int
	First, Last time.Time
	Line        int       // of the first record
	Requests    []Request // seen in it by a proxy, each once
	Many        bool      // there were more than could be kept
	Names       []string  // the domain names that To's address was looked up by
}

// Log is what was read of a file of flows.
type Log struct {
	Flows       []Flow // each pair of ends and port once, in the order of their first record
	Records     int    // connections that were counted
	Ignored     int    // replies, dropped packets, protocols that policies do not speak of
	ICMP        int    // of Ignored: those of messages that have no ports
	WrongNames  int    // of addresses: such as no rule may hold
	WrongLine   int    // where the first of them stands
	Gaps        []bartizan.Gap
	First, Last time.Time
}

// clone is the end with text of its own.
func (e End) clone() End {
	e.Namespace, e.Name, e.Workload, e.Kind = strings.Clone(e.Namespace), strings.Clone(e.Name), strings.Clone(e.Workload), strings.Clone(e.Kind)
	return e
}

// join adds what was seen inside the connections of another record of the flow.
func (f *Flow) join(o *Flow) {
	for _, r := range o.Requests {
		switch {
		case slices.Contains(f.Requests, r):
		case len(f.Requests) >= maxRequests:
			f.Many = true
		default:
			r.Method, r.Path = strings.Clone(r.Method), strings.Clone(r.Path)
			f.Requests = append(f.Requests, r)
		}
	}
	for _, n := range o.Names {
		if !slices.Contains(f.Names, n) && len(f.Names) < maxNames {
			f.Names = append(f.Names, strings.Clone(n))
		}
	}
}

func (l *Log) span(first, last time.Time) {
	for _, t := range []time.Time{first, last} {
		if t.IsZero() {
			continue
		}
		if l.First.IsZero() || t.Before(l.First) {
			l.First = t
		}
		if t.After(l.Last) {
			l.Last = t
		}
	}
}
