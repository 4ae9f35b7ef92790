package suggest

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/bartizan-dev/bartizan/internal/event"
	"github.com/bartizan-dev/bartizan/internal/reach"
)

// where is the end of a connection that reported it.
type where uint8

const (
	leaving where = iota
	entering
	requested // by a proxy: a request, not a connection
)

type record struct {
	flow   Flow
	where  where
	ignore bool
}

// parser reads records of either format.
type parser struct{ text event.Text }

func (p *parser) str(v event.Value) string {
	if v.Kind() != event.String {
		return ""
	}
	return p.text.Of(v)
}

// pick finds several keys of an object in one walk; of a repeated key the last one counts.
func pick(v event.Value, keys []string, into []event.Value) {
	for key, x := range v.Members() {
		for i, k := range keys {
			if k == key {
				into[i] = x
				break
			}
		}
	}
}

// The keys that a record is read by, in the order in which they are picked.
const (
	kFrom = iota
	kTo
	kPort
	kProtocol
	kCount
	kFirst
	kLast
	kFlow
	kLost
	kNode
	kAgent
	kDebug
	kHTTP
	kNames
	ownKeys
)

const (
	hTime = iota
	hVerdict
	hIP
	hL4
	hSource
	hDestination
	hReply
	hDirection
	hL7
	hNames
	hubbleKeys
)

func recordKeys() []string {
	return []string{"from", "to", "port", "protocol", "count", "first", "last", "flow", "lost_events", "node_status", "agent_event", "debug_event", "http", "names"}
}

func flowKeys() []string {
	return []string{"time", "verdict", "IP", "l4", "source", "destination", "is_reply", "traffic_direction", "l7", "destination_names"}
}

func (p *parser) parse(text string) (record, error) {
	v, err := event.ParseValue(text)
	if err != nil || v.Kind() != event.Object {
		return record{}, errors.New("not a flow in JSON")
	}
	var k [ownKeys]event.Value
	pick(v, recordKeys(), k[:])
	switch {
	case k[kFlow].Kind() == event.Object:
		return p.hubble(k[kFlow])
	case k[kLost].Exists():
		n := p.text.Of(k[kLost].Get("num_events_lost"))
		return record{}, fmt.Errorf("flows are missing here: Hubble lost %s; record again with a larger buffer", cmp.Or(n, "some"))
	case k[kNode].Exists() || k[kAgent].Exists() || k[kDebug].Exists():
		return record{ignore: true}, nil
	case !k[kFrom].Exists() && !k[kTo].Exists():
		return record{}, errors.New(`no flow: "from" and "to", or Hubble's "flow", are missing`)
	}
	return p.own(&k)
}

// own reads a record of our format.
func (p *parser) own(k *[ownKeys]event.Value) (r record, err error) {
	f := &r.flow
	if f.From, err = endOf(p.str(k[kFrom])); err != nil {
		return r, fmt.Errorf("from: %w", err)
	}
	if f.To, err = endOf(p.str(k[kTo])); err != nil {
		return r, fmt.Errorf("to: %w", err)
	}
	protocol, ok := reach.ParseProtocol(strings.ToUpper(p.str(k[kProtocol])))
	if !ok {
		r.ignore = true
		return r, nil
	}
	if f.Port, err = portOf(protocol, k[kPort]); err != nil {
		return r, err
	}
	f.Count = 1
	if c := k[kCount]; c.Kind() != event.Absent && c.Kind() != event.Null {
		n, ok := c.Int()
		if !ok && !whole().MatchString(c.Raw()) {
			return r, errors.New("count is no whole number above 0")
		}
		if ok && n < 1 {
			return r, errors.New("count is less than 1")
		}
		if f.Count = maxCount; ok {
			f.Count = int(min(n, maxCount))
		}
	}
	if f.First, err = timeOf(p.str(k[kFirst])); err != nil {
		return r, fmt.Errorf("first: %w", err)
	}
	if f.Last, err = timeOf(p.str(k[kLast])); err != nil {
		return r, fmt.Errorf("last: %w", err)
	}
	p.inside(f, k[kHTTP].Get("method"), k[kHTTP].Get("path"), k[kNames])
	return r, nil
}

// inside takes what was seen in the connection, and the names of the address that it went to.
func (p *parser) inside(f *Flow, method, url, names event.Value) {
	if method.Kind() == event.String {
		if r, ok := requestOf(p.str(method), p.str(url)); ok {
			f.Requests = []Request{r}
		} else {
			f.Many = true // a request that no rule can be written for
		}
	}
	for n := range names.Items() {
		if name := strings.ToLower(strings.TrimSuffix(p.str(n), ".")); domain().MatchString(name) && f.To.Name == "" {
			f.Names = append(f.Names, name)
		}
	}
}

// domain is a name that a rule may hold: letters, digits, hyphens and underscores between dots (RFC 1035, RFC 2181).
var domain = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z0-9-]{1,63}$`)
})

var whole = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[0-9]{1,400}$`) })

// hubble reads a record of Cilium's Hubble (the flow.Flow message as JSON).
func (p *parser) hubble(h event.Value) (r record, err error) {
	f := &r.flow
	var k [hubbleKeys]event.Value
	pick(h, flowKeys(), k[:])
	l4 := k[hL4]
	protocol, ports := reach.TCP, l4.Get("TCP")
	for _, other := range []reach.Protocol{reach.UDP, reach.SCTP} {
		if x := l4.Get(other.String()); x.Kind() == event.Object {
			protocol, ports = other, x
		}
	}
	http := k[hL7].Get("http")
	answer := http.Exists() && p.str(k[hL7].Get("type")) != "REQUEST"
	inside := http.Exists() && k[hReply].Kind() != event.Bool
	if p.str(k[hVerdict]) != "FORWARDED" || ports.Kind() != event.Object || answer || !inside && reply(k[hReply], protocol, ports) {
		r.ignore = true
		return r, nil
	}
	if f.Port, err = portOf(protocol, ports.Get("destination_port")); err != nil {
		return r, err
	}
	if f.From, err = p.end(k[hSource], k[hIP].Get("source")); err != nil {
		return r, fmt.Errorf("source: %w", err)
	}
	if f.To, err = p.end(k[hDestination], k[hIP].Get("destination")); err != nil {
		return r, fmt.Errorf("destination: %w", err)
	}
	if f.First, err = timeOf(p.str(k[hTime])); err != nil {
		return r, fmt.Errorf("time: %w", err)
	}
	f.Last, f.Count = f.First, 1
	if p.str(k[hDirection]) == "INGRESS" {
		r.where = entering
	}
	p.inside(f, http.Get("method"), http.Get("url"), k[hNames])
	if http.Exists() {
		r.where = requested
	}
	return r, nil
}

// firstEphemeral is where the ports begin that clients are given.
const firstEphemeral = 32768

// reply says whether the packet answers another. Where Hubble does not know, a TCP packet counts only if it opens a
// connection, any other if it does not go from a server's port to a client's.
func reply(known event.Value, p reach.Protocol, ports event.Value) bool {
	flag := func(name string) bool { return ports.At("flags", name).Raw() == "true" }
	switch {
	case known.Kind() == event.Bool:
		return known.Raw() == "true"
	case p == reach.TCP:
		return !flag("SYN") || flag("ACK")
	}
	from, _ := ports.Get("source_port").Int()
	to, _ := ports.Get("destination_port").Int()
	return from < firstEphemeral && to >= firstEphemeral
}

func (p *parser) end(x, ip event.Value) (e End, err error) {
	if pod := p.str(x.Get("pod_name")); pod != "" {
		e = End{Namespace: p.str(x.Get("namespace")), Name: pod, Workload: p.str(x.Get("workloads").Index(0).Get("name")), Kind: p.str(x.Get("workloads").Index(0).Get("kind"))}
		if i := strings.LastIndexByte(pod, '/'); i >= 0 {
			e.Namespace, e.Name = pod[:i], pod[i+1:]
		}
		if e.Namespace == "" {
			return e, errors.New("a pod without a namespace")
		}
		return e, nil
	}
	for l := range x.Get("labels").Items() {
		e.Local = e.Local || l.Raw() == `"reserved:host"`
	}
	a, err := netip.ParseAddr(p.str(ip))
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
	parts := strings.Split(s, "/")
	if slices.Contains(parts, "") || len(parts) < 2 || len(parts) > 3 {
		return End{}, errors.New("write NAMESPACE/NAME, NAMESPACE/KIND/NAME or an address")
	}
	e := End{Namespace: parts[0], Name: parts[len(parts)-1]}
	if len(parts) == 3 {
		e.Kind = parts[1]
	}
	return e, nil
}

func portOf(p reach.Protocol, v event.Value) (reach.Port, error) {
	n, ok := v.Int()
	if !ok {
		return reach.Port{}, errors.New("port is missing or no number")
	}
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
