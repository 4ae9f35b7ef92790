package attack

import (
	"strings"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/kube"
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
  From Kubernetes 1.36 on impersonation can be narrowed: one right says whom (impersonate:serviceaccount, impersonate:user-info,
  impersonate:arbitrary-node, or impersonate:associated-node for the node that a pod runs on), another what for (impersonate-on:serviceaccount:create). Where
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
-- no/e8-cluster-scoped-by-role-binding.yaml --
# Nodes have no namespace: a RoleBinding does not allow to ask their kubelets for anything.
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
- {apiGroups: [""], resources: [nodes/proxy], verbs: ["impersonate-on:serviceaccount:get"]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: act, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: act}
subjects: [{kind: User, name: jane, apiGroup: rbac.authorization.k8s.io}]
# NO EDGE User jane -> ServiceAccount shop/admin
-- no/node-cannot.yaml --
# A kubelet may not make Deployments, nor may who acts as one.
# VERSION 1.36
apiVersion: v1
kind: Node
metadata: {name: n1}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: act}
rules:
- {apiGroups: [authentication.k8s.io], resources: [nodes], verbs: ["impersonate:arbitrary-node"]}
- {apiGroups: [apps], resources: [deployments], verbs: ["impersonate-on:arbitrary-node:create"]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: act}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: act}
subjects: [{kind: User, name: jane, apiGroup: rbac.authorization.k8s.io}]
# NO EDGE User jane -> User system:node:n1
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
		for scope, held := range spread(a, limited(m.mode, m.resource, m.cluster)) {
			for _, s := range named(a, m.mode, scope) {
				for _, on := range useful(a, m.mode) {
					a.Step(rule.Step{From: join(held, on), To: m.to(s), Text: "asks for that in the name of {to}"})
				}
			}
		}
	}
	asOwnNode(a)
}

// asOwnNode reports the steps of pods whose account may act as the node that they run on. Of accounts that may do
// everything nothing is told: they need no such right.
func asOwnNode(a *rule.Attack) {
	agents := map[bartizan.Ref]bool{}
	for o := range objects(a, "ClusterRoleBinding") {
		role := find(a, bartizan.Ref{Kind: "ClusterRole", Name: o.Root.At("roleRef", "name").Str()})
		if role == nil || !mentions(role, "impersonate:associated-node") {
			continue
		}
		for s := range o.Root.Get("subjects").Items() {
			agents[rule.Account(s.Get("namespace").Str(), s.Get("name").Str())] = s.Get("kind").Str() == "ServiceAccount"
		}
	}
	for scope, held := range a.Holding(limited("associated-node", "nodes", true)) {
		if scope.Name != "" && scope.Name != "*" {
			continue // the API server asks about the node "*", whichever it is
		}
		for p := range a.Pods.All() {
			if !agents[p.Account] {
				continue
			}
			for _, on := range useful(a, "associated-node") {
				for _, n := range p.Nodes {
					a.Step(rule.Step{From: join(held, on, p.Ref), To: rule.NodeUser(n.Name), Text: "asks for that in the name of its node's {to}"})
				}
			}
		}
	}
}

// mentions says whether a role has a verb by its name.
func mentions(role *kube.Object, verb string) bool {
	for r := range role.Root.Get("rules").Items() {
		for v := range r.Get("verbs").Items() {
			if v.Str() == verb {
				return true
			}
		}
	}
	return false
}

// limited is the right to impersonate in a mode.
func limited(mode, resource string, cluster bool) rule.Right {
	return rule.Right{Verb: "impersonate:" + mode, Group: "authentication.k8s.io", Resource: resource, Cluster: cluster}
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

// worth are the requests that give something away, and nodeWorth those of them that a kubelet may make.
var (
	worth = []rule.Right{
		{Verb: "create", Resource: "pods", Sub: "exec"}, {Verb: "create", Resource: "pods"}, {Verb: "create", Group: "apps", Resource: "deployments"},
		{Verb: "create", Resource: "serviceaccounts", Sub: "token"}, {Verb: "get", Resource: "secrets"}, {Verb: "list", Resource: "secrets"},
		{Verb: "patch", Resource: "secrets"}, {Verb: "create", Group: rbacGroup, Resource: "rolebindings"},
		{Verb: "patch", Group: rbacGroup, Resource: "clusterroles", Cluster: true},
		{Verb: "create", Group: rbacGroup, Resource: "clusterrolebindings", Cluster: true}, {Verb: "get", Resource: "nodes", Sub: "proxy", Cluster: true},
	}
	nodeWorth = []rule.Right{
		{Verb: "create", Resource: "serviceaccounts", Sub: "token"}, {Verb: "get", Resource: "secrets"}, {Verb: "list", Resource: "secrets"},
		{Verb: "watch", Resource: "secrets"},
	}
)

// useful lists the vertices of the rights to impersonate somebody for a request that gives something away. Rights for
// objects by name do not count: they give no more than these.
func useful(a *rule.Attack, mode string) (out []bartizan.Ref) {
	requests := worth
	if strings.HasSuffix(mode, "-node") {
		requests = nodeWorth
	}
	for _, r := range requests {
		r.Verb = "impersonate-on:" + mode + ":" + r.Verb
		for scope, held := range a.Holding(r) {
			if scope.Name == "" {
				out = append(out, held...)
			}
		}
	}
	return out
}
