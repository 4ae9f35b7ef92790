package reach

import (
	"slices"
	"strconv"
	"strings"
)

// Ask answers as Can does and asks besides, where from is the internet or a public address, whether a way in leads to
// the pods or the Service: policies alone open nothing, as the addresses of pods and Services are not routed from
// outside. What the network before the cluster lets through is not known and not asked. A name of no pod and no
// workload is that of a Service.
func (m *Model) Ask(from, to Peer, p Port) Answer {
	if to.Kind == PodPeer && to.Ref.Kind == "" && m.podEnds(to.Ref) == nil && m.serviceNamed(to.Ref) != nil {
		to.Ref.Kind, to.Kind = "Service", ServicePeer
	}
	if from.Kind != InternetPeer && (from.Kind != AddressPeer || !isPublic(from.Prefix.Addr())) {
		return m.Can(from, to, p)
	}
	switch {
	case to.Kind == ServicePeer:
		s := m.serviceNamed(to.Ref)
		ways := m.waysIn(func(e *Exposure) bool { return s != nil && e.service == s && e.port.asks(p) })
		if len(ways) == 0 && (s == nil || s.kind != "ClusterIP" || len(s.outside) > 0 || !s.has(p)) {
			return m.canService(from, to, p)
		}
		return m.enter(from, ways, Answer{Reason: s.ref.String() + " has only a cluster address, which is not routed from outside"})
	case to.Kind == PodPeer:
		return m.askPods(from, to, p)
	}
	a := m.Can(from, to, p)
	if s, ok := m.serviceAt(to.Prefix); ok {
		a.Verdict, a.Reason = Denied, to.String()+" is the cluster address of "+s.Ref.String()+", which is not routed from outside"
	} else if i, ok := m.byAddress[to.Prefix.Addr()]; ok && to.Prefix.IsSingleIP() && !isPublic(to.Prefix.Addr()) {
		a.Verdict, a.Reason = Denied, to.String()+" is the address of "+m.inv.pods[i].Ref.String()+" within the cluster, which is not routed from outside"
	}
	return a
}

func (s *service) has(p Port) bool {
	return slices.ContainsFunc(s.ports, func(x servicePort) bool { return x.asks(p) })
}

// askPods is Ask for pods.
func (m *Model) askPods(from, to Peer, p Port) Answer {
	a := m.Can(from, to, p)
	ends := m.podEnds(to.Ref)
	if len(ends) == 0 {
		return a
	}
	for _, x := range ends {
		pod := &m.inv.pods[x.pod]
		if pod.HostNetwork {
			a.Notes = append(a.Notes, "The pod has its node's addresses: whether those are routed from outside is not known here.")
			return a
		}
		for _, own := range pod.Addresses {
			if isPublic(own) {
				a.Notes = append(a.Notes, "The pod's own address "+own.String()+" is a public one: whether the network routes it from outside is not known here.")
				return a
			}
		}
	}
	ways := m.waysIn(func(e *Exposure) bool {
		return e.pod != nil && slices.ContainsFunc(ends, func(x end) bool {
			pod := &m.inv.pods[x.pod]
			ports, _ := m.resolve(p, x)
			return pod.Workload == e.To && slices.ContainsFunc(ports, func(q Port) bool { return q.covers(e.ToPort) })
		})
	})
	none := a
	if none.Reason = "the address of a pod is not routed from outside"; a.Verdict == Allowed {
		none.Reason = "policies let it through, but " + none.Reason
	}
	return m.enter(from, ways, none)
}

// covers says whether another port is among those that p stands for.
func (p Port) covers(x Port) bool {
	return p.Protocol == x.Protocol && (p.Number == 0 || p.Number <= x.Number && x.Number <= max(p.Number, p.End))
}

func (m *Model) waysIn(is func(*Exposure) bool) (out []Exposure) {
	for _, e := range m.Exposures() {
		if is(&e) {
			out = append(out, e)
		}
	}
	return out
}

// enter answers for the way in that lets the most through. None is the answer where there is no way, which it denies.
func (m *Model) enter(from Peer, ways []Exposure, none Answer) Answer {
	if len(ways) == 0 {
		none.Verdict, none.Partly = Denied, false
		none.Reason += ", and no way in leads there of those that were read: LoadBalancer, NodePort, external address, host port, Ingress or route"
		return none
	}
	var best Answer
	var told []string
	for i := range ways {
		a := m.through(from, &ways[i])
		told = append(told, ways[i].way()+": "+a.Verdict.String())
		if i == 0 || rank(a.Verdict) > rank(best.Verdict) {
			best = a
		}
	}
	const most = 6
	if n := len(told); n > most {
		told = append(told[:most], strconv.Itoa(n-most)+" more")
	}
	list := "Way in: "
	if len(told) > 1 {
		list = "Ways in: "
	}
	best.Notes = append([]string{list + strings.Join(told, "; ") + "."}, best.Notes...)
	return best
}

// through is what one way in lets through of a peer outside.
func (m *Model) through(from Peer, e *Exposure) Answer {
	a := Answer{Verdict: e.Verdict, Reason: e.Reason}
	a.Ingress.Decisions, a.Ports = e.Rules, []Port{e.ToPort}
	clients := e.clients(from)
	switch {
	case e.Internal:
		a.Verdict, a.Reason = Denied, "the load balancer is inside the provider's network, which is not open from the internet"
	case len(clients) == 0:
		a.Verdict, a.Reason = Denied, "the load balancer lets in "+prefixTexts(e)+" only"
	case e.Via == "Ingress" || e.Via == "Gateway":
		a.Notes = append(a.Notes, "The connection ends at the controller of the "+e.Via+", and the pod is reached from there.")
	case e.service != nil:
		a = m.fromAny(clients, e)
		a.Partly = a.Partly || len(e.Sources) > 0 && !within(from, e)
	case e.Via == "HostPort":
		a = m.Can(from, Workload(e.pod.Ref), e.ToPort)
	}
	if len(e.Sources) > 0 && len(clients) > 0 {
		a.Notes = append(a.Notes, "The load balancer lets in "+prefixTexts(e)+" only.")
	}
	if a.Verdict != Denied && (e.Via == "NodePort" || e.Via == "HostPort") {
		a.Notes = append(a.Notes, "It is open on the addresses of nodes: whether those are routed from outside is not known here.")
	}
	return a
}

// within says whether a load balancer lets in every address of a peer.
func within(from Peer, e *Exposure) bool {
	for _, r := range e.Sources {
		if r.Bits() == 0 || from.Kind == AddressPeer && r.Bits() <= from.Prefix.Bits() && r.Contains(from.Prefix.Addr()) {
			return true
		}
	}
	return false
}

func prefixTexts(e *Exposure) string {
	list := make([]string, len(e.Sources))
	for i, p := range e.Sources {
		list[i] = p.String()
	}
	return shortened(list)
}

// way names a way in: LoadBalancer shop/web, port 443.
func (e *Exposure) way() string {
	s := e.Via + " " + e.Object.Namespace + "/" + e.Object.Name
	if e.Object.Namespace == "" {
		s = e.Via + " " + e.Object.Name
	}
	if e.Port.Number != 0 {
		s += ", port " + e.Port.String()
	}
	return s
}
