package attack

import (
	"cmp"
	"iter"
	"maps"
	"slices"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/rule"
)

// Guardrail takes away the policies that deny privileged pods.
var Guardrail = rule.Edge(`
id: attack-guardrail
title: Take away the admission policies that deny privileged pods
certainty: likely
cost: 1
maps: {attack: T1562.001}
why: |
  A ValidatingAdmissionPolicy denies as long as it and its binding are there and say so. Whoever may delete or change
  them removes what stood between the right to create pods and the node. Namespaces that a Pod Security Standard is
  enforced in stay protected.
detect: audit events that delete or change validatingadmissionpolicies and their bindings
mitigate: keep writing of admission policies and bindings to administrators; enforce a Pod Security Standard as well
references:
  - https://kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy/
-- yes/delete-binding.yaml --
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: no-host}
spec: {policyName: no-host, validationActions: [Deny]} # EVIDENCE
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: no-host}
spec:
  failurePolicy: Fail
  matchConstraints:
    resourceRules:
    - {apiGroups: [""], apiVersions: [v1], operations: [CREATE, UPDATE], resources: [pods]}
  validations:
  - expression: >-
      !has(object.spec.hostPID) && !has(object.spec.volumes)
      && object.spec.containers.all(c, !has(c.securityContext) || !has(c.securityContext.privileged))
---
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: look, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
subjects: [{kind: User, name: carl, apiGroup: rbac.authorization.k8s.io}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: policies}
rules:
- {apiGroups: [admissionregistration.k8s.io], resources: [validatingadmissionpolicybindings], verbs: [delete]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: policies}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: policies}
subjects: [{kind: User, name: jane, apiGroup: rbac.authorization.k8s.io}]
# EDGE User jane -> Admits shop/privileged
# NO EDGE User carl -> Admits shop/privileged
-- yes/e6-named-policy.yaml --
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: no-host}
spec: {policyName: baseline, validationActions: [Audit, Deny]}
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: baseline}
spec:
  failurePolicy: Fail
  matchConstraints:
    resourceRules:
    - {apiGroups: [""], apiVersions: [v1], operations: [CREATE, UPDATE], resources: [pods]}
  validations:
  - expression: >-
      !has(object.spec.hostPID) && !has(object.spec.volumes)
      && object.spec.containers.all(c, !has(c.securityContext) || !has(c.securityContext.privileged))
---
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {pod-security.kubernetes.io/enforce: privileged}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: policies}
rules:
- {apiGroups: [admissionregistration.k8s.io], resources: [validatingadmissionpolicies], verbs: [patch], resourceNames: [baseline]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: policies}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: policies}
subjects: [{kind: User, name: jane, apiGroup: rbac.authorization.k8s.io}]
# EDGE User jane -> Admits shop/privileged
-- no/still-a-standard.yaml --
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: no-host}
spec: {policyName: no-host, validationActions: [Deny]}
---
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {pod-security.kubernetes.io/enforce: baseline}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: policies}
rules:
- {apiGroups: [admissionregistration.k8s.io], resources: [validatingadmissionpolicybindings], verbs: [delete]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: policies}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: policies}
subjects: [{kind: User, name: jane, apiGroup: rbac.authorization.k8s.io}]
# NO EDGE User jane -> Admits shop/privileged
-- no/one-of-two.yaml --
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: no-host}
spec: {policyName: no-host, validationActions: [Deny]}
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: no-privileged}
spec: {policyName: no-privileged, validationActions: [Deny]}
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: no-host}
spec:
  failurePolicy: Fail
  matchConstraints:
    resourceRules:
    - {apiGroups: [""], apiVersions: [v1], operations: [CREATE, UPDATE], resources: [pods]}
  validations:
  - expression: >-
      !has(object.spec.hostPID) && !has(object.spec.volumes)
      && object.spec.containers.all(c, !has(c.securityContext) || !has(c.securityContext.privileged))
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: no-privileged}
spec:
  failurePolicy: Fail
  matchConstraints:
    resourceRules:
    - {apiGroups: [""], apiVersions: [v1], operations: [CREATE, UPDATE], resources: [pods]}
  validations:
  - expression: >-
      !has(object.spec.hostPID) && !has(object.spec.volumes)
      && object.spec.containers.all(c, !has(c.securityContext) || !has(c.securityContext.privileged))
---
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: policies}
rules:
- {apiGroups: [admissionregistration.k8s.io], resources: [validatingadmissionpolicybindings], verbs: [delete], resourceNames: [no-host]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: policies}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: policies}
subjects: [{kind: User, name: jane, apiGroup: rbac.authorization.k8s.io}]
# NO EDGE User jane -> Admits shop/privileged
`, deriveGuardrail)

func deriveGuardrail(a *rule.Attack) {
	var why []bartizan.Evidence
	names := map[string][]string{}
	for o := range denying(a) {
		names["validatingadmissionpolicybindings"] = append(names["validatingadmissionpolicybindings"], o.Ref.Name)
		names["validatingadmissionpolicies"] = append(names["validatingadmissionpolicies"], o.Root.At("spec", "policyName").Str())
		why = append(why, evidence(o, o.Root.At("spec", "validationActions")))
	}
	for resource, all := range sorted(names) {
		for _, verb := range []string{"delete", "deletecollection", "update", "patch"} {
			for scope, held := range a.Holding(rule.Right{Verb: verb, Group: admissionGroup, Resource: resource, Cluster: true}) {
				if slices.ContainsFunc(all, func(name string) bool { return !within(scope, "", name) }) {
					continue // another policy is left
				}
				for _, ns := range a.Admission.Namespaces() {
					a.Step(rule.Step{
						From: held, To: a.Admission.Policies(ns, rule.LevelPrivileged), Why: why,
						Text: "takes away the policies that deny privileged pods in " + ns,
					})
				}
			}
		}
	}
}

// denying visits the bindings of admission policies that refuse requests.
func denying(a *rule.Attack) iter.Seq[*kube.Object] {
	return func(yield func(*kube.Object) bool) {
		for o := range objects(a, "ValidatingAdmissionPolicyBinding") {
			for action := range o.Root.At("spec", "validationActions").Items() {
				if action.Str() == "Deny" {
					if !yield(o) {
						return
					}
					break
				}
			}
		}
	}
}

// standard says whether a Pod Security Standard is enforced in a namespace, by its label or by the server's default.
func standard(a *rule.Attack, namespace string) bool {
	level := ""
	if e, ok := a.World.Get(bartizan.Ref{Kind: "Namespace", Name: namespace}); ok {
		if o, ok := e.Value.(*kube.Object); ok {
			level = o.Root.At("metadata", "labels", "pod-security.kubernetes.io/enforce").Str()
		}
	}
	if level != "" {
		return level != string(rule.LevelPrivileged)
	}
	for o := range objects(a, "AdmissionConfiguration.apiserver.config.k8s.io") {
		for plugin := range o.Root.Get("plugins").Items() {
			level = cmp.Or(level, plugin.At("configuration", "defaults", "enforce").Str())
		}
	}
	for o := range objects(a, "PodSecurityConfiguration.pod-security.admission.config.k8s.io") {
		level = cmp.Or(level, o.Root.At("defaults", "enforce").Str())
	}
	return level != "" && level != string(rule.LevelPrivileged)
}

// sorted visits a map in the order of its keys.
func sorted(m map[string][]string) iter.Seq2[string, []string] {
	return func(yield func(string, []string) bool) {
		for _, key := range slices.Sorted(maps.Keys(m)) {
			if !yield(key, m[key]) {
				return
			}
		}
	}
}
