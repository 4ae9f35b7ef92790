package attack

import (
	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/rule"
)

// NodeReads uses what the API server gives a kubelet.
var NodeReads = rule.Edge(`
id: attack-node-reads
title: Read the Secrets and ask for the tokens of the pods on a node, as its kubelet
certainty: certain
cost: 0
maps: {attack: [T1552.007, T1528], ms-matrix: MS-TA9016}
why: |
  The API server lets a kubelet read the Secrets that pods on its node refer to and create tokens of their service
  accounts, and of no others. So the credentials of one node are worth what runs on it: an operator with many
  rights on every node, as a DaemonSet has them, makes every node worth those rights.
detect: requests by a node's user from another address than the node's
mitigate: keep workloads with far-reaching rights on nodes of their own; rotate the certificate of a node that was lost
references:
  - https://kubernetes.io/docs/reference/access-authn-authz/node/
-- yes/pod.yaml --
apiVersion: v1
kind: Node
metadata: {name: n1}
---
apiVersion: v1
kind: Node
metadata: {name: n2}
---
apiVersion: v1
kind: Secret
metadata: {name: db, namespace: shop}
type: Opaque
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec:
  nodeName: n1
  serviceAccountName: web
  containers: [{name: web, image: web}]
  volumes: [{name: db, secret: {secretName: db}}]
# EDGE User system:node:n1 -> ServiceAccount shop/web
# EDGE User system:node:n1 -> Secret shop/db
# NO EDGE User system:node:n2 -> ServiceAccount shop/web
# NO EDGE User system:node:n1 -> ServiceAccount shop/default
-- yes/no-nodes-read.yaml --
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent, namespace: ops}
spec:
  selector: {matchLabels: {app: agent}}
  template:
    metadata: {labels: {app: agent}}
    spec: {containers: [{name: agent, image: agent}]}
# EDGE User system:node:(worker) -> ServiceAccount ops/default
-- no/other-node.yaml --
apiVersion: v1
kind: Node
metadata: {name: n1}
---
apiVersion: v1
kind: Node
metadata: {name: n2}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec: {nodeName: n2, containers: [{name: web, image: web}]}
# NO EDGE User system:node:n1 -> ServiceAccount shop/default
-- no/unused-secret.yaml --
apiVersion: v1
kind: Node
metadata: {name: n1}
---
apiVersion: v1
kind: Secret
metadata: {name: db, namespace: shop}
type: Opaque
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec: {nodeName: n1, containers: [{name: web, image: web}]}
# NO EDGE User system:node:n1 -> Secret shop/db
`, deriveNodeReads)

func deriveNodeReads(a *rule.Attack) {
	coming := map[bartizan.Ref][]*rule.Pod{} // what may run on a node, and no pod of which was read
	for p := range a.Pods.All() {
		for _, n := range p.Nodes {
			if p.Count == 0 {
				coming[n] = append(coming[n], p)
			}
		}
	}
	for _, n := range a.Pods.Nodes() {
		from := []bartizan.Ref{rule.NodeUser(n.Ref.Name)}
		for _, to := range a.Access.NodeReads(n.Ref.Name) {
			text := "reads {to}, as the kubelet may"
			if to.Kind == "ServiceAccount" {
				text = "asks for a token of {to}, as the kubelet may"
			}
			a.Step(rule.Step{From: from, To: to, Text: text})
		}
		for _, p := range coming[n.Ref] {
			a.Step(rule.Step{
				From: from, To: p.Account, More: 1, Why: p.Why(p.Spec.Get("serviceAccountName")),
				Text: "asks for a token of {to} once a pod of " + p.Ref.Name + " is on the node",
			})
		}
	}
}
