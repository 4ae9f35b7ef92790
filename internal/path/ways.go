package path

import (
	"net/netip"
	"strconv"
	"strings"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/internal/tree"
	"github.com/bartizan-dev/bartizan/rule"
)

// way is one way into a Service or a pod from outside.
type way struct {
	by      *kube.Object
	at      tree.Node // what of it shows that
	direct  bool      // the packets come from outside, not from a controller in the cluster
	private bool
	fixes   []rule.Fix
}

// own are the ways in that a Service is by itself: its type, and external addresses.
func own(o *kube.Object) (out []way) {
	const unsafe = "know that nobody outside the cluster uses it"
	kind := o.Root.At("spec", "type")
	if k := kind.Str(); k == "LoadBalancer" || k == "NodePort" {
		out = append(out, way{by: o, at: kind, direct: true, private: k == "LoadBalancer" && internal(o), fixes: []rule.Fix{{
			Target: o.Ref, Ops: []rule.Op{{Op: "set", Path: "/spec/type", Value: "ClusterIP"}}, Cost: 25, Text: "do not expose the Service", Unsafe: unsafe,
		}}})
	}
	if ips := o.Root.At("spec", "externalIPs"); ips.Len() > 0 {
		out = append(out, way{by: o, at: ips, direct: true, fixes: []rule.Fix{{
			Target: o.Ref, Ops: []rule.Op{{Op: "remove", Path: "/spec/externalIPs"}}, Cost: 25, Text: "take the Service's external addresses away", Unsafe: unsafe,
		}}})
	}
	return out
}

// internalAnnotations say that a load balancer has an address of the private network only: with one of these values,
// or with any but "false" and "" where there are none.
var internalAnnotations = map[string][]string{
	"service.beta.kubernetes.io/aws-load-balancer-internal":              nil,
	"service.beta.kubernetes.io/aws-load-balancer-scheme":                {"internal"},
	"service.beta.kubernetes.io/azure-load-balancer-internal":            {"true"},
	"networking.gke.io/load-balancer-type":                               {"internal"},
	"cloud.google.com/load-balancer-type":                                {"internal"},
	"service.beta.kubernetes.io/openstack-internal-load-balancer":        {"true"},
	"service.beta.kubernetes.io/oci-load-balancer-internal":              {"true"},
	"oci-network-load-balancer.oraclecloud.com/internal":                 {"true"},
	"service.kubernetes.io/ibm-load-balancer-cloud-provider-ip-type":     {"private"},
	"service.beta.kubernetes.io/alibaba-cloud-loadbalancer-address-type": {"intranet"},
	"service.beta.kubernetes.io/alicloud-loadbalancer-address-type":      {"intranet"},
	"service.kubernetes.io/qcloud-loadbalancer-internal-subnetid":        nil,
	"service.beta.kubernetes.io/do-loadbalancer-network":                 {"internal"},
	"service.beta.kubernetes.io/scw-loadbalancer-private":                {"true"},
	"load-balancer.hetzner.cloud/disable-public-network":                 {"true"},
	// Of an Ingress.
	"alb.ingress.kubernetes.io/scheme":           {"internal"},
	"appgw.ingress.kubernetes.io/use-private-ip": {"true"},
	"kubernetes.io/ingress.class":                {"gce-internal"},
}

// internal says whether what exposes is a load balancer that the internet does not reach: its cloud is told so, or only
// private addresses may come.
func internal(o *kube.Object) bool {
	for note := range o.Root.At("metadata", "annotations").Items() {
		want, known := internalAnnotations[note.Key()]
		value := strings.ToLower(note.Text())
		if known && len(want) == 0 && value != "" && value != "false" {
			return true
		}
		for _, w := range want {
			if value == w {
				return true
			}
		}
	}
	ranges := o.Root.At("spec", "loadBalancerSourceRanges")
	for r := range ranges.Items() {
		p, err := netip.ParsePrefix(strings.TrimSpace(r.Text()))
		if err != nil || !p.Addr().IsPrivate() || p.Bits() < 7 {
			return false
		}
	}
	return ranges.Len() > 0
}

// routed finds the Services that Ingresses and routes send requests to.
func (n *network) routed() map[bartizan.Ref][]way {
	out := map[bartizan.Ref][]way{}
	for _, o := range n.in.Objects {
		r := route{o: o, to: map[bartizan.Ref][]string{}}
		switch {
		case o.Kind == "Ingress":
			r.ingress()
		case o.Group == "gateway.networking.k8s.io":
			r.gateway()
		}
		for _, to := range r.order {
			w := way{by: o, at: o.Root.At("metadata", "name"), private: o.Kind == "Ingress" && internal(o)}
			if f, ok := r.without(to); ok {
				w.fixes = []rule.Fix{f}
			}
			out[to] = append(out[to], w)
		}
	}
	return out
}

// route is an Ingress or a route, with where it names each Service.
type route struct {
	o     *kube.Object
	to    map[bartizan.Ref][]string
	order []bartizan.Ref
}

func (r *route) add(to bartizan.Ref, at string) {
	if to.Name == "" {
		return
	}
	if r.to[to] == nil {
		r.order = append(r.order, to)
	}
	r.to[to] = append(r.to[to], at)
}

func (r *route) ingress() {
	service := func(b tree.Node) bartizan.Ref {
		name := b.At("service", "name").Str()
		if name == "" {
			name = b.Get("serviceName").Str()
		}
		return bartizan.Ref{Kind: "Service", Namespace: named(r.o.Ref).Namespace, Name: name}
	}
	r.add(service(r.o.Root.At("spec", "defaultBackend")), "/spec/defaultBackend")
	i := 0
	for one := range r.o.Root.At("spec", "rules").Items() {
		j := 0
		for p := range one.At("http", "paths").Items() {
			r.add(service(p.Get("backend")), "/spec/rules/"+strconv.Itoa(i)+"/http/paths/"+strconv.Itoa(j))
			j++
		}
		i++
	}
}

func (r *route) gateway() {
	i := 0
	for one := range r.o.Root.At("spec", "rules").Items() {
		j := 0
		for b := range one.Get("backendRefs").Items() {
			ref := bartizan.Ref{Kind: "Service", Namespace: b.Get("namespace").Str(), Name: b.Get("name").Str()}
			if ref.Namespace == "" {
				ref.Namespace = named(r.o.Ref).Namespace
			}
			if k := b.Get("kind"); !k.Exists() || k.Str() == "Service" {
				r.add(ref, "/spec/rules/"+strconv.Itoa(i)+"/backendRefs/"+strconv.Itoa(j))
			}
			j++
		}
		i++
	}
}

// without takes a Service out of a route. An Ingress must keep a backend: where the Service is all that it has, there is
// no such change.
func (r *route) without(to bartizan.Ref) (rule.Fix, bool) {
	f := rule.Fix{
		Target: r.o.Ref, Cost: 25, Text: "send no requests to the " + to.String() + " any more", Unsafe: "know that nobody outside the cluster uses it",
	}
	for _, at := range r.to[to] {
		f.Ops = append(f.Ops, rule.Op{Op: "remove", Path: at})
	}
	if r.o.Kind != "Ingress" {
		return f, true
	}
	return f, len(r.order) > 1
}
