package attack

import (
	"strings"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/rule"
)

// Escalate widens a role that the attacker has.
var Escalate = rule.Edge(`
id: attack-escalate
title: Add rights to a role that one has
certainty: certain
cost: 0
givesRoles: true
maps: {attack: T1098.006}
why: |
  A role may only be given rights that its author has, unless the author may escalate roles. With escalate and update or
  patch of a role that is bound to an identity of theirs, or to a group that everybody is in, attackers give themselves
  everything: in the namespaces where the role is bound, or everywhere.
detect: audit events that change roles, by anyone but the tools that install software
mitigate: take escalate out of the role; let such tools have the rights that they hand out instead
references:
  - https://kubernetes.io/docs/reference/access-authn-authz/rbac/
  - https://kubernetes.io/docs/concepts/security/rbac-good-practices/
-- yes/own-role.yaml --
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: installer}
rules:
- {apiGroups: [rbac.authorization.k8s.io], resources: [clusterroles], verbs: [escalate, patch], resourceNames: [installer]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: installer}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: installer}
subjects: [{kind: ServiceAccount, name: installer, namespace: ops}]
# EDGE ServiceAccount ops/installer -> Cluster admin
-- yes/e7-split-in-namespace.yaml --
apiVersion: v1
kind: Secret
metadata: {name: db, namespace: shop}
type: Opaque
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: edit-roles, namespace: shop}
rules:
- {apiGroups: [rbac.authorization.k8s.io], resources: [roles], verbs: [update]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: edit-roles, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: edit-roles}
subjects: [{kind: ServiceAccount, name: builder, namespace: ci}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: escalate, namespace: shop}
rules:
- {apiGroups: [rbac.authorization.k8s.io], resources: [roles], verbs: [escalate], resourceNames: [edit-roles]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: escalate, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: escalate}
subjects: [{kind: ServiceAccount, name: builder, namespace: ci}]
# EDGE ServiceAccount ci/builder -> Secret shop/db
# NO EDGE ServiceAccount ci/builder -> Cluster admin
-- yes/a38-aggregation-controller.yaml --
# An account of the control plane that every cluster has.
apiVersion: v1
kind: ServiceAccount
metadata: {name: clusterrole-aggregation-controller, namespace: kube-system}
# EDGE ServiceAccount kube-system/clusterrole-aggregation-controller -> Cluster admin
-- no/e8-without-escalate.yaml --
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: installer}
rules:
- {apiGroups: [rbac.authorization.k8s.io], resources: [clusterroles, roles], verbs: [create, update, patch]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: installer}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: installer}
subjects: [{kind: ServiceAccount, name: installer, namespace: ops}]
# NO EDGE ServiceAccount ops/installer -> Cluster admin
-- no/not-bound.yaml --
# The role that may be widened is bound to somebody else.
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: spare}
rules:
- {apiGroups: [""], resources: [pods], verbs: [get]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: spare}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: spare}
subjects: [{kind: User, name: carl, apiGroup: rbac.authorization.k8s.io}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: installer}
rules:
- {apiGroups: [rbac.authorization.k8s.io], resources: [clusterroles], verbs: [escalate, patch], resourceNames: [spare]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: installer}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: installer}
subjects: [{kind: ServiceAccount, name: installer, namespace: ops}]
# NO EDGE ServiceAccount ops/installer -> Cluster admin
`, deriveEscalate)

func deriveEscalate(a *rule.Attack) {
	for role := range a.Access.Roles() {
		if role.All {
			continue
		}
		at := rule.Scope{Namespace: role.Ref.Namespace, Name: role.Ref.Name}
		escalate := rule.Right{Verb: "escalate", Group: rbacGroup, Resource: strings.ToLower(string(role.Ref.Kind)) + "s", Cluster: role.Ref.Kind == "ClusterRole"}
		for e := range covering(a.Access.Where(escalate), at) {
			for _, verb := range changing {
				write := escalate
				write.Verb = verb
				for w := range covering(a.Access.Where(write), at) {
					from := []bartizan.Ref{a.Access.Can(escalate, e), a.Access.Can(write, w)}
					for _, ns := range role.Bound {
						everything(a, ns, rule.Step{
							From: join(from, a.Access.Held(role.Ref, ns)),
							Text: "adds every right to " + role.Ref.String() + ", which it has, and takes {to}",
						})
					}
				}
			}
		}
	}
}
