package attack

import (
	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/rule"
)

// NodePods leads from a node to the pods that run on it.
var NodePods = rule.Edge(`
id: attack-node-pods
title: Enter the pods of a node as its root
certainty: certain
cost: 0
maps: {attack: [T1609, T1528], ms-matrix: MS-TA9016}
why: |
  Root of a node is root of every container on it: it enters their namespaces, reads their memory and files and takes their
  tokens. So one node gives the rights of every DaemonSet, and of whatever else runs there.
detect: processes in a container's namespaces that its runtime did not start
mitigate: keep workloads with strong rights on nodes of their own, and give DaemonSets few rights
references:
  - https://kubernetes.io/docs/concepts/security/multi-tenancy/
  - https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/
-- yes/daemonset.yaml --
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent, namespace: ops}
spec: {template: {spec: {containers: [{name: a, image: a}]}}}
# EDGE Node (worker) -> DaemonSet ops/agent
# NO EDGE Node (control-plane) -> DaemonSet ops/agent
-- yes/bound.yaml --
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec: {nodeName: n1, containers: [{name: w, image: w}]}
---
apiVersion: v1
kind: Node
metadata: {name: n2}
# EDGE Node n1 -> Pod shop/web
# NO EDGE Node n2 -> Pod shop/web
-- no/other-node.yaml --
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec: {nodeName: n1, containers: [{name: w, image: w}]}
---
apiVersion: v1
kind: Node
metadata: {name: n2}
# NO EDGE Node n2 -> Pod shop/web
-- no/selector.yaml --
apiVersion: v1
kind: Node
metadata: {name: n2, labels: {pool: general}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec: {template: {spec: {nodeSelector: {pool: gpu}, containers: [{name: w, image: w}]}}}
# NO EDGE Node n2 -> Deployment shop/web
`, deriveNodePods)

func deriveNodePods(a *rule.Attack) {
	for _, n := range a.Pods.Nodes() {
		a.Step(rule.Step{From: []bartizan.Ref{n.Ref}, To: rule.PodsOn(n.Ref.Name), Text: "enters {to}"})
	}
}
