package attack

import (
	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/rule"
)

// MutatingPolicy changes pods by an expression.
var MutatingPolicy = rule.Edge(`
id: attack-mutating-policy
title: Change every pod through a mutating admission policy
certainty: certain
cost: 2
maps: {attack: [T1525, T1610], ms-matrix: MS-TA9015}
why: |
  From Kubernetes 1.36 on every API server changes objects by the expressions of MutatingAdmissionPolicies, for which
  nothing has to run and nothing has to be reached. Whoever may create a policy and its binding, or change a policy that
  is bound, adds a container to every pod that is started from then on, and sets its service account.
detect: audit events that create or change mutatingadmissionpolicies and their bindings
mitigate: keep writing of admission policies and bindings to administrators
references:
  - https://kubernetes.io/docs/reference/access-authn-authz/mutating-admission-policy/
-- yes/create.yaml --
# VERSION 1.36
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: prod}
spec: {containers: [{name: web, image: web}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: policies}
rules:
- {apiGroups: [admissionregistration.k8s.io], resources: [mutatingadmissionpolicies, mutatingadmissionpolicybindings], verbs: [create]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: policies}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: policies}
subjects: [{kind: ServiceAccount, name: operator, namespace: ops}]
# EDGE ServiceAccount ops/operator -> Pod prod/web
-- yes/change-bound.yaml --
# VERSION 1.36
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingAdmissionPolicy
metadata: {name: sidecar}
spec: {}
---
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingAdmissionPolicyBinding
metadata: {name: sidecar}
spec: {policyName: sidecar}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: prod}
spec: {containers: [{name: web, image: web}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: policies}
rules:
- {apiGroups: [admissionregistration.k8s.io], resources: [mutatingadmissionpolicies], verbs: [patch], resourceNames: [sidecar]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: policies}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: policies}
subjects: [{kind: ServiceAccount, name: operator, namespace: ops}]
# EDGE ServiceAccount ops/operator -> Pod prod/web
-- no/before-1.36.yaml --
# VERSION 1.35
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: prod}
spec: {containers: [{name: web, image: web}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: policies}
rules:
- {apiGroups: [admissionregistration.k8s.io], resources: [mutatingadmissionpolicies, mutatingadmissionpolicybindings], verbs: [create]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: policies}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: policies}
subjects: [{kind: ServiceAccount, name: operator, namespace: ops}]
# NO EDGE ServiceAccount ops/operator -> Pod prod/web
-- no/policy-only.yaml --
# VERSION 1.36
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: prod}
spec: {containers: [{name: web, image: web}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: policies}
rules:
- {apiGroups: [admissionregistration.k8s.io], resources: [mutatingadmissionpolicies], verbs: [create]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: policies}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: policies}
subjects: [{kind: ServiceAccount, name: operator, namespace: ops}]
# NO EDGE ServiceAccount ops/operator -> Pod prod/web
`, deriveMutatingPolicy)

func deriveMutatingPolicy(a *rule.Attack) {
	if a.Version.Less(rule.Version{Major: 1, Minor: 36}) {
		return
	}
	right := func(verb, resource string) rule.Right {
		return rule.Right{Verb: verb, Group: admissionGroup, Resource: resource, Cluster: true}
	}
	step := func(held []bartizan.Ref, how string) {
		a.Step(rule.Step{From: held, To: rule.PodsIn(""), Text: how + " and so adds a container to {to} when it is started"})
	}
	for _, held := range a.Holding(right("create", "mutatingadmissionpolicies"), right("create", "mutatingadmissionpolicybindings")) {
		step(held, "writes a mutating policy")
	}
	for binding := range objects(a, "MutatingAdmissionPolicyBinding") {
		name := binding.Root.At("spec", "policyName").Str()
		for _, verb := range changing {
			for scope, held := range a.Holding(right(verb, "mutatingadmissionpolicies")) {
				if within(scope, "", name) {
					step(held, "changes the mutating policy "+name)
				}
			}
		}
	}
}
