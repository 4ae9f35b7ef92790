package attack

import "github.com/bartizan-dev/bartizan/rule"

// ImageSwap replaces the image of a pod that runs.
var ImageSwap = rule.Edge(`
id: attack-image-swap
title: Replace a pod's image
certainty: certain
cost: 1
maps: {attack: [T1610, T1204.003]}
why: |
  Nearly everything in a pod is fixed once it exists, but not its images. Whoever may change pods sets another image;
  the kubelet restarts the container from it, with the same token, volumes, capabilities and place in the network.
detect: audit events that update or patch pods and change an image; a container whose image is not its owner's
mitigate: take update and patch of pods out of the role; change the workload instead, through review
references:
  - https://kubernetes.io/docs/concepts/workloads/pods/
  - https://kubernetes.io/docs/concepts/security/rbac-good-practices/
-- yes/role.yaml --
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: shop}
spec: {containers: [{name: db, image: db}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: label, namespace: shop}
rules:
- {apiGroups: [""], resources: [pods], verbs: [patch]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: label, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: label}
subjects: [{kind: ServiceAccount, name: builder, namespace: ci}]
# EDGE ServiceAccount ci/builder -> Pod shop/db
-- yes/e6-named.yaml --
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: shop}
spec: {containers: [{name: db, image: db}]}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec: {containers: [{name: web, image: web}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: label, namespace: shop}
rules:
- {apiGroups: [""], resources: [pods], verbs: [update], resourceNames: [db]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: label, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: label}
subjects: [{kind: ServiceAccount, name: builder, namespace: ci}]
# EDGE ServiceAccount ci/builder -> Pod shop/db
# NO EDGE ServiceAccount ci/builder -> Pod shop/web
-- no/status.yaml --
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: shop}
spec: {containers: [{name: db, image: db}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: status, namespace: shop}
rules:
- {apiGroups: [""], resources: [pods/status], verbs: [patch, update]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: status, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: status}
subjects: [{kind: ServiceAccount, name: builder, namespace: ci}]
# NO EDGE ServiceAccount ci/builder -> Pod shop/db
-- no/other-group.yaml --
# The metrics of pods are called pods as well.
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: shop}
spec: {containers: [{name: db, image: db}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: metrics}
rules:
- {apiGroups: [metrics.k8s.io], resources: [pods], verbs: ["*"]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: metrics}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: metrics}
subjects: [{kind: User, name: jane, apiGroup: rbac.authorization.k8s.io}]
# NO EDGE User jane -> Pod shop/db
-- no/resize.yaml --
# A resize changes what a container may use, and nothing else of the pod.
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: shop}
spec: {containers: [{name: db, image: db}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: scale, namespace: shop}
rules:
- {apiGroups: [""], resources: [pods/resize], verbs: [update, patch]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: scale, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: scale}
subjects: [{kind: ServiceAccount, name: builder, namespace: ci}]
# NO EDGE ServiceAccount ci/builder -> Pod shop/db
`, deriveImageSwap)

func deriveImageSwap(a *rule.Attack) {
	for _, verb := range changing {
		for scope, held := range spread(a, core(verb, "pods")) {
			a.Step(rule.Step{From: held, To: rule.In(rule.PodsIn, scope), Text: "replaces the image of {to}"})
		}
	}
}
