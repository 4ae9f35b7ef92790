package attack

import "github.com/bartizan-dev/bartizan/rule"

// ImpersonateAccount acts as a service account.
var ImpersonateAccount = rule.Edge(`
id: attack-impersonate-account
title: Act as a service account without its token
certainty: certain
cost: 0
maps: {attack: [T1078, T1550.001], ms-matrix: MS-TA9016}
why: |
  Whoever may impersonate the service accounts of a namespace has all their rights, by a header and without a token. The
  groups of service accounts come along by themselves. The built-in roles edit and admin contain this right, so whoever
  has them in a namespace is every service account of it.
detect: audit events whose impersonatedUser begins with system:serviceaccount
mitigate: name the accounts in resourceNames; give people roles of your own in place of edit and admin
references:
  - https://kubernetes.io/docs/reference/access-authn-authz/user-impersonation/
  - https://kubernetes.io/docs/reference/access-authn-authz/rbac/
-- yes/edit.yaml --
apiVersion: v1
kind: ServiceAccount
metadata: {name: admin, namespace: shop}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: dev, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: edit}
subjects: [{kind: User, name: jane, apiGroup: rbac.authorization.k8s.io}]
# EDGE User jane -> ServiceAccount shop/admin
# NO EDGE User jane -> ServiceAccount prod/*
-- yes/e6-named.yaml --
apiVersion: v1
kind: ServiceAccount
metadata: {name: web, namespace: shop}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: admin, namespace: shop}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: act}
rules:
- {apiGroups: [""], resources: [serviceaccounts], verbs: [impersonate], resourceNames: [web]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: act}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: act}
subjects: [{kind: User, name: jane, apiGroup: rbac.authorization.k8s.io}]
# EDGE User jane -> ServiceAccount shop/web
# NO EDGE User jane -> ServiceAccount shop/admin
-- no/view.yaml --
apiVersion: v1
kind: ServiceAccount
metadata: {name: admin, namespace: shop}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: look, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
subjects: [{kind: User, name: jane, apiGroup: rbac.authorization.k8s.io}]
# NO EDGE User jane -> ServiceAccount shop/admin
-- no/users.yaml --
# The user name of a service account is not asked for as a user's.
apiVersion: v1
kind: ServiceAccount
metadata: {name: admin, namespace: shop}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: act}
rules:
- {apiGroups: [""], resources: [users], verbs: [impersonate]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: act}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: act}
subjects: [{kind: User, name: jane, apiGroup: rbac.authorization.k8s.io}]
# NO EDGE User jane -> ServiceAccount shop/admin
`, deriveImpersonateAccount)

func deriveImpersonateAccount(a *rule.Attack) {
	for scope, held := range spread(a, core("impersonate", "serviceaccounts")) {
		a.Step(rule.Step{From: held, To: rule.In(rule.AccountsIn, scope), Text: "asks in the name of {to}"})
	}
}
