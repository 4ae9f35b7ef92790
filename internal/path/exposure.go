package path

import (
	"slices"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/internal/reach"
	"github.com/bartizan-dev/bartizan/internal/tree"
	"github.com/bartizan-dev/bartizan/rule"
)

// exposures finds the ports of pods that can be opened from outside: by a Service of type LoadBalancer or NodePort, by
// a host port, or by an Ingress or route that sends requests to a Service.
func (n *network) exposures() (out []rule.Exposure) {
	routed := n.routed()
	for _, o := range n.in.Objects {
		if o.Kind != "Service" || o.Group != "" {
			continue
		}
		kind, by := o.Root.At("spec", "type").Str(), []*kube.Object{}
		if kind == "LoadBalancer" || kind == "NodePort" {
			by = append(by, o)
		}
		by = append(by, routed[named(o.Ref)]...)
		if len(by) == 0 {
			continue
		}
		for _, p := range n.selected(o) {
			for port := range o.Root.At("spec", "ports").Items() {
				if number, ok := targetPort(port, p); ok {
					out = n.exposure(out, p, number, by[0], by[0] == o)
				}
			}
		}
	}
	for _, p := range n.pods.classes {
		for i := range p.Containers {
			for port := range p.Containers[i].Node.Get("ports").Items() {
				number, ok := port.Get("containerPort").Int()
				if host, set := port.Get("hostPort").Int(); ok && set && host > 0 {
					out = n.exposure(out, p, int(number), n.pods.objects[p.Ref], true)
				}
			}
		}
	}
	return out
}

// exposure adds an exposed port, unless policies keep the outside away from it. Behind an Ingress the packets come
// from its controller, of which policies may know: then it counts as exposed.
func (n *network) exposure(out []rule.Exposure, p *rule.Pod, port int, by *kube.Object, direct bool) []rule.Exposure {
	e := rule.Exposure{Pod: p, Port: port, Answer: rule.Answer{Verdict: rule.ReachYes}}
	if direct && n.policed(p.Ref.Namespace) {
		e.Answer = n.ask(reach.Internet(), reach.Workload(p.Object.Ref()), port)
	}
	if e.Answer.Verdict == rule.ReachNo {
		return out
	}
	if by != nil {
		e.By = by.Ref
		e.Answer.Why = append([]bartizan.Evidence{object{by}.Evidence(place(by))}, e.Answer.Why...)
		if by.Kind == "Service" {
			e.Answer.Fixes = append(e.Answer.Fixes, rule.Fix{
				Target: by.Ref, Ops: []rule.Op{{Op: "set", Path: "/spec/type", Value: "ClusterIP"}}, Cost: 25,
				Text: "do not expose the Service", Unsafe: "know that nobody outside the cluster uses it",
			})
		}
	}
	return append(out, e)
}

// clusterPolicies are the kinds of policies that may bear on any namespace.
var clusterPolicies = []string{
	"ClusterNetworkPolicy", "AdminNetworkPolicy", "BaselineAdminNetworkPolicy", "CiliumNetworkPolicy", "CiliumClusterwideNetworkPolicy",
}

// policed says whether any policy may bear on a namespace.
func (n *network) policed(namespace string) bool {
	if n.policies == nil {
		n.policies = map[string]bool{}
		for _, o := range n.in.Objects {
			if o.Kind == "NetworkPolicy" {
				n.policies[named(o.Ref).Namespace] = true
			} else if slices.Contains(clusterPolicies, o.Kind) {
				n.policies[""] = true
			}
		}
	}
	return n.policies[""] || n.policies[namespace]
}

// place is what of an object shows that it exposes something.
func place(o *kube.Object) tree.Node {
	if t := o.Root.At("spec", "type"); o.Kind == "Service" && t.Exists() {
		return t
	}
	return o.Root.At("metadata", "name")
}

// routed finds the Services that Ingresses and routes send requests to.
func (n *network) routed() map[bartizan.Ref][]*kube.Object {
	out := map[bartizan.Ref][]*kube.Object{}
	for _, o := range n.in.Objects {
		namespace := named(o.Ref).Namespace
		switch {
		case o.Kind == "Ingress":
			backend := func(b tree.Node) {
				name := b.At("service", "name").Str()
				if name == "" {
					name = b.Get("serviceName").Str()
				}
				if name != "" {
					ref := bartizan.Ref{Kind: "Service", Namespace: namespace, Name: name}
					out[ref] = append(out[ref], o)
				}
			}
			backend(o.Root.At("spec", "defaultBackend"))
			for r := range o.Root.At("spec", "rules").Items() {
				for p := range r.At("http", "paths").Items() {
					backend(p.Get("backend"))
				}
			}
		case o.Group == "gateway.networking.k8s.io":
			for r := range o.Root.At("spec", "rules").Items() {
				for b := range r.Get("backendRefs").Items() {
					ref := bartizan.Ref{Kind: "Service", Namespace: b.Get("namespace").Str(), Name: b.Get("name").Str()}
					if ref.Namespace == "" {
						ref.Namespace = namespace
					}
					out[ref] = append(out[ref], o)
				}
			}
		}
	}
	return out
}

// selected are the pods behind a Service.
func (n *network) selected(o *kube.Object) (out []*rule.Pod) {
	selector := o.Root.At("spec", "selector")
	if selector.Len() == 0 {
		return nil
	}
	namespace := named(o.Ref).Namespace
	for _, p := range n.pods.in(namespace) {
		fits := true
		for l := range selector.Items() {
			v, ok := p.Labels[l.Key()]
			fits = fits && ok && v == l.Text()
		}
		if fits {
			out = append(out, p)
		}
	}
	return out
}

// in are the classes of a namespace; they are in order.
func (p *pods) in(namespace string) []*rule.Pod {
	from, _ := slices.BinarySearchFunc(p.classes, namespace, func(c *rule.Pod, ns string) int {
		if c.Ref.Namespace < ns {
			return -1
		}
		return 1
	})
	to := from
	for to < len(p.classes) && p.classes[to].Ref.Namespace == namespace {
		to++
	}
	return p.classes[from:to]
}

// targetPort is the number of the pod's port that a Service's port leads to.
func targetPort(port tree.Node, p *rule.Pod) (int, bool) {
	target := port.Get("targetPort")
	if number, ok := target.Int(); ok {
		return int(number), true
	}
	if !target.Exists() {
		number, ok := port.Get("port").Int()
		return int(number), ok
	}
	for i := range p.Containers {
		for c := range p.Containers[i].Node.Get("ports").Items() {
			if number, ok := c.Get("containerPort").Int(); ok && c.Get("name").Str() == target.Str() {
				return int(number), true
			}
		}
	}
	return 0, false
}
