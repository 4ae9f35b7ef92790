package joined

import "github.com/bartizan-dev/bartizan/rule"

// HolderTokens finds who may make tokens of every service account.
var HolderTokens = rule.Go(`
id: rbac-holder-tokens
title: Account may make tokens of any service account
severity: high
on: [ServiceAccount, RoleBinding, ClusterRoleBinding]
needs: rights
maps: {cis-1.12: 5.1.13, nsa-cisa: [rbac, sa-tokens], attack: T1528, ms-matrix: MS-TA9016}
why: |
  The token request API gives the account a token of whichever service account it names, and with it all that this
  may do; in kube-system that are the controllers. Name in resourceNames the accounts whose tokens it must make,
  or bind the role in their namespace.
references:
  - https://kubernetes.io/docs/concepts/security/rbac-good-practices/
-- fail/vault.yaml --
apiVersion: v1
kind: ServiceAccount
metadata:
  namespace: vault
  name: vault # FINDING
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: tokens}
rules:
  - {apiGroups: [""], resources: [serviceaccounts/token], verbs: [create]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: vault}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: tokens}
subjects:
  - {kind: ServiceAccount, name: vault, namespace: vault}
-- pass/named.yaml --
apiVersion: v1
kind: ServiceAccount
metadata:
  namespace: vault
  name: vault
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: tokens}
rules:
  - {apiGroups: [""], resources: [serviceaccounts/token], resourceNames: [app], verbs: [create]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: vault}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: tokens}
subjects:
  - {kind: ServiceAccount, name: vault, namespace: vault}
-- pass/own-namespace.yaml --
apiVersion: v1
kind: ServiceAccount
metadata:
  namespace: vault
  name: vault
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: tokens, namespace: vault}
rules:
  - {apiGroups: [""], resources: [serviceaccounts/token], verbs: [create]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: vault, namespace: vault}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: tokens}
subjects:
  - {kind: ServiceAccount, name: vault, namespace: vault}
`, func(p *rule.Pass) {
	judgeHolders(p, "make tokens of service accounts", true, anyOf([]string{"create"}, "", "serviceaccounts", "token"))
})
