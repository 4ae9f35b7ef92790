package joined

import "github.com/bartizan-dev/bartizan/rule"

// rbacGroup is the API group of roles and bindings.
const rbacGroup = "rbac.authorization.k8s.io"

// HolderEscalates finds who may write rights into roles that they do not have.
var HolderEscalates = rule.Go(`
id: rbac-holder-escalates
title: Account may write itself any right
severity: critical
on: [ServiceAccount, RoleBinding, ClusterRoleBinding]
needs: rights
maps: {cis-1.12: 5.1.8, nsa-cisa: rbac, attack: T1098.006, ms-matrix: MS-TA9019}
why: |
  The verb escalate switches off the check that nobody writes rights into a role beyond their own. With the right
  to change ClusterRoles, from whichever role, the account makes itself an administrator. Neither of the two does
  that alone.
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
metadata: {name: escalate}
rules:
  - {apiGroups: ["rbac.authorization.k8s.io"], resources: [clusterroles], verbs: [escalate]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: writer}
rules:
  - {apiGroups: ["rbac.authorization.k8s.io"], resources: [clusterroles], verbs: [get, patch]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: a}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: escalate}
subjects:
  - {kind: ServiceAccount, name: operator, namespace: ops}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: b}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: writer}
subjects:
  - {kind: ServiceAccount, name: operator, namespace: ops}
-- pass/cannot-write.yaml --
apiVersion: v1
kind: ServiceAccount
metadata:
  namespace: ops
  name: operator
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: escalate}
rules:
  - {apiGroups: ["rbac.authorization.k8s.io"], resources: [clusterroles], verbs: [escalate]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: a}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: escalate}
subjects:
  - {kind: ServiceAccount, name: operator, namespace: ops}
-- pass/two-accounts.yaml --
apiVersion: v1
kind: ServiceAccount
metadata:
  namespace: ops
  name: operator
---
apiVersion: v1
kind: ServiceAccount
metadata:
  namespace: ops
  name: other
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: escalate}
rules:
  - {apiGroups: ["rbac.authorization.k8s.io"], resources: [clusterroles], verbs: [escalate]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: writer}
rules:
  - {apiGroups: ["rbac.authorization.k8s.io"], resources: [clusterroles], verbs: [patch]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: a}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: escalate}
subjects:
  - {kind: ServiceAccount, name: operator, namespace: ops}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: b}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: writer}
subjects:
  - {kind: ServiceAccount, name: other, namespace: ops}
`, func(p *rule.Pass) {
	judgeHolders(p, "write any right into a ClusterRole", false, clusterWide([][]rule.Right{
		{{Verb: "escalate", Group: rbacGroup, Resource: "clusterroles"}, {Verb: "update", Group: rbacGroup, Resource: "clusterroles"}},
		{{Verb: "escalate", Group: rbacGroup, Resource: "clusterroles"}, {Verb: "patch", Group: rbacGroup, Resource: "clusterroles"}},
	}))
})
