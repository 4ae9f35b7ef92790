package joined

import "github.com/bartizan-dev/bartizan/rule"

// HolderPodSecurity finds who may both lift Pod Security and start what it forbade.
var HolderPodSecurity = rule.Go(`
id: rbac-holder-pod-security
title: Account may lift Pod Security and start privileged pods
severity: high
on: [ServiceAccount, RoleBinding, ClusterRoleBinding]
needs: rights
maps: {cis-1.12: 5.1.4, nsa-cisa: [rbac, pod-security], attack: [T1610, T1562.001], ms-matrix: MS-TA9008}
why: |
  Pod Security is two labels of the namespace. Whoever may change Namespaces, their status or their finalizers, and
  start pods, by whichever roles, takes the labels off, starts a privileged pod and is root on a node. Let changes of
  labels go through an admission policy, or give the two rights to different accounts.
references:
  - https://kubernetes.io/docs/concepts/security/rbac-good-practices/
-- fail/platform.yaml --
apiVersion: v1
kind: ServiceAccount
metadata:
  namespace: ops
  name: platform # FINDING
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: ns}
rules:
  - {apiGroups: [""], resources: [namespaces], verbs: [get, patch]}
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
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: ns}
subjects:
  - {kind: ServiceAccount, name: platform, namespace: ops}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: b, namespace: ops}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: jobs}
subjects:
  - {kind: ServiceAccount, name: platform, namespace: ops}
-- pass/labels-only.yaml --
apiVersion: v1
kind: ServiceAccount
metadata:
  namespace: ops
  name: platform
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: ns}
rules:
  - {apiGroups: [""], resources: [namespaces], verbs: [get, patch]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: a}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: ns}
subjects:
  - {kind: ServiceAccount, name: platform, namespace: ops}
-- fail/finalize.yaml --
apiVersion: v1
kind: ServiceAccount
metadata:
  namespace: ops
  name: tidy # FINDING
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: tidy}
rules:
  - {apiGroups: [""], resources: [namespaces/finalize], verbs: [update]}
  - {apiGroups: ["batch"], resources: [jobs], verbs: [create]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: tidy}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: tidy}
subjects: [{kind: ServiceAccount, name: tidy, namespace: ops}]
`, func(p *rule.Pass) {
	for _, r := range []rule.Right{
		{Verb: "patch", Resource: "namespaces"}, {Verb: "update", Resource: "namespaces"}, {Verb: "update", Resource: "namespaces", Sub: "finalize"},
		{Verb: "patch", Resource: "namespaces", Sub: "status"}, {Verb: "update", Resource: "namespaces", Sub: "status"},
	} {
		if judgeAnywhere(p, "change the labels of namespaces and start pods", r) {
			return
		}
	}
})
