package reach

import (
	"slices"
	"strings"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/internal/tree"
)

const (
	gatewayAPI   = "gateway.networking.k8s.io"
	gatewayGroup = "." + gatewayAPI
)

// routeKinds are the kinds of routes that a listener takes by its protocol, if it does not say so itself.
func routeKinds(protocol string) []string {
	switch protocol {
	case "HTTP", "HTTPS":
		return []string{"HTTPRoute", "GRPCRoute"}
	case "TLS":
		return []string{"TLSRoute", "TCPRoute"}
	case "TCP":
		return []string{"TCPRoute"}
	case "UDP":
		return []string{"UDPRoute"}
	}
	return []string{"HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "UDPRoute"} // of an implementation's own
}

// routes are the ways in through routes of the Gateway API.
func (r *router) routes() {
	for _, kind := range []string{"HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "UDPRoute"} {
		for e := range r.m.world.All(bartizan.Kind(kind + gatewayGroup)) {
			if o, ok := e.Value.(*kube.Object); ok {
				for _, p := range r.entrances(o) {
					r.route(o, p)
				}
			}
		}
	}
}

// entrance is a listener of a Gateway that takes a route.
type entrance struct {
	port     Port
	hosts    []string
	internal bool
	doubt    string // why it may not take it
}

// entrances finds the listeners that take a route. One that hangs on nothing but Services is for the mesh inside.
func (r *router) entrances(o *kube.Object) (out []entrance) {
	for ref := range o.Root.At("spec", "parentRefs").Items() {
		group, kind, ns := ref.Get("group"), ref.Get("kind").Str(), ref.Get("namespace").Str()
		if kind != "" && kind != "Gateway" || group.Exists() && group.Str() != gatewayAPI {
			continue
		}
		if ns == "" {
			ns = o.Ref.Namespace
		}
		name := ref.Get("name").Str()
		found, ok := r.m.world.Get(bartizan.Ref{Kind: "Gateway" + gatewayGroup, Namespace: ns, Name: name})
		gateway, is := found.Value.(*kube.Object)
		if !ok || !is {
			e := entrance{hosts: hostsOf(o), doubt: "Gateway " + namespaceOf(ns) + "/" + name + " was not read"}
			if o.Kind == "UDPRoute" {
				e.port.Protocol = UDP
			}
			e.port.Number, _ = portNumber(ref.Get("port"))
			out = append(out, e)
			continue
		}
		for l := range gateway.Root.At("spec", "listeners").Items() {
			if e, takes := r.takes(gateway, l, ref, o); takes {
				out = append(out, e)
			}
		}
	}
	return out
}

// takes says whether a listener takes a route that refers to it.
func (r *router) takes(gateway *kube.Object, l, ref tree.Node, o *kube.Object) (e entrance, takes bool) {
	e.internal = internalGateway(gateway)
	e.port.Number, _ = portNumber(l.Get("port"))
	protocol := l.Get("protocol").Str()
	if protocol == "UDP" {
		e.port.Protocol = UDP
	}
	if s := ref.Get("sectionName").Str(); s != "" && s != l.Get("name").Str() {
		return e, false
	}
	if n, set := portNumber(ref.Get("port")); set && n != e.port.Number {
		return e, false
	}
	kinds := routeKinds(protocol)
	if list := l.At("allowedRoutes", "kinds"); list.Len() > 0 {
		kinds = nil
		for k := range list.Items() {
			if g := k.Get("group"); missing(g) || g.Str() == gatewayAPI {
				kinds = append(kinds, k.Get("kind").Str())
			}
		}
	}
	if !slices.Contains(kinds, o.Kind) {
		return e, false
	}
	if o.Kind == "TCPRoute" || o.Kind == "UDPRoute" {
		takes = true
	} else if e.hosts, takes = commonHosts(hostsOf(o), l.Get("hostname").Str()); !takes {
		return e, false
	}
	from := l.At("allowedRoutes", "namespaces")
	switch from.Get("from").Str() {
	case "All":
	case "Selector":
		is := r.m.namespaceMatches(o.Ref.Namespace, from.Get("selector"))
		if is == maybe {
			e.doubt = "whether the Gateway takes routes of namespace " + namespaceOf(o.Ref.Namespace) + " depends on labels of it, and it was not read"
		}
		takes = is != no
	case "None":
		takes = false
	default:
		takes = namespaceOf(gateway.Ref.Namespace) == namespaceOf(o.Ref.Namespace)
	}
	return e, takes
}

// namespaceMatches says whether a selector selects a namespace.
func (m *Model) namespaceMatches(name string, sel tree.Node) match {
	words := newVocabulary()
	s := words.selector(sel)
	if sel.Kind() != tree.Map {
		return no
	}
	ns := namespace{name: namespaceOf(name)}
	if i, ok := m.inv.nsIndex[ns.name]; ok {
		ns = m.inv.namespaces[i]
	}
	(&Model{words: words}).nameVector(&ns)
	return s.matches(ns.vector)
}

func hostsOf(o *kube.Object) (out []string) {
	for h := range o.Root.At("spec", "hostnames").Items() {
		out = append(out, h.Str())
	}
	return out
}

// commonHosts are the names that a route and a listener both stand for; false if both name some and none is common.
func commonHosts(route []string, listener string) ([]string, bool) {
	switch {
	case listener == "":
		return route, true
	case len(route) == 0:
		return []string{listener}, true
	}
	var out []string
	for _, h := range route {
		switch {
		case h == listener || covers(listener, h):
			out = append(out, h)
		case covers(h, listener):
			out = append(out, listener)
		}
	}
	return out, len(out) > 0
}

// covers says whether a name with a wildcard in front stands for another.
func covers(wild, name string) bool {
	suffix, ok := strings.CutPrefix(wild, "*")
	return ok && strings.HasSuffix(name, suffix) && len(name) > len(suffix)
}

// route adds the backends of a route behind one listener, with those that requests are mirrored to.
func (r *router) route(o *kube.Object, in entrance) {
	e := Exposure{Via: "Gateway", Object: o.Ref, Origin: located(o, o.Origin), Port: in.port, Hosts: in.hosts}
	e.keepInside(in.internal || r.inside)
	for rule := range o.Root.At("spec", "rules").Items() {
		for f := range rule.Get("filters").Items() {
			r.routeBackend(o, e, f.At("requestMirror", "backendRef"), in.doubt)
		}
		for b := range rule.Get("backendRefs").Items() {
			if weight, set := b.Get("weight").Int(); !set || weight > 0 {
				r.routeBackend(o, e, b, in.doubt)
			}
			for f := range b.Get("filters").Items() {
				r.routeBackend(o, e, f.At("requestMirror", "backendRef"), in.doubt)
			}
		}
	}
}

func (r *router) routeBackend(o *kube.Object, e Exposure, b tree.Node, doubt string) {
	if k := b.Get("kind").Str(); !b.Exists() || k != "" && k != "Service" || b.Get("group").Str() != "" {
		return
	}
	ref := bartizan.Ref{Kind: "Service", Namespace: b.Get("namespace").Str(), Name: b.Get("name").Str()}
	if ref.Namespace == "" {
		ref.Namespace = o.Ref.Namespace
	}
	port := Port{Protocol: e.Port.Protocol}
	port.Number, _ = portNumber(b.Get("port"))
	if namespaceOf(ref.Namespace) != namespaceOf(o.Ref.Namespace) && !r.m.granted(o, ref) {
		if r.m.options.Complete {
			e.To, e.ToPort, e.Verdict = ref, port, Denied
			e.Reason = "no ReferenceGrant in namespace " + ref.Namespace + " lets the route refer to it"
			r.out = append(r.out, e)
			return
		}
		doubt = "no ReferenceGrant that lets the route refer to namespace " + ref.Namespace + " was read"
	}
	r.backend(e, ref, port, doubt)
}

// granted says whether a ReferenceGrant lets a route refer to a Service of another namespace.
func (m *Model) granted(route *kube.Object, to bartizan.Ref) bool {
	for e := range m.world.All("ReferenceGrant" + gatewayGroup) {
		o, ok := e.Value.(*kube.Object)
		if !ok || namespaceOf(o.Ref.Namespace) != namespaceOf(to.Namespace) {
			continue
		}
		from, target := false, false
		for f := range o.Root.At("spec", "from").Items() {
			from = from || f.Get("group").Str() == gatewayAPI && f.Get("kind").Str() == route.Kind && f.Get("namespace").Str() == namespaceOf(route.Ref.Namespace)
		}
		for t := range o.Root.At("spec", "to").Items() {
			name := t.Get("name").Str()
			target = target || t.Get("group").Str() == "" && t.Get("kind").Str() == "Service" && (name == "" || name == to.Name)
		}
		if from && target {
			return true
		}
	}
	return false
}
