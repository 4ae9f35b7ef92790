package reach

import (
	"net/netip"

	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/internal/tree"
)

// networkPolicy decodes networking.k8s.io/v1 NetworkPolicy.
func (d *decoder) networkPolicy(o *kube.Object) {
	p := d.new(o)
	p.tier = NetworkTier
	p.namespace = namespaceOf(o.Ref.Namespace)
	spec := o.Root.Get("spec")
	p.subject = peer{selects: true, pods: d.words.selector(spec.Get("podSelector")), origin: d.at(spec.Get("podSelector"))}
	wrong := unknownField(spec, "podSelector", "policyTypes", "ingress", "egress")
	if spec.Kind() != tree.Map && !missing(spec) {
		wrong = "its spec is not a map"
	}
	if wrong != "" {
		p.doubt = d.broken(p, Ingress, -1, spec, wrong)
		p.anything(wrong, Allow)
	}
	if why := p.subject.pods.broken; why != "" {
		p.doubt = d.broken(p, Ingress, -1, spec.Get("podSelector"), why)
	}
	d.networkRules(p, Ingress, spec.Get("ingress"), "from")
	d.networkRules(p, Egress, spec.Get("egress"), "to")
	d.policyTypes(p, spec)
	if wrong != "" {
		p.isolates = [2]bool{true, true}
	}
	for dir := range p.rules {
		if !p.isolates[dir] && len(p.rules[dir]) > 0 {
			d.faults = append(d.faults, Fault{Code: NoEffect, Policy: p.ref, Direction: Direction(dir), Rule: -1, Origin: p.rules[dir][0].origin,
				Message: p.ref.String() + ": its " + Direction(dir).String() + " rules do nothing, as policyTypes leaves that direction out"})
			p.rules[dir] = nil
		}
	}
}

// policyTypes applies the API's default: Ingress always, Egress if there are egress rules.
func (d *decoder) policyTypes(p *policy, spec tree.Node) {
	types := spec.Get("policyTypes")
	if missing(types) || types.Kind() == tree.List && types.Len() == 0 {
		p.isolates[Ingress] = true
		p.isolates[Egress] = spec.Get("egress").Len() > 0
		return
	}
	items, broken := listOf(types, 100)
	for _, t := range items {
		switch t.Str() {
		case "Ingress":
			p.isolates[Ingress] = true
		case "Egress":
			p.isolates[Egress] = true
		default:
			broken = "policy type " + t.Text() + " does not exist"
		}
	}
	if broken != "" {
		p.doubt = d.broken(p, Ingress, -1, types, broken)
		p.isolates = [2]bool{true, true}
	}
}

func (d *decoder) networkRules(p *policy, dir Direction, list tree.Node, peersKey string) {
	items, broken := listOf(list, maxRules)
	if broken != "" {
		d.broken(p, dir, -1, list, broken)
		p.rules[dir] = append(p.rules[dir], rule{anyPeer: true, ports: portSpec{all: true}, doubt: broken, origin: d.at(list)})
		p.isolates[dir] = true
	}
	for i, n := range items {
		r := rule{index: i, origin: d.at(n)}
		peers, wrong := listOf(n.Get(peersKey), maxPeers)
		switch {
		case n.Kind() != tree.Map && !missing(n):
			wrong = "a rule is not a map"
		case wrong == "" && len(peers) == 0:
			r.anyPeer = true
		}
		for _, x := range peers {
			r.peers = append(r.peers, d.networkPeer(p, dir, i, x))
		}
		if wrong == "" {
			wrong = unknownField(n, peersKey, "ports")
		}
		if wrong != "" {
			r.doubt, r.anyPeer = d.broken(p, dir, i, n, wrong), true
		}
		r.ports = d.networkPorts(p, dir, i, n.Get("ports"))
		p.rules[dir] = append(p.rules[dir], r)
	}
}

// unknownField names a field that is not among those known. A misspelt one changes what a rule does.
func unknownField(n tree.Node, known ...string) string {
next:
	for c := range n.Items() {
		for _, k := range known {
			if c.Key() == k {
				continue next
			}
		}
		return "there is no field " + c.Key() + " here"
	}
	return ""
}

func (d *decoder) networkPeer(p *policy, dir Direction, i int, n tree.Node) peer {
	x := peer{origin: d.at(n)}
	namespaces, pods, cidr := n.Get("namespaceSelector"), n.Get("podSelector"), n.Get("ipBlock")
	wrong := unknownField(n, "namespaceSelector", "podSelector", "ipBlock")
	switch {
	case wrong != "":
	case n.Kind() != tree.Map:
		wrong = "a peer is not a map"
	case missing(namespaces) && missing(pods) && missing(cidr):
		wrong = "a peer names neither pods nor namespaces nor addresses"
	case !missing(cidr) && (!missing(namespaces) || !missing(pods)):
		wrong = "a peer with ipBlock must not have selectors as well"
	case !missing(cidr):
		x.block, wrong = d.ipBlock(cidr)
	default:
		x.selects = true
		if !missing(namespaces) {
			x.namespaces = d.words.selector(namespaces)
			wrong = x.namespaces.broken
		}
		if !missing(pods) {
			x.pods = d.words.selector(pods)
			wrong += x.pods.broken
		}
	}
	if wrong != "" {
		x.broken = d.broken(p, dir, i, n, wrong)
	}
	return x
}

func (d *decoder) ipBlock(n tree.Node) (*block, string) {
	at, ok := prefix(n.Get("cidr").Str())
	if !ok {
		return nil, "cidr " + n.Get("cidr").Text() + " is not an address range such as 10.0.0.0/8"
	}
	b := &block{prefix: at}
	items, wrong := listOf(n.Get("except"), maxPeers)
	for _, e := range items {
		out, ok := prefix(e.Str())
		if !ok || !at.Contains(out.Addr()) || out.Bits() < at.Bits() {
			return nil, "except " + e.Text() + " is not a range inside " + at.String()
		}
		b.except = append(b.except, out)
	}
	return b, wrong
}

func (d *decoder) networkPorts(p *policy, dir Direction, i int, n tree.Node) portSpec {
	items, wrong := listOf(n, maxPorts)
	if wrong != "" {
		return portSpec{all: true, broken: d.broken(p, dir, i, n, wrong)}
	}
	if len(items) == 0 {
		return portSpec{all: true}
	}
	var s portSpec
	for _, x := range items {
		if why := s.network(x); why != "" {
			s.broken = d.broken(p, dir, i, x, why)
			s.all = true
		}
	}
	return s
}

// network adds one NetworkPolicyPort; it returns what is wrong with it.
func (s *portSpec) network(n tree.Node) string {
	if n.Kind() != tree.Map {
		return "a port is not a map"
	}
	if why := unknownField(n, "protocol", "port", "endPort"); why != "" {
		return why
	}
	proto, ok := ParseProtocol(n.Get("protocol").Text())
	if !ok {
		return "protocol " + n.Get("protocol").Text() + " is none of TCP, UDP, SCTP"
	}
	port, end := n.Get("port"), n.Get("endPort")
	switch {
	case missing(port):
		if !missing(end) {
			return "endPort needs a port"
		}
		s.ranges = append(s.ranges, portRange{protocol: proto, lo: 1, hi: 65535})
	case port.Kind() == tree.String:
		if !missing(end) {
			return "endPort needs port to be a number"
		}
		if port.Str() == "" {
			return "the name of a port is empty"
		}
		s.names = append(s.names, portName{name: port.Str(), protocol: proto})
	default:
		lo, ok := portNumber(port)
		hi := lo
		if ok && !missing(end) {
			hi, ok = portNumber(end)
		}
		if !ok || hi < lo {
			return "ports are numbers from 1 to 65535, and endPort is not less than port"
		}
		s.ranges = append(s.ranges, portRange{protocol: proto, lo: lo, hi: hi})
	}
	return ""
}

// namespaceOf is the namespace an object without one is made in.
func namespaceOf(s string) string {
	if s == "" {
		return "default"
	}
	return s
}

// cidrs collects the borders that the rules of all policies draw.
func cidrs(list []*policy) (out []netip.Prefix) {
	for _, p := range list {
		for _, rules := range p.rules {
			for _, r := range rules {
				for _, x := range r.peers {
					if x.block != nil && len(out) < maxTotalCIDR {
						out = append(append(out, x.block.prefix), x.block.except...)
					}
				}
			}
		}
	}
	return out
}
