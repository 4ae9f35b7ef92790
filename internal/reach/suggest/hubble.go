package suggest

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"github.com/bartizan-dev/bartizan/internal/event"
	"github.com/bartizan-dev/bartizan/internal/reach"
)

// hubble reads a record of Cilium's Hubble (the flow.Flow message as JSON).
func (p *parser) hubble(h event.Value) (r record, err error) {
	f := &r.flow
	var k [hubbleKeys]event.Value
	pick(h, hubbleKey, k[:])
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
		r.icmp = p.str(k[hVerdict]) == "FORWARDED" && (l4.Get("ICMPv4").Exists() || l4.Get("ICMPv6").Exists())
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
	p.inside(&r, http.Get("method"), http.Get("url"), k[hNames])
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
