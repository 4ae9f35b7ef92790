package attack

import "github.com/bartizan-dev/bartizan/rule"

// TokenRequest asks for a service account's token.
var TokenRequest = rule.Edge(`
id: attack-token-request
title: Ask the API server for a service account's token
certainty: certain
cost: 0
maps: {attack: T1528, ms-matrix: MS-TA9016}
why: |
  Whoever may create serviceaccounts/token is given a token of that service account, for hours and for any audience,
  without a pod. The account need not be used by anything.
detect: audit events that create serviceaccounts/token, by anyone but kubelets and known controllers
mitigate: name the accounts in resourceNames, or take serviceaccounts/token out of the role
references:
  - https://kubernetes.io/docs/reference/kubernetes-api/authentication-resources/token-request-v1/
  - https://kubernetes.io/docs/concepts/security/rbac-good-practices/
-- yes/role.yaml --
apiVersion: v1
kind: ServiceAccount
metadata: {name: admin, namespace: shop}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: mint, namespace: shop}
rules:
- {apiGroups: [""], resources: [serviceaccounts/token], verbs: [create]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: mint, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: mint}
subjects: [{kind: ServiceAccount, name: builder, namespace: ci}]
# EDGE ServiceAccount ci/builder -> ServiceAccount shop/admin
# NO EDGE ServiceAccount ci/builder -> ServiceAccount *
-- yes/e6-named.yaml --
# The name of the account counts, since the request is about one that exists.
apiVersion: v1
kind: ServiceAccount
metadata: {name: admin, namespace: shop}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: web, namespace: shop}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: mint, namespace: shop}
rules:
- {apiGroups: [""], resources: [serviceaccounts/token], verbs: [create], resourceNames: [web]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: mint, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: mint}
subjects: [{kind: ServiceAccount, name: builder, namespace: ci}]
# EDGE ServiceAccount ci/builder -> ServiceAccount shop/web
# NO EDGE ServiceAccount ci/builder -> ServiceAccount shop/admin
-- yes/e2-star-sub.yaml --
apiVersion: v1
kind: ServiceAccount
metadata: {name: admin, namespace: shop}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: mint}
rules:
- {apiGroups: [""], resources: ["*/token"], verbs: [create]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: mint}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: mint}
subjects: [{kind: User, name: jane, apiGroup: rbac.authorization.k8s.io}]
# EDGE User jane -> ServiceAccount shop/admin
-- yes/e11-role-by-another-name.yaml --
# What a role is called says nothing: this one grants everything.
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: metrics-helper}
rules:
- {apiGroups: ["*"], resources: ["*"], verbs: ["*"]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: metrics-helper}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: metrics-helper}
subjects: [{kind: ServiceAccount, name: helper, namespace: ops}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: mint, namespace: ops}
rules:
- {apiGroups: [""], resources: [serviceaccounts/token], verbs: [create], resourceNames: [helper]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: mint, namespace: ops}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: mint}
subjects: [{kind: User, name: jane, apiGroup: rbac.authorization.k8s.io}]
# EDGE User jane -> Cluster admin
-- no/e11-name-alone.yaml --
# This one is called like the strongest, and grants little.
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: cluster-admin-extra}
rules:
- {apiGroups: [""], resources: [pods], verbs: [get]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: extra}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin-extra}
subjects: [{kind: ServiceAccount, name: helper, namespace: ops}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: mint, namespace: ops}
rules:
- {apiGroups: [""], resources: [serviceaccounts/token], verbs: [create]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: mint, namespace: ops}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: mint}
subjects: [{kind: User, name: jane, apiGroup: rbac.authorization.k8s.io}]
# NO EDGE User jane -> Cluster admin
-- no/account.yaml --
apiVersion: v1
kind: ServiceAccount
metadata: {name: admin, namespace: shop}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: accounts, namespace: shop}
rules:
- {apiGroups: [""], resources: [serviceaccounts], verbs: [create, get, update]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: accounts, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: accounts}
subjects: [{kind: ServiceAccount, name: builder, namespace: ci}]
# NO EDGE ServiceAccount ci/builder -> ServiceAccount shop/admin
-- no/e2-star-after.yaml --
apiVersion: v1
kind: ServiceAccount
metadata: {name: admin, namespace: shop}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: mint}
rules:
- {apiGroups: [""], resources: ["serviceaccounts/*"], verbs: [create]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: mint}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: mint}
subjects: [{kind: User, name: jane, apiGroup: rbac.authorization.k8s.io}]
# NO EDGE User jane -> ServiceAccount shop/admin
`, deriveTokenRequest)

func deriveTokenRequest(a *rule.Attack) {
	for scope, held := range spread(a, rule.Right{Verb: "create", Resource: "serviceaccounts", Sub: "token"}) {
		a.Step(rule.Step{From: held, To: rule.In(rule.AccountsIn, scope), Text: "asks for a token of {to}"})
	}
}
