package joined

import "github.com/bartizan-dev/bartizan/rule"

// HolderImpersonates finds who may act as anybody.
var HolderImpersonates = rule.Go(`
id: rbac-holder-impersonates
title: Account may act as anybody
severity: critical
on: [ServiceAccount, RoleBinding, ClusterRoleBinding]
needs: rights
maps: {cis-1.12: 5.1.8, nsa-cisa: rbac, attack: T1078.001, ms-matrix: MS-TA9019}
why: |
  With two headers the account is a member of system:masters, or whatever user or service account holds most. In
  the audit log it stands beside the one that it pretends to be, where nobody looks. Name in resourceNames whom it
  must act for.
references:
  - https://kubernetes.io/docs/concepts/security/rbac-good-practices/
-- fail/gateway.yaml --
apiVersion: v1
kind: ServiceAccount
metadata:
  namespace: auth
  name: gateway # FINDING
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: as}
rules:
  - {apiGroups: [""], resources: [users, groups], verbs: [impersonate]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: gateway}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: as}
subjects:
  - {kind: ServiceAccount, name: gateway, namespace: auth}
-- pass/named.yaml --
apiVersion: v1
kind: ServiceAccount
metadata:
  namespace: auth
  name: gateway
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: as}
rules:
  - {apiGroups: [""], resources: [groups], resourceNames: [developers], verbs: [impersonate]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: gateway}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: as}
subjects:
  - {kind: ServiceAccount, name: gateway, namespace: auth}
`, func(p *rule.Pass) {
	judgeHolders(p, "act as any user, group or service account", false, [][]rule.Right{
		{{Verb: "impersonate", Resource: "users", Cluster: true}},
		{{Verb: "impersonate", Resource: "groups", Cluster: true}},
		{{Verb: "impersonate", Resource: "serviceaccounts"}},
	})
})
