package attack

import "github.com/bartizan-dev/bartizan/rule"

// ImpersonateGroup acts as a member of a group.
var ImpersonateGroup = rule.Edge(`
id: attack-impersonate-group
title: Act as a member of any group, system:masters among them
certainty: certain
cost: 0
maps: {attack: [T1078, T1550.001], ms-matrix: MS-TA9019}
why: |
  Whoever may impersonate groups adds any group to the name of a user or service account that they may impersonate.
  With the group system:masters everything is allowed, without a look at any role. With system:nodes and a node's user
  name an attacker is that node's kubelet.
detect: audit events whose impersonatedUser has groups, system:masters first of all
mitigate: name the groups in resourceNames; take impersonate away from what needs no more than a few users
references:
  - https://kubernetes.io/docs/reference/access-authn-authz/user-impersonation/
  - https://kubernetes.io/docs/concepts/security/rbac-good-practices/
-- yes/masters.yaml --
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: proxy}
rules:
- {apiGroups: [""], resources: [users, groups], verbs: [impersonate]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: proxy}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: proxy}
subjects: [{kind: ServiceAccount, name: proxy, namespace: auth}]
# EDGE ServiceAccount auth/proxy -> Group system:masters
# EDGE ServiceAccount auth/proxy -> Cluster admin
-- yes/e7-by-an-account.yaml --
# The name may be a service account's, allowed in one namespace by another role.
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: act, namespace: shop}
rules:
- {apiGroups: [""], resources: [serviceaccounts], verbs: [impersonate], resourceNames: [web]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: act, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: act}
subjects: [{kind: ServiceAccount, name: proxy, namespace: auth}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: groups}
rules:
- {apiGroups: [""], resources: [groups], verbs: [impersonate], resourceNames: [ops]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: groups}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: groups}
subjects: [{kind: ServiceAccount, name: proxy, namespace: auth}]
# EDGE ServiceAccount auth/proxy -> Group ops
# NO EDGE ServiceAccount auth/proxy -> Group system:masters
-- yes/node.yaml --
apiVersion: v1
kind: Node
metadata: {name: n1}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: proxy}
rules:
- {apiGroups: [""], resources: [users], verbs: [impersonate]}
- {apiGroups: [""], resources: [groups], verbs: [impersonate], resourceNames: ["system:nodes"]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: proxy}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: proxy}
subjects: [{kind: ServiceAccount, name: proxy, namespace: auth}]
# EDGE ServiceAccount auth/proxy -> User system:node:n1
-- no/no-user.yaml --
# Groups without a user cannot be impersonated.
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: proxy}
rules:
- {apiGroups: [""], resources: [groups], verbs: [impersonate]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: proxy}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: proxy}
subjects: [{kind: ServiceAccount, name: proxy, namespace: auth}]
# NO EDGE ServiceAccount auth/proxy -> Group system:masters
-- no/users-only.yaml --
apiVersion: v1
kind: Node
metadata: {name: n1}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: proxy}
rules:
- {apiGroups: [""], resources: [users], verbs: [impersonate]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: proxy}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: proxy}
subjects: [{kind: ServiceAccount, name: proxy, namespace: auth}]
# NO EDGE ServiceAccount auth/proxy -> Group system:masters
# NO EDGE ServiceAccount auth/proxy -> User system:node:n1
`, deriveImpersonateGroup)

func deriveImpersonateGroup(a *rule.Attack) {
	users := rule.Right{Verb: "impersonate", Resource: "users", Cluster: true}
	for scope, held := range a.Holding(rule.Right{Verb: "impersonate", Resource: "groups", Cluster: true}) {
		group := scope.Name
		if group == "" {
			group = mastersGroup
		}
		for _, r := range []rule.Right{users, core("impersonate", "serviceaccounts")} {
			for _, some := range a.Holding(r) {
				a.Step(rule.Step{From: join(held, some...), To: rule.Group(group), Text: "asks in the name of a member of {to}"})
			}
		}
		if scope.Name != "" && scope.Name != "system:nodes" {
			continue
		}
		for of, user := range a.Holding(users) {
			for _, n := range a.Pods.Nodes() {
				if to := rule.NodeUser(n.Ref.Name); of.Name == "" || of.Name == to.Name {
					a.Step(rule.Step{From: join(held, user...), To: to, Text: "asks in the name of the node's {to}"})
				}
			}
		}
	}
}
