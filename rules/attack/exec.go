package attack

import "github.com/bartizan-dev/bartizan/rule"

// Exec runs commands in pods by asking the API server.
var Exec = rule.Edge(`
id: attack-exec
title: Run commands in a pod through the API server
certainty: certain
cost: 0
maps: {attack: T1609, ms-matrix: MS-TA9006}
why: |
  Whoever may create pods/exec starts any program in any container of the pod, as the container's user and with its
  files, environment and token. The packets come from the API server and the kubelet, so no network policy stops it.
  Before 1.35 a WebSocket request was authorised as get: a role that lets its holder read everything ran commands, too.
detect: audit events for pods/exec (verb create; before 1.35 also get) by anyone but people on call
mitigate: take pods/exec out of the role, or name the pods in resourceNames
references:
  - https://kubernetes.io/docs/concepts/security/rbac-good-practices/
  - https://kubernetes.io/docs/reference/access-authn-authz/authorization/
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
- apiGroups: [""]
  resources: [pods/exec]
  verbs: [create]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: debug, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: debug}
subjects:
- {kind: ServiceAccount, name: builder, namespace: ci}
# EDGE ServiceAccount ci/builder -> Pod shop/db
# NO EDGE ServiceAccount shop/builder -> Pod shop/db
-- yes/star-sub.yaml --
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: shop}
spec: {containers: [{name: db, image: db}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: any-exec}
rules:
- {apiGroups: [""], resources: ["*/exec"], verbs: ["*"]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: any-exec}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: any-exec}
subjects: [{kind: User, name: jane, apiGroup: rbac.authorization.k8s.io}]
# EDGE User jane -> Pod shop/db
-- yes/get-before-1.35.yaml --
# VERSION 1.34
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: shop}
spec: {containers: [{name: db, image: db}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: read-only}
rules:
- {apiGroups: [""], resources: ["*"], verbs: [get, list, watch]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: readers, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: read-only}
subjects: [{kind: Group, name: support, apiGroup: rbac.authorization.k8s.io}]
# EDGE Group support -> Pod shop/db
-- no/get-from-1.35.yaml --
# VERSION 1.35
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: shop}
spec: {containers: [{name: db, image: db}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: read-only}
rules:
- {apiGroups: [""], resources: ["*"], verbs: [get, list, watch]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: readers, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: read-only}
subjects: [{kind: Group, name: support, apiGroup: rbac.authorization.k8s.io}]
# NO EDGE Group support -> Pod shop/db
-- no/pods-star.yaml --
# pods/* matches nothing: only the full name, */exec and * do.
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: shop}
spec: {containers: [{name: db, image: db}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: debug, namespace: shop}
rules:
- {apiGroups: [""], resources: ["pods/*", pods], verbs: [create]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: debug, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: debug}
subjects: [{kind: ServiceAccount, name: builder, namespace: ci}]
# NO EDGE ServiceAccount ci/builder -> Pod shop/db
`, deriveExec)

func deriveExec(a *rule.Attack) {
	verbs := []string{"create"}
	if a.Version.Less(rule.Version{Major: 1, Minor: 35}) {
		verbs = append(verbs, "get")
	}
	for _, verb := range verbs {
		for scope, held := range spread(a, rule.Right{Verb: verb, Resource: "pods", Sub: "exec"}) {
			a.Step(rule.Step{From: held, To: rule.In(rule.PodsIn, scope), Text: "runs commands in {to}"})
		}
	}
}
