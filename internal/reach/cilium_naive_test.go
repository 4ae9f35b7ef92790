package reach

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/internal/tree"
)

// naiveCilium is the naive evaluator's view of Cilium: rule by rule as the documentation has it, of inputs that say
// everything (the agent's ConfigMap, the API server's addresses, the groups of ranges).
type naiveCilium struct {
	specs      []naiveSpec
	groups     map[string][]string
	servers    []netip.Addr
	cidrNodes  bool
	firewall   bool
	nodeLabels bool
}

type naiveSpec struct {
	own  string
	spec tree.Node
}

type ciliumVerdict struct{ denied, closed, allowed bool }

func (v *naive) readCilium(objects []*kube.Object) {
	c := &naiveCilium{groups: map[string][]string{}}
	for _, o := range objects {
		switch o.Kind {
		case "CiliumNetworkPolicy", "CiliumClusterwideNetworkPolicy":
			if s := o.Root.Get("spec"); s.Exists() {
				c.specs = append(c.specs, naiveSpec{o.Ref.Namespace, s})
			}
			for s := range o.Root.Get("specs").Items() {
				c.specs = append(c.specs, naiveSpec{o.Ref.Namespace, s})
			}
		case "CiliumCIDRGroup":
			for x := range o.Root.At("spec", "externalCIDRs").Items() {
				c.groups[o.Ref.Name] = append(c.groups[o.Ref.Name], x.Str())
			}
		case "ConfigMap":
			data := stringMap(o.Root.Get("data"))
			c.cidrNodes, c.firewall = data["policy-cidr-match-mode"] == "nodes", data["enable-host-firewall"] == "true"
			c.nodeLabels = data["enable-node-selector-labels"] == "true"
		case "EndpointSlice":
			for e := range o.Root.Get("endpoints").Items() {
				for a := range e.Get("addresses").Items() {
					c.servers = append(c.servers, netip.MustParseAddr(a.Str()))
				}
			}
		}
	}
	if len(c.specs) > 0 {
		v.cilium = c
	}
}

// ownNode says whether b is the node that pod a runs on.
func ownNode(a, b party) bool {
	return a.pod != nil && b.pod != nil && !a.pod.host && b.pod.host && a.pod.node == b.pod.node
}

// addressed says whether rules on addresses are about a party.
func (c *naiveCilium) addressed(p party) bool {
	return p.pod == nil || p.pod.host && c.cidrNodes
}

// undecided says whether the engine answers unknown where this evaluator answers: between a pod and its own node,
// where rules deny the node or policies for nodes do.
func (c *naiveCilium) undecided(v *naive, from, to party, q probe) bool {
	proto, port := q.proto.String(), int64(q.port)
	if !ownNode(from, to) && !ownNode(to, from) {
		return false
	}
	if ownNode(to, from) && v.ciliumPolicies("ingress", to, from, to, proto, port).denied {
		return true
	}
	if ownNode(from, to) {
		return !v.hostSide("ingress", to, from, to, proto, port)
	}
	return !v.hostSide("egress", from, to, to, proto, port)
}

// hostSide is the verdict of the policies for nodes.
func (v *naive) hostSide(dir string, subject, other, dest party, proto string, port int64) bool {
	if v.cilium == nil {
		return true
	}
	a := v.ciliumPolicies(dir, subject, other, dest, proto, port)
	return !a.denied && (a.allowed || !a.closed)
}

func (v *naive) ciliumPolicies(dir string, subject, other, dest party, proto string, port int64) (out ciliumVerdict) {
	for _, s := range v.cilium.specs {
		if !v.ciliumSubject(s, subject) {
			continue
		}
		allow, deny := s.spec.Get(dir), s.spec.Get(dir+"Deny")
		if allow.Len()+deny.Len() > 0 {
			if on, set := s.spec.At("enableDefaultDeny", dir).Bool(); on || !set {
				out.closed = true
			}
		}
		for r := range allow.Items() {
			out.allowed = out.allowed || v.ciliumRule(s, dir, r, subject, other, dest, proto, port)
		}
		for r := range deny.Items() {
			out.denied = out.denied || v.ciliumRule(s, dir, r, subject, other, dest, proto, port)
		}
	}
	return out
}

func (v *naive) ciliumSubject(s naiveSpec, p party) bool {
	if nodes := s.spec.Get("nodeSelector"); nodes.Exists() {
		if !p.pod.host || !v.cilium.firewall {
			return false
		}
		return v.nodeMatches(nodes, p)
	}
	if p.pod.host || s.own != "" && p.pod.ns != s.own {
		return false
	}
	return v.ciliumLabels(s.spec.Get("endpointSelector"), p.pod)
}

func (v *naive) nodeMatches(sel tree.Node, p party) bool {
	for _, n := range v.nodes {
		if slices.Contains(n.addresses, p.addr) && v.selects(sel, n.labels) {
			return true
		}
	}
	return false
}

func bare(key string) string {
	return strings.TrimPrefix(strings.TrimPrefix(key, "k8s:"), "any:")
}

// ciliumLabels matches a selector with the labels that Cilium sees on a pod.
func (v *naive) ciliumLabels(sel tree.Node, p *naivePod) bool {
	value := func(key string) (string, bool) {
		key = bare(key)
		if rest, ok := strings.CutPrefix(key, "io.cilium.k8s.namespace.labels."); ok {
			x, ok := v.namespaces[p.ns][rest]
			return x, ok
		}
		switch key {
		case "io.kubernetes.pod.namespace":
			return p.ns, true
		case "io.cilium.k8s.policy.serviceaccount":
			return p.account, true
		case "io.cilium.k8s.policy.cluster":
			return "default", true
		}
		x, ok := p.labels[key]
		return x, ok
	}
	for l := range sel.Get("matchLabels").Items() {
		if have, ok := value(l.Key()); !ok || have != l.Str() {
			return false
		}
	}
	for e := range sel.Get("matchExpressions").Items() {
		have, ok := value(e.Get("key").Str())
		in := false
		for x := range e.Get("values").Items() {
			in = in || ok && x.Str() == have
		}
		if !map[string]bool{"In": in, "NotIn": !in, "Exists": ok, "DoesNotExist": !ok}[e.Get("operator").Str()] {
			return false
		}
	}
	return true
}

func (v *naive) ciliumRule(s naiveSpec, dir string, r tree.Node, subject, other, dest party, proto string, port int64) bool {
	word := map[string]string{"ingress": "from", "egress": "to"}[dir]
	peers, ports := 0, r.Get("toPorts")
	matched := false
	for _, f := range []string{"Endpoints", "Entities", "CIDR", "CIDRSet", "Nodes"} {
		for x := range r.Get(word + f).Items() {
			peers++
			matched = matched || v.ciliumPeer(s, f, x, subject, other)
		}
	}
	switch {
	case r.Get("icmps").Exists():
		return false
	case peers == 0 && ports.Len() == 0:
		return false
	case peers > 0 && !matched:
		return false
	case ports.Len() == 0:
		return true
	}
	for item := range ports.Items() {
		for x := range item.Get("ports").Items() {
			if v.ciliumPort(dir, x, dest, proto, port) {
				return true
			}
		}
	}
	return false
}

func (v *naive) ciliumPort(dir string, x tree.Node, dest party, proto string, port int64) bool {
	want := x.Get("protocol").Str()
	if want != "" && want != "ANY" && want != proto {
		return false
	}
	lo, err := strconv.ParseInt(x.Get("port").Str(), 10, 64)
	if err != nil {
		name := x.Get("port").Str()
		if dir == "ingress" {
			return dest.pod != nil && !dest.pod.host && slices.Contains(dest.pod.ports, naivePort{name, proto, port})
		}
		for _, p := range v.pods {
			if slices.Contains(p.ports, naivePort{name, proto, port}) {
				return true
			}
		}
		return false
	}
	hi := lo
	if e, ok := x.Get("endPort").Int(); ok && e > lo {
		hi = e
	}
	return lo == 0 || lo <= port && port <= hi
}

func (v *naive) ciliumPeer(s naiveSpec, field string, x tree.Node, subject, other party) bool {
	c := v.cilium
	switch field {
	case "Endpoints":
		for l := range x.Get("matchLabels").Items() {
			if name, ok := strings.CutPrefix(l.Key(), "reserved:"); ok {
				return v.entity(name, subject, other)
			}
		}
		if other.pod == nil || other.pod.host || !v.ciliumLabels(x, other.pod) {
			return false
		}
		return s.own == "" || speaksOfNamespaces(x) || other.pod.ns == s.own
	case "Entities":
		return v.entity(x.Str(), subject, other)
	case "CIDR":
		cidr := x.Str()
		if !strings.Contains(cidr, "/") {
			return c.addressed(other) && other.addr == netip.MustParseAddr(cidr)
		}
		return c.addressed(other) && inBlock(cidr, other.addr)
	case "CIDRSet":
		if !c.addressed(other) {
			return false
		}
		list := c.groups[x.Get("cidrGroupRef").Str()]
		if cidr := x.Get("cidr"); cidr.Exists() {
			list = []string{cidr.Str()}
		}
		for e := range x.Get("except").Items() {
			if inBlock(e.Str(), other.addr) {
				return false
			}
		}
		return slices.ContainsFunc(list, func(cidr string) bool { return inBlock(cidr, other.addr) })
	}
	return c.nodeLabels && other.pod != nil && other.pod.host && v.nodeMatches(x, other)
}

func speaksOfNamespaces(sel tree.Node) bool {
	about := func(key string) bool {
		return bare(key) == "io.kubernetes.pod.namespace" || strings.HasPrefix(bare(key), "io.cilium.k8s.namespace.labels.")
	}
	for l := range sel.Get("matchLabels").Items() {
		if about(l.Key()) {
			return true
		}
	}
	for e := range sel.Get("matchExpressions").Items() {
		if about(e.Get("key").Str()) {
			return true
		}
	}
	return false
}

func (v *naive) entity(name string, subject, other party) bool {
	outside, host := other.pod == nil, other.pod != nil && other.pod.host
	switch name {
	case "all":
		return true
	case "world":
		return outside
	case "world-ipv4":
		return outside && other.addr.Is4()
	case "world-ipv6":
		return outside && other.addr.Is6()
	case "cluster":
		return !outside
	case "host":
		return host && ownNode(subject, other)
	case "remote-node":
		return host && !ownNode(subject, other)
	case "kube-apiserver":
		return (outside || host) && slices.Contains(v.cilium.servers, other.addr)
	}
	return false
}
