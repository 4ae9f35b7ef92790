package joined

import "github.com/bartizan-dev/bartizan/rule"

// HolderVolumes finds who may make a volume of any directory of a node.
var HolderVolumes = rule.Go(`
id: rbac-holder-volumes
title: Account may mount any directory of a node through a volume
severity: high
on: [ServiceAccount, RoleBinding, ClusterRoleBinding]
needs: rights
maps: {cis-1.12: 5.1.9, nsa-cisa: rbac, attack: T1611, ms-matrix: MS-TA9013}
why: |
  A PersistentVolume may be a directory of the node, and Pod Security does not look at what a claim leads to.
  Whoever makes volumes and starts a pod, by whichever roles, reads and writes the node's files. Leave volumes to
  a storage driver.
references:
  - https://kubernetes.io/docs/concepts/security/rbac-good-practices/
-- fail/backup.yaml --
apiVersion: v1
kind: ServiceAccount
metadata:
  namespace: ops
  name: backup # FINDING
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: volumes}
rules:
  - {apiGroups: [""], resources: [persistentvolumes], verbs: [create]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: jobs}
rules:
  - {apiGroups: ["batch"], resources: [jobs], verbs: [create]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: a}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: volumes}
subjects:
  - {kind: ServiceAccount, name: backup, namespace: ops}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: b, namespace: ops}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: jobs}
subjects:
  - {kind: ServiceAccount, name: backup, namespace: ops}
-- pass/driver.yaml --
apiVersion: v1
kind: ServiceAccount
metadata:
  namespace: storage
  name: driver
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: volumes}
rules:
  - {apiGroups: [""], resources: [persistentvolumes], verbs: [create, delete]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: a}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: volumes}
subjects:
  - {kind: ServiceAccount, name: driver, namespace: storage}
`, func(p *rule.Pass) {
	judgeAnywhere(p, "make volumes of node directories and start pods that mount them", rule.Right{Verb: "create", Resource: "persistentvolumes", Cluster: true})
})
