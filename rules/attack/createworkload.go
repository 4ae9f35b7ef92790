package attack

import "github.com/bartizan-dev/bartizan/rule"

// CreateWorkload starts pods of the attacker's choice.
var CreateWorkload = rule.Edge(`
id: attack-create-workload
title: Start a pod with any service account and any Secret of a namespace
certainty: certain
cost: 0
maps: {attack: [T1610, T1528], ms-matrix: [MS-TA9008, MS-TA9016]}
why: |
  A pod names its service account and mounts Secrets by name; nobody asks whether its author may use or read them. So
  whoever may create pods in a namespace, or anything of which pods are made (a Deployment, a Job, a CronJob), acts as
  every service account there and reads every Secret there. In kube-system those are the accounts of the controllers.
detect: workloads created by identities that do not deploy, or with images from elsewhere
mitigate: let only the deployment pipeline create workloads; keep accounts of different trust in different namespaces
references:
  - https://kubernetes.io/docs/concepts/security/rbac-good-practices/
  - https://kubernetes.io/docs/concepts/security/service-accounts/
-- yes/e3-deployments-only.yaml --
apiVersion: v1
kind: ServiceAccount
metadata: {name: admin, namespace: prod}
---
apiVersion: v1
kind: Secret
metadata: {name: db, namespace: prod}
type: Opaque
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: deploy, namespace: prod}
rules:
- {apiGroups: [apps], resources: [deployments], verbs: [create]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: deploy, namespace: prod}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: deploy}
subjects: [{kind: ServiceAccount, name: builder, namespace: ci}]
# EDGE ServiceAccount ci/builder -> ServiceAccount prod/admin
# EDGE ServiceAccount ci/builder -> Secret prod/db
# EDGE ServiceAccount ci/builder -> Secret prod/*
# NO EDGE ServiceAccount ci/builder -> Secret ci/*
-- yes/jobs-everywhere.yaml --
apiVersion: v1
kind: ServiceAccount
metadata: {name: admin, namespace: prod}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: cron}
rules:
- {apiGroups: [batch], resources: [cronjobs], verbs: [create]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: cron}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cron}
subjects: [{kind: User, name: jane, apiGroup: rbac.authorization.k8s.io}]
# EDGE User jane -> ServiceAccount prod/admin
# EDGE User jane -> Secret *
-- yes/e5-group-of-accounts.yaml --
apiVersion: v1
kind: ServiceAccount
metadata: {name: admin, namespace: prod}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec: {containers: [{name: web, image: web}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: run, namespace: prod}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: edit}
subjects: [{kind: Group, name: "system:serviceaccounts:shop", apiGroup: rbac.authorization.k8s.io}]
# EDGE ServiceAccount shop/default -> ServiceAccount prod/admin
# NO EDGE ServiceAccount ci/default -> ServiceAccount prod/admin
-- yes/a38-controllers.yaml --
# The controllers' accounts need not be read to be there.
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: backup, namespace: kube-system}
rules:
- {apiGroups: [""], resources: [pods], verbs: [create]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: backup, namespace: kube-system}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: backup}
subjects: [{kind: ServiceAccount, name: backup, namespace: kube-system}]
# EDGE ServiceAccount kube-system/backup -> ServiceAccount kube-system/clusterrole-aggregation-controller
-- no/e3-wrong-group.yaml --
apiVersion: v1
kind: ServiceAccount
metadata: {name: admin, namespace: prod}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: deploy, namespace: prod}
rules:
- {apiGroups: [""], resources: [deployments], verbs: [create]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: deploy, namespace: prod}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: deploy}
subjects: [{kind: ServiceAccount, name: builder, namespace: ci}]
# NO EDGE ServiceAccount ci/builder -> ServiceAccount prod/admin
-- no/names-do-not-count.yaml --
# A request to create has no name, so a rule with names never allows it.
apiVersion: v1
kind: ServiceAccount
metadata: {name: admin, namespace: prod}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: deploy, namespace: prod}
rules:
- {apiGroups: [apps], resources: [deployments], verbs: [create], resourceNames: [web]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: deploy, namespace: prod}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: deploy}
subjects: [{kind: ServiceAccount, name: builder, namespace: ci}]
# NO EDGE ServiceAccount ci/builder -> ServiceAccount prod/admin
-- no/other-namespace.yaml --
apiVersion: v1
kind: ServiceAccount
metadata: {name: admin, namespace: prod}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: deploy, namespace: test}
rules:
- {apiGroups: [""], resources: [pods], verbs: [create]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: deploy, namespace: test}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: deploy}
subjects: [{kind: ServiceAccount, name: builder, namespace: ci}]
# NO EDGE ServiceAccount ci/builder -> ServiceAccount prod/admin
`, deriveCreateWorkload)

func deriveCreateWorkload(a *rule.Attack) {
	for _, m := range makers {
		for scope, held := range a.Holding(m.right("create")) {
			from := join(held, a.Admission.Admits(scope.Namespace, rule.LevelRestricted))
			a.Step(rule.Step{From: from, To: rule.AccountsIn(scope.Namespace), Text: "starts a pod as {to}"})
			a.Step(rule.Step{From: from, To: rule.SecretsIn(scope.Namespace), Text: "starts a pod that mounts {to}"})
		}
	}
}
