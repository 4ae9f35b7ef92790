package attack

import "github.com/bartizan-dev/bartizan/rule"

// Aggregate adds rules to a role that gathers those of others.
var Aggregate = rule.Edge(`
id: attack-aggregate
title: Add rights to an aggregated role that one has
certainty: certain
cost: 1
givesRoles: true
maps: {attack: T1098.006}
why: |
  admin, edit, view and the roles of many operators gather the rules of every ClusterRole with a certain label. Whoever
  may create ClusterRoles and escalate them writes one with that label and any rule, and everybody who has the
  aggregated role has that rule, the attacker too. Without escalate the new role holds no more than its author does.
detect: new ClusterRoles with labels that begin with rbac.authorization.k8s.io/aggregate-to
mitigate: take escalate of clusterroles out of the role
references:
  - https://kubernetes.io/docs/reference/access-authn-authz/rbac/
-- yes/view.yaml --
apiVersion: v1
kind: Secret
metadata: {name: db, namespace: shop}
type: Opaque
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: installer}
rules:
- {apiGroups: [rbac.authorization.k8s.io], resources: [clusterroles], verbs: [create, escalate]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: installer}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: installer}
subjects: [{kind: ServiceAccount, name: installer, namespace: ops}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: look, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
subjects: [{kind: ServiceAccount, name: installer, namespace: ops}]
# EDGE ServiceAccount ops/installer -> Secret shop/db
# NO EDGE ServiceAccount ops/installer -> Cluster admin
-- yes/own-aggregation.yaml --
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: operator}
aggregationRule: {clusterRoleSelectors: [{matchLabels: {part-of: operator}}]}
rules: []
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: operator}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: operator}
subjects: [{kind: User, name: jane, apiGroup: rbac.authorization.k8s.io}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: installer}
rules:
- {apiGroups: [rbac.authorization.k8s.io], resources: [clusterroles], verbs: [create]}
- {apiGroups: [rbac.authorization.k8s.io], resources: [clusterroles], verbs: [escalate]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: installer}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: installer}
subjects: [{kind: User, name: jane, apiGroup: rbac.authorization.k8s.io}]
# EDGE User jane -> Cluster admin
-- no/e8-without-escalate.yaml --
apiVersion: v1
kind: Secret
metadata: {name: db, namespace: shop}
type: Opaque
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: installer}
rules:
- {apiGroups: [rbac.authorization.k8s.io], resources: [clusterroles], verbs: [create, update, patch]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: installer}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: installer}
subjects: [{kind: ServiceAccount, name: installer, namespace: ops}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: look, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
subjects: [{kind: ServiceAccount, name: installer, namespace: ops}]
# NO EDGE ServiceAccount ops/installer -> Secret shop/db
-- no/plain-role.yaml --
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: plain}
rules:
- {apiGroups: [""], resources: [pods], verbs: [get]}
---
apiVersion: v1
kind: Secret
metadata: {name: db, namespace: shop}
type: Opaque
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: look, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: plain}
subjects: [{kind: ServiceAccount, name: installer, namespace: ops}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: installer}
rules:
- {apiGroups: [rbac.authorization.k8s.io], resources: [clusterroles], verbs: [create, escalate]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: installer}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: installer}
subjects: [{kind: ServiceAccount, name: installer, namespace: ops}]
# NO EDGE ServiceAccount ops/installer -> Secret shop/db
`, deriveAggregate)

func deriveAggregate(a *rule.Attack) {
	gathers := map[string]bool{"admin": true, "edit": true, "view": true}
	for o := range objects(a, "ClusterRole") {
		if o.Root.At("aggregationRule", "clusterRoleSelectors").Len() > 0 {
			gathers[o.Ref.Name] = true
		}
	}
	right := func(verb string) rule.Right {
		return rule.Right{Verb: verb, Group: rbacGroup, Resource: "clusterroles", Cluster: true}
	}
	for _, create := range a.Holding(right("create")) {
		for _, escalate := range a.Holding(right("escalate")) {
			for role := range a.Access.Roles() {
				if role.Ref.Kind != "ClusterRole" || !gathers[role.Ref.Name] || role.All {
					continue
				}
				for _, ns := range role.Bound {
					everything(a, ns, rule.Step{
						From: join(create, append(escalate, a.Access.Held(role.Ref, ns))...),
						Text: "adds every right to the aggregated role " + role.Ref.Name + ", which it has, and takes {to}",
					})
				}
			}
		}
	}
}
