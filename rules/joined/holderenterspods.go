package joined

import "github.com/bartizan-dev/bartizan/rule"

// HolderEntersPods finds who may run commands in the pods of every namespace.
var HolderEntersPods = rule.Go(`
id: rbac-holder-enters-pods
title: Account may run commands in every pod
severity: high
on: [ServiceAccount, RoleBinding, ClusterRoleBinding]
needs: rights
maps: {nsa-cisa: rbac, attack: T1609, ms-matrix: MS-TA9006}
why: |
  A shell in a pod is all that the pod has: its token, its Secrets, its place in the network. In every pod that
  includes those of privileged components, so it is root on the nodes. exec asks for get or create since some
  clients use one and some the other.
references:
  - https://kubernetes.io/docs/concepts/security/rbac-good-practices/
-- fail/any-exec.yaml --
apiVersion: v1
kind: ServiceAccount
metadata:
  namespace: ops
  name: support # FINDING
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: exec}
rules:
  - {apiGroups: [""], resources: ["*/exec"], verbs: [create]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: support}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: exec}
subjects:
  - {kind: ServiceAccount, name: support, namespace: ops}
-- fail/debug.yaml --
apiVersion: v1
kind: ServiceAccount
metadata:
  namespace: ops
  name: support # FINDING
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: debug}
rules:
  - {apiGroups: [""], resources: [pods/ephemeralcontainers], verbs: [patch]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: support}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: debug}
subjects:
  - {kind: ServiceAccount, name: support, namespace: ops}
-- pass/no-such-resource.yaml --
apiVersion: v1
kind: ServiceAccount
metadata:
  namespace: ops
  name: support
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: exec}
rules:
  - {apiGroups: [""], resources: ["pods/*"], verbs: [create]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: support}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: exec}
subjects:
  - {kind: ServiceAccount, name: support, namespace: ops}
-- pass/own-namespace.yaml --
apiVersion: v1
kind: ServiceAccount
metadata:
  namespace: ops
  name: support
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: exec}
rules:
  - {apiGroups: [""], resources: [pods/exec], verbs: [create]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: support, namespace: ops}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: exec}
subjects:
  - {kind: ServiceAccount, name: support, namespace: ops}
-- pass/one-object.yaml --
apiVersion: v1
kind: ServiceAccount
metadata: {name: sync, namespace: tools}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: named}
rules:
  - {apiGroups: [""], resources: [pods/exec, pods/attach, pods/ephemeralcontainers], verbs: [create, get, patch], resourceNames: [one]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: sync}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: named}
subjects: [{kind: ServiceAccount, name: sync, namespace: tools}]
`, func(p *rule.Pass) {
	judgeHolders(p, "run commands in pods", true, append(anyOf([]string{"create", "get"}, "", "pods", "exec"), append(
		anyOf([]string{"create", "get"}, "", "pods", "attach"), anyOf([]string{"patch", "update"}, "", "pods", "ephemeralcontainers")...)...))
})
