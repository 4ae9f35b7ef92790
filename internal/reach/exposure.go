package reach

import (
	"iter"
	"net/netip"
	"slices"
	"sort"

	"github.com/bartizan-dev/bartizan"
)

// Exposure is one way in from outside the cluster to the pods of a workload.
type Exposure struct {
	Via     string       // LoadBalancer, NodePort, ExternalIP, HostPort, HostNetwork, Ingress, Gateway
	Object  bartizan.Ref // the Service, Ingress, route or workload that opens it
	Origin  bartizan.Origin
	Port    Port           // outside
	Hosts   []string       // of an Ingress or a route
	Sources []netip.Prefix // the only addresses that a load balancer lets in
	To      bartizan.Ref   // the workload
	ToPort  Port
	Verdict Verdict // whether policies let it through
	Reason  string
	Rules   []Decision
	Note    string
	// Internal says that it is open within the provider's network only, not from the internet.
	Internal bool

	service *service     // that it leads to; nil of ports that a node has
	port    *servicePort // of service
	pod     *Pod         // one of those of To
}

// Exposures lists the ways in from outside, and whether policies leave them open.
func (m *Model) Exposures() []Exposure {
	var out []Exposure
	for _, s := range m.svcs {
		out = append(out, m.serviceExposures(s)...)
	}
	out = append(out, m.hostExposures()...)
	out = append(out, m.routed()...)
	sort.SliceStable(out, func(i, j int) bool {
		a, b := &out[i], &out[j]
		if a.To.Namespace != b.To.Namespace {
			return a.To.Namespace < b.To.Namespace
		}
		if a.To.Name != b.To.Name {
			return a.To.Name < b.To.Name
		}
		if a.Via != b.Via {
			return a.Via < b.Via
		}
		return a.Port.Number < b.Port.Number
	})
	return slices.CompactFunc(out, func(a, b Exposure) bool {
		return a.Via == b.Via && a.Object == b.Object && a.To == b.To && a.Port == b.Port && a.ToPort == b.ToPort && slices.Equal(a.Hosts, b.Hosts)
	})
}

func (m *Model) serviceExposures(s *service) (out []Exposure) {
	var vias []string
	switch s.kind {
	case "LoadBalancer":
		vias = append(vias, "LoadBalancer")
	case "NodePort":
		vias = append(vias, "NodePort")
	}
	if s.kind != "LoadBalancer" && len(s.outside) > 0 {
		vias = append(vias, "ExternalIP")
	}
	for _, via := range vias {
		for i := range s.ports {
			p := &s.ports[i]
			at := Port{Protocol: p.protocol, Number: p.number}
			if via == "NodePort" {
				at.Number = p.node // 0 where the API server has not given it one yet
			}
			e := Exposure{Via: via, Object: s.ref, Origin: s.origin, Port: at, service: s, port: p}
			if via == "LoadBalancer" { // others do not look at the ranges
				e.Sources = s.ranges
			}
			e.keepInside(s.internal && via == "LoadBalancer")
			out = append(out, m.exposedBehind(e, s, p)...)
		}
	}
	return out
}

// exposedBehind makes an Exposure for each workload behind a Service's port.
func (m *Model) exposedBehind(e Exposure, s *service, p *servicePort) (out []Exposure) {
	seen := map[bartizan.Ref]bool{}
	for _, i := range append(append([]int32(nil), s.pods...), s.perhaps...) {
		pod := &m.inv.pods[i]
		if seen[pod.Workload] {
			continue
		}
		seen[pod.Workload] = true
		e.To, e.pod = pod.Workload, pod
		for _, at := range p.numbers(pod) {
			e.ToPort = at
			from := e.clients(Internet())
			if e.Internal && len(e.Sources) == 0 {
				from = peersIn(privateRanges())
			}
			e.settle(m.fromAny(from, &e))
			out = append(out, e)
		}
	}
	return out
}

// clients are those of a peer that a load balancer lets in.
func (e *Exposure) clients(from Peer) []Peer {
	switch {
	case len(e.Sources) == 0:
		return []Peer{from}
	case from.Kind == InternetPeer:
		return peersIn(e.Sources)
	}
	var out []netip.Prefix
	for _, r := range e.Sources {
		switch {
		case !r.Overlaps(from.Prefix):
		case r.Bits() < from.Prefix.Bits():
			out = append(out, from.Prefix)
		default:
			out = append(out, r)
		}
	}
	return peersIn(out)
}

func peersIn(list []netip.Prefix) []Peer {
	out := make([]Peer, len(list))
	for i, p := range list {
		out[i] = Address(p)
	}
	return out
}

// fromAny is what policies say of connections through a Service, of those of some peers who get the farthest.
func (m *Model) fromAny(from []Peer, e *Exposure) (best Answer) {
	for i, p := range from {
		if a := m.fromOutside(p, e.service, e.pod, e.ToPort); i == 0 || rank(a.Verdict) > rank(best.Verdict) {
			best = a
		}
	}
	return best
}

func (m *Model) fromOutside(from Peer, s *service, pod *Pod, at Port) Answer {
	a := m.Can(from, Workload(pod.Ref), at)
	if !s.local {
		a = m.rewritten(a, pod, at)
	}
	if slices.ContainsFunc(s.perhaps, func(i int32) bool { return &m.inv.pods[i] == pod }) {
		a = s.perhapsBehind(a, pod)
	}
	return a
}

// keepInside notes that a way in is not open from the internet.
func (e *Exposure) keepInside(is bool) {
	if is {
		e.Internal, e.Note = true, "the load balancer is inside the provider's network"
	}
}

// privateRanges are where the clients of an internal load balancer are.
func privateRanges() []netip.Prefix {
	return mustPrefixes("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7")
}

// settle takes over an answer.
func (e *Exposure) settle(a Answer) {
	e.Verdict, e.Reason, e.Rules = a.Verdict, a.Reason, a.Ingress.Decisions
	if a.Partly && a.From != "" {
		e.Reason += "; only from " + a.From
	}
}

// hostExposures are ports of pods that their node has as well.
func (m *Model) hostExposures() (out []Exposure) {
	for i := range m.inv.pods {
		p := &m.inv.pods[i]
		for _, d := range p.numbers {
			if d.hostPort == 0 || d.hostIP == "127.0.0.1" || d.hostIP == "::1" {
				continue
			}
			e := Exposure{
				Via: "HostPort", Object: p.Workload, Origin: p.Origin, To: p.Workload,
				Port: Port{Protocol: d.protocol, Number: d.hostPort}, ToPort: Port{Protocol: d.protocol, Number: d.number},
				Note: "on the node's own addresses", pod: p,
			}
			if p.HostNetwork {
				e.Via, e.Verdict, e.Reason = "HostNetwork", Allowed, "policies do not apply to pods on the node's network"
			} else {
				e.settle(m.Can(Internet(), Workload(p.Ref), e.ToPort))
			}
			out = append(out, e)
		}
	}
	return out
}

// NamespaceReach says what the pods of one namespace reach in another, or outside.
type NamespaceReach struct {
	From, To  string // To is "" for the internet
	Workloads []bartizan.Ref
	Whole     bool // every workload of To
	Ports     []Port
	Verdict   Verdict // Allowed or Unknown
}

// NamespaceReaches lists, for each namespace, which others its pods reach, and whether they reach the internet:
// what is allowed and what is not known.
func (m *Model) NamespaceReaches() []NamespaceReach {
	out := append(m.namespaceReaches(m.AllPairs(), Allowed), m.namespaceReaches(m.unknownPairs(), Unknown)...)
	sort.SliceStable(out, func(i, j int) bool {
		if out[i].From != out[j].From {
			return out[i].From < out[j].From
		}
		return out[i].To < out[j].To
	})
	return out
}

// namespaceReaches sums up by namespace the pairs that have a verdict.
func (m *Model) namespaceReaches(pairs iter.Seq2[Source, Set], v Verdict) (out []NamespaceReach) {
	type cell struct{ from, to int32 }
	targets, atoms := map[cell]bits{}, map[cell][]int{}
	public := newBits(m.n)
	for a := range m.space.len() {
		if m.space.public[a] {
			public.set(m.hostEnd + int32(a))
		}
	}
	note := func(c cell, atom int) {
		if list := atoms[c]; len(list) == 0 || list[len(list)-1] != atom {
			atoms[c] = append(list, atom)
		}
	}
	for s, set := range pairs {
		if int32(s.Class) >= m.podEnd {
			continue
		}
		from, atom := m.classes[s.Class].ns, m.ports.atom(s.Port.Protocol, max(1, s.Port.Number))
		if set.b.meets(public) {
			note(cell{from, -1}, atom)
		}
		last := int32(-1)
		for d := range set.b.all() {
			if d >= m.podEnd {
				break
			}
			if d == int32(s.Class) && m.alone(d) { // a pod always reaches itself
				continue
			}
			c := cell{from, m.classes[d].ns}
			if targets[c] == nil {
				targets[c] = newBits(m.n)
			}
			targets[c].set(d)
			if c.to != last {
				note(c, atom)
				last = c.to
			}
		}
	}
	for c, list := range atoms {
		r := NamespaceReach{From: m.inv.namespaces[c.from].name, Ports: m.mergePorts(list), Verdict: v}
		if c.to >= 0 {
			r.To = m.inv.namespaces[c.to].name
			r.Workloads = m.workloadsOf(targets[c], m.nsRange[c.to])
			r.Whole = m.whole(targets[c], m.nsRange[c.to])
		}
		out = append(out, r)
	}
	return out
}

func (m *Model) whole(b bits, r [2]int32) bool {
	for c := r[0]; c < r[1]; c++ {
		if !b.has(c) {
			return false
		}
	}
	return true
}
