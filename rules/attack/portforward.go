package attack

import "github.com/bartizan-dev/bartizan/rule"

// PortForward opens ports of a pod through the API server.
var PortForward = rule.Edge(`
id: attack-port-forward
title: Open a port that a pod listens on at its loopback address
certainty: conditional
cost: 9
maps: {attack: T1046, ms-matrix: MS-TA9034}
why: |
  Whoever may create pods/portforward opens any TCP port of a pod from within the pod's own network: past every
  network policy, and with the address 127.0.0.1, which debuggers, administration consoles and sidecars trust. Whether
  a port of that sort is there is not known, hence the cost. Before 1.35 a WebSocket request was authorised as get.
detect: audit events for pods/portforward (verb create; before 1.35 also get) by anyone but people on call
mitigate: take pods/portforward out of the role, or name the pods in resourceNames
references:
  - https://kubernetes.io/docs/tasks/access-application-cluster/port-forward-access-application-cluster/
  - https://kubernetes.io/docs/concepts/security/rbac-good-practices/
-- yes/role.yaml --
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: shop}
spec: {containers: [{name: db, image: db}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: forward, namespace: shop}
rules:
- {apiGroups: [""], resources: [pods/portforward], verbs: [create]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: forward, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: forward}
subjects: [{kind: ServiceAccount, name: builder, namespace: ci}]
# EDGE ServiceAccount ci/builder -> Pod shop/db
-- yes/e6-named-everywhere.yaml --
# A name counts in every namespace when the role is bound to the whole cluster.
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: shop}
spec: {containers: [{name: db, image: db}]}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec: {containers: [{name: web, image: web}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: forward}
rules:
- {apiGroups: [""], resources: [pods/portforward], verbs: [create], resourceNames: [db]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: forward}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: forward}
subjects: [{kind: User, name: jane, apiGroup: rbac.authorization.k8s.io}]
# EDGE User jane -> Pod shop/db
# NO EDGE User jane -> Pod shop/web
-- no/other-namespace.yaml --
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: shop}
spec: {containers: [{name: db, image: db}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: forward, namespace: test}
rules:
- {apiGroups: [""], resources: [pods/portforward], verbs: [create]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: forward, namespace: test}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: forward}
subjects: [{kind: ServiceAccount, name: builder, namespace: ci}]
# NO EDGE ServiceAccount ci/builder -> Pod shop/db
-- no/e2-pods-star.yaml --
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: shop}
spec: {containers: [{name: db, image: db}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: forward}
rules:
- {apiGroups: [""], resources: ["pods/*"], verbs: [create]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: forward}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: forward}
subjects: [{kind: User, name: jane, apiGroup: rbac.authorization.k8s.io}]
# NO EDGE User jane -> Pod shop/db
`, derivePortForward)

func derivePortForward(a *rule.Attack) {
	verbs := []string{"create"}
	if a.Version.Less(rule.Version{Major: 1, Minor: 35}) {
		verbs = append(verbs, "get")
	}
	for _, verb := range verbs {
		for scope, held := range spread(a, rule.Right{Verb: verb, Resource: "pods", Sub: "portforward"}) {
			a.Step(rule.Step{From: held, To: rule.In(rule.PodsIn, scope), Text: "opens loopback ports of {to}"})
		}
	}
}
