package reach

import (
	"net/netip"
	"sort"
	"strings"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/internal/tree"
)

// service is a Service with the pods behind it.
type service struct {
	ref       bartizan.Ref
	origin    bartizan.Origin
	kind      string // ClusterIP, NodePort, LoadBalancer, ExternalName
	external  string // of an ExternalName
	local     bool   // externalTrafficPolicy: Local keeps the source address
	internal  bool   // a load balancer inside the provider's network
	ranges    []netip.Prefix
	addresses []netip.Addr
	outside   []netip.Addr // externalIPs and addresses of the load balancer
	ports     []servicePort
	pods      []int32
	perhaps   []int32      // pods that it may select: what it asks for is not known of them
	endpoints []netip.Addr // of one without a selector
}

type servicePort struct {
	name     string
	protocol Protocol
	number   uint16
	node     uint16
	target   uint16
	byName   string
}

// readServices reads the Services and finds the pods behind each.
func (m *Model) readServices() {
	byNamespace := map[string][]int32{}
	for i := range m.inv.pods {
		ns := m.inv.pods[i].Namespace
		byNamespace[ns] = append(byNamespace[ns], int32(i))
	}
	for e := range m.world.All("Service") {
		o, ok := e.Value.(*kube.Object)
		if !ok {
			continue
		}
		s := readService(o)
		selector := labelsOf(o.Root.At("spec", "selector"))
		if len(selector) > 0 && s.kind != "ExternalName" {
			for _, i := range byNamespace[namespaceOf(o.Ref.Namespace)] {
				switch m.inv.pods[i].has(selector) {
				case yes:
					s.pods = append(s.pods, i)
				case maybe:
					s.perhaps = append(s.perhaps, i)
				}
			}
		}
		m.svcs = append(m.svcs, s)
	}
	m.readEndpoints()
}

func readService(o *kube.Object) *service {
	spec := o.Root.Get("spec")
	s := &service{ref: o.Ref, origin: located(o, o.Origin), kind: spec.Get("type").Str(), external: spec.Get("externalName").Str()}
	if s.kind == "" {
		s.kind = "ClusterIP"
	}
	s.local = spec.Get("externalTrafficPolicy").Str() == "Local"
	s.internal = internalBalancer(o)
	s.addresses = appendAddresses(s.addresses, spec.Get("clusterIPs"), "")
	if len(s.addresses) == 0 {
		if a, err := netip.ParseAddr(spec.Get("clusterIP").Str()); err == nil {
			s.addresses = append(s.addresses, a)
		}
	}
	s.outside = appendAddresses(nil, spec.Get("externalIPs"), "")
	s.outside = appendAddresses(s.outside, o.Root.At("status", "loadBalancer", "ingress"), "ip")
	for c := range spec.Get("loadBalancerSourceRanges").Items() {
		s.addRange(c.Str())
	}
	if len(s.ranges) == 0 { // as it was written before there was a field for it
		for text := range strings.SplitSeq(o.Annotation("service.beta.kubernetes.io/load-balancer-source-ranges"), ",") {
			s.addRange(strings.TrimSpace(text))
		}
	}
	for c := range spec.Get("ports").Items() {
		if p, ok := readServicePort(c); ok {
			s.ports = append(s.ports, p)
		}
	}
	return s
}

// addRange notes a range that a load balancer lets in.
func (s *service) addRange(text string) {
	if p, ok := prefix(text); ok {
		s.ranges = append(s.ranges, p)
	}
}

func appendAddresses(list []netip.Addr, n tree.Node, field string) []netip.Addr {
	for c := range n.Items() {
		if field != "" {
			c = c.Get(field)
		}
		if a, err := netip.ParseAddr(c.Str()); err == nil {
			list = append(list, a.Unmap().WithZone(""))
		}
	}
	return list
}

func readServicePort(n tree.Node) (p servicePort, ok bool) {
	p.name = n.Get("name").Str()
	if p.protocol, ok = ParseProtocol(n.Get("protocol").Text()); !ok {
		return p, false
	}
	if p.number, ok = portNumber(n.Get("port")); !ok {
		return p, false
	}
	p.node, _ = portNumber(n.Get("nodePort"))
	switch t := n.Get("targetPort"); t.Kind() {
	case tree.String:
		p.byName = t.Str()
	case tree.Int:
		p.target, _ = portNumber(t)
	default:
		p.target = p.number
	}
	return p, true
}

// has says whether a pod has labels; maybe where it may get them later.
func (p *Pod) has(want []label) match {
	added := addedLabels(p.Ref.Kind)
	result := yes
	for _, l := range want {
		have, ok := p.Label(l.key)
		switch {
		case ok && have == l.value:
		case !ok && added != nil && added(l.key):
			result = maybe
		default:
			return no
		}
	}
	return result
}

// readEndpoints finds the addresses of Services without a selector.
func (m *Model) readEndpoints() {
	bare := map[[2]string]*service{}
	for _, s := range m.svcs {
		if len(s.pods)+len(s.perhaps) == 0 && s.kind != "ExternalName" {
			bare[[2]string{namespaceOf(s.ref.Namespace), s.ref.Name}] = s
		}
	}
	if len(bare) == 0 {
		return
	}
	for e := range m.world.All("Endpoints") {
		if o, ok := e.Value.(*kube.Object); ok {
			if s := bare[[2]string{namespaceOf(o.Ref.Namespace), o.Ref.Name}]; s != nil {
				for c := range o.Root.Get("subsets").Items() {
					s.endpoints = appendAddresses(s.endpoints, c.Get("addresses"), "ip")
				}
			}
		}
	}
	for e := range m.world.All("EndpointSlice") {
		if o, ok := e.Value.(*kube.Object); ok {
			if s := bare[[2]string{namespaceOf(o.Ref.Namespace), o.Label("kubernetes.io/service-name")}]; s != nil {
				for c := range o.Root.Get("endpoints").Items() {
					s.endpoints = appendAddresses(s.endpoints, c.Get("addresses"), "")
				}
			}
		}
	}
	for _, s := range bare {
		sort.Slice(s.endpoints, func(i, j int) bool { return s.endpoints[i].Less(s.endpoints[j]) })
	}
}

// serviceNamed finds a Service.
func (m *Model) serviceNamed(ref bartizan.Ref) *service {
	for _, s := range m.svcs {
		if s.ref.Name == ref.Name && namespaceOf(s.ref.Namespace) == namespaceOf(ref.Namespace) {
			return s
		}
	}
	return nil
}

// numbers are the ports that a Service's port stands for at a pod.
func (p *servicePort) numbers(pod *Pod) (out []Port) {
	if p.byName == "" {
		return []Port{{Protocol: p.protocol, Number: p.target}}
	}
	for _, d := range pod.numbers {
		if d.name == p.byName && d.protocol == p.protocol {
			return []Port{{Protocol: d.protocol, Number: d.number}}
		}
	}
	return nil
}

// asks says whether a question about a port is about this one.
func (p *servicePort) asks(q Port) bool {
	switch {
	case q.Name != "":
		return p.name == q.Name || p.byName == q.Name
	case q.Protocol != p.protocol:
		return false
	case q.Number == 0:
		return true
	}
	return q.Number <= p.number && p.number <= max(q.Number, q.End)
}

// canService answers for a Service: for the pods behind it, at the ports that its own stand for.
func (m *Model) canService(from, to Peer, q Port) Answer {
	s := m.serviceNamed(to.Ref)
	switch {
	case s == nil:
		return Answer{Reason: "no " + to.Ref.String() + " was read"}
	case s.kind == "ExternalName":
		a := m.Can(from, Peer{}, q)
		if a.Verdict != Denied {
			a.Verdict, a.Reason = Unknown, s.ref.String()+" stands for "+s.external+", and which addresses that has is not known"
		}
		return a
	}
	outside := from.Kind == InternetPeer || from.Kind == AddressPeer && isPublic(from.Prefix.Addr())
	if outside && s.kind == "ClusterIP" && len(s.outside) == 0 {
		return Answer{Verdict: Denied, Reason: s.ref.String() + " has only a cluster address, which is not routed from outside"}
	}
	var all []Answer
	asked := false
	for i := range s.ports {
		p := &s.ports[i]
		if !p.asks(q) {
			continue
		}
		asked = true
		all = append(all, m.behind(from, s, p, outside)...)
	}
	if !asked {
		return Answer{Verdict: Denied, Reason: s.ref.String() + " has no port " + q.String()}
	}
	if len(all) == 0 {
		return Answer{Reason: "no pod behind " + s.ref.String() + " was read"}
	}
	best := all[0]
	for _, a := range all[1:] {
		if a.Verdict != best.Verdict {
			best.Partly = true
		}
		if rank(a.Verdict) > rank(best.Verdict) {
			a.Partly, best = true, a
		}
	}
	return best
}

// rank orders verdicts by how far they let through.
func rank(v Verdict) int { return [...]int{Unknown: 1, Allowed: 2, Denied: 0}[v] }

// behind answers for each pod or address behind a Service's port.
func (m *Model) behind(from Peer, s *service, p *servicePort, outside bool) (all []Answer) {
	seen := map[int32]bool{}
	for k, i := range append(append([]int32(nil), s.pods...), s.perhaps...) {
		pod := &m.inv.pods[i]
		if seen[pod.class[0]] {
			continue
		}
		seen[pod.class[0]] = true
		ports := p.numbers(pod)
		if ports == nil {
			all = append(all, Answer{Verdict: Denied, Reason: "no container of " + pod.Ref.String() + " declares the port " + p.byName + " that " + s.ref.String() + " names"})
		}
		for _, at := range ports {
			a := m.Can(from, Workload(pod.Ref), at)
			if outside && !s.local {
				a = m.rewritten(a, pod, at)
			}
			if k >= len(s.pods) {
				a = s.perhapsBehind(a, pod)
			}
			all = append(all, a)
		}
	}
	for _, e := range s.endpoints {
		all = append(all, m.Can(from, Host(e), Port{Protocol: p.protocol, Number: p.target}))
	}
	return all
}

// perhapsBehind accounts for a pod that a Service may select, and may not.
func (s *service) perhapsBehind(a Answer, pod *Pod) Answer {
	if a.Verdict == Allowed {
		a.Verdict, a.Reason = Unknown, "whether "+s.ref.String()+" selects "+pod.Ref.String()+" depends on labels that the pods only get when they are made"
	}
	return a
}

// rewritten accounts for externalTrafficPolicy: Cluster: the pod may see the connection come from a node.
func (m *Model) rewritten(a Answer, pod *Pod, at Port) Answer {
	b := m.Can(Node(""), Workload(pod.Ref), at)
	if a.Verdict == b.Verdict {
		return a
	}
	// From its own node a pod is always reached; what is asked is whether policy admits the others.
	if a.Verdict == Denied && b.Verdict != Denied {
		a.Verdict = Unknown
		a.Reason = "policies deny the client's address, but with externalTrafficPolicy Cluster the connection may come from a node's address, which they may let through"
		return a
	}
	a.Verdict = Unknown
	a.Reason = "with externalTrafficPolicy Cluster the connection may come from a node's address: " + b.Reason
	return a
}
