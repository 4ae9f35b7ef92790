package joined

import "github.com/bartizan-dev/bartizan/rule"

// HolderBinds finds who may bind roles that they do not have.
var HolderBinds = rule.Go(`
id: rbac-holder-binds
title: Account may bind itself any role
severity: critical
on: [ServiceAccount, RoleBinding, ClusterRoleBinding]
needs: rights
maps: {cis-1.12: 5.1.8, nsa-cisa: rbac, attack: T1098.006, ms-matrix: MS-TA9019}
why: |
  The verb bind switches off the check that nobody binds a role that allows more than they may. With the right to
  create ClusterRoleBindings, from whichever role, the account binds itself cluster-admin. Name in resourceNames
  the roles that it must be able to bind.
references:
  - https://kubernetes.io/docs/concepts/security/rbac-good-practices/
-- fail/two-roles.yaml --
apiVersion: v1
kind: ServiceAccount
metadata:
  namespace: ops
  name: operator # FINDING
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: binder}
rules:
  - {apiGroups: ["rbac.authorization.k8s.io"], resources: [clusterroles], verbs: [bind]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: writer}
rules:
  - {apiGroups: ["rbac.authorization.k8s.io"], resources: [clusterrolebindings], verbs: [create]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: a}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: binder}
subjects:
  - {kind: ServiceAccount, name: operator, namespace: ops}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: b}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: writer}
subjects:
  - {kind: ServiceAccount, name: operator, namespace: ops}
-- pass/cannot-bind.yaml --
apiVersion: v1
kind: ServiceAccount
metadata:
  namespace: ops
  name: operator
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: writer}
rules:
  - {apiGroups: ["rbac.authorization.k8s.io"], resources: [clusterrolebindings], verbs: [create]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: b}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: writer}
subjects:
  - {kind: ServiceAccount, name: operator, namespace: ops}
-- pass/named.yaml --
apiVersion: v1
kind: ServiceAccount
metadata:
  namespace: ops
  name: operator
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: binder}
rules:
  - {apiGroups: [rbac.authorization.k8s.io], resources: [clusterroles], resourceNames: [view], verbs: [bind]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: writer}
rules:
  - {apiGroups: ["rbac.authorization.k8s.io"], resources: [clusterrolebindings], verbs: [create]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: a}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: binder}
subjects:
  - {kind: ServiceAccount, name: operator, namespace: ops}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: b}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: writer}
subjects:
  - {kind: ServiceAccount, name: operator, namespace: ops}
`, func(p *rule.Pass) {
	judgeHolders(p, "bind any ClusterRole for the whole cluster", false, clusterWide([][]rule.Right{
		{{Verb: "bind", Group: rbacGroup, Resource: "clusterroles"}, {Verb: "create", Group: rbacGroup, Resource: "clusterrolebindings"}},
		{{Verb: "bind", Group: rbacGroup, Resource: "clusterroles"}, {Verb: "patch", Group: rbacGroup, Resource: "clusterrolebindings"}},
	}))
})
