package attack

import (
	"strings"

	"github.com/bartizan-dev/bartizan/rule"
)

// ImpersonateUser acts as another user.
var ImpersonateUser = rule.Edge(`
id: attack-impersonate-user
title: Act as another user
certainty: certain
cost: 0
maps: {attack: [T1078, T1550.001]}
why: |
  Whoever may impersonate users sends a header with a user's name, and the API server decides as if that user had asked.
  The user's groups do not come along: they are another right. A service account or a node is not had by its user name:
  the first is asked for as a service account, the second needs the group system:nodes as well.
detect: audit events with impersonatedUser
mitigate: name the users in resourceNames; use constrained impersonation from Kubernetes 1.36 on
references:
  - https://kubernetes.io/docs/reference/access-authn-authz/user-impersonation/
  - https://kubernetes.io/docs/concepts/security/rbac-good-practices/
-- yes/any.yaml --
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: admins}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
subjects: [{kind: User, name: root, apiGroup: rbac.authorization.k8s.io}]
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
# EDGE ServiceAccount auth/proxy -> User root
# EDGE ServiceAccount auth/proxy -> Cluster admin
-- yes/e6-named.yaml --
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: admins}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
subjects: [{kind: User, name: root, apiGroup: rbac.authorization.k8s.io}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: proxy}
rules:
- {apiGroups: [""], resources: [users], verbs: [impersonate], resourceNames: [jane]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: proxy}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: proxy}
subjects: [{kind: ServiceAccount, name: proxy, namespace: auth}]
# EDGE ServiceAccount auth/proxy -> User jane
# NO EDGE ServiceAccount auth/proxy -> User root
-- yes/controller-manager.yaml --
# Its user reads all Secrets, by a binding that every cluster has.
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: proxy}
rules:
- {apiGroups: [""], resources: [users], verbs: ["*"]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: proxy}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: proxy}
subjects: [{kind: ServiceAccount, name: proxy, namespace: auth}]
# EDGE ServiceAccount auth/proxy -> User system:kube-controller-manager
-- no/role-binding.yaml --
# Users are in no namespace.
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: admins}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
subjects: [{kind: User, name: root, apiGroup: rbac.authorization.k8s.io}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: proxy}
rules:
- {apiGroups: [""], resources: [users], verbs: [impersonate]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: proxy, namespace: auth}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: proxy}
subjects: [{kind: ServiceAccount, name: proxy, namespace: auth}]
# NO EDGE ServiceAccount auth/proxy -> User root
-- no/extra.yaml --
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: admins}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
subjects: [{kind: User, name: root, apiGroup: rbac.authorization.k8s.io}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: proxy}
rules:
- {apiGroups: [authentication.k8s.io], resources: [userextras/scopes, uids], verbs: [impersonate]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: proxy}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: proxy}
subjects: [{kind: ServiceAccount, name: proxy, namespace: auth}]
# NO EDGE ServiceAccount auth/proxy -> User root
`, deriveImpersonateUser)

func deriveImpersonateUser(a *rule.Attack) {
	users := bound(a, "User")
	for scope, held := range a.Holding(rule.Right{Verb: "impersonate", Resource: "users", Cluster: true}) {
		names := users
		if scope.Name != "" {
			names = []string{scope.Name}
		}
		for _, name := range names {
			if strings.HasPrefix(name, "system:serviceaccount:") || strings.HasPrefix(name, "system:node:") {
				continue
			}
			a.Step(rule.Step{From: held, To: rule.User(name), Text: "asks in the name of {to}"})
		}
	}
}
