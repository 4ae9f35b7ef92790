package reach

import (
	"strings"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/internal/tree"
)

const gatewayGroup = ".gateway.networking.k8s.io"

// routed are the ways in through Ingress objects and routes of the Gateway API.
func (m *Model) routed() (out []Exposure) {
	r := &router{m: m, controllers: m.controllers()}
	for e := range m.world.All("Ingress") {
		if o, ok := e.Value.(*kube.Object); ok {
			r.ingress(o)
		}
	}
	for _, kind := range []string{"HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "UDPRoute"} {
		for e := range m.world.All(bartizan.Kind(kind + gatewayGroup)) {
			if o, ok := e.Value.(*kube.Object); ok {
				r.route(o)
			}
		}
	}
	return r.out
}

type router struct {
	m           *Model
	controllers []int32
	out         []Exposure
}

// controllerNames are parts of the names by which the pods of ingress controllers and gateways go.
func controllerNames() []string {
	return []string{"ingress", "traefik", "contour", "envoy", "kong", "haproxy", "gateway", "caddy", "skipper", "pomerium"}
}

// controllers guesses the pods that connections from outside come through: those that a Service or a port of
// their node exposes and whose name or label speaks of it.
func (m *Model) controllers() (out []int32) {
	exposed := map[int32]bool{}
	for _, s := range m.svcs {
		if s.kind == "LoadBalancer" || s.kind == "NodePort" || len(s.outside) > 0 {
			for _, i := range append(append([]int32(nil), s.pods...), s.perhaps...) {
				exposed[i] = true
			}
		}
	}
	for i := range m.inv.pods {
		p := &m.inv.pods[i]
		for _, d := range p.numbers {
			if d.hostPort > 0 {
				exposed[int32(i)] = true
			}
		}
		if !exposed[int32(i)] {
			continue
		}
		label, _ := p.Label("app.kubernetes.io/name")
		name := strings.ToLower(p.Workload.Name + " " + label)
		for _, part := range controllerNames() {
			if strings.Contains(name, part) {
				out = append(out, int32(i))
				break
			}
		}
	}
	return out
}

func (r *router) ingress(o *kube.Object) {
	spec := o.Root.Get("spec")
	port := Port{Number: 80}
	if spec.Get("tls").Len() > 0 {
		port.Number = 443
	}
	e := Exposure{Via: "Ingress", Object: o.Ref, Origin: located(o, o.Origin), Port: port}
	r.ingressBackend(e, spec.Get("defaultBackend"))
	r.ingressBackend(e, spec.Get("backend"))
	for rule := range spec.Get("rules").Items() {
		e.Hosts = nil
		if h := rule.Get("host").Str(); h != "" {
			e.Hosts = []string{h}
		}
		for p := range rule.At("http", "paths").Items() {
			r.ingressBackend(e, p.Get("backend"))
		}
	}
}

func (r *router) ingressBackend(e Exposure, n tree.Node) {
	svc := n.Get("service")
	name, port := svc.Get("name").Str(), Port{Name: svc.At("port", "name").Str()}
	port.Number, _ = portNumber(svc.At("port", "number"))
	if !svc.Exists() { // extensions/v1beta1
		name = n.Get("serviceName").Str()
		if at := n.Get("servicePort"); at.Kind() == tree.String {
			port.Name = at.Str()
		} else {
			port.Number, _ = portNumber(at)
		}
	}
	if name != "" {
		r.backend(e, bartizan.Ref{Kind: "Service", Namespace: e.Object.Namespace, Name: name}, port)
	}
}

func (r *router) route(o *kube.Object) {
	e := Exposure{Via: "Gateway", Object: o.Ref, Origin: located(o, o.Origin), Port: r.listener(o)}
	for h := range o.Root.At("spec", "hostnames").Items() {
		e.Hosts = append(e.Hosts, h.Str())
	}
	for rule := range o.Root.At("spec", "rules").Items() {
		for b := range rule.Get("backendRefs").Items() {
			if k := b.Get("kind").Str(); k != "" && k != "Service" {
				continue
			}
			ns := b.Get("namespace").Str()
			if ns == "" {
				ns = o.Ref.Namespace
			}
			port := Port{Protocol: e.Port.Protocol}
			port.Number, _ = portNumber(b.Get("port"))
			r.backend(e, bartizan.Ref{Kind: "Service", Namespace: ns, Name: b.Get("name").Str()}, port)
		}
	}
}

// listener finds the port of the Gateway that a route hangs on.
func (r *router) listener(o *kube.Object) Port {
	p := Port{}
	if o.Kind == "UDPRoute" {
		p.Protocol = UDP
	}
	for ref := range o.Root.At("spec", "parentRefs").Items() {
		ns := ref.Get("namespace").Str()
		if ns == "" {
			ns = o.Ref.Namespace
		}
		found, ok := r.m.world.Get(bartizan.Ref{Kind: "Gateway" + gatewayGroup, Namespace: ns, Name: ref.Get("name").Str()})
		gateway, is := found.Value.(*kube.Object)
		if !ok || !is {
			continue
		}
		for l := range gateway.Root.At("spec", "listeners").Items() {
			if s := ref.Get("sectionName").Str(); s == "" || s == l.Get("name").Str() {
				p.Number, _ = portNumber(l.Get("port"))
				return p
			}
		}
	}
	return p
}

// backend adds the pods behind a Service that an Ingress or a route names.
func (r *router) backend(e Exposure, ref bartizan.Ref, port Port) {
	s := r.m.serviceNamed(ref)
	if s == nil {
		e.To, e.ToPort, e.Reason = ref, port, "the Service was not read"
		r.out = append(r.out, e)
		return
	}
	for i := range s.ports {
		p := &s.ports[i]
		if !p.asks(port) {
			continue
		}
		seen := map[bartizan.Ref]bool{}
		for _, i := range append(append([]int32(nil), s.pods...), s.perhaps...) {
			pod := &r.m.inv.pods[i]
			if seen[pod.Workload] {
				continue
			}
			seen[pod.Workload] = true
			for _, at := range p.numbers(pod) {
				e.To, e.ToPort = pod.Workload, at
				e.settle(r.through(i, at))
				r.out = append(r.out, e)
			}
		}
	}
}

// through is whether the controller reaches a pod: the best of those that may be it, or what holds for every end.
func (r *router) through(pod int32, at Port) Answer {
	to := Workload(r.m.inv.pods[pod].Ref)
	var best Answer
	for _, c := range r.controllers {
		a := r.m.Can(Workload(r.m.inv.pods[c].Ref), to, at)
		if best.Reason == "" || rank(a.Verdict) > rank(best.Verdict) {
			best = a
		}
	}
	if best.Reason != "" {
		return best
	}
	t := tally{m: r.m}
	for _, d := range r.m.podEnd2(pod) {
		for _, atom := range r.m.ports.of(at) {
			for c := int32(0); c < r.m.outEnd; c++ {
				t.add(judged{verdict: r.m.side(Ingress, d.class, c, atom), out: Allowed, in: r.m.side(Ingress, d.class, c, atom),
					from: end{class: c, pod: -1}, to: d, toPeer: d.class, atom: atom, different: r.m.apart(c, d.class)})
			}
		}
	}
	switch {
	case t.count[Denied]+t.count[Unknown] == 0:
		return r.m.explain(t.first[Allowed])
	case t.count[Allowed]+t.count[Unknown] == 0 && t.first[Denied] != nil:
		return r.m.explain(t.first[Denied])
	}
	return Answer{Reason: "the pods of the ingress controller were not read, and policies let some ends through and others not"}
}
