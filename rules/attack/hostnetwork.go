package attack

import "github.com/bartizan-dev/bartizan/rule"

// HostNetwork leads from a pod in the node's network to the node's cloud identity.
var HostNetwork = rule.Edge(`
id: attack-host-network
title: Ask the metadata service for credentials from the node's own network
certainty: conditional
cost: 1
maps: {attack: [T1552.005, T1078.004], ms-matrix: [MS-TA9033, MS-TA9034]}
why: |
  A pod with hostNetwork speaks with the node's address. No NetworkPolicy selects it, a hop limit of 1 lets it through, and
  the servers that clouds put between pods and the metadata do not stand in its way: it gets what the node gets.
detect: connections to 169.254.169.254 by other processes than the node's agents
mitigate: take hostNetwork away; publish a host port where only a port is needed
references:
  - https://kubernetes.io/docs/concepts/services-networking/network-policies/#networkpolicy-and-hostnetwork-pods
  - https://kubernetes.io/docs/concepts/security/pod-security-standards/
-- yes/daemonset.yaml --
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent, namespace: ops}
spec:
  template:
    spec:
      hostNetwork: true # EVIDENCE
      containers: [{name: a, image: a}]
# EDGE DaemonSet ops/agent -> Cloud of the nodes
-- yes/policy.yaml --
# Policies do not select pods in the node's network.
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: nothing-out, namespace: ops}
spec: {podSelector: {}, policyTypes: [Egress]}
---
apiVersion: v1
kind: Pod
metadata: {name: agent, namespace: ops}
spec: {hostNetwork: true, containers: [{name: a, image: a, securityContext: {runAsUser: 1000}}]}
# EDGE Pod ops/agent -> Cloud of the nodes
-- no/own-network.yaml --
apiVersion: v1
kind: Pod
metadata: {name: agent, namespace: ops}
spec: {containers: [{name: a, image: a, ports: [{containerPort: 80, hostPort: 80}]}]}
# NO EDGE Pod ops/agent -> Cloud of the nodes
-- no/no-cloud.yaml --
apiVersion: v1
kind: Node
metadata: {name: n1}
spec: {providerID: "k3s://n1"}
---
apiVersion: v1
kind: Pod
metadata: {name: agent, namespace: ops}
spec: {nodeName: n1, hostNetwork: true, containers: [{name: a, image: a}]}
# NO EDGE Pod ops/agent -> Cloud of the nodes
`, deriveHostNetwork)

func deriveHostNetwork(a *rule.Attack) {
	for p := range a.Pods.All() {
		if !p.HostNetwork {
			continue
		}
		toClouds(a, p, rule.Step{
			From: p.Vertex(), Text: "asks the metadata service for the credentials of the node", Why: p.Why(p.Spec.Get("hostNetwork")),
			Fixes: []rule.Fix{p.Without("hostNetwork", 10, "know that the program listens on no address of the node")},
		})
	}
}
