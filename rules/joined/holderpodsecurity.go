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
  Pod Security is two labels of the namespace. Whoever may change Namespaces and start pods, by whichever roles,
  takes the labels off, starts a privileged pod and is root on a node. Let changes of labels go through an
  admission policy, or give the two rights to different accounts.
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
`, func(p *rule.Pass) {
	for _, verb := range []string{"patch", "update"} {
		if judgeAnywhere(p, "change the labels of namespaces and start pods", rule.Right{Verb: verb, Resource: "namespaces"}) {
			return
		}
	}
})
