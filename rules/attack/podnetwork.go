package attack

import (
	"slices"
	"strconv"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/tree"
	"github.com/bartizan-dev/bartizan/rule"
)

// PodNetwork leads from a pod to the pods whose ports it can open.
var PodNetwork = rule.Edge(`
id: attack-pod-network
title: Use a fault in another pod's service over the cluster's network
certainty: conditional
cost: 12
maps: {attack: T1046, ms-matrix: MS-TA9034}
why: |
  Unless policies say otherwise, every pod opens every port of every other pod. Services inside a cluster trust their
  callers and are patched late; one with a fault falls to whoever reaches it. It takes a fault that is not known here.
detect: connections between workloads that never spoke before
mitigate: policies that deny by default, and allow what was seen to be needed
references:
  - https://kubernetes.io/docs/concepts/services-networking/network-policies/
-- yes/open.yaml --
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: data, labels: {app: db}}
spec:
  containers:
  - name: d
    image: d
    ports:
    - containerPort: 5432 # EVIDENCE
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {containers: [{name: w, image: w}]}
# EDGE Pod shop/web -> Pod data/db
# NO EDGE Pod data/db -> Pod shop/web
-- yes/allowed.yaml --
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: db, namespace: data}
spec:
  podSelector: {}
  ingress: [{from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: shop}}}]}]
---
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {kubernetes.io/metadata.name: shop}}
---
apiVersion: v1
kind: Namespace
metadata: {name: blog, labels: {kubernetes.io/metadata.name: blog}}
---
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: data, labels: {app: db}}
spec: {containers: [{name: d, image: d, ports: [{containerPort: 5432}]}]}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {containers: [{name: w, image: w}]}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: blog, labels: {app: web}}
spec: {containers: [{name: w, image: w}]}
# EDGE Pod shop/web -> Pod data/db
# NO EDGE Pod blog/web -> Pod data/db
-- no/denied.yaml --
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: nothing, namespace: data}
spec: {podSelector: {}, policyTypes: [Ingress]}
---
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: data, labels: {app: db}}
spec: {containers: [{name: d, image: d, ports: [{containerPort: 5432}]}]}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {containers: [{name: w, image: w}]}
# NO EDGE Pod shop/web -> Pod data/db
-- no/egress.yaml --
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: nothing, namespace: shop}
spec: {podSelector: {}, policyTypes: [Egress]}
---
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: data, labels: {app: db}}
spec: {containers: [{name: d, image: d, ports: [{containerPort: 5432}]}]}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {containers: [{name: w, image: w}]}
# NO EDGE Pod shop/web -> Pod data/db
`, derivePodNetwork)

// openPods is the vertex of opening ports of all pods that no policy isolates: most pods reach most pods, and this makes
// a sum of what would be a product.
var openPods = bartizan.Ref{Kind: "Network", Name: "of pods without policies"}

// maxAsked bounds how many pairs of pods are asked for; beyond it, pods with policies count as reachable at a higher cost:
// that misses no way. Asking is not what is dear (the network answers for classes of pods) but the steps: policies that
// tell workloads apart, as most do, leave a step for each pair, which at 10,000 pods is millions, and each brings its
// own proven fixes.
const maxAsked = 100_000

func derivePodNetwork(a *rule.Attack) {
	isolated := policed(a)
	var from, to []*rule.Pod
	for p := range a.Pods.All() {
		from = append(from, p)
		if _, ok := listens(p); ok {
			to = append(to, p)
		}
	}
	few := len(from)*len(to) <= maxAsked
	for _, p := range from {
		s := rule.Step{From: p.Vertex(), To: openPods, Text: "opens ports of pods that no policy isolates"}
		if isolated(p) {
			if few {
				continue
			}
			s.Text, s.More = "may open ports of other pods: they are too many to ask for each", unknownReach
		}
		a.Step(s)
	}
	for _, q := range to {
		at, _ := listens(q)
		s := rule.Step{To: q.Ref, Text: "uses a fault of {to} through port " + at.Text(), Why: q.Why(at)}
		if !isolated(q) || !few {
			fromOpen(a, q, s, isolated(q))
		}
		if port, err := strconv.Atoi(at.Text()); err == nil && few {
			fromEach(a, q, s, port, from, isolated)
		}
	}
}

// fromOpen reports the step to a pod from all pods that no policy holds back.
func fromOpen(a *rule.Attack, q *rule.Pod, s rule.Step, isolated bool) {
	s.From, s.More = []bartizan.Ref{openPods}, -a.Rule.Cost
	if isolated {
		s.More += unknownReach
	} else if !q.HostNetwork {
		s.Fixes = []rule.Fix{nothingIn(q)}
	}
	a.Step(s)
}

// fromEach reports the steps to a pod from those that policies let through, where policies bear on one of the two.
func fromEach(a *rule.Attack, q *rule.Pod, s rule.Step, port int, from []*rule.Pod, isolated func(*rule.Pod) bool) {
	for _, p := range from {
		if p == q || !isolated(p) && !isolated(q) {
			continue
		}
		answer := a.Network.Opens(p, q, port)
		if answer.Verdict == rule.ReachNo {
			continue
		}
		one := s
		one.From, one.More = p.Vertex(), unsure(answer)
		one.Fixes = answer.Fixes
		one.Why = append(s.Why[:len(s.Why):len(s.Why)], answer.Why...)
		a.Step(one)
	}
}

// listens is the first TCP port that a pod declares.
func listens(p *rule.Pod) (tree.Node, bool) {
	for i := range p.Containers {
		for port := range p.Containers[i].Node.Get("ports").Items() {
			if protocol := port.Get("protocol").Str(); protocol == "" || protocol == "TCP" {
				return port.Get("containerPort"), true
			}
		}
	}
	return tree.Node{}, false
}

// nothingIn is a policy that lets nobody open ports of a pod.
func nothingIn(p *rule.Pod) rule.Fix {
	name := "nothing-in-" + p.Ref.Name
	return rule.Fix{
		Target: bartizan.Ref{Kind: "NetworkPolicy", Namespace: p.Ref.Namespace, Name: name}, Cost: 30,
		Text:   "let nothing open ports of " + p.Ref.String(),
		Unsafe: "know who must reach it and allow them by policies of their own, and that the network plugin enforces policies",
		New: func() map[string]any {
			labels := map[string]any{}
			for k, v := range p.Labels {
				labels[k] = v
			}
			return map[string]any{
				"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": map[string]any{"name": name, "namespace": p.Ref.Namespace},
				"spec": map[string]any{"podSelector": map[string]any{"matchLabels": labels}, "policyTypes": []any{"Ingress"}},
			}
		},
	}
}

// policyKinds are the kinds of policies that bear on pods of any namespace.
var policyKinds = []bartizan.Kind{
	"ClusterNetworkPolicy.policy.networking.k8s.io", "AdminNetworkPolicy.policy.networking.k8s.io",
	"BaselineAdminNetworkPolicy.policy.networking.k8s.io", "CiliumNetworkPolicy.cilium.io", "CiliumClusterwideNetworkPolicy.cilium.io",
}

// policed says of which pods policies may bear on: the others send and receive what they like.
func policed(a *rule.Attack) func(*rule.Pod) bool {
	var namespaces []string
	for o := range objects(a, "NetworkPolicy") {
		namespaces = append(namespaces, placed(o).Namespace)
	}
	slices.Sort(namespaces)
	all := false
	for _, kind := range policyKinds {
		for range objects(a, kind) {
			all = true
		}
	}
	return func(p *rule.Pod) bool {
		_, found := slices.BinarySearch(namespaces, p.Ref.Namespace)
		return all || found && !p.HostNetwork
	}
}
