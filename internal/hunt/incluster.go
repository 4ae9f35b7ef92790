package hunt

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"

	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/internal/tree"
)

// ClusterKinds are the kinds to read of a cluster to know where to hunt.
func ClusterKinds() []string {
	return []string{"Node", "EndpointSlice", "Service", "ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"}
}

// maxFound bounds the targets that a cluster's objects give.
const maxFound = 4096

// TargetsIn finds targets in what was read of a cluster: the addresses of nodes, on the usual ports; the API server
// behind the service kubernetes; the admission webhooks behind services. None of them needs credentials to be found by
// an attacker: they only spare the search.
func TargetsIn(objects []*kube.Object) []Target {
	var found []Target
	for _, o := range objects {
		switch o.Ref.Kind {
		case "Node":
			found = append(found, nodeTargets(o)...)
		case "EndpointSlice":
			if o.Ref.Namespace == "default" && o.Label("kubernetes.io/service-name") == "kubernetes" {
				found = append(found, sliceTargets(o, APIServer, "https", "")...)
			}
		case "ValidatingWebhookConfiguration", "MutatingWebhookConfiguration":
			for w := range o.Root.Get("webhooks").Items() {
				found = append(found, webhookTargets(w, objects)...)
			}
		}
	}
	slices.SortStableFunc(found, func(a, b Target) int {
		return cmp.Or(a.Addr.Compare(b.Addr), cmp.Compare(a.Port, b.Port), strings.Compare(a.Path, b.Path))
	})
	found = distinct(found)
	return found[:min(len(found), maxFound)]
}

// nodeTargets are a node's addresses inside the cluster: IPv4 and IPv6.
func nodeTargets(o *kube.Object) []Target {
	var found []Target
	for a := range o.Root.At("status", "addresses").Items() {
		if a.Get("type").Str() != "InternalIP" {
			continue
		}
		if addr, err := netip.ParseAddr(a.Get("address").Str()); err == nil {
			found = append(found, Target{Addr: addr.Unmap()})
		}
	}
	return found
}

// sliceTargets are the ready addresses of an EndpointSlice with a port: the one of that name, or the only one.
func sliceTargets(o *kube.Object, service, portName, path string) []Target {
	var port int64
	ports := o.Root.Get("ports")
	for p := range ports.Items() {
		if p.Get("name").Str() == portName || ports.Len() == 1 {
			port, _ = p.Get("port").Int()
		}
	}
	if port < 1 || port > 65535 {
		return nil
	}
	var found []Target
	for e := range o.Root.Get("endpoints").Items() {
		for a := range e.Get("addresses").Items() {
			if addr, err := netip.ParseAddr(a.Str()); err == nil {
				found = append(found, Target{Addr: addr.Unmap(), Port: uint16(port), Service: service, Path: path})
			}
		}
	}
	return found
}

// webhookTargets are the pods behind the service of a webhook.
func webhookTargets(w tree.Node, objects []*kube.Object) []Target {
	to := w.At("clientConfig", "service")
	namespace, name, path := to.Get("namespace").Str(), to.Get("name").Str(), to.Get("path").Str()
	if name == "" {
		return nil
	}
	if !strings.HasPrefix(path, "/") || strings.ContainsAny(path, " \r\n\t#") {
		path = "/"
	}
	wanted, ok := to.Get("port").Int()
	if !ok {
		wanted = 443
	}
	portName := ""
	for _, o := range objects {
		if o.Ref.Kind != "Service" || o.Ref.Namespace != namespace || o.Ref.Name != name {
			continue
		}
		for p := range o.Root.At("spec", "ports").Items() {
			if n, _ := p.Get("port").Int(); n == wanted {
				portName = p.Get("name").Str()
			}
		}
	}
	var found []Target
	for _, o := range objects {
		if o.Ref.Kind == "EndpointSlice" && o.Ref.Namespace == namespace && o.Label("kubernetes.io/service-name") == name {
			found = append(found, sliceTargets(o, Webhook, portName, path)...)
		}
	}
	return found
}

// MetadataTargets are where clouds serve metadata to their machines; they are looked at only when asked for.
func MetadataTargets() []Target {
	return []Target{
		{Addr: netip.MustParseAddr("169.254.169.254"), Port: 80, Service: Metadata, Many: true},
		{Addr: netip.MustParseAddr("fd00:ec2::254"), Port: 80, Service: Metadata, Many: true},
	}
}
