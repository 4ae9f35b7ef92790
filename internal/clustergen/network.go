package clustergen

import "math/rand/v2"

// Network says what cluster of pods and policies to make.
type Network struct {
	Seed     uint64
	Pods     int
	Policies int
	Owned    bool // pods carry a ReplicaSet as their owner
}

// tiers are what the applications of a namespace are made of.
var networkTiers = []string{"web", "api", "worker", "cache", "db"}

const (
	replicas         = 5
	podsOfNamespace  = 100
	leastNamespaces  = 4
	policyForms      = 10
	podAddressesBits = 8
)

// Manifests writes namespaces, pods with addresses, and policies as one YAML stream: each namespace has
// applications of five tiers with five replicas, and ten sorts of policies: closed by default, named ports,
// ranges, selectors of every operator, and address blocks with exceptions.
func (n Network) Manifests() string {
	g := &generator{r: rand.New(rand.NewPCG(n.Seed, 0x4E7))}
	spaces := max(n.Pods/podsOfNamespace, leastNamespaces)
	for i := range spaces {
		g.line(0, "---")
		g.line(0, "apiVersion: v1")
		g.line(0, "kind: Namespace")
		g.line(0, "metadata:")
		g.line(2, "name: ns-%d", i)
		g.line(2, "labels: {team: %s, env: %s}", teams[i%len(teams)], []string{"prod", "stage", "dev"}[i%3])
	}
	for i := range n.Pods {
		g.networkPod(i, spaces, n.Owned)
	}
	for i := range n.Policies {
		g.networkPolicy(i, spaces)
	}
	return g.b.String()
}

func (g *generator) networkPod(i, spaces int, owned bool) {
	app := i / replicas
	ns, tier := app%spaces, networkTiers[app/spaces%len(networkTiers)]
	g.line(0, "---")
	g.line(0, "apiVersion: v1")
	g.line(0, "kind: Pod")
	g.line(0, "metadata:")
	g.line(2, "name: app-%d-%d", app, i%replicas)
	g.line(2, "namespace: ns-%d", ns)
	g.line(2, "labels:")
	g.line(4, "app: app-%d", app)
	g.line(4, "tier: %s", tier)
	g.line(4, "track: %s", []string{"stable", "canary"}[app%7/6])
	if owned {
		g.line(2, "ownerReferences:")
		g.line(2, "- {apiVersion: apps/v1, kind: ReplicaSet, name: app-%d, uid: u-%d, controller: true}", app, app)
	}
	g.line(0, "spec:")
	g.line(2, "containers:")
	g.line(2, "- name: c")
	g.line(4, "image: registry.example.org/app:%d", app)
	g.line(4, "ports:")
	g.line(4, "- {name: http, containerPort: %d}", 8000+app%3)
	g.line(4, "- {name: metrics, containerPort: 9090}")
	g.line(0, "status:")
	g.line(2, "podIP: 10.%d.%d.%d", 64+i>>16&63, i>>podAddressesBits&255, i&255)
}

// networkPolicy writes one policy; its form follows from its number.
func (g *generator) networkPolicy(i, spaces int) {
	ns, form := i%spaces, i/spaces%policyForms
	tier := networkTiers[i%len(networkTiers)]
	g.line(0, "---")
	g.line(0, "apiVersion: networking.k8s.io/v1")
	g.line(0, "kind: NetworkPolicy")
	g.line(0, "metadata: {name: policy-%d, namespace: ns-%d}", i, ns)
	g.line(0, "spec:")
	if form == 0 {
		g.line(2, "podSelector: {}")
		g.line(2, "policyTypes: [Ingress, Egress]")
		return
	}
	if form == 1 {
		g.line(2, "podSelector: {matchExpressions: [{key: tier, operator: NotIn, values: [db]}]}")
		g.line(2, "policyTypes: [Egress]")
		g.line(2, "egress:")
		g.line(2, "- ports: [{protocol: UDP, port: 53}, {protocol: TCP, port: 53}]")
		return
	}
	g.line(2, "podSelector: {matchLabels: {tier: %s}}", tier)
	switch form {
	case 2:
		g.line(2, "ingress:")
		g.line(2, "- from: [{podSelector: {matchLabels: {tier: %s}}}]", networkTiers[(i+1)%len(networkTiers)])
		g.line(4, "ports: [{port: http}]")
	case 3:
		g.line(2, "ingress:")
		g.line(2, "- from:")
		g.line(4, "- namespaceSelector: {matchExpressions: [{key: team, operator: In, values: [%s, %s]}]}", teams[i%len(teams)], teams[(i+3)%len(teams)])
		g.line(6, "podSelector: {matchExpressions: [{key: tier, operator: In, values: [web, api]}]}")
		g.line(4, "ports: [{port: http}, {port: 9090}]")
	case 4:
		g.line(2, "policyTypes: [Egress]")
		g.line(2, "egress:")
		g.line(2, "- to: [{ipBlock: {cidr: 0.0.0.0/0, except: [10.0.0.0/8, 169.254.169.254/32]}}]")
		g.line(4, "ports: [{port: 443}, {port: 8000, endPort: 8001}]")
	case 5:
		g.line(2, "policyTypes: [Egress]")
		g.line(2, "egress:")
		g.line(2, "- to: [{namespaceSelector: {matchLabels: {env: prod}}, podSelector: {matchExpressions: [{key: track, operator: Exists}, {key: tier, operator: NotIn, values: [web]}]}}]")
		g.line(4, "ports: [{port: http}]")
	case 6:
		g.line(2, "ingress:")
		g.line(2, "- from: [{ipBlock: {cidr: 10.%d.%d.0/24, except: [10.%d.%d.128/25]}}]", 64, i%40, 64, i%40)
	case 7:
		g.line(2, "ingress:")
		g.line(2, "- from: [{namespaceSelector: {}}]")
		g.line(4, "ports: [{port: metrics}]")
	case 8:
		g.line(2, "policyTypes: [Ingress, Egress]")
		g.line(2, "ingress:")
		g.line(2, "- from: [{podSelector: {}}]")
		g.line(2, "egress:")
		g.line(2, "- to: [{podSelector: {}}]")
	case 9:
		g.line(2, "policyTypes: [Egress]")
		g.line(2, "egress:")
		g.line(2, "- to: [{podSelector: {matchExpressions: [{key: tier, operator: DoesNotExist}]}}, {namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: ns-%d}}}]", (ns+1)%spaces)
		g.line(4, "ports: [{protocol: UDP, port: 53}, {port: http}]")
	}
}
