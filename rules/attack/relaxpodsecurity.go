package attack

import "github.com/bartizan-dev/bartizan/rule"

// RelaxPodSecurity takes away the Pod Security Standard that a namespace enforces.
var RelaxPodSecurity = rule.Edge(`
id: attack-relax-pod-security
title: Take the Pod Security Standard off a namespace
certainty: likely
cost: 1
maps: {attack: T1562.001}
why: |
  The standard that a namespace enforces is a label on it. Whoever may update or patch the namespace removes the label,
  and privileged pods are admitted. A RoleBinding in the namespace is enough for that, since a namespace counts as being
  in itself: a Role with every resource of the core group contains it. The subresources status and finalize carry labels
  along as well. A policy that denies such pods still does.
detect: audit events that change labels of namespaces which begin with pod-security.kubernetes.io
mitigate: take update and patch of namespaces out of the role; protect the labels with an admission policy
references:
  - https://kubernetes.io/docs/concepts/security/pod-security-admission/
  - https://kubernetes.io/docs/concepts/security/rbac-good-practices/
-- yes/namespaced.yaml --
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {pod-security.kubernetes.io/enforce: restricted}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: owner, namespace: shop}
rules:
- {apiGroups: [""], resources: ["*"], verbs: ["*"]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: owner, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: owner}
subjects: [{kind: ServiceAccount, name: builder, namespace: ci}]
# EDGE ServiceAccount ci/builder -> Admits shop/privileged
-- yes/named.yaml --
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {pod-security.kubernetes.io/enforce: restricted}}
---
apiVersion: v1
kind: Namespace
metadata: {name: prod, labels: {pod-security.kubernetes.io/enforce: restricted}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: labels}
rules:
- {apiGroups: [""], resources: [namespaces], verbs: [patch], resourceNames: [shop]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: labels}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: labels}
subjects: [{kind: User, name: jane, apiGroup: rbac.authorization.k8s.io}]
# EDGE User jane -> Admits shop/privileged
# NO EDGE User jane -> Admits prod/privileged
-- no/other-name.yaml --
# In the namespace shop only the namespace shop can be meant.
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {pod-security.kubernetes.io/enforce: restricted}}
---
apiVersion: v1
kind: Namespace
metadata: {name: prod, labels: {pod-security.kubernetes.io/enforce: restricted}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: labels, namespace: shop}
rules:
- {apiGroups: [""], resources: [namespaces], verbs: [patch], resourceNames: [prod]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: labels, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: labels}
subjects: [{kind: ServiceAccount, name: builder, namespace: ci}]
# NO EDGE ServiceAccount ci/builder -> Admits prod/privileged
# NO EDGE ServiceAccount ci/builder -> Admits shop/privileged
-- no/create.yaml --
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {pod-security.kubernetes.io/enforce: restricted}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: make}
rules:
- {apiGroups: [""], resources: [namespaces], verbs: [create, get, delete]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: make}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: make}
subjects: [{kind: User, name: jane, apiGroup: rbac.authorization.k8s.io}]
# NO EDGE User jane -> Admits shop/privileged
-- yes/finalize.yaml --
# Whoever finalizes a namespace, or writes its status, may change its labels on the way; Pod Security looks at neither.
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {pod-security.kubernetes.io/enforce: restricted}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: tidy}
rules:
- {apiGroups: [""], resources: [namespaces/finalize], verbs: [update]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: tidy}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: tidy}
subjects: [{kind: User, name: jane, apiGroup: rbac.authorization.k8s.io}]
# EDGE User jane -> Admits shop/privileged
-- yes/e2-star-status.yaml --
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {pod-security.kubernetes.io/enforce: restricted}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: status, namespace: shop}
rules:
- {apiGroups: [""], resources: ["*/status"], verbs: [patch]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: status, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: status}
subjects: [{kind: ServiceAccount, name: builder, namespace: ci}]
# EDGE ServiceAccount ci/builder -> Admits shop/privileged
`, deriveRelaxPodSecurity)

func deriveRelaxPodSecurity(a *rule.Attack) {
	for _, r := range relabelling() {
		for scope, held := range a.Holding(r) {
			for _, ns := range a.Admission.Namespaces() {
				if !within(scope, ns, ns) || !standard(a, ns) {
					continue
				}
				a.Step(rule.Step{
					From: held, To: a.Admission.Standard(ns, rule.LevelPrivileged),
					Text: "takes the enforced Pod Security Standard off the namespace " + ns,
				})
			}
		}
	}
}

// relabelling are the rights to change a namespace's labels.
func relabelling() (out []rule.Right) {
	for _, verb := range changing {
		out = append(out, core(verb, "namespaces"), rule.Right{Verb: verb, Resource: "namespaces", Sub: "status"})
	}
	return append(out, rule.Right{Verb: "update", Resource: "namespaces", Sub: "finalize"})
}
