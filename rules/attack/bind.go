package attack

import (
	"strings"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/rule"
)

// Bind binds roles beyond one's own rights.
var Bind = rule.Edge(`
id: attack-bind
title: Bind a role to oneself
certainty: certain
cost: 0
givesRoles: true
maps: {attack: T1098.006, ms-matrix: MS-TA9019}
why: |
  A binding may only be written by somebody who has all rights of its role already, or who may bind that role: bind is
  asked for on roles and clusterroles, by the role's name, in the namespace of the binding. With bind and the right to
  write bindings an attacker has the role, cluster-admin where no names narrow it.
detect: audit events that create or change bindings, most of all to cluster-admin
mitigate: name the roles in resourceNames of the rule with bind
references:
  - https://kubernetes.io/docs/reference/access-authn-authz/rbac/
  - https://kubernetes.io/docs/concepts/security/rbac-good-practices/
-- yes/e1-everything.yaml --
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: grant}
rules:
- {apiGroups: [rbac.authorization.k8s.io], resources: [clusterroles], verbs: [bind]}
- {apiGroups: [rbac.authorization.k8s.io], resources: [clusterrolebindings], verbs: [create]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: grant}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: grant}
subjects: [{kind: ServiceAccount, name: builder, namespace: ci}]
# EDGE ServiceAccount ci/builder -> Cluster admin
-- yes/e7-split.yaml --
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: grant}
rules:
- {apiGroups: [rbac.authorization.k8s.io], resources: [clusterroles], verbs: [bind], resourceNames: [cluster-admin]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: grant}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: grant}
subjects: [{kind: ServiceAccount, name: builder, namespace: ci}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: bindings}
rules:
- {apiGroups: [rbac.authorization.k8s.io], resources: [clusterrolebindings], verbs: [create]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: bindings}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: bindings}
subjects: [{kind: Group, name: "system:serviceaccounts:ci", apiGroup: rbac.authorization.k8s.io}]
# EDGE ServiceAccount ci/builder -> Cluster admin
# NO EDGE ServiceAccount ci/other -> Cluster admin
-- yes/e6-named-in-namespace.yaml --
# What the role grants is had in that namespace only.
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: powers}
rules:
- {apiGroups: ["*"], resources: ["*"], verbs: ["*"]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: grant, namespace: shop}
rules:
- {apiGroups: [rbac.authorization.k8s.io], resources: [clusterroles], verbs: [bind], resourceNames: [powers]}
- {apiGroups: [rbac.authorization.k8s.io], resources: [rolebindings], verbs: [create]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: grant, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: grant}
subjects: [{kind: ServiceAccount, name: builder, namespace: ci}]
# EDGE ServiceAccount ci/builder -> Held shop/ClusterRole powers
# NO EDGE ServiceAccount ci/builder -> Cluster admin
-- yes/existing-binding.yaml --
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: admins}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
subjects: [{kind: User, name: root, apiGroup: rbac.authorization.k8s.io}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: grant}
rules:
- {apiGroups: [rbac.authorization.k8s.io], resources: [clusterroles], verbs: [bind]}
- {apiGroups: [rbac.authorization.k8s.io], resources: [clusterrolebindings], verbs: [patch], resourceNames: [admins]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: grant}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: grant}
subjects: [{kind: User, name: jane, apiGroup: rbac.authorization.k8s.io}]
# EDGE User jane -> Cluster admin
-- yes/in-one-namespace.yaml --
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: grant}
rules:
- {apiGroups: [rbac.authorization.k8s.io], resources: [clusterroles], verbs: [bind]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: grant}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: grant}
subjects: [{kind: ServiceAccount, name: builder, namespace: ci}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: write, namespace: shop}
rules:
- {apiGroups: [rbac.authorization.k8s.io], resources: [rolebindings], verbs: [create]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: write, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: write}
subjects: [{kind: ServiceAccount, name: builder, namespace: ci}]
# EDGE ServiceAccount ci/builder -> Secret shop/*
# NO EDGE ServiceAccount ci/builder -> Secret *
-- no/e1-wrong-resource.yaml --
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: grant}
rules:
- {apiGroups: [rbac.authorization.k8s.io], resources: [clusterrolebindings], verbs: [bind, create]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: grant}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: grant}
subjects: [{kind: ServiceAccount, name: builder, namespace: ci}]
# NO EDGE ServiceAccount ci/builder -> Cluster admin
-- no/e8-own-rights-only.yaml --
# Without bind only roles can be bound whose rights one has already, so nothing is won.
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: grant}
rules:
- {apiGroups: [rbac.authorization.k8s.io], resources: [clusterrolebindings, rolebindings], verbs: [create, update, patch]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: grant}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: grant}
subjects: [{kind: ServiceAccount, name: builder, namespace: ci}]
# NO EDGE ServiceAccount ci/builder -> Cluster admin
-- no/namespaces-apart.yaml --
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: grant, namespace: shop}
rules:
- {apiGroups: [rbac.authorization.k8s.io], resources: [clusterroles], verbs: [bind]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: grant, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: grant}
subjects: [{kind: ServiceAccount, name: builder, namespace: ci}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: write, namespace: test}
rules:
- {apiGroups: [rbac.authorization.k8s.io], resources: [rolebindings], verbs: [create]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: write, namespace: test}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: write}
subjects: [{kind: ServiceAccount, name: builder, namespace: ci}]
# NO EDGE ServiceAccount ci/builder -> Secret shop/*
# NO EDGE ServiceAccount ci/builder -> Secret test/*
`, deriveBind)

func deriveBind(a *rule.Attack) {
	for _, kind := range []bartizan.Kind{"ClusterRole", "Role"} {
		bind := rule.Right{Verb: "bind", Group: rbacGroup, Resource: strings.ToLower(string(kind)) + "s"}
		for _, scope := range a.Access.Where(bind) {
			held := a.Access.Can(bind, scope)
			for _, role := range bindable(a, kind, scope) {
				bindNew(a, held, scope.Namespace, role)
			}
		}
		for _, binding := range []bartizan.Kind{"ClusterRoleBinding", "RoleBinding"} {
			bindAgain(a, bind, kind, binding)
		}
	}
}

// bindable lists the roles that a right to bind speaks of: of all ClusterRoles the one that grants everything stands
// for the others.
func bindable(a *rule.Attack, kind bartizan.Kind, s rule.Scope) (out []bartizan.Ref) {
	if kind == "ClusterRole" {
		role := clusterAdminRole
		if s.Name != "" {
			role.Name = s.Name
		}
		return []bartizan.Ref{role}
	}
	for o := range objects(a, kind) {
		if ref := placed(o); within(s, ref.Namespace, ref.Name) {
			out = append(out, ref)
		}
	}
	return out
}

// gain reports the step to having a role in a namespace, or everywhere.
func gain(a *rule.Attack, role bartizan.Ref, namespace string, s rule.Step) {
	if role == clusterAdminRole {
		s.Text += " and takes {to}"
		everything(a, namespace, s)
		return
	}
	s.To = a.Access.Held(role, namespace)
	a.Step(s)
}

// bindNew writes a new binding to a role, which it may bind in a namespace, or everywhere.
func bindNew(a *rule.Attack, bind bartizan.Ref, namespace string, role bartizan.Ref) {
	text := "binds " + string(role.Kind) + " " + role.Name + " to an identity of its own"
	if namespace == "" && role.Kind == "ClusterRole" {
		for _, held := range a.Holding(rule.Right{Verb: "create", Group: rbacGroup, Resource: "clusterrolebindings", Cluster: true}) {
			gain(a, role, "", rule.Step{From: join(held, bind), Text: text})
		}
	}
	for in, held := range a.Holding(rule.Right{Verb: "create", Group: rbacGroup, Resource: "rolebindings"}) {
		s := rule.Step{From: join(held, bind), Text: text}
		if namespace == "" && in.Namespace == "" && role == clusterAdminRole {
			s.Text = text + " in each namespace and takes {to}"
			everywhere(a, s)
			continue
		}
		for _, ns := range a.Admission.Namespaces() {
			if within(rule.Scope{Namespace: in.Namespace}, ns, "") && within(rule.Scope{Namespace: namespace}, ns, "") && (role.Namespace == "" || role.Namespace == ns) {
				gain(a, role, ns, s)
			}
		}
	}
}

// bindAgain adds a subject to bindings that exist.
func bindAgain(a *rule.Attack, bind rule.Right, kind, binding bartizan.Kind) {
	write := rule.Right{Group: rbacGroup, Resource: strings.ToLower(string(binding)) + "s", Cluster: binding == "ClusterRoleBinding"}
	bindable := a.Access.Where(bind)
	if len(bindable) == 0 {
		return
	}
	for o := range objects(a, binding) {
		to := o.Root.Get("roleRef")
		if to.Get("kind").Str() != string(kind) {
			continue
		}
		at, role := rule.Scope{Name: o.Ref.Name}, bartizan.Ref{Kind: kind, Name: to.Get("name").Str()}
		if !write.Cluster {
			at.Namespace = placed(o).Namespace
		}
		if kind == "Role" {
			role.Namespace = at.Namespace
		}
		of, text := rule.Scope{Namespace: at.Namespace, Name: role.Name}, "adds an identity of its own to "+o.Ref.String()
		for b := range covering(bindable, of) {
			for _, verb := range changing {
				write.Verb = verb
				for w := range covering(a.Access.Where(write), at) {
					gain(a, role, at.Namespace, rule.Step{
						From: []bartizan.Ref{a.Access.Can(bind, b), a.Access.Can(write, w)},
						Text: text,
					})
				}
			}
		}
	}
}
