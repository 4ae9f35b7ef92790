package reach

import (
	"net/netip"
	"strings"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/internal/tree"
)

// decoder turns policy objects into policies. What is wrong with one is told in faults.
type decoder struct {
	words    *vocabulary
	world    bartizan.World
	config   ciliumConfig
	servers  []netip.Addr // of the API server; nil if not known
	policies []*policy
	faults   []Fault
	current  *kube.Object
}

// policyKinds says how each kind of policy is decoded.
func policyKinds() []policyKind {
	return []policyKind{
		{"NetworkPolicy", (*decoder).networkPolicy},
		{"ClusterNetworkPolicy.policy.networking.k8s.io", (*decoder).clusterNetworkPolicy},
		{"AdminNetworkPolicy.policy.networking.k8s.io", (*decoder).adminNetworkPolicy},
		{"BaselineAdminNetworkPolicy.policy.networking.k8s.io", (*decoder).baselinePolicy},
		{ciliumPolicy, (*decoder).ciliumNetworkPolicy},
		{ciliumClusterwide, (*decoder).ciliumClusterwidePolicy},
	}
}

type policyKind struct {
	kind   bartizan.Kind
	decode func(*decoder, *kube.Object)
}

// Kinds are the kinds of objects, and single objects, that the answers depend on, for a source that must be told what to read.
func Kinds() []string {
	kinds := []string{"Workload", "Namespace", "Node", "Service", "Endpoints", "EndpointSlice", "Ingress",
		"Gateway.gateway.networking.k8s.io", "HTTPRoute.gateway.networking.k8s.io", "GRPCRoute.gateway.networking.k8s.io",
		"TLSRoute.gateway.networking.k8s.io", "TCPRoute.gateway.networking.k8s.io", "UDPRoute.gateway.networking.k8s.io",
		"ReferenceGrant.gateway.networking.k8s.io", string(ciliumGroup), "ConfigMap/" + ciliumConfigNamespace + "/" + ciliumConfigName}
	for _, k := range policyKinds() {
		kinds = append(kinds, string(k.kind))
	}
	return kinds
}

func (d *decoder) read(w bartizan.World) {
	for _, k := range policyKinds() {
		for e := range w.All(k.kind) {
			if o, ok := e.Value.(*kube.Object); ok && len(d.policies) < maxPolicies {
				d.current = o
				k.decode(d, o)
			}
		}
	}
	d.duplicates()
	for i, p := range d.policies {
		p.position = i
	}
}

// duplicates marks policies that were read twice under one name: which of them is in force is not known, unless
// they are the same.
func (d *decoder) duplicates() {
	type part struct {
		ref bartizan.Ref
		n   int
	}
	seen := map[part]*policy{}
	keep := d.policies[:0]
	for _, p := range d.policies {
		key := part{p.ref, p.part}
		first, again := seen[key]
		switch {
		case !again:
			seen[key] = p
		case sameText(first.origin, p.origin):
			continue
		default:
			first.doubt, p.doubt = "two objects of this name were read", "two objects of this name were read"
			d.faults = append(d.faults, Fault{Code: DuplicatePolicy, Policy: p.ref, Rule: -1, Origin: p.origin,
				Message: p.ref.String() + " is defined twice, and differently; only one of them can be in force"})
		}
		keep = append(keep, p)
	}
	d.policies = keep
}

func sameText(a, b bartizan.Origin) bool { return a == b && a.File != "" }

// decoder is one for objects of the World.
func (m *Model) decoder(words *vocabulary) *decoder {
	return &decoder{words: words, world: m.world, config: m.config, servers: m.servers}
}

// at is where a value stands.
func (d *decoder) at(n tree.Node) bartizan.Origin {
	o := d.current.Origin
	if line, column := n.Pos(); line > 0 {
		o.Line, o.Column = line, column
	}
	return located(d.current, o)
}

// located maps a line of rendered text back to the template, where that is known.
func located(obj *kube.Object, o bartizan.Origin) bartizan.Origin {
	if p := obj.Provenance; p != nil && o.Line > 0 && o.Line < len(p.Lines) && p.Lines[o.Line] > 0 {
		o.Rendered, o.Line = o.Line, int(p.Lines[o.Line])
	}
	return o
}

// new begins a policy.
func (d *decoder) new(o *kube.Object) *policy {
	p := &policy{ref: o.Ref, origin: located(o, o.Origin)}
	d.policies = append(d.policies, p)
	return p
}

// broken tells of something that cannot be read.
func (d *decoder) broken(p *policy, dir Direction, rule int, n tree.Node, why string) string {
	d.faults = append(d.faults, Fault{Code: BrokenPolicy, Policy: p.ref, Direction: dir, Rule: rule, Origin: d.at(n),
		Message: p.ref.String() + ": " + why + "; the API server refuses it, and what it does is not known"})
	return why
}

// anything makes a policy one that may do anything to those it selects.
func (p *policy) anything(why string, actions ...Action) {
	for dir := range p.rules {
		for _, a := range actions {
			p.rules[dir] = append(p.rules[dir], rule{action: a, anyPeer: true, ports: portSpec{all: true}, doubt: why, origin: p.origin})
		}
	}
}

// missing says whether a value is absent or null.
func missing(n tree.Node) bool { return n.Kind() == tree.Invalid || n.Kind() == tree.Null }

// listOf gives the items of an optional list, and what is wrong with it.
func listOf(n tree.Node, limit int) (items []tree.Node, broken string) {
	if missing(n) {
		return nil, ""
	}
	if n.Kind() != tree.List {
		return nil, n.Key() + " is a " + n.Kind().String() + ", not a list"
	}
	if n.Len() > limit {
		return nil, n.Key() + " is too long"
	}
	for c := range n.Items() {
		items = append(items, c)
	}
	return items, ""
}

// prefix reads a CIDR as the API server accepts it.
func prefix(s string) (netip.Prefix, bool) {
	p, err := netip.ParsePrefix(strings.TrimSpace(s))
	if err != nil || p.Addr().Is4In6() || p.Addr().Zone() != "" {
		return netip.Prefix{}, false
	}
	return p.Masked(), true
}

// portNumber reads a port number.
func portNumber(n tree.Node) (uint16, bool) {
	v, ok := n.Int()
	if !ok || v < 1 || v > 65535 {
		return 0, false
	}
	return uint16(v), true
}
