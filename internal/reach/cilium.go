package reach

import (
	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/internal/tree"
)

// The kinds of Cilium that policies refer to.
const (
	ciliumPolicy      bartizan.Kind = "CiliumNetworkPolicy.cilium.io"
	ciliumClusterwide bartizan.Kind = "CiliumClusterwideNetworkPolicy.cilium.io"
	ciliumGroup       bartizan.Kind = "CiliumCIDRGroup.cilium.io"
)

// ciliumDecoder decodes one rule set of a Cilium policy: its spec, or an item of its specs.
type ciliumDecoder struct {
	*decoder
	p    *policy
	spec tree.Node
	own  string // the namespace of the policy; "" for a cluster-wide one
}

// ciliumNetworkPolicy decodes cilium.io/v2 CiliumNetworkPolicy.
func (d *decoder) ciliumNetworkPolicy(o *kube.Object) {
	d.ciliumSpecs(o, namespaceOf(o.Ref.Namespace))
}

// ciliumClusterwidePolicy decodes cilium.io/v2 CiliumClusterwideNetworkPolicy.
func (d *decoder) ciliumClusterwidePolicy(o *kube.Object) { d.ciliumSpecs(o, "") }

// maxSpecs bounds the items of specs.
const maxSpecs = 1000

func (d *decoder) ciliumSpecs(o *kube.Object, own string) {
	var list []tree.Node
	if spec := o.Root.Get("spec"); !missing(spec) {
		list = append(list, spec)
	}
	more, broken := listOf(o.Root.Get("specs"), maxSpecs)
	list = append(list, more...)
	if broken != "" || len(list) == 0 {
		if broken == "" {
			broken = "it has neither spec nor specs"
		}
		c := &ciliumDecoder{decoder: d, p: d.new(o), own: own}
		c.refuse(o.Root, broken)
		return
	}
	for i, spec := range list {
		p := d.new(o)
		p.part = i
		(&ciliumDecoder{decoder: d, p: p, spec: spec, own: own}).decode()
	}
}

// refuse marks the policy as one that Cilium's agent does not accept. Such a one does nothing, but whether the agent
// at hand is of a version that accepts it is not known: it may do anything in its namespace.
func (c *ciliumDecoder) refuse(n tree.Node, why string) {
	c.p.doubt = why
	c.faults = append(c.faults, Fault{Code: BrokenPolicy, Policy: c.p.ref, Rule: -1, Origin: c.at(n),
		Message: c.p.ref.String() + ": " + why + "; Cilium does not accept it, and what it does is not known"})
	c.p.tier, c.p.cilium = NetworkTier, true
	c.p.namespace = c.own
	c.p.subject = peer{selects: true, origin: c.p.origin}
	if c.own == "" {
		c.p.subject.namespaces = &selector{}
	}
	c.p.isolates = [2]bool{true, true}
	c.p.rules = [2][]rule{}
	c.p.anything(why, Allow, Deny)
	if c.own == "" && missing(c.spec.Get("endpointSelector")) && (c.config.hostFirewall || !c.config.read) {
		nodes := *c.p // it may be about nodes as well
		nodes.subject = peer{nodes: &selector{}, origin: c.p.origin}
		nodes.part += maxSpecs
		for dir := range nodes.rules {
			nodes.rules[dir] = append([]rule(nil), c.p.rules[dir]...)
		}
		c.policies = append(c.policies, &nodes)
	}
}

func (c *ciliumDecoder) decode() {
	p := c.p
	p.tier, p.cilium, p.namespace = NetworkTier, true, c.own
	p.origin = c.at(c.spec)
	if c.spec.Kind() != tree.Map {
		c.refuse(c.spec, "its spec is a "+c.spec.Kind().String()+", not a map")
		return
	}
	wrong := unknownField(c.spec, "endpointSelector", "nodeSelector", "ingress", "ingressDeny", "egress", "egressDeny",
		"labels", "description", "enableDefaultDeny", "log")
	if wrong == "" {
		wrong = c.subject()
	}
	if wrong == "" {
		wrong = c.sections()
	}
	switch {
	case wrong != "":
		c.refuse(c.spec, wrong)
	case p.subject.nodes != nil && c.config.read && !c.config.hostFirewall:
		p.rules, p.isolates, p.doubt = [2][]rule{}, [2]bool{}, ""
		c.faults = append(c.faults, Fault{Code: NoEffect, Policy: p.ref, Rule: -1, Origin: p.origin,
			Message: p.ref.String() + " does nothing, as Cilium's host firewall is off (enable-host-firewall)"})
	}
}

// subject reads whom the policy selects; it returns what is wrong.
func (c *ciliumDecoder) subject() string {
	endpoints, nodes := c.spec.Get("endpointSelector"), c.spec.Get("nodeSelector")
	p := c.p
	switch {
	case missing(endpoints) == missing(nodes):
		return "it must have one of endpointSelector and nodeSelector"
	case missing(endpoints) && c.own != "":
		return "nodeSelector is for CiliumClusterwideNetworkPolicy"
	case missing(endpoints):
		s := c.words.ciliumSelector(nodes, false)
		p.subject = peer{nodes: s.labels, origin: c.at(nodes)}
		if !c.config.hostFirewall {
			p.doubt = "a policy for nodes counts only where Cilium's host firewall is on (enable-host-firewall)"
		}
		return s.labels.broken
	}
	s := c.words.ciliumSelector(endpoints, true)
	p.subject = peer{selects: true, pods: s.labels, origin: c.at(endpoints)}
	if s.reserved != "" { // endpoints that are not pods: those of Cilium itself
		p.subject.pods = nobody()
	}
	if c.own == "" {
		p.subject.namespaces = &selector{}
	}
	return s.labels.broken
}

// nobody is a selector that selects nothing.
func nobody() *selector { return &selector{reqs: []requirement{{op: opNever}}, text: "-"} }

// sections reads the four lists of rules, and which directions they close; it returns what is wrong.
func (c *ciliumDecoder) sections() string {
	closes := c.spec.Get("enableDefaultDeny")
	if wrong := unknownField(closes, "ingress", "egress"); wrong != "" {
		return wrong
	}
	for _, s := range []ciliumSection{
		{Ingress, "ingress", Allow, "from"}, {Ingress, "ingressDeny", Deny, "from"},
		{Egress, "egress", Allow, "to"}, {Egress, "egressDeny", Deny, "to"},
	} {
		items, wrong := listOf(c.spec.Get(s.field), maxRules)
		if wrong != "" {
			return wrong
		}
		for i, n := range items {
			if wrong := c.rule(s, i, n); wrong != "" {
				return s.field + ": " + wrong
			}
		}
		if len(items) == 0 {
			continue
		}
		on, set := closes.Get(s.dir.String()).Bool()
		if n := closes.Get(s.dir.String()); !set && !missing(n) {
			return "enableDefaultDeny." + s.dir.String() + " is neither true nor false"
		}
		c.p.isolates[s.dir] = on || !set
	}
	return ""
}

// ciliumSection is one of the lists of rules.
type ciliumSection struct {
	dir    Direction
	field  string
	action Action
	word   string // with which the fields that name peers begin
}

// ciliumConfig is what the agent's ConfigMap says about how policies work, if it was read.
type ciliumConfig struct {
	read         bool
	cidrNodes    bool // addresses in rules match nodes
	hostFirewall bool
	nodeLabels   bool // nodes are known by their labels
	cluster      string
}

// Where the agent's settings are.
const (
	ciliumConfigNamespace = "kube-system"
	ciliumConfigName      = "cilium-config"
)

func readCiliumConfig(w bartizan.World) (c ciliumConfig) {
	e, ok := w.Get(bartizan.Ref{Kind: "ConfigMap", Namespace: ciliumConfigNamespace, Name: ciliumConfigName})
	o, is := e.Value.(*kube.Object)
	if !ok || !is {
		return c
	}
	data := o.Root.Get("data")
	return ciliumConfig{
		read:         true,
		cidrNodes:    data.Get("policy-cidr-match-mode").Str() == "nodes",
		hostFirewall: data.Get("enable-host-firewall").Str() == "true",
		nodeLabels:   data.Get("enable-node-selector-labels").Str() == "true",
		cluster:      data.Get("cluster-name").Str(),
	}
}
