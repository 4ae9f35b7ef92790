package suggest

import (
	"fmt"
	"hash/fnv"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/reach"
)

// write makes the policies.
func (k *maker) write() {
	taken := map[bartizan.Ref]bool{}
	for i, g := range k.groups {
		if !k.policied[i] {
			continue
		}
		ref := bartizan.Ref{Kind: k.kind(), Namespace: g.namespace, Name: policyName(g.workloads[0], false)}
		if taken[ref] {
			ref.Name = policyName(g.workloads[0], true)
		}
		taken[ref] = true
		p := Policy{Ref: ref, Workloads: g.workloads}
		k.estimate(i, &p)
		p.Text = k.text(i, &p)
		k.result.Policies = append(k.result.Policies, p)
	}
}

func (k *maker) kind() bartizan.Kind {
	if k.dialect == Cilium {
		return "CiliumNetworkPolicy.cilium.io"
	}
	return "NetworkPolicy"
}

// policyName is the name of the policy for a workload.
func policyName(w bartizan.Ref, kind bool) string {
	name := "observed-" + w.Name
	if kind {
		plain, _, _ := strings.Cut(strings.ToLower(string(w.Kind)), ".")
		name = "observed-" + plain + "-" + w.Name
	}
	if len(name) > 240 {
		h := fnv.New32a()
		_, _ = h.Write([]byte(name))
		name = fmt.Sprintf("%s-%08x", name[:220], h.Sum32())
	}
	return name
}

func plural(n int, word string) string {
	if n != 1 {
		word += "s"
	}
	return fmt.Sprintf("%d %s", n, word)
}

func times(n int) string {
	if n == 1 {
		return "seen once"
	}
	return fmt.Sprintf("seen %d times", n)
}

// estimate counts what was seen of a group, and by Good and Turing how much was not.
func (k *maker) estimate(group int, p *Policy) {
	for _, l := range k.order {
		if l.from.group != group && l.to.group != group {
			continue
		}
		n := k.links[l].count
		p.Flows++
		p.Seen += n
		if n == 1 {
			p.Once++
		}
	}
	if p.Seen > 0 {
		p.Unseen = float64(p.Once) / float64(p.Seen)
	}
}

// page writes lines of YAML.
type page struct{ strings.Builder }

func (b *page) line(indent int, format string, args ...any) {
	b.WriteString(strings.Repeat(" ", indent) + fmt.Sprintf(format, args...) + "\n")
}

// note writes a comment; nothing in it can end the line.
func (b *page) note(indent int, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	b.line(indent, "# %s", strings.Map(func(r rune) rune {
		if !strconv.IsPrint(r) {
			return '?'
		}
		return r
	}, text))
}

func (k *maker) text(group int, p *Policy) string {
	b := &page{}
	for _, w := range p.Workloads {
		b.note(0, "%s", w)
	}
	if len(p.Workloads) > 1 {
		b.note(0, "Their labels are the same, so that one policy is for all of them.")
	}
	b.note(0, "%s in %s; about %.1f %% of connections are of flows not seen yet.", plural(p.Flows, "flow"), plural(p.Seen, "connection"), 100*p.Unseen)
	api, kind := "networking.k8s.io/v1", "NetworkPolicy"
	if k.dialect == Cilium {
		api, kind = "cilium.io/v2", "CiliumNetworkPolicy"
	}
	b.line(0, "apiVersion: %s\nkind: %s\nmetadata:", api, kind)
	b.line(2, "name: %s", scalar(p.Ref.Name))
	b.line(2, "namespace: %s", scalar(p.Ref.Namespace))
	b.line(2, "labels:\n    app.kubernetes.io/managed-by: bartizan\nspec:")
	if k.dialect == Cilium {
		k.ciliumText(group, b)
	} else {
		k.kubernetesText(group, b)
	}
	return b.String()
}

// kubernetesText writes the policy of a group.
func (k *maker) kubernetesText(group int, b *page) {
	g := k.groups[group]
	b.selector(2, "podSelector", &g.selector)
	b.line(2, "policyTypes: [Ingress, Egress]")
	ingress, egress := k.rules(group, reach.Ingress), k.rules(group, reach.Egress)
	if len(ingress) == 0 {
		b.line(2, "ingress: [] # none was seen; probes come from the pod's own node and pass")
	} else {
		b.line(2, "ingress:")
	}
	for i := range ingress {
		k.rule(b, g, "from", &ingress[i])
	}
	b.line(2, "egress:")
	k.dnsRule(b, g)
	for i := range egress {
		k.rule(b, g, "to", &egress[i])
	}
}

// dnsRule lets the group ask for names.
func (k *maker) dnsRule(b *page, g *group) {
	groups := k.dnsGroups()
	if len(groups) == 0 {
		b.note(2, "Names: the name server's pods were not read; these are its usual labels.")
		b.line(2, "- to:\n    - namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: kube-system}}")
		b.line(6, "podSelector: {matchLabels: {k8s-app: kube-dns}}")
	} else {
		b.note(2, "Names")
		b.line(2, "- to:")
		for _, i := range groups {
			k.peer(b, g, k.groups[i])
		}
	}
	b.ports(k.dnsPorts())
}

func (k *maker) rule(b *page, g *group, key string, r *rule) {
	b.note(2, "%s", times(r.count))
	b.line(2, "- %s:", key)
	for _, p := range r.peers {
		k.peer(b, g, k.groups[p.group])
	}
	for _, p := range r.prefixes {
		what := ""
		if node, ok := k.nodes[p.Addr()]; ok && p.IsSingleIP() {
			what = " # node " + strings.Trim(strconv.QuoteToASCII(node), `"`)
		} else if s, ok := k.services[p.Addr()]; ok && apiServer(s) && p.IsSingleIP() {
			what = " # the API server"
		}
		b.line(4, "- ipBlock: {cidr: %q}%s", p.String(), what)
	}
	b.ports(r.ports)
}

func (b *page) ports(list []reach.Port) {
	b.line(4, "ports:")
	for _, p := range list {
		b.line(4, "- {protocol: %s, port: %d}", p.Protocol, p.Number)
	}
}

func (k *maker) peer(b *page, g, other *group) {
	if other.namespace == g.namespace {
		b.selector(4, "- podSelector", &other.selector)
		return
	}
	b.line(4, "- namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: %s}}", scalar(other.namespace))
	b.selector(6, "podSelector", &other.selector)
}

func (b *page) selector(indent int, key string, s *selector) {
	if len(s.labels)+len(s.absent) == 0 {
		b.line(indent, "%s: {}", key)
		return
	}
	b.line(indent, "%s:", key)
	if strings.HasPrefix(key, "- ") {
		indent += 2
	}
	if len(s.labels) > 0 {
		b.line(indent+2, "matchLabels:")
		for _, k := range slices.Sorted(maps.Keys(s.labels)) {
			b.line(indent+4, "%s: %s", scalar(k), scalar(s.labels[k]))
		}
	}
	if len(s.absent) > 0 {
		b.line(indent+2, "matchExpressions:")
		for _, k := range s.absent {
			b.line(indent+2, "- {key: %s, operator: DoesNotExist}", scalar(k))
		}
	}
}

// inline is the selector on one line.
func (s *selector) inline() string {
	var parts, labels, absent []string
	for _, k := range slices.Sorted(maps.Keys(s.labels)) {
		labels = append(labels, scalar(k)+": "+scalar(s.labels[k]))
	}
	for _, k := range s.absent {
		absent = append(absent, "{key: "+scalar(k)+", operator: DoesNotExist}")
	}
	if len(labels) > 0 {
		parts = append(parts, "matchLabels: {"+strings.Join(labels, ", ")+"}")
	}
	if len(absent) > 0 {
		parts = append(parts, "matchExpressions: ["+strings.Join(absent, ", ")+"]")
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

var (
	plain    = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z][A-Za-z0-9./_-]*$`) })
	reserved = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?i)^(y|n|yes|no|on|off|true|false|null|nan|inf)$`) })
)

// scalar writes a string so that YAML reads it as that string.
func scalar(s string) string {
	if plain().MatchString(s) && !reserved().MatchString(s) {
		return s
	}
	return strconv.QuoteToASCII(s)
}
