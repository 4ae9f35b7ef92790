package attack

import "github.com/bartizan-dev/bartizan/rule"

// HostPathVolume mounts a node's files through a persistent volume.
var HostPathVolume = rule.Edge(`
id: attack-host-path-volume
title: Mount a node's files through a persistent volume
certainty: certain
cost: 1
maps: {attack: T1611, ms-matrix: MS-TA9013}
why: |
  The Pod Security Standards forbid hostPath in pods, and look at pods only: a persistent volume may be a folder of
  the node, and a claim for it passes even the restricted standard. Whoever may create persistent volumes and workloads
  mounts the node's root folder: an ephemeral volume brings its claim along, so the right to create claims is not needed.
  Under the restricted standard the pod is not root, but may be of the group root, to which the container runtime's
  socket belongs: that costs more.
detect: persistent volumes of type hostPath or local, made by anything but a provisioner
mitigate: keep creating persistent volumes to provisioners and administrators
references:
  - https://kubernetes.io/docs/concepts/security/rbac-good-practices/
  - https://kubernetes.io/docs/concepts/storage/persistent-volumes/
-- yes/baseline.yaml --
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {pod-security.kubernetes.io/enforce: baseline}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: volumes}
rules:
- {apiGroups: [""], resources: [persistentvolumes], verbs: [create]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: volumes}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: volumes}
subjects: [{kind: ServiceAccount, name: builder, namespace: ci}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: deploy, namespace: shop}
rules:
- {apiGroups: [""], resources: [pods, persistentvolumeclaims], verbs: [create]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: deploy, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: deploy}
subjects: [{kind: ServiceAccount, name: builder, namespace: ci}]
# EDGE ServiceAccount ci/builder -> Node (worker)
-- yes/restricted.yaml --
apiVersion: v1
kind: Node
metadata: {name: n1}
---
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {pod-security.kubernetes.io/enforce: restricted}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: storage}
rules:
- {apiGroups: [""], resources: [persistentvolumes, persistentvolumeclaims], verbs: [create]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: storage}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: storage}
subjects: [{kind: Group, name: "system:serviceaccounts:ci", apiGroup: rbac.authorization.k8s.io}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: deploy, namespace: shop}
rules:
- {apiGroups: [batch], resources: [jobs], verbs: [create]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: deploy, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: deploy}
subjects: [{kind: ServiceAccount, name: builder, namespace: ci}]
# EDGE ServiceAccount ci/builder -> Node n1
-- yes/ephemeral.yaml --
# The pod brings its claim along: an ephemeral volume, for which nobody asks whether its author may create claims.
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {pod-security.kubernetes.io/enforce: baseline}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: volumes}
rules:
- {apiGroups: [""], resources: [persistentvolumes], verbs: [create]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: volumes}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: volumes}
subjects: [{kind: ServiceAccount, name: builder, namespace: ci}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: deploy, namespace: shop}
rules:
- {apiGroups: [""], resources: [pods], verbs: [create]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: deploy, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: deploy}
subjects: [{kind: ServiceAccount, name: builder, namespace: ci}]
# EDGE ServiceAccount ci/builder -> Node (worker)
-- no/no-volume.yaml --
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {pod-security.kubernetes.io/enforce: baseline}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: deploy, namespace: shop}
rules:
- {apiGroups: [""], resources: [pods, persistentvolumeclaims, persistentvolumes], verbs: [create]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: deploy, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: deploy}
subjects: [{kind: ServiceAccount, name: builder, namespace: ci}]
# NO EDGE ServiceAccount ci/builder -> Node (worker)
-- no/read-volumes.yaml --
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {pod-security.kubernetes.io/enforce: baseline}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: volumes}
rules:
- {apiGroups: [""], resources: [persistentvolumes], verbs: [get, list, patch, update]}
- {apiGroups: [""], resources: [persistentvolumeclaims, pods], verbs: [create]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: volumes}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: volumes}
subjects: [{kind: ServiceAccount, name: builder, namespace: ci}]
# NO EDGE ServiceAccount ci/builder -> Node (worker)
`, deriveHostPathVolume)

func deriveHostPathVolume(a *rule.Attack) {
	for _, volume := range a.Holding(rule.Right{Verb: "create", Resource: "persistentvolumes", Cluster: true}) {
		for _, m := range makers {
			for scope, held := range a.Holding(m.right("create")) {
				for more, level := range []rule.Level{rule.LevelBaseline, rule.LevelRestricted} {
					a.Step(rule.Step{
						From: join(volume, append(held, a.Admission.Admits(scope.Namespace, level))...), To: rule.EveryNode,
						More: 3 * more, Text: "mounts the files of {to} through a persistent volume",
					})
				}
			}
		}
	}
}
