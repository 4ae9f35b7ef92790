package reach

import (
	"net/netip"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/internal/tree"
)

// services reads an item of toServices: the addresses behind Services without a selector and, in later versions of
// Cilium, the pods behind others.
func (c *ciliumDecoder) services(n tree.Node) ([]peer, string) {
	if wrong := unknownField(n, "k8sService", "k8sServiceSelector"); wrong != "" {
		return nil, wrong
	}
	if by := n.Get("k8sServiceSelector"); !missing(by) {
		return c.selectedServices(by), ""
	}
	name, ns := n.At("k8sService", "serviceName").Str(), n.At("k8sService", "namespace").Str()
	if ns == "" {
		ns = c.own
	}
	e, ok := c.world.Get(bartizan.Ref{Kind: "Service", Namespace: ns, Name: name})
	o, is := e.Value.(*kube.Object)
	if !ok || !is {
		return []peer{{anything: "Service " + ns + "/" + name + " was not read", origin: c.at(n)}}, ""
	}
	return c.service(o, c.at(n)), ""
}

// selectedServices finds Services by their labels.
func (c *ciliumDecoder) selectedServices(n tree.Node) (out []peer) {
	ns, at := n.Get("namespace").Str(), c.at(n)
	words := newVocabulary()
	s := words.ciliumSelector(n.Get("selector"), false)
	if s.labels.broken != "" || s.reserved != "" {
		return []peer{{anything: "the selector of Services cannot be read", origin: at}}
	}
	for e := range c.world.All("Service") {
		o, ok := e.Value.(*kube.Object)
		if !ok || ns != "" && namespaceOf(o.Ref.Namespace) != ns {
			continue
		}
		if s.labels.matches(words.vector(labelsOf(o.Root.At("metadata", "labels")), nil)) == yes {
			out = append(out, c.service(o, at)...)
		}
	}
	if len(out) == 0 {
		out = []peer{{anything: "no Service that the rule selects was read", origin: at}}
	}
	return out
}

func (c *ciliumDecoder) service(o *kube.Object, at bartizan.Origin) (out []peer) {
	if labels := labelsOf(o.Root.At("spec", "selector")); len(labels) > 0 {
		x := peer{selects: true, namespaces: &selector{}, pods: &selector{}, origin: at,
			maybe: "toServices matches the pods behind a Service with a selector in later versions of Cilium only"}
		add := func(key int32, value string) {
			x.pods.reqs = append(x.pods.reqs, requirement{key: key, op: opIn, values: []int32{c.words.value(value)}})
			x.pods.text += "," + c.words.names[key] + "=" + value
		}
		add(c.words.derivedKey('n', ""), namespaceOf(o.Ref.Namespace))
		for _, l := range labels {
			add(c.words.key(l.key), l.value)
		}
		x.pods.canonical()
		return []peer{x}
	}
	for _, a := range backendsOf(c.world, namespaceOf(o.Ref.Namespace), o.Ref.Name) {
		out = append(out, peer{block: &block{prefix: netip.PrefixFrom(a, a.BitLen())}, scope: scopeOutside, origin: at})
	}
	if out == nil {
		out = []peer{{anything: "the addresses behind " + o.Ref.String() + " were not read", origin: at}}
	}
	return out
}

// backendsOf are the addresses in Endpoints and EndpointSlices of a Service.
func backendsOf(w bartizan.World, ns, name string) (out []netip.Addr) {
	for e := range w.All("Endpoints") {
		if o, ok := e.Value.(*kube.Object); ok && o.Ref.Name == name && namespaceOf(o.Ref.Namespace) == ns {
			for s := range o.Root.Get("subsets").Items() {
				out = appendAddresses(out, s.Get("addresses"), "ip")
			}
		}
	}
	for e := range w.All("EndpointSlice") {
		if o, ok := e.Value.(*kube.Object); ok && o.Label("kubernetes.io/service-name") == name && namespaceOf(o.Ref.Namespace) == ns {
			for s := range o.Root.Get("endpoints").Items() {
				out = appendAddresses(out, s.Get("addresses"), "")
			}
		}
	}
	return out
}
