package reach

import (
	"net/netip"
	"slices"

	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/internal/tree"
)

// naive is an evaluator straight from the API's documentation: one pair, one port, no classes, no sets, no cache.
// It reads the objects with their own accessors and shares nothing with the engine but the document tree. It knows
// two values only: its inputs have every namespace, and an address for every pod.
type naive struct {
	namespaces map[string]map[string]string
	nodes      []naiveNode
	pods       []naivePod
	policies   []*kube.Object
	cilium     *naiveCilium // nil if there is no policy of Cilium
}

type naiveNode struct {
	labels    map[string]string
	addresses []netip.Addr
}

type naivePod struct {
	ns, name string
	labels   map[string]string
	addr     netip.Addr
	ports    []naivePort
	host     bool
	node     string
	account  string
}

type naivePort struct {
	name, proto string
	number      int64
}

func stringMap(n tree.Node) map[string]string {
	m := map[string]string{}
	for c := range n.Items() {
		m[c.Key()] = c.Text()
	}
	return m
}

func newNaive(objects []*kube.Object) *naive {
	v := &naive{namespaces: map[string]map[string]string{}}
	for _, o := range objects {
		switch o.Kind {
		case "Namespace":
			v.namespaces[o.Ref.Name] = stringMap(o.Root.At("metadata", "labels"))
			v.namespaces[o.Ref.Name]["kubernetes.io/metadata.name"] = o.Ref.Name
		case "Node":
			n := naiveNode{labels: stringMap(o.Root.At("metadata", "labels"))}
			for c := range o.Root.At("status", "addresses").Items() {
				n.addresses = append(n.addresses, netip.MustParseAddr(c.Get("address").Str()))
			}
			v.nodes = append(v.nodes, n)
		case "Pod":
			p := naivePod{ns: o.Ref.Namespace, name: o.Ref.Name, labels: stringMap(o.Root.At("metadata", "labels"))}
			p.addr, _ = netip.ParseAddr(o.Root.At("status", "podIP").Str())
			p.node, p.account = o.Root.At("spec", "nodeName").Str(), o.Root.At("spec", "serviceAccountName").Str()
			p.host, _ = o.Root.At("spec", "hostNetwork").Bool()
			for c := range o.Root.At("spec", "containers").Items() {
				for x := range c.Get("ports").Items() {
					n, _ := x.Get("containerPort").Int()
					proto := x.Get("protocol").Str()
					if proto == "" {
						proto = "TCP"
					}
					p.ports = append(p.ports, naivePort{x.Get("name").Str(), proto, n})
				}
			}
			v.pods = append(v.pods, p)
		default:
			v.policies = append(v.policies, o)
		}
	}
	v.readCilium(objects)
	return v
}

// party is one end: a pod, or an address outside.
type party struct {
	pod  *naivePod
	addr netip.Addr
}

func (v *naive) allowed(from, to party, proto string, port int64) bool {
	if from.pod != nil && from.pod == to.pod {
		return true
	}
	return v.direction("egress", from, to, to, proto, port) && v.direction("ingress", to, from, to, proto, port)
}

// direction evaluates the tiers for one end.
func (v *naive) direction(dir string, subject, other, dest party, proto string, port int64) bool {
	if subject.pod == nil || subject.pod.host {
		return subject.pod == nil || v.cilium == nil || v.hostSide(dir, subject, other, dest, proto, port)
	}
	for _, tier := range []string{"Admin", "NetworkPolicy", "Baseline"} {
		if tier == "NetworkPolicy" {
			selected, allowed := v.networkPolicies(dir, subject, other, dest, proto, port)
			if v.cilium != nil {
				also := v.ciliumPolicies(dir, subject, other, dest, proto, port)
				if also.denied {
					return false
				}
				selected, allowed = selected || also.closed, allowed || also.allowed
			}
			if dir == "ingress" && v.cilium != nil && ownNode(subject, other) {
				return true
			}
			if selected || allowed {
				return allowed
			}
			continue
		}
		switch v.tier(tier, dir, subject, other, dest, proto, port) {
		case "Accept", "Allow":
			return true
		case "Deny":
			return false
		}
	}
	return true
}

func (v *naive) networkPolicies(dir string, subject, other, dest party, proto string, port int64) (selected, allowed bool) {
	for _, p := range v.policies {
		spec := p.Root.Get("spec")
		if p.Kind != "NetworkPolicy" || p.Ref.Namespace != subject.pod.ns || !v.selects(spec.Get("podSelector"), subject.pod.labels) {
			continue
		}
		if !applies(spec, dir) {
			continue
		}
		selected = true
		for r := range spec.Get(dir).Items() {
			peers := r.Get(map[string]string{"ingress": "from", "egress": "to"}[dir])
			if v.npPeers(p.Ref.Namespace, peers, other) && npPorts(r.Get("ports"), dest, proto, port) {
				allowed = true
			}
		}
	}
	return selected, allowed
}

func applies(spec tree.Node, dir string) bool {
	types := spec.Get("policyTypes")
	if types.Len() == 0 {
		return dir == "ingress" || spec.Get("egress").Len() > 0
	}
	for t := range types.Items() {
		if t.Str() == map[string]string{"ingress": "Ingress", "egress": "Egress"}[dir] {
			return true
		}
	}
	return false
}

func (v *naive) npPeers(own string, peers tree.Node, other party) bool {
	if peers.Len() == 0 {
		return true
	}
	for x := range peers.Items() {
		if b := x.Get("ipBlock"); b.Exists() {
			if v.cilium != nil && !v.cilium.addressed(other) {
				continue
			}
			if inBlock(b.Get("cidr").Str(), other.addr) {
				out := false
				for e := range b.Get("except").Items() {
					out = out || inBlock(e.Str(), other.addr)
				}
				if !out {
					return true
				}
			}
			continue
		}
		if other.pod == nil || other.pod.host {
			continue
		}
		if ns := x.Get("namespaceSelector"); ns.Exists() {
			if !v.selects(ns, v.namespaces[other.pod.ns]) {
				continue
			}
		} else if other.pod.ns != own {
			continue
		}
		if ps := x.Get("podSelector"); ps.Exists() && !v.selects(ps, other.pod.labels) {
			continue
		}
		return true
	}
	return false
}

func inBlock(cidr string, a netip.Addr) bool {
	return a.IsValid() && netip.MustParsePrefix(cidr).Contains(a)
}

func npPorts(ports tree.Node, dest party, proto string, port int64) bool {
	if ports.Len() == 0 {
		return true
	}
	for x := range ports.Items() {
		want := x.Get("protocol").Str()
		if want == "" {
			want = "TCP"
		}
		if want != proto {
			continue
		}
		p := x.Get("port")
		if !p.Exists() {
			return true
		}
		if p.Kind() == tree.String {
			if dest.pod != nil && !dest.pod.host && slices.Contains(dest.pod.ports, naivePort{p.Str(), proto, port}) {
				return true
			}
			continue
		}
		lo, _ := p.Int()
		hi := lo
		if e, ok := x.Get("endPort").Int(); ok {
			hi = e
		}
		if lo <= port && port <= hi {
			return true
		}
	}
	return false
}

// tier evaluates the cluster-wide policies of one tier; their priorities differ.
func (v *naive) tier(tier, dir string, subject, other, dest party, proto string, port int64) string {
	var best *kube.Object
	bestPriority, action := int64(1<<40), ""
	for _, p := range v.policies {
		spec := p.Root.Get("spec")
		at, priority := spec.Get("tier").Str(), int64(0)
		priority, _ = spec.Get("priority").Int()
		switch p.Kind {
		case "AdminNetworkPolicy":
			at = "Admin"
		case "BaselineAdminNetworkPolicy":
			at, priority = "Baseline", 1<<30
		case "NetworkPolicy", "CiliumNetworkPolicy", "CiliumClusterwideNetworkPolicy":
			continue
		}
		if at != tier || best != nil && priority >= bestPriority || !v.cnpPods(spec.Get("subject"), subject) {
			continue
		}
		for r := range spec.Get(dir).Items() {
			if v.cnpPeers(r.Get(map[string]string{"ingress": "from", "egress": "to"}[dir]), other) && v.cnpPorts(r, dest, proto, port) {
				best, bestPriority, action = p, priority, r.Get("action").Str()
				break
			}
		}
	}
	return action
}

func (v *naive) cnpPods(n tree.Node, who party) bool {
	if who.pod == nil || who.pod.host {
		return false
	}
	if ns := n.Get("namespaces"); ns.Exists() {
		return v.selects(ns, v.namespaces[who.pod.ns])
	}
	if p := n.Get("pods"); p.Exists() {
		return v.selects(p.Get("namespaceSelector"), v.namespaces[who.pod.ns]) && v.selects(p.Get("podSelector"), who.pod.labels)
	}
	return false
}

func (v *naive) cnpPeers(peers tree.Node, other party) bool {
	for x := range peers.Items() {
		if v.cnpPods(x, other) {
			return true
		}
		for c := range x.Get("networks").Items() {
			if inBlock(c.Str(), other.addr) {
				return true
			}
		}
		if sel := x.Get("nodes"); sel.Exists() && (other.pod == nil || other.pod.host) {
			for _, n := range v.nodes {
				if v.selects(sel, n.labels) && slices.Contains(n.addresses, other.addr) {
					return true
				}
			}
		}
	}
	return false
}

func (v *naive) cnpPorts(r tree.Node, dest party, proto string, port int64) bool {
	list := r.Get("protocols")
	if !list.Exists() {
		list = r.Get("ports")
	}
	if list.Len() == 0 {
		return true
	}
	for x := range list.Items() {
		for _, key := range []string{"destinationNamedPort", "namedPort"} {
			if n := x.Get(key); n.Exists() && dest.pod != nil && !dest.pod.host && slices.Contains(dest.pod.ports, naivePort{n.Str(), proto, port}) {
				return true
			}
		}
		for key, want := range map[string]string{"tcp": "TCP", "udp": "UDP", "sctp": "SCTP"} {
			at := x.Get(key)
			if !at.Exists() || want != proto {
				continue
			}
			d := at.Get("destinationPort")
			n, ok := d.Get("number").Int()
			lo, _ := d.At("range", "start").Int()
			hi, _ := d.At("range", "end").Int()
			if !d.Exists() || ok && n == port || !ok && lo <= port && port <= hi {
				return true
			}
		}
		for _, key := range []string{"portNumber", "portRange"} {
			at := x.Get(key)
			want := at.Get("protocol").Str()
			if want == "" {
				want = "TCP"
			}
			if !at.Exists() || want != proto {
				continue
			}
			n, ok := at.Get("port").Int()
			lo, _ := at.Get("start").Int()
			hi, _ := at.Get("end").Int()
			if ok && n == port || !ok && lo <= port && port <= hi {
				return true
			}
		}
	}
	return false
}

// selects is the meaning of a LabelSelector.
func (v *naive) selects(sel tree.Node, labels map[string]string) bool {
	for l := range sel.Get("matchLabels").Items() {
		if have, ok := labels[l.Key()]; !ok || have != l.Str() {
			return false
		}
	}
	for e := range sel.Get("matchExpressions").Items() {
		have, ok := labels[e.Get("key").Str()]
		in := false
		for x := range e.Get("values").Items() {
			in = in || ok && x.Str() == have
		}
		good := map[string]bool{"In": in, "NotIn": !in, "Exists": ok, "DoesNotExist": !ok}[e.Get("operator").Str()]
		if !good {
			return false
		}
	}
	return true
}
