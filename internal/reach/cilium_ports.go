package reach

import (
	"strconv"
	"strings"

	"github.com/bartizan-dev/bartizan/internal/tree"
)

// ports makes rules of r, one for each item of toPorts. A rule that names neither peers nor ports matches nothing;
// one that names ports alone matches every peer.
func (c *ciliumDecoder) ports(s ciliumSection, r rule, n tree.Node, everyone bool) string {
	if mode := n.At("authentication", "mode").Str(); mode != "" && mode != "disabled" {
		r.requests = append(r.requests, "peers that prove who they are (authentication: "+mode+")")
	}
	icmps, wrong := listOf(n.Get("icmps"), maxPorts)
	if wrong != "" {
		return wrong
	}
	items, wrong := listOf(n.Get("toPorts"), maxPorts)
	switch {
	case wrong != "":
		return wrong
	case len(items) > 0 && len(icmps) > 0:
		return "toPorts and icmps do not go together in one rule"
	case len(icmps) > 0:
		r.anyPeer, r.icmp = r.anyPeer || everyone, true
		c.p.rules[s.dir] = append(c.p.rules[s.dir], r)
		return ""
	case len(items) == 0:
		r.ports = portSpec{all: true}
		c.p.rules[s.dir] = append(c.p.rules[s.dir], r)
		return ""
	}
	r.anyPeer = r.anyPeer || everyone
	for _, x := range items {
		each := r
		each.origin = c.at(x)
		each.requests = append([]string(nil), r.requests...)
		if wrong := c.portRule(s, &each, x); wrong != "" {
			return wrong
		}
		c.p.rules[s.dir] = append(c.p.rules[s.dir], each)
	}
	return ""
}

// maxCiliumPorts is how many ports an item of toPorts may have.
const maxCiliumPorts = 40

// portRule reads an item of toPorts.
func (c *ciliumDecoder) portRule(s ciliumSection, r *rule, n tree.Node) string {
	if n.Kind() != tree.Map {
		return "an item of toPorts is not a map"
	}
	known := []string{"ports"}
	if s.action == Allow {
		known = append(known, "rules", "serverNames", "terminatingTLS", "originatingTLS", "listener")
	}
	if wrong := unknownField(n, known...); wrong != "" {
		return wrong
	}
	list, wrong := listOf(n.Get("ports"), maxCiliumPorts)
	if wrong != "" {
		return wrong
	}
	if len(list) == 0 {
		r.ports.all = true
		r.doubt = "what toPorts without ports means differs between the versions of Cilium"
	}
	for _, p := range list {
		if wrong := r.ports.cilium(p); wrong != "" {
			return wrong
		}
	}
	return c.requests(s, r, n)
}

// cilium adds one port; it returns what is wrong with it.
func (s *portSpec) cilium(n tree.Node) string {
	if n.Kind() != tree.Map {
		return "a port is not a map"
	}
	if wrong := unknownField(n, "port", "endPort", "protocol"); wrong != "" {
		return wrong
	}
	port := n.Get("port")
	if port.Kind() != tree.String || port.Str() == "" {
		return "port " + port.Text() + " is not a string"
	}
	protocol := strings.ToUpper(n.Get("protocol").Text())
	proto, known := ParseProtocol(protocol)
	any := protocol == "" || protocol == "ANY"
	if !known && !any {
		switch protocol {
		case "ICMP", "ICMPV6", "VRRP", "IGMP", "GRE", "IPIP", "IPV6":
			return "" // none of the protocols that are asked about
		}
		return "protocol " + n.Get("protocol").Text() + " is not known"
	}
	lo, err := strconv.ParseUint(port.Str(), 0, 16)
	if err != nil {
		if !strings.ContainsFunc(port.Str(), func(r rune) bool { return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' }) {
			return "port " + port.Str() + " is neither a number from 0 to 65535 nor a name"
		}
		s.names = append(s.names, portName{name: strings.ToLower(port.Str()), protocol: proto, anyProtocol: any, cilium: true})
		return ""
	}
	hi := lo
	if end := n.Get("endPort"); !missing(end) {
		e, ok := end.Int()
		if !ok || e < 0 || e > 65535 {
			return "endPort " + end.Text() + " is not a number from 0 to 65535"
		}
		hi = max(lo, uint64(e))
	}
	if lo == 0 { // every port
		lo, hi = 1, 65535
	}
	s.ranges = append(s.ranges, portRange{protocol: proto, any: any, lo: uint16(lo), hi: uint16(hi)})
	return ""
}

// requests reads what else must be true of what comes to a port.
func (c *ciliumDecoder) requests(s ciliumSection, r *rule, n tree.Node) string {
	names, wrong := listOf(n.Get("serverNames"), maxPorts)
	if wrong != "" {
		return wrong
	}
	for _, x := range names {
		r.requests = append(r.requests, "TLS to "+x.Text())
	}
	if name := n.At("listener", "name").Str(); name != "" {
		r.requests = append(r.requests, "what the proxy's listener "+name+" lets through")
	}
	l7 := n.Get("rules")
	if missing(l7) {
		return ""
	}
	if wrong := unknownField(l7, "http", "kafka", "dns", "l7proto", "l7"); wrong != "" {
		return wrong
	}
	if s.dir == Ingress && l7.Get("dns").Len() > 0 {
		return "rules on names (dns) are for egress"
	}
	before, every := len(r.requests), false
	r.proxied = true
	for _, kind := range []struct {
		field string
		text  func(tree.Node) string
	}{{"http", httpText}, {"kafka", kafkaText}, {"dns", dnsText}} {
		items, wrong := listOf(l7.Get(kind.field), maxPorts)
		if wrong != "" {
			return wrong
		}
		for _, x := range items {
			text := kind.text(x)
			every = every || text == ""
			r.requests = append(r.requests, text)
		}
		if at := l7.Get(kind.field); at.Kind() == tree.List && len(items) == 0 {
			r.doubt = "what an empty list of " + kind.field + " rules means differs between the versions of Cilium"
		}
	}
	if every { // one of them lets every request through
		r.requests = r.requests[:before]
	}
	if name := l7.Get("l7proto").Str(); name != "" {
		r.requests = append(r.requests, "what rules for "+name+" let through")
	}
	return ""
}

// httpText words a rule on HTTP requests. The values of headers are left out: they may be secret.
func httpText(n tree.Node) string {
	if n.Len() == 0 {
		return ""
	}
	method, path := n.Get("method").Text(), n.Get("path").Text()
	var parts []string
	if method != "" {
		parts = append(parts, method)
	}
	switch {
	case path != "":
		parts = append(parts, path)
	case method == "":
		parts = append(parts, "any path")
	}
	if host := n.Get("host").Text(); host != "" {
		parts = append(parts, "of host "+host)
	}
	for _, field := range []string{"headers", "headerMatches"} {
		for h := range n.Get(field).Items() {
			name := h.Text()
			if h.Kind() == tree.Map {
				name = h.Get("name").Text()
			}
			if i := strings.IndexAny(name, ": "); i >= 0 {
				name = name[:i]
			}
			parts = append(parts, "with header "+name)
		}
	}
	return strings.Join(parts, " ")
}

func kafkaText(n tree.Node) string {
	var parts []string
	for _, f := range []string{"role", "apiKey", "topic", "clientID", "apiVersion"} {
		if v := n.Get(f).Text(); v != "" {
			parts = append(parts, f+" "+v)
		}
	}
	if parts == nil {
		return ""
	}
	return "Kafka " + strings.Join(parts, " ")
}

func dnsText(n tree.Node) string {
	name := n.Get("matchName").Text() + n.Get("matchPattern").Text()
	if name == "*" || name == "" {
		return ""
	}
	return "questions about " + name
}
