package joined

import "github.com/bartizan-dev/bartizan/rule"

// HolderKubelet finds who may speak to kubelets through the API server.
var HolderKubelet = rule.Go(`
id: rbac-holder-kubelet
title: Account may run commands on every node through the kubelet
severity: high
on: [ServiceAccount, RoleBinding, ClusterRoleBinding]
needs: rights
maps: {cis-1.12: 5.1.10, nsa-cisa: rbac, attack: [T1609, T1611], ms-matrix: MS-TA9006}
why: |
  nodes/proxy passes requests on to the kubelet, which runs commands in every pod of its node without a record in
  the audit log and without admission control. get is enough: the kubelet's exec works over a WebSocket, which
  opens with a get. Give metrics readers nodes/metrics and nodes/stats instead.
references:
  - https://kubernetes.io/docs/concepts/security/rbac-good-practices/
-- fail/metrics.yaml --
apiVersion: v1
kind: ServiceAccount
metadata:
  namespace: monitoring
  name: prometheus # FINDING
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: scrape}
rules:
  - {apiGroups: [""], resources: [nodes/proxy], verbs: [get]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: prometheus}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: scrape}
subjects:
  - {kind: ServiceAccount, name: prometheus, namespace: monitoring}
-- pass/metrics.yaml --
apiVersion: v1
kind: ServiceAccount
metadata:
  namespace: monitoring
  name: prometheus
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: scrape}
rules:
  - {apiGroups: [""], resources: [nodes/metrics, nodes/stats], verbs: [get]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: prometheus}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: scrape}
subjects:
  - {kind: ServiceAccount, name: prometheus, namespace: monitoring}
-- pass/in-a-namespace.yaml --
apiVersion: v1
kind: ServiceAccount
metadata:
  namespace: monitoring
  name: prometheus
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: scrape}
rules:
  - {apiGroups: [""], resources: [nodes/proxy], verbs: [get]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: prometheus, namespace: monitoring}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: scrape}
subjects:
  - {kind: ServiceAccount, name: prometheus, namespace: monitoring}
-- pass/one-object.yaml --
apiVersion: v1
kind: ServiceAccount
metadata: {name: sync, namespace: tools}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: named}
rules:
  - {apiGroups: [""], resources: [nodes/proxy], verbs: [get, create], resourceNames: [one]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: sync}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: named}
subjects: [{kind: ServiceAccount, name: sync, namespace: tools}]
`, func(p *rule.Pass) {
	judgeHolders(p, "speak to every kubelet", false, clusterWide(anyOf([]string{"get", "create", "*"}, "", "nodes", "proxy")))
})
