package reach

import (
	"strings"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/internal/tree"
)

// routed are the ways in through Ingress objects and routes of the Gateway API.
func (m *Model) routed() (out []Exposure) {
	r := &router{m: m}
	r.controllers, r.inside = m.controllers()
	for e := range m.world.All("Ingress") {
		if o, ok := e.Value.(*kube.Object); ok {
			r.ingress(o)
		}
	}
	r.routes()
	return r.out
}

type router struct {
	m           *Model
	controllers []int32
	inside      bool // what leads to the controllers is inside the provider's network
	out         []Exposure
}

// controllerNames are parts of the names by which the pods of ingress controllers and gateways go.
func controllerNames() []string {
	return []string{"ingress", "traefik", "contour", "envoy", "kong", "haproxy", "gateway", "caddy", "skipper", "pomerium"}
}

// controllers guesses the pods that connections from outside come through: those that a Service or a port of
// their node exposes and whose name or label speaks of it. Inside says that only internal load balancers lead there.
func (m *Model) controllers() (out []int32, inside bool) {
	exposed := map[int32]bool{} // whether from the internet
	for _, s := range m.svcs {
		if s.kind == "LoadBalancer" || s.kind == "NodePort" || len(s.outside) > 0 {
			for _, i := range append(append([]int32(nil), s.pods...), s.perhaps...) {
				exposed[i] = exposed[i] || s.kind != "LoadBalancer" || !s.internal
			}
		}
	}
	inside = true
	for i := range m.inv.pods {
		p := &m.inv.pods[i]
		for _, d := range p.numbers {
			if d.hostPort > 0 {
				exposed[int32(i)] = true
			}
		}
		public, is := exposed[int32(i)]
		if !is {
			continue
		}
		label, _ := p.Label("app.kubernetes.io/name")
		name := strings.ToLower(p.Workload.Name + " " + label)
		for _, part := range controllerNames() {
			if strings.Contains(name, part) {
				out = append(out, int32(i))
				inside = inside && !public
				break
			}
		}
	}
	return out, inside && len(out) > 0
}

func (r *router) ingress(o *kube.Object) {
	spec := o.Root.Get("spec")
	port := Port{Number: 80}
	if spec.Get("tls").Len() > 0 {
		port.Number = 443
	}
	e := Exposure{Via: "Ingress", Object: o.Ref, Origin: located(o, o.Origin), Port: port}
	e.keepInside(r.inside || internalIngress(o))
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
		r.backend(e, bartizan.Ref{Kind: "Service", Namespace: e.Object.Namespace, Name: name}, port, "")
	}
}

// backend adds the pods behind a Service that an Ingress or a route names. Doubt is why it may not lead there.
func (r *router) backend(e Exposure, ref bartizan.Ref, port Port, doubt string) {
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
		e.service, e.port = s, p
		seen := map[bartizan.Ref]bool{}
		for _, i := range append(append([]int32(nil), s.pods...), s.perhaps...) {
			pod := &r.m.inv.pods[i]
			if seen[pod.Workload] {
				continue
			}
			seen[pod.Workload] = true
			for _, at := range p.numbers(pod) {
				e.To, e.ToPort, e.pod = pod.Workload, at, pod
				e.settle(r.through(i, at))
				if doubt != "" && e.Verdict != Denied {
					e.Verdict, e.Reason = Unknown, doubt
				}
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
