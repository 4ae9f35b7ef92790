package attack

import "github.com/bartizan-dev/bartizan/rule"

// Ephemeral adds a container to a pod that runs.
var Ephemeral = rule.Edge(`
id: attack-ephemeral-container
title: Add an ephemeral container to a pod
certainty: certain
cost: 1
maps: {attack: [T1609, T1610]}
why: |
  Whoever may change pods/ephemeralcontainers starts a container with an image and command of their own in a pod that
  runs. It shares the pod's network and, if it asks for it, the processes of another container, with whose root
  directory, environment and token it can do as it likes. Neither pods/exec nor pods/attach is needed.
detect: audit events that update or patch pods/ephemeralcontainers
mitigate: take pods/ephemeralcontainers out of the role
references:
  - https://kubernetes.io/docs/concepts/workloads/pods/ephemeral-containers/
  - https://kubernetes.io/docs/concepts/security/rbac-good-practices/
-- yes/role.yaml --
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: shop}
spec: {containers: [{name: db, image: db}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: debug, namespace: shop}
rules:
- {apiGroups: [""], resources: [pods/ephemeralcontainers], verbs: [patch]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: debug, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: debug}
subjects: [{kind: ServiceAccount, name: builder, namespace: ci}]
# EDGE ServiceAccount ci/builder -> Pod shop/db
-- yes/e2-star-sub.yaml --
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: shop}
spec: {containers: [{name: db, image: db}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: debug}
rules:
- {apiGroups: [""], resources: ["*/ephemeralcontainers"], verbs: [update]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: debug}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: debug}
subjects: [{kind: User, name: jane, apiGroup: rbac.authorization.k8s.io}]
# EDGE User jane -> Pod shop/db
-- no/pods.yaml --
# The pod itself is another resource.
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: shop}
spec: {containers: [{name: db, image: db}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: debug, namespace: shop}
rules:
- {apiGroups: [""], resources: [pods], verbs: [update, patch]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: debug, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: debug}
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
metadata: {name: debug}
rules:
- {apiGroups: [""], resources: ["pods/*"], verbs: [update, patch]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: debug}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: debug}
subjects: [{kind: User, name: jane, apiGroup: rbac.authorization.k8s.io}]
# NO EDGE User jane -> Pod shop/db
`, deriveEphemeral)

func deriveEphemeral(a *rule.Attack) {
	for _, verb := range changing {
		for scope, held := range spread(a, rule.Right{Verb: verb, Resource: "pods", Sub: "ephemeralcontainers"}) {
			a.Step(rule.Step{From: held, To: rule.In(rule.PodsIn, scope), Text: "adds a container of its own to {to}"})
		}
	}
}
