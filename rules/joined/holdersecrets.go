package joined

import "github.com/bartizan-dev/bartizan/rule"

// HolderSecrets finds who may read the Secrets of every namespace.
var HolderSecrets = rule.Go(`
id: rbac-holder-secrets
title: Account may read every Secret
severity: high
on: [ServiceAccount, RoleBinding, ClusterRoleBinding]
needs: rights
maps: {cis-1.12: 5.1.2, nsa-cisa: [rbac, secrets], attack: T1552.007, ms-matrix: MS-TA9025}
why: |
  Among the Secrets of all namespaces are tokens, passwords and keys of everything else in the cluster. list and
  watch return their contents as get does, and so do the answers to a patch that changes nothing and, in the
  foreground, to a delete: both with dryRun. Bind the role in the namespaces that need it, or name the Secrets.
references:
  - https://kubernetes.io/docs/concepts/security/rbac-good-practices/
-- fail/split.yaml --
apiVersion: v1
kind: ServiceAccount
metadata:
  namespace: tools
  name: sync # FINDING
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: reader}
rules:
  - {apiGroups: [""], resources: ["*"], verbs: [list]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: sync}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: reader}
subjects:
  - {kind: ServiceAccount, name: sync, namespace: tools}
-- fail/group.yaml --
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: reader}
rules:
  - {apiGroups: [""], resources: [secrets], verbs: [get]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: devs}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: reader}
subjects:
  - kind: Group
    apiGroup: rbac.authorization.k8s.io
    name: developers # FINDING
-- fail/all-accounts-of-a-namespace.yaml --
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: reader}
rules:
  - {apiGroups: [""], resources: [secrets], verbs: [get]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: x}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: reader}
subjects:
  - kind: ServiceAccount
    namespace: tools
    name: unread # FINDING
-- pass/one-namespace.yaml --
apiVersion: v1
kind: ServiceAccount
metadata:
  namespace: tools
  name: sync
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: reader}
rules:
  - {apiGroups: [""], resources: [secrets], verbs: [list]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: sync, namespace: tools}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: reader}
subjects:
  - {kind: ServiceAccount, name: sync, namespace: tools}
-- pass/mounted.yaml --
apiVersion: v1
kind: ServiceAccount
metadata: {name: sync, namespace: tools}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: reader}
rules:
  - {apiGroups: [""], resources: [secrets], verbs: [list]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: sync}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: reader}
subjects:
  - {kind: ServiceAccount, name: sync, namespace: tools}
---
apiVersion: v1
kind: Pod # workload-token-strong judges it
metadata: {name: sync, namespace: tools}
spec: {serviceAccountName: sync, containers: [{name: main, image: app}]}
-- pass/born-with-it.yaml --
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: "system:kube-controller-manager"}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: "system:kube-controller-manager"}
subjects:
  - {kind: User, apiGroup: rbac.authorization.k8s.io, name: "system:kube-controller-manager"}
-- pass/unbound.yaml --
apiVersion: v1
kind: ServiceAccount
metadata:
  namespace: tools
  name: sync
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: reader}
rules:
  - {apiGroups: [""], resources: [secrets], verbs: [list]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: x}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
subjects:
  - {kind: ServiceAccount, name: sync, namespace: tools}
-- pass/one-object.yaml --
apiVersion: v1
kind: ServiceAccount
metadata: {name: sync, namespace: tools}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: named}
rules:
  - {apiGroups: [""], resources: [secrets], verbs: [get, list, watch, patch, delete], resourceNames: [one]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: sync}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: named}
subjects: [{kind: ServiceAccount, name: sync, namespace: tools}]
-- fail/answers.yaml --
apiVersion: v1
kind: ServiceAccount
metadata:
  namespace: tools
  name: clean # FINDING
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: cleaner}
rules:
  - {apiGroups: [""], resources: [secrets], verbs: [delete]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: clean}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cleaner}
subjects: [{kind: ServiceAccount, name: clean, namespace: tools}]
-- pass/update.yaml --
# Whoever updates a Secret sends what it holds, and learns nothing.
apiVersion: v1
kind: ServiceAccount
metadata: {name: write, namespace: tools}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: writer}
rules:
  - {apiGroups: [""], resources: [secrets], verbs: [create, update]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: write}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: writer}
subjects: [{kind: ServiceAccount, name: write, namespace: tools}]
`, func(p *rule.Pass) {
	verbs := []string{"get", "list", "watch", "patch", "delete", "deletecollection"}
	judgeHolders(p, "read the Secrets of every namespace", false, anyOf(verbs, "", "secrets", ""))
})
