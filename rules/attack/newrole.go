package attack

import (
	"github.com/bartizan-dev/bartizan/rule"
)

// NewRole writes a role of its own and binds it.
var NewRole = rule.Edge(`
id: attack-new-role
title: Write a role with every right and bind it to oneself
certainty: certain
cost: 0
givesRoles: true
maps: {attack: T1098.006, ms-matrix: MS-TA9019}
why: |
  Neither half gives much: escalate lets a role hold more than its author does, and bind hands out roles that are there.
  Whoever has both, with the right to create roles and bindings in a namespace, writes a role with every right and has
  it: every pod, account and Secret of the namespace.
detect: audit events that create a role and a binding to it, one after the other
mitigate: let no two of escalate and bind reach the same identity; name the roles in resourceNames
references:
  - https://kubernetes.io/docs/reference/access-authn-authz/rbac/
  - https://kubernetes.io/docs/concepts/security/rbac-good-practices/
-- yes/one-role.yaml --
apiVersion: v1
kind: Secret
metadata: {name: db, namespace: shop}
type: Opaque
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: roles, namespace: shop}
rules:
- {apiGroups: [rbac.authorization.k8s.io], resources: [roles], verbs: [create, bind, escalate]}
- {apiGroups: [rbac.authorization.k8s.io], resources: [rolebindings], verbs: [create]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: roles, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: roles}
subjects: [{kind: ServiceAccount, name: builder, namespace: ci}]
# EDGE ServiceAccount ci/builder -> Secret shop/db
# NO EDGE ServiceAccount ci/builder -> Secret *
-- yes/e7-split.yaml --
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec: {containers: [{name: web, image: web}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: write, namespace: shop}
rules:
- {apiGroups: [rbac.authorization.k8s.io], resources: [roles], verbs: [create, escalate]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: write, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: write}
subjects: [{kind: ServiceAccount, name: builder, namespace: ci}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: hand-out}
rules:
- {apiGroups: [rbac.authorization.k8s.io], resources: [roles], verbs: [bind]}
- {apiGroups: [rbac.authorization.k8s.io], resources: [rolebindings], verbs: [create]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: hand-out}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: hand-out}
subjects: [{kind: Group, name: "system:serviceaccounts:ci", apiGroup: rbac.authorization.k8s.io}]
# EDGE ServiceAccount ci/builder -> Pod shop/web
# NO EDGE ServiceAccount ci/other -> Pod shop/web
-- no/e8-no-escalate.yaml --
apiVersion: v1
kind: Secret
metadata: {name: db, namespace: shop}
type: Opaque
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: roles, namespace: shop}
rules:
- {apiGroups: [rbac.authorization.k8s.io], resources: [roles], verbs: [create, bind]}
- {apiGroups: [rbac.authorization.k8s.io], resources: [rolebindings], verbs: [create]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: roles, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: roles}
subjects: [{kind: ServiceAccount, name: builder, namespace: ci}]
# NO EDGE ServiceAccount ci/builder -> Secret shop/db
-- no/e1-bind-on-bindings.yaml --
apiVersion: v1
kind: Secret
metadata: {name: db, namespace: shop}
type: Opaque
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: roles, namespace: shop}
rules:
- {apiGroups: [rbac.authorization.k8s.io], resources: [roles], verbs: [create, escalate]}
- {apiGroups: [rbac.authorization.k8s.io], resources: [rolebindings], verbs: [create, bind]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: roles, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: roles}
subjects: [{kind: ServiceAccount, name: builder, namespace: ci}]
# NO EDGE ServiceAccount ci/builder -> Secret shop/db
`, deriveNewRole)

func deriveNewRole(a *rule.Attack) {
	right := func(verb, resource string) rule.Right {
		return rule.Right{Verb: verb, Group: rbacGroup, Resource: resource}
	}
	for scope, held := range a.Holding(right("create", "roles"), right("escalate", "roles"), right("bind", "roles"), right("create", "rolebindings")) {
		if scope.Namespace != "" {
			everything(a, scope.Namespace, rule.Step{From: held, Text: "writes a role with every right, binds it, and takes {to}"})
			continue
		}
		everywhere(a, rule.Step{From: held, Text: "writes a role with every right in each namespace, binds it, and takes {to}"})
	}
}
