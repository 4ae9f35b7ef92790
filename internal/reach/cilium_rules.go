package reach

import (
	"net/netip"
	"strings"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/internal/tree"
)

// ciliumPeers says how each field that names peers is read.
func ciliumPeers() []ciliumPeerField {
	return []ciliumPeerField{
		{"Endpoints", (*ciliumDecoder).endpoints},
		{"Entities", (*ciliumDecoder).entities},
		{"CIDR", (*ciliumDecoder).cidr},
		{"CIDRSet", (*ciliumDecoder).cidrSet},
		{"Nodes", (*ciliumDecoder).nodes},
		{"Groups", (*ciliumDecoder).groups},
		{"Services", (*ciliumDecoder).services},
		{"FQDNs", (*ciliumDecoder).names},
	}
}

type ciliumPeerField struct {
	name string
	read func(*ciliumDecoder, tree.Node) ([]peer, string)
}

// rule reads one rule: as many as it has lists of ports, which differ in what they let through of a port. It
// returns what makes Cilium refuse the policy.
func (c *ciliumDecoder) rule(s ciliumSection, index int, n tree.Node) string {
	if n.Kind() != tree.Map {
		return "a rule is not a map"
	}
	r := rule{action: s.action, index: index, origin: c.at(n), list: s.field}
	known := []string{s.word + "Requires", "toPorts", "icmps", "authentication"}
	fields := ""
	for _, f := range ciliumPeers() {
		if s.dir == Ingress && (f.name == "Services" || f.name == "FQDNs") || s.action == Deny && f.name == "FQDNs" {
			continue
		}
		known = append(known, s.word+f.name)
		at := n.Get(s.word + f.name)
		if missing(at) {
			continue
		}
		items, wrong := listOf(at, maxPeers)
		if wrong == "" && len(items) > 0 && fields != "" {
			wrong = s.word + f.name + " and " + fields + " do not go together in one rule"
		}
		if wrong != "" {
			return wrong
		}
		if len(items) == 0 {
			r.doubt = "what an empty list of " + s.word + f.name + " means differs between the versions of Cilium"
			r.anyPeer = true
			continue
		}
		fields = s.word + f.name
		for _, x := range items {
			peers, wrong := f.read(c, x)
			if wrong != "" {
				return wrong
			}
			r.peers = append(r.peers, peers...)
		}
	}
	if wrong := unknownField(n, known...); wrong != "" {
		return wrong
	}
	if wrong := c.requires(s, &r, n.Get(s.word+"Requires")); wrong != "" {
		return wrong
	}
	return c.ports(s, r, n, fields == "")
}

// requires reads what peers must be besides. The field is gone from later versions, which ignore it: whether the
// pods that it leaves out are let in is not known.
func (c *ciliumDecoder) requires(s ciliumSection, r *rule, n tree.Node) string {
	items, wrong := listOf(n, maxPeers)
	if wrong != "" || len(items) == 0 {
		return wrong
	}
	out := rule{action: Deny, index: r.index, origin: c.at(n), list: s.field, ports: portSpec{all: true},
		doubt: s.word + "Requires narrows what the rules let in, and versions of Cilium that do without it ignore it"}
	out.peers = []peer{{selects: true, namespaces: &selector{}, origin: out.origin}}
	for _, x := range items {
		peers, wrong := c.endpoints(x)
		if wrong != "" {
			return wrong
		}
		out.except = append(out.except, peers...)
	}
	c.p.rules[s.dir] = append(c.p.rules[s.dir], out)
	return ""
}

// endpoints reads an item of fromEndpoints or toEndpoints.
func (c *ciliumDecoder) endpoints(n tree.Node) ([]peer, string) {
	s := c.words.ciliumSelector(n, true)
	if s.labels.broken != "" {
		return nil, s.labels.broken
	}
	x := peer{selects: true, pods: s.labels, origin: c.at(n)}
	switch {
	case s.reserved != "":
		return c.entity(s.reserved, x.origin)
	case s.elsewhere || c.own == "":
		x.namespaces = &selector{}
	}
	return []peer{x}, ""
}

func (c *ciliumDecoder) entities(n tree.Node) ([]peer, string) { return c.entity(n.Str(), c.at(n)) }

// entity makes peers of a name that Cilium gives to what has no labels of its own.
func (c *ciliumDecoder) entity(name string, at bartizan.Origin) ([]peer, string) {
	x := peer{entity: name, origin: at}
	switch name {
	case "all", "world", "world-ipv4", "world-ipv6", "cluster", "host", "remote-node":
		return []peer{x}, ""
	case "none", "init", "health", "unmanaged", "ingress":
		return []peer{x}, "" // none of them is a pod or a node that can be read
	case "kube-apiserver":
		if c.servers == nil {
			return []peer{x}, ""
		}
		var out []peer
		for _, a := range c.servers {
			out = append(out, peer{block: &block{prefix: netip.PrefixFrom(a, a.BitLen())}, scope: scopeMachines, origin: at})
		}
		return out, ""
	}
	return nil, "there is no entity " + name
}

// cidr reads an address or a range.
func (c *ciliumDecoder) cidr(n tree.Node) ([]peer, string) {
	p, ok := prefix(n.Str())
	if !ok {
		a, err := netip.ParseAddr(n.Str())
		if err != nil || a.Zone() != "" || a.Is4In6() {
			return nil, n.Text() + " is neither an address nor a range such as 10.0.0.0/8"
		}
		p = netip.PrefixFrom(a, a.BitLen())
	}
	return []peer{{block: &block{prefix: p}, scope: scopeOutside, origin: c.at(n)}}, ""
}

// cidrSet reads a range with exceptions, or a reference to a CiliumCIDRGroup.
func (c *ciliumDecoder) cidrSet(n tree.Node) ([]peer, string) {
	if n.Kind() != tree.Map {
		return nil, "a range is not a map"
	}
	if wrong := unknownField(n, "cidr", "cidrGroupRef", "cidrGroupSelector", "except"); wrong != "" {
		return nil, wrong
	}
	ref, chosen := n.Get("cidrGroupRef"), n.Get("cidrGroupSelector")
	if missing(ref) && missing(chosen) {
		b, wrong := c.ipBlock(n)
		if wrong != "" {
			return nil, wrong
		}
		return []peer{{block: b, scope: scopeOutside, origin: c.at(n)}}, ""
	}
	var except []netip.Prefix
	for e := range n.Get("except").Items() {
		p, ok := prefix(e.Str())
		if !ok {
			return nil, "except " + e.Text() + " is not a range"
		}
		except = append(except, p)
	}
	if !missing(chosen) {
		return []peer{{guess: "which CiliumCIDRGroups a selector selects is not evaluated", origin: c.at(n)}}, ""
	}
	return c.group(ref.Str(), except, c.at(n)), ""
}

// group reads the ranges of a CiliumCIDRGroup.
func (c *ciliumDecoder) group(name string, except []netip.Prefix, at bartizan.Origin) (out []peer) {
	e, ok := c.world.Get(bartizan.Ref{Kind: ciliumGroup, Name: name})
	o, is := e.Value.(*kube.Object)
	if !ok || !is {
		return []peer{{guess: "CiliumCIDRGroup " + name + " was not read", origin: at}}
	}
	for n := range o.Root.At("spec", "externalCIDRs").Items() {
		x := peer{scope: scopeOutside, origin: at}
		if p, ok := prefix(n.Str()); ok {
			x.block = &block{prefix: p}
			for _, out := range except {
				if p.Contains(out.Addr()) && out.Bits() >= p.Bits() {
					x.block.except = append(x.block.except, out)
				} else if out.Overlaps(p) {
					x.block = nil
					break
				}
			}
			if x.block == nil {
				continue
			}
		} else {
			x.guess = "CiliumCIDRGroup " + name + " has a range that cannot be read"
		}
		out = append(out, x)
	}
	return out
}

// nodes reads an item of fromNodes or toNodes.
func (c *ciliumDecoder) nodes(n tree.Node) ([]peer, string) {
	s := c.words.ciliumSelector(n, false)
	x := peer{nodes: s.labels, own: true, origin: c.at(n)}
	if !c.config.nodeLabels {
		x.maybe = "rules on the labels of nodes count only where Cilium is told so (enable-node-selector-labels)"
	}
	return []peer{x}, s.labels.broken
}

func (c *ciliumDecoder) groups(n tree.Node) ([]peer, string) {
	return []peer{{guess: "the addresses of a cloud's groups are not known", origin: c.at(n)}}, ""
}

// names reads an item of toFQDNs. Cilium learns the addresses from answers to the pods' own questions.
func (c *ciliumDecoder) names(n tree.Node) ([]peer, string) {
	if wrong := unknownField(n, "matchName", "matchPattern"); wrong != "" {
		return nil, wrong
	}
	name := n.Get("matchName").Str() + n.Get("matchPattern").Str()
	if name == "" {
		return nil, "a name is empty"
	}
	return []peer{{guess: "which addresses " + strings.ToLower(name) + " stands for is not known", origin: c.at(n)}}, ""
}
