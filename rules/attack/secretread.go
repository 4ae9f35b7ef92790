package attack

import "github.com/bartizan-dev/bartizan/rule"

// SecretRead reads Secrets through the API server.
var SecretRead = rule.Edge(`
id: attack-secret-read
title: Read Secrets through the API server
certainty: certain
cost: 0
maps: {attack: T1552.007, ms-matrix: MS-TA9025}
why: |
  Whoever may get, list or watch Secrets reads their content: lists and watches carry it, too. A Secret may be the
  token of a service account, a kubeconfig, a key to a registry or to the cloud. Names in a rule narrow a get, and a
  list or watch that asks for that name.
detect: audit events that list or watch Secrets, or get them one after another, by anyone but controllers
mitigate: name the Secrets in resourceNames and allow get alone; better, mount them where they are needed
references:
  - https://kubernetes.io/docs/concepts/security/secrets-good-practices/
  - https://kubernetes.io/docs/concepts/security/rbac-good-practices/
-- yes/list.yaml --
apiVersion: v1
kind: Secret
metadata: {name: db, namespace: shop}
type: Opaque
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: read, namespace: shop}
rules:
- {apiGroups: [""], resources: [secrets], verbs: [list]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: read, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: read}
subjects: [{kind: ServiceAccount, name: builder, namespace: ci}]
# EDGE ServiceAccount ci/builder -> Secret shop/db
# EDGE ServiceAccount ci/builder -> Secret shop/*
# NO EDGE ServiceAccount ci/builder -> Secret *
-- yes/e6-named.yaml --
apiVersion: v1
kind: Secret
metadata: {name: db, namespace: shop}
type: Opaque
---
apiVersion: v1
kind: Secret
metadata: {name: tls, namespace: shop}
type: Opaque
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: read, namespace: shop}
rules:
- {apiGroups: [""], resources: [secrets], verbs: [get], resourceNames: [db]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: read, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: read}
subjects: [{kind: ServiceAccount, name: builder, namespace: ci}]
# EDGE ServiceAccount ci/builder -> Secret shop/db
# NO EDGE ServiceAccount ci/builder -> Secret shop/tls
# NO EDGE ServiceAccount ci/builder -> Secret shop/*
-- yes/e4-e5-everywhere.yaml --
apiVersion: v1
kind: Secret
metadata: {name: db, namespace: shop}
type: Opaque
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: read}
rules:
- {apiGroups: [""], resources: ["*"], verbs: [watch]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: read}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: read}
subjects: [{kind: Group, name: "system:serviceaccounts", apiGroup: rbac.authorization.k8s.io}]
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: builder, namespace: ci}
# EDGE ServiceAccount ci/builder -> Secret *
# EDGE ServiceAccount ci/builder -> Secret shop/db
-- no/view.yaml --
# The role view leaves Secrets out.
apiVersion: v1
kind: Secret
metadata: {name: db, namespace: shop}
type: Opaque
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: look, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
subjects: [{kind: ServiceAccount, name: builder, namespace: ci}]
# NO EDGE ServiceAccount ci/builder -> Secret shop/db
-- no/create.yaml --
apiVersion: v1
kind: Secret
metadata: {name: db, namespace: shop}
type: Opaque
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: write, namespace: shop}
rules:
- {apiGroups: [""], resources: [secrets], verbs: [create, delete]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: write, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: write}
subjects: [{kind: ServiceAccount, name: builder, namespace: ci}]
# NO EDGE ServiceAccount ci/builder -> Secret shop/db
`, deriveSecretRead)

func deriveSecretRead(a *rule.Attack) {
	for _, verb := range []string{"get", "list", "watch"} {
		for scope, held := range spread(a, core(verb, "secrets")) {
			a.Step(rule.Step{From: held, To: rule.In(rule.SecretsIn, scope), Text: "reads {to}"})
		}
	}
}
