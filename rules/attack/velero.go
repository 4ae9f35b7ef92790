package attack

import (
	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/rule"
)

// Velero leads from the right to make backups or restores to what Velero may read and write.
var Velero = rule.Edge(`
id: attack-velero
title: Have Velero restore objects or hand out a backup with its own rights
certainty: likely
cost: 3
maps: {attack: [T1552.007, T1098.006], ms-matrix: MS-TA9025}
why: |
  Velero saves and restores objects as its own service account, which by default is bound to cluster-admin. A restore from a
  place that the attacker writes to puts any object into the cluster; a backup that may be downloaded holds the Secrets of
  every namespace.
detect: Restores, BackupStorageLocations and DownloadRequests that no schedule made
mitigate: let only Velero's administrators write in its namespace
references:
  - https://velero.io/docs/main/api-types/
-- yes/restore.yaml --
apiVersion: apps/v1
kind: Deployment
metadata: {name: velero, namespace: velero}
spec:
  template:
    spec:
      serviceAccountName: velero
      containers:
      - name: velero
        image: velero/velero:v1.16.0 # EVIDENCE
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: dev, namespace: velero}
rules: [{apiGroups: [velero.io], resources: ["*"], verbs: ["*"]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: dev, namespace: velero}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: dev}
subjects: [{kind: User, name: jane, apiGroup: rbac.authorization.k8s.io}]
# EDGE User jane -> ServiceAccount velero/velero
-- yes/download.yaml --
apiVersion: apps/v1
kind: Deployment
metadata: {name: velero, namespace: velero}
spec:
  template:
    spec:
      serviceAccountName: velero
      containers:
      - name: velero
        image: velero/velero:v1.16.0
---
apiVersion: v1
kind: Secret
metadata: {name: db, namespace: shop}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: dev, namespace: velero}
rules: [{apiGroups: [velero.io], resources: [backups, downloadrequests], verbs: [create]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: dev, namespace: velero}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: dev}
subjects: [{kind: User, name: jane, apiGroup: rbac.authorization.k8s.io}]
# EDGE User jane -> Secret shop/db
# NO EDGE User jane -> ServiceAccount velero/velero
-- no/backup-only.yaml --
apiVersion: apps/v1
kind: Deployment
metadata: {name: velero, namespace: velero}
spec:
  template:
    spec:
      serviceAccountName: velero
      containers:
      - name: velero
        image: velero/velero:v1.16.0
---
apiVersion: v1
kind: Secret
metadata: {name: db, namespace: shop}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: dev, namespace: velero}
rules: [{apiGroups: [velero.io], resources: [backups], verbs: [create]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: dev, namespace: velero}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: dev}
subjects: [{kind: User, name: jane, apiGroup: rbac.authorization.k8s.io}]
# NO EDGE User jane -> Secret shop/db
-- no/other-namespace.yaml --
apiVersion: apps/v1
kind: Deployment
metadata: {name: velero, namespace: velero}
spec:
  template:
    spec:
      serviceAccountName: velero
      containers:
      - name: velero
        image: velero/velero:v1.16.0
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: dev, namespace: shop}
rules: [{apiGroups: [velero.io], resources: ["*"], verbs: ["*"]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: dev, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: dev}
subjects: [{kind: User, name: jane, apiGroup: rbac.authorization.k8s.io}]
# NO EDGE User jane -> ServiceAccount velero/velero
`, deriveVelero)

func deriveVelero(a *rule.Attack) {
	create := func(resource string) rule.Right {
		return rule.Right{Verb: "create", Group: "velero.io", Resource: resource}
	}
	for p, c := range running(a, "velero/velero", "bitnami/velero") {
		for _, both := range []struct {
			rights []rule.Right
			to     bartizan.Ref
			text   string
		}{
			{[]rule.Right{create("restores"), create("backupstoragelocations")}, p.Account, "has Velero restore objects of its own making as {to}"},
			{[]rule.Right{create("backups"), create("downloadrequests")}, rule.EverySecret, "reads {to} in a backup that Velero made"},
		} {
			for scope, held := range a.Holding(both.rights...) {
				if scope.Namespace == "" || scope.Namespace == p.Ref.Namespace {
					a.Step(rule.Step{From: append([]bartizan.Ref{}, held...), To: both.to, Text: both.text, Why: p.Why(c.Node.Get("image"))})
				}
			}
		}
	}
}
