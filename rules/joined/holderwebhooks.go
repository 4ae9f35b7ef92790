package joined

import "github.com/bartizan-dev/bartizan/rule"

// HolderWebhooks finds who may see and change everything that is written to the cluster.
var HolderWebhooks = rule.Go(`
id: rbac-holder-webhooks
title: Account may put a webhook between everybody and the API server
severity: high
on: [ServiceAccount, RoleBinding, ClusterRoleBinding]
needs: rights
maps: {cis-1.12: 5.1.12, nsa-cisa: [rbac, admission], attack: [T1562.001, T1552.007], ms-matrix: MS-TA9015}
why: |
  A mutating webhook is shown every object that is written, Secrets included, and may change it: put a privileged
  container beside every pod. A validating one is shown them as well, and can keep the cluster from working. The
  account needs to write only one of them.
references:
  - https://kubernetes.io/docs/concepts/security/rbac-good-practices/
-- fail/injector.yaml --
apiVersion: v1
kind: ServiceAccount
metadata:
  namespace: mesh
  name: injector # FINDING
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: hooks}
rules:
  - {apiGroups: ["admissionregistration.k8s.io"], resources: [mutatingwebhookconfigurations], verbs: [get, patch]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: injector}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: hooks}
subjects:
  - {kind: ServiceAccount, name: injector, namespace: mesh}
-- pass/own-webhook.yaml --
apiVersion: v1
kind: ServiceAccount
metadata:
  namespace: mesh
  name: injector
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: hooks}
rules:
  - {apiGroups: [admissionregistration.k8s.io], resources: [mutatingwebhookconfigurations], resourceNames: [mesh], verbs: [patch]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: injector}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: hooks}
subjects:
  - {kind: ServiceAccount, name: injector, namespace: mesh}
`, func(p *rule.Pass) {
	judgeHolders(p, "write admission webhooks", false, clusterWide(append(
		anyOf([]string{"create", "update", "patch"}, "admissionregistration.k8s.io", "mutatingwebhookconfigurations", ""),
		anyOf([]string{"create", "update", "patch"}, "admissionregistration.k8s.io", "validatingwebhookconfigurations", "")...)))
})
