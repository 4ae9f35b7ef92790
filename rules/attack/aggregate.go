package attack

import (
	"slices"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/rule"
)

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
  aggregated role has that rule, the attacker too. Whoever may change and escalate one that
  has the label already need not create any. Without escalate the new role holds no more than its author does.
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
-- no/e6-escalate-named.yaml --
# A request that creates carries no name, so a rule with names does not let it escalate.
apiVersion: v1
kind: Secret
metadata: {name: db, namespace: shop}
type: Opaque
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: installer}
rules:
- {apiGroups: [rbac.authorization.k8s.io], resources: [clusterroles], verbs: [create]}
- {apiGroups: [rbac.authorization.k8s.io], resources: [clusterroles], verbs: [escalate], resourceNames: [own]}
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
-- yes/e6-part.yaml --
# The part of the aggregated role exists, and is the only one that may be changed.
apiVersion: v1
kind: Secret
metadata: {name: db, namespace: shop}
type: Opaque
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: own, labels: {rbac.authorization.k8s.io/aggregate-to-view: "true"}}
rules:
- {apiGroups: [example.com], resources: [widgets], verbs: [get]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: installer}
rules:
- {apiGroups: [rbac.authorization.k8s.io], resources: [clusterroles], verbs: [escalate, patch], resourceNames: [own]}
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
-- no/part-of-another.yaml --
apiVersion: v1
kind: Secret
metadata: {name: db, namespace: shop}
type: Opaque
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: own, labels: {example.com/aggregate-to-view: "true"}}
rules:
- {apiGroups: [example.com], resources: [widgets], verbs: [get]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: installer}
rules:
- {apiGroups: [rbac.authorization.k8s.io], resources: [clusterroles], verbs: [escalate, patch], resourceNames: [own]}
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
`, deriveAggregate)

func deriveAggregate(a *rule.Attack) {
	right := func(verb string) rule.Right {
		return rule.Right{Verb: verb, Group: rbacGroup, Resource: "clusterroles", Cluster: true}
	}
	gathers := aggregated(a)
	for created, create := range a.Holding(right("create")) {
		for escalated, escalate := range a.Holding(right("escalate")) {
			if escalated.Name != "" && escalated.Name != created.Name {
				continue // the name of a role that a request creates is not looked at, unless the request applies it
			}
			for role := range a.Access.Roles() {
				if gathers[role.Ref.Name] != nil {
					poison(a, &role, join(create, escalate...), "adds every right to the aggregated role "+role.Ref.Name)
				}
			}
		}
	}
	escalates := a.Access.Where(right("escalate"))
	for o := range objects(a, "ClusterRole") {
		at := rule.Scope{Name: o.Ref.Name}
		for _, verb := range changing {
			writes := a.Access.Where(right(verb))
			if !covered(escalates, at) || !covered(writes, at) || !slices.Contains(escalates, at) && !slices.Contains(writes, at) {
				continue // or it may do that with every role, and so with the one that it has: attack-escalate
			}
			from := []bartizan.Ref{a.Access.Can(right("escalate"), at), a.Access.Can(right(verb), at)}
			for role := range a.Access.Roles() {
				if takes(gathers[role.Ref.Name], o) {
					poison(a, &role, from, "adds every right to "+o.Ref.Name+", which is part of the aggregated role "+role.Ref.Name)
				}
			}
		}
	}
}

// poison reports the steps of somebody who has an aggregated role and may add rules to it.
func poison(a *rule.Attack, role *rule.Role, from []bartizan.Ref, text string) {
	if role.Ref.Kind != "ClusterRole" || role.All {
		return
	}
	for _, ns := range role.Bound {
		everything(a, ns, rule.Step{From: join(from, a.Access.Held(role.Ref, ns)), Text: text + ", which it has, and takes {to}"})
	}
}

// aggregated lists for each role that gathers the rules of others the sets of labels that it looks for.
func aggregated(a *rule.Attack) map[string][]map[string]string {
	const to = "rbac.authorization.k8s.io/aggregate-to-"
	view, edit, admin := map[string]string{to + "view": "true"}, map[string]string{to + "edit": "true"}, map[string]string{to + "admin": "true"}
	all := map[string][]map[string]string{"view": {view}, "edit": {edit, view}, "admin": {admin, edit, view}} // each gathers the one before
	for o := range objects(a, "ClusterRole") {
		for s := range o.Root.At("aggregationRule", "clusterRoleSelectors").Items() {
			labels := map[string]string{}
			for l := range s.Get("matchLabels").Items() {
				labels[l.Key()] = l.Text()
			}
			all[o.Ref.Name] = append(all[o.Ref.Name], labels)
		}
	}
	return all
}

// takes says whether a role has all labels of one of the sets. A set without labels looks by expressions, which are not
// looked at here.
func takes(sets []map[string]string, o *kube.Object) bool {
	return slices.ContainsFunc(sets, func(labels map[string]string) bool {
		for k, v := range labels {
			if o.Label(k) != v {
				return false
			}
		}
		return len(labels) > 0
	})
}
