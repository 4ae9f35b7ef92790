package suggest

import (
	"cmp"
	"maps"
	"net/netip"
	"slices"
	"strconv"

	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/internal/reach"
)

// Dialect is the kind of policy that is written.
type Dialect uint8

// The dialects: what every network plugin that has policies knows, and Cilium's own, which also speaks of service
// accounts, domain names and requests.
const (
	Kubernetes Dialect = iota
	Cilium
)

// accountLabel is the label that Cilium gives a pod for its service account.
const accountLabel = "io.cilium.k8s.policy.serviceaccount"

// namespaceLabel is the label by which Cilium selects pods of another namespace.
const namespaceLabel = "k8s:io.kubernetes.pod.namespace"

// accounts adds the label of their service account to what tells pods apart.
func (s *selectors) accounts(k *maker, m *reach.Model) {
	for i, p := range m.Pods() {
		e, _ := k.world.Get(p.Ref)
		o, ok := e.Value.(*kube.Object)
		if !ok || len(o.Workloads) == 0 {
			continue
		}
		pod := o.Workloads[0].Pod
		s.labels[i][accountLabel] = cmp.Or(pod.Get("serviceAccountName").Str(), pod.Get("serviceAccount").Str(), "default")
	}
}

// ciliumText writes the policy of a group.
func (k *maker) ciliumText(group int, b *page) {
	g := k.groups[group]
	b.selector(2, "endpointSelector", &g.selector)
	// Both directions are closed even where a rule's list is empty.
	b.line(2, "enableDefaultDeny: {ingress: true, egress: true}")
	ingress, egress := k.rules(group, reach.Ingress), k.rules(group, reach.Egress)
	if len(ingress) == 0 {
		b.line(2, "ingress: [{}] # none was seen; what comes from the pod's own node passes")
	} else {
		b.line(2, "ingress:")
	}
	for i := range ingress {
		k.ciliumRule(b, group, reach.Ingress, &ingress[i])
	}
	b.line(2, "egress:")
	k.ciliumNames(b, g)
	for i := range egress {
		k.ciliumRule(b, group, reach.Egress, &egress[i])
	}
}

// ciliumNames lets the group ask for names, through Cilium's proxy, which learns from the answers what toFQDNs means.
func (k *maker) ciliumNames(b *page, g *group) {
	b.note(2, "Names")
	b.line(2, "- toEndpoints:")
	groups := k.dnsGroups()
	if len(groups) == 0 {
		b.line(4, "- {matchLabels: {%q: kube-system, k8s-app: kube-dns}}", namespaceLabel)
	}
	for _, i := range groups {
		k.ciliumPeer(b, g, k.groups[i])
	}
	b.line(4, "toPorts:\n    - ports:")
	for _, p := range k.dnsPorts() {
		b.line(6, "- {port: %q, protocol: %s}", strconv.Itoa(int(p.Number)), p.Protocol)
	}
	b.line(6, `rules: {dns: [{matchPattern: "*"}]}`)
}

// ciliumRule writes what one set of ports is for: one rule for each form of peer, since forms do not mix in a rule.
func (k *maker) ciliumRule(b *page, group int, d reach.Direction, r *rule) {
	g, word := k.groups[group], "to"
	if d == reach.Ingress {
		word = "from"
	}
	b.note(2, "%s", times(r.count))
	if len(r.peers) > 0 {
		for _, part := range k.byRequests(group, d, r) {
			b.line(2, "- %sEndpoints:", word)
			for _, p := range part.peers {
				k.ciliumPeer(b, g, k.groups[p.group])
			}
			b.ciliumPorts(part.ports, part.requests)
		}
	}
	var server, nodes bool
	var ranges []netip.Prefix
	for _, p := range r.prefixes {
		_, node := k.nodes[p.Addr()]
		s, service := k.services[p.Addr()]
		switch {
		case p.IsSingleIP() && service && apiServer(s):
			server = true
		case p.IsSingleIP() && node:
			nodes = true
		default:
			ranges = append(ranges, p)
		}
	}
	for _, x := range []struct {
		has  bool
		name string
	}{{server, "[kube-apiserver]"}, {nodes, "[host, remote-node]"}} {
		if x.has {
			b.line(2, "- %sEntities: %s", word, x.name)
			b.ciliumPorts(r.ports, nil)
		}
	}
	if len(r.names) > 0 {
		b.line(2, "- toFQDNs:")
		for _, n := range r.names {
			b.line(4, "- {matchName: %q}", n)
		}
		b.ciliumPorts(r.ports, nil)
	}
	if len(ranges) > 0 {
		b.line(2, "- %sCIDR:", word)
		for _, p := range ranges {
			b.line(4, "- %q", p.String())
		}
		b.ciliumPorts(r.ports, nil)
	}
}

func (k *maker) ciliumPeer(b *page, g, other *group) {
	s := other.selector
	if other.namespace != g.namespace {
		s.labels = maps.Clone(s.labels)
		if s.labels == nil {
			s.labels = map[string]string{}
		}
		s.labels[namespaceLabel] = other.namespace
	}
	b.line(4, "- %s", s.inline())
}

func (b *page) ciliumPorts(list []reach.Port, requests []pattern) {
	b.line(4, "toPorts:\n    - ports:")
	for _, p := range list {
		b.line(6, "- {port: %q, protocol: %s}", strconv.Itoa(int(p.Number)), p.Protocol)
	}
	if len(requests) == 0 {
		return
	}
	b.line(6, "rules:\n        http:")
	for _, r := range requests {
		b.line(8, "- {method: %q, path: %s}", r.method, strconv.QuoteToASCII(r.path))
	}
}

// part is peers of a rule that ask for the same.
type part struct {
	peers    []peer
	ports    []reach.Port
	requests []pattern
}

// byRequests splits a rule by what its peers were seen to ask for. Rules for requests are written where they come in, and
// only where everything that came to the port was seen to be requests.
func (k *maker) byRequests(group int, d reach.Direction, r *rule) (out []part) {
	plain := part{peers: r.peers}
	for _, port := range r.ports {
		if d == reach.Egress || !k.onlyRequests(group, port) {
			plain.ports = append(plain.ports, port)
			continue
		}
		first := len(out)
		for _, p := range r.peers {
			rules := patterns(k.links[link{p, peer{group: group}, port}].requests)
			if i := slices.IndexFunc(out[first:], func(x part) bool { return slices.Equal(x.requests, rules) }); i >= 0 {
				out[first+i].peers = append(out[first+i].peers, p)
				continue
			}
			out = append(out, part{[]peer{p}, []reach.Port{port}, rules})
		}
	}
	if len(plain.ports) > 0 {
		out = append(out, plain)
	}
	return out
}

// onlyRequests says whether all that came to a port of a group was seen to be requests, each of which is known.
func (k *maker) onlyRequests(group int, port reach.Port) bool {
	for _, l := range k.order {
		if x := k.links[l]; l.to.group == group && l.port == port && (len(x.requests) == 0 || x.many) {
			return false
		}
	}
	return true
}
