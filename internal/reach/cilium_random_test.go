package reach

import (
	"fmt"
	"strings"
)

// ciliumObjects writes policies of Cilium and what they refer to.
func (c *chaos) ciliumObjects() {
	c.b.WriteString("---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: cilium-config, namespace: kube-system}\n")
	fmt.Fprintf(&c.b, "data: {cluster-name: default, enable-node-selector-labels: %q, enable-host-firewall: %q, policy-cidr-match-mode: %q}\n",
		c.of("true", "true", "true"), c.of("true", "false"), c.of("nodes", ""))
	c.b.WriteString("---\napiVersion: cilium.io/v2\nkind: CiliumCIDRGroup\nmetadata: {name: group}\nspec: {externalCIDRs: [8.8.8.0/24, \"2001:4860::/32\", 10.0.9.0/32]}\n")
	c.b.WriteString("---\napiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: {name: kubernetes, namespace: default, labels: {kubernetes.io/service-name: kubernetes}}\n")
	fmt.Fprintf(&c.b, "addressType: IPv4\nendpoints: [{addresses: [%s]}]\n", c.of("10.0.9.1", "1.1.1.1"))
	for i := range 1 + c.n(5) {
		if c.chance(70) {
			fmt.Fprintf(&c.b, "---\napiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {name: k%d, namespace: ns%d}\n", i, c.n(4))
		} else {
			fmt.Fprintf(&c.b, "---\napiVersion: cilium.io/v2\nkind: CiliumClusterwideNetworkPolicy\nmetadata: {name: k%d}\n", i)
			if c.chance(30) {
				c.ciliumSpec("spec:\n", "  ", "nodeSelector: "+c.selector(), false)
				continue
			}
		}
		if c.chance(80) {
			c.ciliumSpec("spec:\n", "  ", "endpointSelector: "+c.ciliumSelector(false), true)
			continue
		}
		c.b.WriteString("specs:\n")
		for range 2 {
			c.ciliumSpec("- description: x\n", "  ", "endpointSelector: "+c.ciliumSelector(false), true)
		}
	}
}

func (c *chaos) ciliumSpec(head, indent, selector string, l7 bool) {
	c.b.WriteString(head + indent + selector + "\n")
	if c.chance(30) {
		fmt.Fprintf(&c.b, "%senableDefaultDeny: {%s: %s}\n", indent, c.of("ingress", "egress"), c.of("true", "false"))
	}
	for _, section := range []string{"ingress", "ingressDeny", "egress", "egressDeny"} {
		if c.chance(55) || strings.HasSuffix(section, "Deny") && c.chance(60) {
			continue
		}
		fmt.Fprintf(&c.b, "%s%s:\n", indent, section)
		for range 1 + c.n(2) {
			fmt.Fprintf(&c.b, "%s- %s\n", indent, c.ciliumRule(section, l7))
		}
	}
}

func (c *chaos) ciliumRule(section string, l7 bool) string {
	word := "from"
	if strings.HasPrefix(section, "egress") {
		word = "to"
	}
	var parts []string
	if c.chance(75) {
		parts = append(parts, c.ciliumPeer(word))
	}
	switch {
	case c.chance(60):
		items := make([]string, 1+c.n(2))
		for i := range items {
			items[i] = c.ciliumPorts(word == "to", l7 && !strings.HasSuffix(section, "Deny"))
		}
		parts = append(parts, "toPorts: ["+strings.Join(items, ", ")+"]")
	case c.chance(10):
		parts = append(parts, "icmps: [{fields: [{type: 8, family: IPv4}]}]")
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

func (c *chaos) ciliumPeer(word string) string {
	switch c.n(6) {
	case 0, 1:
		return fmt.Sprintf("%sEndpoints: [%s, %s]", word, c.ciliumSelector(true), c.ciliumSelector(true))
	case 2:
		return fmt.Sprintf("%sEntities: [%s]", word, c.of("all", "world", "world-ipv4", "world-ipv6", "cluster", "host", "remote-node", "kube-apiserver", "health", "none"))
	case 3:
		cidr, _ := c.cidr()
		if a, ok := strings.CutSuffix(cidr, "/32"); ok {
			cidr = a
		}
		return fmt.Sprintf("%sCIDR: [%q]", word, cidr)
	case 4:
		if c.chance(30) {
			return fmt.Sprintf("%sCIDRSet: [{cidrGroupRef: group}]", word)
		}
		cidr, excepts := c.cidr()
		s := fmt.Sprintf("{cidr: %q", cidr)
		if len(excepts) > 0 && c.chance(60) {
			s += fmt.Sprintf(", except: [%q]", excepts[c.n(len(excepts))])
		}
		return word + "CIDRSet: [" + s + "}]"
	}
	return fmt.Sprintf("%sNodes: [%s]", word, c.selector())
}

// ciliumSelector writes a selector, with sources before keys and labels of namespaces.
func (c *chaos) ciliumSelector(peer bool) string {
	source := c.of("", "k8s:", "any:")
	switch c.n(9) {
	case 0:
		return "{}"
	case 1, 2:
		return fmt.Sprintf("{matchLabels: {%q: %s}}", source+c.of("app", "tier", "env"), c.of("a", "b", "c"))
	case 3:
		return fmt.Sprintf("{matchLabels: {%q: %s}}", source+"io.cilium.k8s.policy.serviceaccount", c.of("one", "two"))
	case 4:
		return fmt.Sprintf("{matchLabels: {%q: default, app: %s}}", source+"io.cilium.k8s.policy.cluster", c.of("a", "b"))
	case 5:
		return fmt.Sprintf("{matchLabels: {%q: %s}}", source+"io.cilium.k8s.namespace.labels."+c.of("app", "tier"), c.of("a", "b", "c"))
	case 6:
		return fmt.Sprintf("{matchExpressions: [{key: %q, operator: %s, values: [ns%d, ns%d]}]}", source+"io.kubernetes.pod.namespace", c.of("In", "NotIn"), c.n(4), c.n(4))
	case 7:
		if peer {
			return fmt.Sprintf("{matchLabels: {%q: \"\"}}", "reserved:"+c.of("host", "remote-node", "world", "health"))
		}
	}
	return fmt.Sprintf("{matchExpressions: [{key: %q, operator: %s}, {key: tier, operator: %s, values: [a, d]}]}", source+c.of("app", "env"), c.of("Exists", "DoesNotExist"), c.of("In", "NotIn"))
}

func (c *chaos) ciliumPorts(egress, l7 bool) string {
	var ports []string
	plain := false
	for range 1 + c.n(2) {
		switch c.n(5) {
		case 0:
			name := c.of("dns", "sql")
			if !egress {
				name = c.of("dns", "sql", "http")
			}
			ports = append(ports, fmt.Sprintf("{port: %s, protocol: %s}", name, c.of("ANY", "TCP", "UDP")))
			plain = true
		case 1:
			lo := 70 + c.n(20)
			ports = append(ports, fmt.Sprintf("{port: \"%d\", endPort: %d, protocol: TCP}", lo, lo+c.n(30)-5))
		case 2:
			ports = append(ports, fmt.Sprintf("{port: \"0\", protocol: %s}", c.of("TCP", "UDP", "ANY")))
			plain = true
		default:
			p := c.of("TCP", "UDP", "SCTP", "ANY", "")
			plain = plain || p != "TCP"
			ports = append(ports, fmt.Sprintf("{port: %q, protocol: %q}", c.of("80", "53", "5432", "8080"), p))
		}
	}
	s := "{ports: [" + strings.Join(ports, ", ") + "]"
	if l7 && !plain && c.chance(40) {
		s += ", rules: {http: [{method: GET, path: /api.*}]}"
	}
	return s + "}"
}
