package suggest

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/bartizan-dev/bartizan/internal/reach"
)

type record struct {
	flow   Flow
	where  string // the end that reported it
	ignore bool
}

// line is a record of either format.
type line struct {
	From     string          `json:"from"`
	To       string          `json:"to"`
	Port     int             `json:"port"`
	Protocol string          `json:"protocol"`
	Count    *int            `json:"count"`
	First    string          `json:"first"`
	Last     string          `json:"last"`
	Hubble   json.RawMessage `json:"flow"`
}

type hubbleEnd struct {
	Namespace string   `json:"namespace"`
	Pod       string   `json:"pod_name"`
	Labels    []string `json:"labels"`
	Workloads []struct {
		Name string `json:"name"`
	} `json:"workloads"`
}

type hubblePorts struct {
	Port  int `json:"destination_port"`
	From  int `json:"source_port"`
	Flags struct {
		SYN, ACK, FIN, RST, PSH bool
	} `json:"flags"`
}

type hubble struct {
	Time    string `json:"time"`
	Verdict string `json:"verdict"`
	IP      struct {
		Source      string `json:"source"`
		Destination string `json:"destination"`
	} `json:"IP"`
	L4 struct {
		TCP, UDP, SCTP *hubblePorts
	} `json:"l4"`
	Source      hubbleEnd `json:"source"`
	Destination hubbleEnd `json:"destination"`
	Reply       *bool     `json:"is_reply"`
	Direction   string    `json:"traffic_direction"`
}

func parse(text []byte) (record, error) {
	var l line
	if err := json.Unmarshal(text, &l); err != nil {
		return record{}, errors.New("not a flow in JSON")
	}
	if l.Hubble != nil {
		var h hubble
		if err := json.Unmarshal(l.Hubble, &h); err != nil {
			return record{}, errors.New("not a flow as Hubble writes it")
		}
		return h.record()
	}
	if l.From == "" && l.To == "" {
		return record{}, errors.New(`no flow: "from" and "to", or Hubble's "flow", are missing`)
	}
	return l.record()
}

func (l *line) record() (r record, err error) {
	f := &r.flow
	if f.From, err = endOf(l.From); err != nil {
		return r, fmt.Errorf("from: %w", err)
	}
	if f.To, err = endOf(l.To); err != nil {
		return r, fmt.Errorf("to: %w", err)
	}
	protocol, ok := reach.ParseProtocol(strings.ToUpper(l.Protocol))
	if !ok {
		r.ignore = true
		return r, nil
	}
	if f.Port, err = portOf(protocol, l.Port); err != nil {
		return r, err
	}
	f.Count = 1
	if l.Count != nil {
		if *l.Count < 1 {
			return r, errors.New("count is less than 1")
		}
		f.Count = min(*l.Count, maxCount)
	}
	if f.First, err = timeOf(l.First); err != nil {
		return r, fmt.Errorf("first: %w", err)
	}
	if f.Last, err = timeOf(l.Last); err != nil {
		return r, fmt.Errorf("last: %w", err)
	}
	return r, nil
}

func (h *hubble) record() (r record, err error) {
	f := &r.flow
	protocol, ports := reach.TCP, h.L4.TCP
	switch {
	case h.L4.UDP != nil:
		protocol, ports = reach.UDP, h.L4.UDP
	case h.L4.SCTP != nil:
		protocol, ports = reach.SCTP, h.L4.SCTP
	}
	if h.Verdict != "FORWARDED" || ports == nil || h.reply(protocol, ports) {
		r.ignore = true
		return r, nil
	}
	if f.Port, err = portOf(protocol, ports.Port); err != nil {
		return r, err
	}
	if f.From, err = h.Source.end(h.IP.Source); err != nil {
		return r, fmt.Errorf("source: %w", err)
	}
	if f.To, err = h.Destination.end(h.IP.Destination); err != nil {
		return r, fmt.Errorf("destination: %w", err)
	}
	if f.First, err = timeOf(h.Time); err != nil {
		return r, fmt.Errorf("time: %w", err)
	}
	f.Last, f.Count, r.where = f.First, 1, h.Direction
	return r, nil
}

// firstEphemeral is where the ports begin that clients are given.
const firstEphemeral = 32768

// reply says whether the packet answers another. Where Hubble does not know, a TCP packet counts only if it opens a
// connection, any other if it does not go from a server's port to a client's.
func (h *hubble) reply(p reach.Protocol, x *hubblePorts) bool {
	switch {
	case h.Reply != nil:
		return *h.Reply
	case p == reach.TCP:
		return !x.Flags.SYN || x.Flags.ACK
	}
	return x.From < firstEphemeral && x.Port >= firstEphemeral
}

func (x *hubbleEnd) end(ip string) (e End, err error) {
	if x.Pod != "" {
		e = End{Namespace: x.Namespace, Name: x.Pod}
		if i := strings.LastIndexByte(x.Pod, '/'); i >= 0 {
			e.Namespace, e.Name = x.Pod[:i], x.Pod[i+1:]
		}
		if len(x.Workloads) > 0 {
			e.Workload = x.Workloads[0].Name
		}
		if e.Namespace == "" {
			return e, errors.New("a pod without a namespace")
		}
		return e, nil
	}
	for _, l := range x.Labels {
		e.Local = e.Local || l == "reserved:host"
	}
	a, err := netip.ParseAddr(ip)
	if err != nil && !e.Local {
		return e, errors.New("neither a pod nor an address")
	}
	e.Address = a.Unmap().WithZone("")
	return e, nil
}

func endOf(s string) (End, error) {
	if a, err := netip.ParseAddr(s); err == nil {
		return End{Address: a.Unmap().WithZone("")}, nil
	}
	namespace, name, ok := strings.Cut(s, "/")
	if !ok || namespace == "" || name == "" || strings.Contains(name, "/") {
		return End{}, errors.New("write NAMESPACE/NAME or an address")
	}
	return End{Namespace: namespace, Name: name}, nil
}

func portOf(p reach.Protocol, n int) (reach.Port, error) {
	if n < 1 || n > 65535 {
		return reach.Port{}, fmt.Errorf("port %d is none of 1 to 65535", n)
	}
	return reach.Port{Protocol: p, Number: uint16(n)}, nil
}

func timeOf(s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return t, errors.New("not a time such as 2026-01-02T15:04:05Z")
	}
	return t.UTC(), nil
}
