package attack

import (
	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/rule"
)

// AnyLogin logs in to a cluster that admits every account of its cloud.
var AnyLogin = rule.Edge(`
id: attack-any-login
title: Log in with any account of the cloud
certainty: conditional
cost: 3
maps: {attack: [T1078.004, T1133], ms-matrix: MS-TA9029}
why: |
  The group system:authenticated means everybody with whom the API server can put a name. On GKE that is everybody with
  an account of Google, of any organisation or of none. A role bound to the group, meant for the people of a company, is
  so bound to the internet. The API server must be reached from there, which was not read.
detect: audit events of users of other domains than your own
mitigate: bind to groups of your own in place of system:authenticated; let only known networks reach the API server
references:
  - https://cloud.google.com/kubernetes-engine/docs/best-practices/rbac
-- yes/gke.yaml --
apiVersion: v1
kind: Node
metadata:
  name: n1
  labels: {cloud.google.com/gke-nodepool: default} # EVIDENCE
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: open}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
subjects: [{kind: Group, name: "system:authenticated", apiGroup: rbac.authorization.k8s.io}]
# EDGE Internet anyone -> Group system:authenticated
# EDGE Internet anyone -> Cluster admin
-- yes/secrets.yaml --
apiVersion: v1
kind: Node
metadata: {name: n1, labels: {cloud.google.com/gke-nodepool: default}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: people}
rules:
- {apiGroups: [""], resources: [secrets], verbs: [list]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: people}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: people}
subjects: [{kind: Group, name: "system:authenticated", apiGroup: rbac.authorization.k8s.io}]
---
apiVersion: v1
kind: Secret
metadata: {name: db, namespace: shop}
type: Opaque
# EDGE Internet anyone -> Group system:authenticated
-- no/other-cloud.yaml --
apiVersion: v1
kind: Node
metadata: {name: n1}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: open}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
subjects: [{kind: Group, name: "system:authenticated", apiGroup: rbac.authorization.k8s.io}]
# NO EDGE Internet anyone -> Cluster admin
-- no/own-group.yaml --
apiVersion: v1
kind: Node
metadata: {name: n1, labels: {cloud.google.com/gke-nodepool: default}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: admins}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
subjects: [{kind: Group, name: admins@example.com, apiGroup: rbac.authorization.k8s.io}]
# NO EDGE Internet anyone -> Cluster admin
`, deriveAnyLogin)

func deriveAnyLogin(a *rule.Attack) {
	for o := range objects(a, "Node") {
		if at := o.Root.At("metadata", "labels", "cloud.google.com/gke-nodepool"); at.Exists() {
			a.Step(rule.Step{
				From: []bartizan.Ref{rule.Internet}, To: rule.Group("system:authenticated"), Text: "logs in with an account of its own, as a member of {to}",
				Why: []bartizan.Evidence{evidence(o, at)},
			})
			return
		}
	}
}
