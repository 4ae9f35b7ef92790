package attack

import "github.com/bartizan-dev/bartizan/rule"

// NodeProxy runs commands in pods through the kubelet.
var NodeProxy = rule.Edge(`
id: attack-node-proxy
title: Run commands in every pod of a node through nodes/proxy
certainty: certain
cost: 0
maps: {attack: T1609, ms-matrix: [MS-TA9006, MS-TA9030]}
why: |
  The kubelet asks for the right to nodes/proxy with the verb of the HTTP method, and a command through a WebSocket is a
  GET. So get of nodes/proxy, which is given to monitoring as a right to read, runs commands in every pod of the node, on
  every version of Kubernetes, and leaves no event for pods/exec in the audit log. A role that allows to get every
  resource contains it. The API server carries the request to the kubelet, so no way to the node is needed.
detect: audit events for nodes/proxy whose path begins with exec, run or attach; connections to port 10250 of nodes
mitigate: give monitoring nodes/metrics, nodes/stats, nodes/healthz and nodes/pods in place of nodes/proxy
references:
  - https://kubernetes.io/docs/reference/access-authn-authz/kubelet-authn-authz/
  - https://kubernetes.io/docs/concepts/security/rbac-good-practices/
-- yes/e9-get.yaml --
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: shop}
spec: {containers: [{name: db, image: db}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: monitoring}
rules:
- {apiGroups: [""], resources: [nodes/proxy], verbs: [get]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: monitoring}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: monitoring}
subjects: [{kind: ServiceAccount, name: prometheus, namespace: ops}]
# EDGE ServiceAccount ops/prometheus -> Pod shop/db
-- yes/e10-read-only.yaml --
# VERSION 1.36
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: shop}
spec: {containers: [{name: db, image: db}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: reader}
rules:
- {apiGroups: [""], resources: ["*"], verbs: [get, list, watch]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: reader}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: reader}
subjects: [{kind: Group, name: support, apiGroup: rbac.authorization.k8s.io}]
# EDGE Group support -> Pod shop/db
-- yes/e6-named.yaml --
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
metadata: {name: db, namespace: shop}
spec: {nodeName: n1, containers: [{name: db, image: db}]}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec: {nodeName: n2, containers: [{name: web, image: web}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: debug}
rules:
- {apiGroups: [""], resources: [nodes/proxy], verbs: [create], resourceNames: [n1]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: debug}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: debug}
subjects: [{kind: User, name: jane, apiGroup: rbac.authorization.k8s.io}]
# EDGE User jane -> Pod shop/db
# NO EDGE User jane -> Pod shop/web
-- no/role-binding.yaml --
# Nodes are in no namespace, so a RoleBinding grants nothing on them.
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: shop}
spec: {containers: [{name: db, image: db}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: monitoring}
rules:
- {apiGroups: [""], resources: [nodes/proxy], verbs: [get]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: monitoring, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: monitoring}
subjects: [{kind: ServiceAccount, name: prometheus, namespace: ops}]
# NO EDGE ServiceAccount ops/prometheus -> Pod shop/db
-- no/fine-grained.yaml --
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: shop}
spec: {containers: [{name: db, image: db}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: monitoring}
rules:
- {apiGroups: [""], resources: [nodes/metrics, nodes/stats, nodes/pods, nodes/healthz], verbs: [get, create]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: monitoring}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: monitoring}
subjects: [{kind: ServiceAccount, name: prometheus, namespace: ops}]
# NO EDGE ServiceAccount ops/prometheus -> Pod shop/db
-- no/e2-nodes-star.yaml --
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: shop}
spec: {containers: [{name: db, image: db}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: monitoring}
rules:
- {apiGroups: [""], resources: ["nodes/*"], verbs: [get]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: monitoring}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: monitoring}
subjects: [{kind: ServiceAccount, name: prometheus, namespace: ops}]
# NO EDGE ServiceAccount ops/prometheus -> Pod shop/db
-- yes/e6-named-port.yaml --
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: shop}
spec: {nodeName: n1, containers: [{name: db, image: db}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: scrape}
rules:
- {apiGroups: [""], resources: [nodes/proxy], verbs: [get], resourceNames: ["https:n1:10250"]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: scrape}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: scrape}
subjects: [{kind: ServiceAccount, name: prometheus, namespace: monitoring}]
# EDGE ServiceAccount monitoring/prometheus -> Pod shop/db
`, deriveNodeProxy)

func deriveNodeProxy(a *rule.Attack) {
	for _, verb := range []string{"get", "create"} {
		for scope, held := range a.Holding(rule.Right{Verb: verb, Resource: "nodes", Sub: "proxy", Cluster: true}) {
			node := portless(scope.Name)
			if node == "" {
				node = rule.Every
			}
			a.Step(rule.Step{From: held, To: rule.PodsOn(node), Text: "asks the kubelet to run commands in {to}"})
		}
	}
}
