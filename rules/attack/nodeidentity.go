package attack

import (
	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/rule"
)

// NodeIdentity uses a kubelet's identity as root of its node.
var NodeIdentity = rule.Edge(`
id: attack-node-identity
title: Use the kubelet's certificate as root of its node
certainty: certain
cost: 0
maps: {attack: [T1552.004, T1078.003], ms-matrix: MS-TA9003}
why: |
  The kubelet's certificate and key lie on the node, or in the memory of the kubelet, and root has them. The API server then
  takes the attacker for the node.
detect: requests in the node's name from another address or with another user agent than the kubelet's
mitigate: the Node authorizer and the NodeRestriction admission plugin bound what a node may do
references:
  - https://kubernetes.io/docs/reference/access-authn-authz/node/
-- yes/stand-in.yaml --
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec: {containers: [{name: w, image: w}]}
# EDGE Node (worker) -> User system:node:(worker)
# NO EDGE Node (worker) -> User system:node:(control-plane)
-- yes/node.yaml --
apiVersion: v1
kind: Node
metadata: {name: n1}
---
apiVersion: v1
kind: Node
metadata: {name: n2}
# EDGE Node n1 -> User system:node:n1
# EDGE Node n2 -> Group system:nodes
-- no/other.yaml --
apiVersion: v1
kind: Node
metadata: {name: n1}
---
apiVersion: v1
kind: Node
metadata: {name: n2}
# NO EDGE Node n1 -> User system:node:n2
-- no/pod.yaml --
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec: {nodeName: n1, containers: [{name: w, image: w}]}
# NO EDGE Pod shop/web -> User system:node:n1
`, deriveNodeIdentity)

func deriveNodeIdentity(a *rule.Attack) {
	for _, n := range a.Pods.Nodes() {
		a.Step(rule.Step{From: []bartizan.Ref{n.Ref}, To: rule.NodeUser(n.Ref.Name), Text: "takes the kubelet's certificate and acts as {to}"})
	}
}
