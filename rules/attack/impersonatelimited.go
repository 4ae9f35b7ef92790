package attack

import (
	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/rule"
)

// ImpersonateLimited acts as somebody else for some requests.
var ImpersonateLimited = rule.Edge(`
id: attack-impersonate-constrained
title: Act as somebody else for requests that constrained impersonation allows
certainty: conditional
cost: 3
maps: {attack: [T1078, T1550.001]}
why: |
  From Kubernetes 1.36 on impersonation can be narrowed: one right says whom (impersonate:serviceaccount,
  impersonate:user-info, impersonate:arbitrary-node), another what for (impersonate-on:serviceaccount:create). Where
  what for contains commands in pods, tokens, Secrets, workloads or roles, it is worth nearly as much as the account
  itself; how much, depends on that account's rights.
detect: audit events with impersonatedUser and with authenticationMetadata about the constraint
mitigate: keep impersonate-on to reading, and name the accounts in resourceNames
references:
  - https://kubernetes.io/docs/reference/access-authn-authz/user-impersonation/
-- yes/account.yaml --
# VERSION 1.36
apiVersion: v1
kind: ServiceAccount
metadata: {name: admin, namespace: shop}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: act, namespace: shop}
rules:
- {apiGroups: [authentication.k8s.io], resources: [serviceaccounts], verbs: ["impersonate:serviceaccount"], resourceNames: [admin]}
- {apiGroups: [""], resources: [pods/exec], verbs: ["impersonate-on:serviceaccount:create"]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: act, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: act}
subjects: [{kind: User, name: jane, apiGroup: rbac.authorization.k8s.io}]
# EDGE User jane -> ServiceAccount shop/admin
-- yes/node.yaml --
# VERSION 1.36
apiVersion: v1
kind: Node
metadata: {name: n1}
---
apiVersion: v1
kind: Node
metadata: {name: n2}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: act}
rules:
- {apiGroups: [authentication.k8s.io], resources: [nodes], verbs: ["impersonate:arbitrary-node"], resourceNames: [n1]}
- {apiGroups: [""], resources: [secrets], verbs: ["impersonate-on:arbitrary-node:list"]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: act}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: act}
subjects: [{kind: User, name: jane, apiGroup: rbac.authorization.k8s.io}]
# EDGE User jane -> User system:node:n1
# NO EDGE User jane -> User system:node:n2
-- no/harmless.yaml --
# VERSION 1.36
apiVersion: v1
kind: ServiceAccount
metadata: {name: admin, namespace: shop}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: act, namespace: shop}
rules:
- {apiGroups: [authentication.k8s.io], resources: [serviceaccounts], verbs: ["impersonate:serviceaccount"]}
- {apiGroups: [""], resources: [pods], verbs: ["impersonate-on:serviceaccount:list"]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: act, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: act}
subjects: [{kind: User, name: jane, apiGroup: rbac.authorization.k8s.io}]
# NO EDGE User jane -> ServiceAccount shop/admin
-- no/half.yaml --
# VERSION 1.36
apiVersion: v1
kind: ServiceAccount
metadata: {name: admin, namespace: shop}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: act, namespace: shop}
rules:
- {apiGroups: [authentication.k8s.io], resources: [serviceaccounts], verbs: ["impersonate:serviceaccount"]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: act, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: act}
subjects: [{kind: User, name: jane, apiGroup: rbac.authorization.k8s.io}]
# NO EDGE User jane -> ServiceAccount shop/admin
-- no/before-1.36.yaml --
# VERSION 1.35
apiVersion: v1
kind: ServiceAccount
metadata: {name: admin, namespace: shop}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: act, namespace: shop}
rules:
- {apiGroups: [authentication.k8s.io], resources: [serviceaccounts], verbs: ["impersonate:serviceaccount"], resourceNames: [admin]}
- {apiGroups: [""], resources: [pods/exec], verbs: ["impersonate-on:serviceaccount:create"]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: act, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: act}
subjects: [{kind: User, name: jane, apiGroup: rbac.authorization.k8s.io}]
# NO EDGE User jane -> ServiceAccount shop/admin
`, deriveImpersonateLimited)

func deriveImpersonateLimited(a *rule.Attack) {
	if a.Version.Less(rule.Version{Major: 1, Minor: 36}) {
		return
	}
	modes := []struct {
		mode, resource string
		cluster        bool
		to             func(rule.Scope) bartizan.Ref
	}{
		{"serviceaccount", "serviceaccounts", false, func(s rule.Scope) bartizan.Ref { return rule.In(rule.AccountsIn, s) }},
		{"user-info", "users", true, func(s rule.Scope) bartizan.Ref { return rule.User(s.Name) }},
		{"arbitrary-node", "nodes", true, func(s rule.Scope) bartizan.Ref { return rule.NodeUser(s.Name) }},
	}
	for _, m := range modes {
		whom := rule.Right{Verb: "impersonate:" + m.mode, Group: "authentication.k8s.io", Resource: m.resource, Cluster: m.cluster}
		for scope, held := range spread(a, whom) {
			for _, s := range named(a, m.mode, scope) {
				for _, on := range useful(a, m.mode) {
					a.Step(rule.Step{From: join(held, on), To: m.to(s), Text: "asks for that in the name of {to}"})
				}
			}
		}
	}
}

// named spells out whom a right without names allows to impersonate.
func named(a *rule.Attack, mode string, s rule.Scope) (out []rule.Scope) {
	if s.Name != "" || mode == "serviceaccount" {
		return []rule.Scope{s}
	}
	if mode == "user-info" {
		for _, u := range bound(a, "User") {
			out = append(out, rule.Scope{Name: u})
		}
		return out
	}
	for _, n := range a.Pods.Nodes() {
		out = append(out, rule.Scope{Name: n.Ref.Name})
	}
	return out
}

// useful lists the vertices of the rights to impersonate somebody for a request that gives something away.
func useful(a *rule.Attack, mode string) (out []bartizan.Ref) {
	for _, r := range []rule.Right{
		{Verb: "create", Resource: "pods", Sub: "exec"}, {Verb: "create", Resource: "pods"}, {Verb: "create", Group: "apps", Resource: "deployments"},
		{Verb: "create", Resource: "serviceaccounts", Sub: "token"}, {Verb: "get", Resource: "secrets"}, {Verb: "list", Resource: "secrets"},
		{Verb: "patch", Resource: "secrets"}, {Verb: "create", Group: rbacGroup, Resource: "rolebindings"}, {Verb: "patch", Group: rbacGroup, Resource: "clusterroles"},
		{Verb: "create", Group: rbacGroup, Resource: "clusterrolebindings"}, {Verb: "get", Resource: "nodes", Sub: "proxy"},
	} {
		r.Verb = "impersonate-on:" + mode + ":" + r.Verb
		for _, held := range a.Holding(r) {
			out = append(out, held...)
		}
	}
	return out
}
