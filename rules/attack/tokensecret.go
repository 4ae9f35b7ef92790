package attack

import (
	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/rule"
)

// TokenSecret lets the control plane write a token into a Secret.
var TokenSecret = rule.Edge(`
id: attack-token-secret
title: Have a service account's token written into a new Secret
certainty: certain
cost: 1
maps: {attack: T1528, ms-matrix: [MS-TA9016, MS-TA9025]}
why: |
  A Secret of type kubernetes.io/service-account-token that names a service account is filled in with a token of it,
  one that never expires. Whoever may create Secrets and read them, or read what a patch or a delete answers, so acts as
  every service account of the namespace; the right to read one by name will do, if the name is free. The two rights may belong to different identities that an attacker holds.
detect: audit events that create Secrets of type kubernetes.io/service-account-token
mitigate: keep reading of Secrets away from whoever creates them; deny that type with an admission policy
references:
  - https://kubernetes.io/docs/concepts/configuration/secret/
  - https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/
-- yes/one-role.yaml --
apiVersion: v1
kind: ServiceAccount
metadata: {name: admin, namespace: shop}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: store, namespace: shop}
rules:
- {apiGroups: [""], resources: [secrets], verbs: [create, get]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: store, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: store}
subjects: [{kind: ServiceAccount, name: builder, namespace: ci}]
# EDGE ServiceAccount ci/builder -> ServiceAccount shop/admin
-- yes/e7-split.yaml --
# Two roles, one of them by a group.
apiVersion: v1
kind: ServiceAccount
metadata: {name: admin, namespace: shop}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: write, namespace: shop}
rules:
- {apiGroups: [""], resources: [secrets], verbs: [create]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: write, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: write}
subjects: [{kind: ServiceAccount, name: builder, namespace: ci}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: read}
rules:
- {apiGroups: [""], resources: [secrets], verbs: [list]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: read}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: read}
subjects: [{kind: Group, name: "system:serviceaccounts:ci", apiGroup: rbac.authorization.k8s.io}]
# EDGE ServiceAccount ci/builder -> ServiceAccount shop/admin
# NO EDGE ServiceAccount ci/other -> ServiceAccount shop/admin
-- no/create-only.yaml --
apiVersion: v1
kind: ServiceAccount
metadata: {name: admin, namespace: shop}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: store, namespace: shop}
rules:
- {apiGroups: [""], resources: [secrets], verbs: [create]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: store, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: store}
subjects: [{kind: ServiceAccount, name: builder, namespace: ci}]
# NO EDGE ServiceAccount ci/builder -> ServiceAccount shop/admin
-- no/apart.yaml --
# The rights meet in no namespace.
apiVersion: v1
kind: ServiceAccount
metadata: {name: admin, namespace: shop}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: admin, namespace: test}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: write, namespace: shop}
rules:
- {apiGroups: [""], resources: [secrets], verbs: [create]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: write, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: write}
subjects: [{kind: ServiceAccount, name: builder, namespace: ci}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: read, namespace: test}
rules:
- {apiGroups: [""], resources: [secrets], verbs: [get, list, watch]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: read, namespace: test}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: read}
subjects: [{kind: ServiceAccount, name: builder, namespace: ci}]
# NO EDGE ServiceAccount ci/builder -> ServiceAccount shop/admin
# NO EDGE ServiceAccount ci/builder -> ServiceAccount test/admin
-- yes/e6-named-read.yaml --
# The name that may be read is free: the Secret that is created takes it.
apiVersion: v1
kind: ServiceAccount
metadata: {name: admin, namespace: shop}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: app, namespace: shop}
rules:
- {apiGroups: [""], resources: [secrets], verbs: [create]}
- {apiGroups: [""], resources: [secrets], verbs: [get], resourceNames: [app-settings]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: app, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: app}
subjects: [{kind: ServiceAccount, name: app, namespace: shop}]
# EDGE ServiceAccount shop/app -> ServiceAccount shop/admin
-- no/name-taken.yaml --
apiVersion: v1
kind: ServiceAccount
metadata: {name: admin, namespace: shop}
---
apiVersion: v1
kind: Secret
metadata: {name: app-settings, namespace: shop}
type: Opaque
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: app, namespace: shop}
rules:
- {apiGroups: [""], resources: [secrets], verbs: [create]}
- {apiGroups: [""], resources: [secrets], verbs: [get], resourceNames: [app-settings]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: app, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: app}
subjects: [{kind: ServiceAccount, name: app, namespace: shop}]
# NO EDGE ServiceAccount shop/app -> ServiceAccount shop/admin
`, deriveTokenSecret)

func deriveTokenSecret(a *rule.Attack) {
	for _, verb := range []string{"get", "list", "watch", "patch", "delete", "deletecollection"} {
		for scope, held := range a.Holding(core("create", "secrets"), core(verb, "secrets")) {
			a.Step(rule.Step{From: held, To: rule.AccountsIn(scope.Namespace), Text: "has a token of {to} written into a Secret"})
		}
		tokenByName(a, verb)
	}
}

// tokenByName reports the steps of somebody who may read a Secret of a name that is free, and create it.
func tokenByName(a *rule.Attack, verb string) {
	create, read := core("create", "secrets"), core(verb, "secrets")
	creates := a.Access.Where(create)
	for _, s := range a.Access.Where(read) {
		if s.Name == "" {
			continue
		}
		scopes := []rule.Scope{s}
		for _, c := range creates {
			if s.Namespace == "" && c.Namespace != "" && c.Name == "" {
				scopes = append(scopes, rule.Scope{Namespace: c.Namespace, Name: s.Name})
			}
		}
		for _, at := range scopes {
			taken := find(a, bartizan.Ref{Kind: "Secret", Namespace: at.Namespace, Name: at.Name}) != nil
			if taken || !covered(creates, at) {
				continue
			}
			a.Step(rule.Step{
				From: []bartizan.Ref{a.Access.Can(create, at), a.Access.Can(read, at)}, To: rule.AccountsIn(at.Namespace), More: 2,
				Text: "has a token of {to} written into a Secret " + at.Name + ", which it may read, if there is none of that name",
			})
		}
	}
}
