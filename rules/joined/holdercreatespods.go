package joined

import "github.com/bartizan-dev/bartizan/rule"

// startsPods are the rights of which each lets its holder start pods.
var startsPods = [][]rule.Right{
	{{Verb: "create", Resource: "pods"}}, {{Verb: "create", Resource: "replicationcontrollers"}},
	{{Verb: "create", Group: "apps", Resource: "deployments"}}, {{Verb: "create", Group: "apps", Resource: "daemonsets"}},
	{{Verb: "create", Group: "apps", Resource: "statefulsets"}}, {{Verb: "create", Group: "apps", Resource: "replicasets"}},
	{{Verb: "create", Group: "batch", Resource: "jobs"}}, {{Verb: "create", Group: "batch", Resource: "cronjobs"}},
}

// HolderCreatesPods finds who may start pods in every namespace.
var HolderCreatesPods = rule.Go(`
id: rbac-holder-creates-pods
title: Account may start pods in every namespace
severity: high
on: [ServiceAccount, RoleBinding, ClusterRoleBinding]
needs: rights
maps: {cis-1.12: 5.1.4, nsa-cisa: rbac, attack: [T1610, T1053.007], ms-matrix: MS-TA9008}
why: |
  A pod runs as any service account of its namespace, mounts any Secret of it and, where Pod Security does not
  forbid that, the node's file system. Whoever starts pods everywhere therefore holds what all accounts together
  hold, those of kube-system included.
references:
  - https://kubernetes.io/docs/concepts/security/rbac-good-practices/
-- fail/operator.yaml --
apiVersion: v1
kind: ServiceAccount
metadata:
  namespace: ops
  name: operator # FINDING
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: deployer}
rules:
  - {apiGroups: ["apps"], resources: [deployments], verbs: [create]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: operator}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: deployer}
subjects:
  - {kind: ServiceAccount, name: operator, namespace: ops}
-- fail/kube-system.yaml --
apiVersion: v1
kind: ServiceAccount
metadata:
  namespace: ops
  name: operator # FINDING
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: deployer, namespace: kube-system}
rules:
  - {apiGroups: [""], resources: [pods], verbs: [create]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: operator, namespace: kube-system}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: deployer}
subjects:
  - {kind: ServiceAccount, name: operator, namespace: ops}
-- pass/own-namespace.yaml --
apiVersion: v1
kind: ServiceAccount
metadata:
  namespace: ops
  name: operator
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: deployer, namespace: ops}
rules:
  - {apiGroups: [""], resources: [pods], verbs: [create]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: operator, namespace: ops}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: deployer}
subjects:
  - {kind: ServiceAccount, name: operator, namespace: ops}
-- pass/controllers.yaml --
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: "system:controller:job-controller"}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: "system:controller:job-controller"}
subjects:
  - {kind: ServiceAccount, name: job-controller, namespace: kube-system}
`, func(p *rule.Pass) {
	judgeHolders(p, "start pods", true, startsPods)
})
