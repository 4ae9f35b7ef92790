package reach

import (
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/internal/tree"
)

// form is what differs between the versions of the cluster-wide policies.
type form struct {
	accept string // the name of the action that lets traffic in
	ports  string // the field with the ports
}

// clusterNetworkPolicy decodes ClusterNetworkPolicy v1alpha2 and v1beta1.
func (d *decoder) clusterNetworkPolicy(o *kube.Object) {
	p := d.new(o)
	spec := o.Root.Get("spec")
	switch tier := spec.Get("tier").Str(); tier {
	case "Admin":
	case "Baseline":
		p.tier = BaselineTier
	default:
		p.doubt = d.broken(p, Ingress, -1, spec, "tier "+spec.Get("tier").Text()+" is neither Admin nor Baseline")
	}
	d.priority(p, spec)
	d.clusterPolicy(p, spec, form{"Accept", "protocols"})
}

// adminNetworkPolicy decodes AdminNetworkPolicy v1alpha1.
func (d *decoder) adminNetworkPolicy(o *kube.Object) {
	p := d.new(o)
	d.priority(p, o.Root.Get("spec"))
	d.clusterPolicy(p, o.Root.Get("spec"), form{"Allow", "ports"})
}

// baselinePriority puts BaselineAdminNetworkPolicy, of which there is one and which has no priority, last.
const baselinePriority = 1 << 20

// baselinePolicy decodes BaselineAdminNetworkPolicy v1alpha1.
func (d *decoder) baselinePolicy(o *kube.Object) {
	p := d.new(o)
	p.tier, p.priority = BaselineTier, baselinePriority
	d.clusterPolicy(p, o.Root.Get("spec"), form{"Allow", "ports"})
}

func (d *decoder) priority(p *policy, spec tree.Node) {
	v, ok := spec.Get("priority").Int()
	if !ok || v < 0 || v > 1000 {
		p.doubt = d.broken(p, Ingress, -1, spec, "its priority is not a number from 0 to 1000")
	}
	p.priority = int(min(max(v, 0), 1000))
}

func (d *decoder) clusterPolicy(p *policy, spec tree.Node, f form) {
	subject := spec.Get("subject")
	p.subject = peer{origin: d.at(subject)}
	if why := d.podsOrNamespaces(&p.subject, subject); why != "" {
		p.doubt = d.broken(p, Ingress, -1, subject, "subject: "+why)
		p.subject = peer{selects: true, namespaces: brokenSelector(why), origin: d.at(subject)}
	}
	if wrong := unknownField(spec, "tier", "priority", "subject", "ingress", "egress"); wrong != "" {
		p.doubt = d.broken(p, Ingress, -1, spec, wrong)
		p.anything(wrong, Allow, Deny, Pass)
	}
	d.clusterRules(p, Ingress, spec.Get("ingress"), "from", f)
	d.clusterRules(p, Egress, spec.Get("egress"), "to", f)
}

// podsOrNamespaces reads the two forms that subjects and peers share; it returns what is wrong.
func (d *decoder) podsOrNamespaces(x *peer, n tree.Node) string {
	namespaces, pods := n.Get("namespaces"), n.Get("pods")
	x.selects = true
	switch {
	case !missing(namespaces) && !missing(pods):
		return "it has both namespaces and pods"
	case !missing(namespaces):
		x.namespaces = d.words.selector(namespaces)
		return x.namespaces.broken
	case !missing(pods):
		if why := unknownField(pods, "namespaceSelector", "podSelector"); why != "" {
			return why
		}
		x.namespaces = d.words.selector(pods.Get("namespaceSelector"))
		x.pods = d.words.selector(pods.Get("podSelector"))
		return x.namespaces.broken + x.pods.broken
	}
	x.selects = false
	return "it names neither namespaces nor pods"
}

// maxClusterRules is how many rules a cluster-wide policy may have in a direction: the APIs allow 25 and 100.
const maxClusterRules = 1000

func (d *decoder) clusterRules(p *policy, dir Direction, list tree.Node, peersKey string, f form) {
	items, broken := listOf(list, maxClusterRules)
	if broken != "" {
		p.doubt = d.broken(p, dir, -1, list, broken)
		for _, a := range []Action{Allow, Deny, Pass} {
			p.rules[dir] = append(p.rules[dir], rule{action: a, anyPeer: true, ports: portSpec{all: true}, doubt: broken, origin: d.at(list)})
		}
	}
	for i, n := range items {
		r := rule{index: i, name: n.Get("name").Str(), origin: d.at(n)}
		if wrong := d.clusterRule(p, dir, &r, n, peersKey, f); wrong != "" {
			d.broken(p, dir, i, n, wrong)
			r.anyPeer, r.doubt = true, wrong
			r.ports = portSpec{all: true}
			if action := n.Get("action").Str(); action != f.accept && action != "Deny" && action != "Pass" {
				for _, a := range []Action{Allow, Pass} { // it may do any of the three
					other := r
					other.action = a
					p.rules[dir] = append(p.rules[dir], other)
				}
			}
		}
		p.rules[dir] = append(p.rules[dir], r)
	}
}

func (d *decoder) clusterRule(p *policy, dir Direction, r *rule, n tree.Node, peersKey string, f form) string {
	switch n.Get("action").Str() {
	case f.accept:
		r.action = Allow
	case "Deny":
		r.action = Deny
	case "Pass":
		r.action = Pass
	default:
		// Deny is the side to err on, but the rule is in doubt in any case.
		r.action = Deny
		return "action " + n.Get("action").Text() + " is none of " + f.accept + ", Deny, Pass"
	}
	peers, wrong := listOf(n.Get(peersKey), maxPeers)
	if wrong != "" {
		return wrong
	}
	if len(peers) == 0 {
		return "a rule must have at least one peer under " + peersKey
	}
	for _, x := range peers {
		r.peers = append(r.peers, d.clusterPeer(p, dir, r, x)...)
	}
	ports, wrong := d.clusterPorts(n, f)
	r.ports = ports
	return wrong
}

// clusterPeer reads a peer. One that has no form that is known fails closed, as the API wants it: an accepting
// rule does not match for it, any other becomes a rule that denies everything.
func (d *decoder) clusterPeer(p *policy, dir Direction, r *rule, n tree.Node) []peer {
	x := peer{origin: d.at(n)}
	networks, nodes, domains := n.Get("networks"), n.Get("nodes"), n.Get("domainNames")
	switch {
	case dir == Egress && !missing(networks):
		return d.networks(p, r, networks)
	case dir == Egress && !missing(nodes):
		if x.nodes = d.words.selector(nodes); x.nodes.broken != "" {
			x.broken = d.broken(p, dir, r.index, n, x.nodes.broken)
		}
	case dir == Egress && !missing(domains):
		for c := range domains.Items() {
			x.domains = append(x.domains, c.Str())
		}
	case !missing(n.Get("namespaces")) || !missing(n.Get("pods")):
		if why := d.podsOrNamespaces(&x, n); why != "" {
			x.broken = d.broken(p, dir, r.index, n, why)
		}
	default:
		d.faults = append(d.faults, Fault{Code: BrokenPolicy, Policy: p.ref, Direction: dir, Rule: r.index, Origin: d.at(n),
			Message: p.ref.String() + ": a peer has no field that is known; such a rule fails closed"})
		if r.action == Allow {
			return nil
		}
		r.action, r.anyPeer = Deny, true
	}
	return []peer{x}
}

func (d *decoder) networks(p *policy, r *rule, n tree.Node) (out []peer) {
	for c := range n.Items() {
		x := peer{origin: d.at(c)}
		if at, ok := prefix(c.Str()); ok {
			x.block = &block{prefix: at}
		} else {
			x.broken = d.broken(p, Egress, r.index, c, "network "+c.Text()+" is not an address range such as 10.0.0.0/8")
		}
		out = append(out, x)
	}
	return out
}

// clusterPorts reads protocols (ClusterNetworkPolicy) or ports (AdminNetworkPolicy); drafts of the former had
// the latter's form.
func (d *decoder) clusterPorts(n tree.Node, f form) (portSpec, string) {
	var s portSpec
	list := n.Get(f.ports)
	if missing(list) {
		list = n.Get("ports")
	}
	items, wrong := listOf(list, maxPorts)
	if wrong != "" || len(items) == 0 {
		return portSpec{all: true}, wrong
	}
	for _, x := range items {
		if wrong := s.cluster(x); wrong != "" {
			return portSpec{all: true}, wrong
		}
	}
	return s, ""
}

// cluster adds one port; it returns what is wrong with it.
func (s *portSpec) cluster(n tree.Node) string {
	if n.Kind() != tree.Map || n.Len() != 1 {
		return "a port must have exactly one field"
	}
	x := n.First()
	switch key := x.Key(); key {
	case "tcp", "udp", "sctp":
		proto := map[string]Protocol{"tcp": TCP, "udp": UDP, "sctp": SCTP}[key]
		at := x.Get("destinationPort")
		if missing(at) {
			s.ranges = append(s.ranges, portRange{protocol: proto, lo: 1, hi: 65535})
			return unknownField(x, "destinationPort")
		}
		return s.number(proto, at.Get("number"), at.Get("range"))
	case "destinationNamedPort", "namedPort":
		if x.Str() == "" {
			return "the name of a port is empty"
		}
		s.names = append(s.names, portName{name: x.Str(), anyProtocol: true})
		return ""
	case "portNumber", "portRange":
		proto, ok := ParseProtocol(x.Get("protocol").Text())
		if !ok {
			return "protocol " + x.Get("protocol").Text() + " is none of TCP, UDP, SCTP"
		}
		if key == "portRange" {
			return s.number(proto, tree.Node{}, x)
		}
		return s.number(proto, x.Get("port"), tree.Node{})
	default:
		return "there is no port of form " + key
	}
}

// number adds a number or a range.
func (s *portSpec) number(proto Protocol, number, within tree.Node) string {
	lo, ok := portNumber(number)
	hi := lo
	if !missing(within) {
		lo, ok = portNumber(within.Get("start"))
		if ok {
			hi, ok = portNumber(within.Get("end"))
		}
	}
	if !ok || hi < lo {
		return "ports are numbers from 1 to 65535, and a range does not end before it starts"
	}
	s.ranges = append(s.ranges, portRange{protocol: proto, lo: lo, hi: hi})
	return ""
}
