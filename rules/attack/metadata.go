package attack

import (
	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/rule"
)

// Metadata leads from a pod that reaches the metadata service to the node's cloud identity.
var Metadata = rule.Edge(`
id: attack-metadata
title: Ask the cloud's metadata service for the node's credentials
certainty: conditional
cost: 4
maps: {attack: [T1552.005, T1078.004], ms-matrix: [MS-TA9033, MS-TA9028]}
why: |
  The metadata service at 169.254.169.254 answers whoever asks from the machine, and takes a pod's packets for the
  machine's. What keeps pods away is an egress policy, a hop limit of 1 on the instance, or the cloud's own server in
  between, as with GKE's Workload Identity; only the first can be seen here.
detect: connections from pods to 169.254.169.254, or the node's role used from a pod's program
mitigate: an egress policy that leaves out 169.254.169.254/32; IMDSv2 with a hop limit of 1
references:
  - https://kubernetes.io/docs/concepts/security/cloud-native-security/
  - https://kubernetes.io/docs/tasks/administer-cluster/securing-a-cluster/#restricting-cloud-metadata-api-access
-- yes/open.yaml --
apiVersion: v1
kind: Node
metadata: {name: n1}
spec: {providerID: "aws:///eu-west-1a/i-0"}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {nodeName: n1, containers: [{name: w, image: w}]}
# EDGE Pod shop/web -> Cloud of the nodes
-- yes/ingress-only.yaml --
# A policy for what comes in says nothing about what goes out.
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: in, namespace: shop}
spec: {podSelector: {}, policyTypes: [Ingress]}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {containers: [{name: w, image: w}]}
# EDGE Pod shop/web -> Cloud of the nodes
-- no/policy.yaml --
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: out, namespace: shop}
spec:
  podSelector: {}
  policyTypes: [Egress]
  egress: [{to: [{ipBlock: {cidr: 0.0.0.0/0, except: [169.254.0.0/16]}}]}]
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {containers: [{name: w, image: w}]}
# NO EDGE Pod shop/web -> Cloud of the nodes
-- no/no-cloud.yaml --
apiVersion: v1
kind: Node
metadata: {name: n1}
spec: {providerID: "kind://docker/kind/n1"}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {nodeName: n1, containers: [{name: w, image: w}]}
# NO EDGE Pod shop/web -> Cloud of the nodes
`, deriveMetadata)

// metadataAddress is where the clouds' machines find their metadata.
const metadataAddress = "169.254.169.254"

// unknownReach is added to the cost where it is not known whether packets pass.
const unknownReach = 3

func deriveMetadata(a *rule.Attack) {
	for p := range a.Pods.All() {
		if p.HostNetwork {
			continue
		}
		answer := a.Network.Outside(p, metadataAddress, 80)
		if answer.Verdict == rule.ReachNo {
			continue
		}
		toClouds(a, p, rule.Step{
			From: p.Vertex(), Text: "asks the metadata service for the credentials of the node", Why: append(p.Why(p.Spec), answer.Why...),
			Fixes: answer.Fixes, More: unsure(answer),
		})
	}
}

// unsure is what an answer of the network adds to the cost of a step.
func unsure(answer rule.Answer) int {
	if answer.Verdict == rule.ReachUnknown {
		return unknownReach
	}
	return 0
}

// toClouds reports a step from a pod to the cloud identities of the nodes on which it may run.
func toClouds(a *rule.Attack, p *rule.Pod, s rule.Step) {
	cost, seen := s.More, map[bartizan.Ref]bool{}
	for _, n := range p.Nodes {
		to, more, ok := cloudOf(a, n)
		if !ok || seen[to] {
			continue
		}
		seen[to] = true
		s.To, s.More = to, cost+more
		a.Step(s)
	}
}
