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
	icmp   bool // it is of messages that have no ports
	wrong  int  // names that no rule may hold
}

// parser reads records of either format.
type parser struct{ text event.Text }

func (p *parser) str(v event.Value) string {
	if v.Kind() != event.String {
		return ""
	}
	return p.text.Of(v)
}

// pick finds several keys of an object in one walk, each in its place; of a repeated key the last one counts.
func pick(v event.Value, place func(key string) int, into []event.Value) {
	for key, x := range v.Members() {
		if i := place(key); i >= 0 {
			into[i] = x
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

// recordKey is the place of a key of our format, or of what stands around a flow of Hubble; -1 if it is none.
func recordKey(key string) int {
	switch key {
	case "from":
		return kFrom
	case "to":
		return kTo
	case "port":
		return kPort
	case "protocol":
		return kProtocol
	case "count":
		return kCount
	case "first":
		return kFirst
	case "last":
		return kLast
	case "flow":
		return kFlow
	case "lost_events":
		return kLost
	case "node_status":
		return kNode
	case "agent_event":
		return kAgent
	case "debug_event":
		return kDebug
	case "http":
		return kHTTP
	case "names":
		return kNames
	}
	return -1
}

// hubbleKey is the place of a key of Hubble's flows; -1 if it is none.
func hubbleKey(key string) int {
	switch key {
	case "time":
		return hTime
	case "verdict":
		return hVerdict
	case "IP":
		return hIP
	case "l4":
		return hL4
	case "source":
		return hSource
	case "destination":
		return hDestination
	case "is_reply":
		return hReply
	case "traffic_direction":
		return hDirection
	case "l7":
		return hL7
	case "destination_names":
		return hNames
	}
	return -1
}

func (p *parser) parse(text string) (record, error) {
	v, err := event.ParseValue(text)
	if err != nil || v.Kind() != event.Object {
		return record{}, errors.New("not a flow in JSON")
	}
	var k [ownKeys]event.Value
	pick(v, recordKey, k[:])
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
	name := strings.ToUpper(p.str(k[kProtocol]))
	protocol, ok := reach.ParseProtocol(name)
	switch {
	case ok:
	case name == "ICMP" || name == "ICMPV4" || name == "ICMPV6":
		r.ignore, r.icmp = true, true
		return r, nil
	default:
		return r, errors.New("protocol is none of TCP, UDP and SCTP, nor ICMP")
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
	p.inside(&r, k[kHTTP].Get("method"), k[kHTTP].Get("path"), k[kNames])
	return r, nil
}

// inside takes what was seen in the connection, and the names of the address that it went to.
func (p *parser) inside(rec *record, method, url, names event.Value) {
	f := &rec.flow
	if method.Kind() == event.String {
		if r, ok := requestOf(p.str(method), p.str(url)); ok {
			f.Requests = []Request{r}
		} else {
			f.Many = true // a request that no rule can be written for
		}
	}
	for n := range names.Items() {
		switch name := strings.ToLower(strings.TrimSuffix(p.str(n), ".")); {
		case f.To.Name != "":
		case domain().MatchString(name):
			f.Names = append(f.Names, name)
		default:
			rec.wrong++
		}
	}
}

// domain is a name that a rule may hold: letters, digits, hyphens and underscores between dots (RFC 1035, RFC 2181).
var domain = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z0-9-]{1,63}$`)
})

var whole = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[0-9]{1,400}$`) })

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
