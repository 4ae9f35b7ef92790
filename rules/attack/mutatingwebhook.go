package attack

import (
	"iter"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/rule"
)

// MutatingWebhook reads and changes what passes admission.
var MutatingWebhook = rule.Edge(`
id: attack-mutating-webhook
title: Read and change every object through a mutating webhook
certainty: likely
cost: 2
maps: {attack: [T1552.007, T1525], ms-matrix: MS-TA9015}
why: |
  A mutating webhook is shown every object that is created or changed, Secrets with their content, and may change it: a
  container more in every pod, with that pod's token. Its configuration names a service or an address anywhere, and a CA
  of the attacker's choice. Who may create one, or change one that exists, waits for the next Secret and the next pod.
detect: audit events that create or change mutatingwebhookconfigurations, by anything but known operators
mitigate: keep writing of webhook configurations to administrators, and name those that an operator owns
references:
  - https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/
  - https://kubernetes.io/docs/concepts/security/rbac-good-practices/
-- yes/create.yaml --
apiVersion: v1
kind: Secret
metadata: {name: db, namespace: shop}
type: Opaque
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: prod}
spec: {containers: [{name: web, image: web}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: hooks}
rules:
- {apiGroups: [admissionregistration.k8s.io], resources: [mutatingwebhookconfigurations], verbs: [create]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: hooks}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: hooks}
subjects: [{kind: ServiceAccount, name: operator, namespace: ops}]
# EDGE ServiceAccount ops/operator -> Secret *
# EDGE ServiceAccount ops/operator -> Pod prod/web
-- yes/e6-own-configuration.yaml --
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingWebhookConfiguration
metadata: {name: injector}
webhooks: []
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: prod}
spec: {containers: [{name: web, image: web}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: hooks}
rules:
- {apiGroups: [admissionregistration.k8s.io], resources: [mutatingwebhookconfigurations], verbs: [patch], resourceNames: [injector]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: hooks}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: hooks}
subjects: [{kind: ServiceAccount, name: operator, namespace: ops}]
# EDGE ServiceAccount ops/operator -> Pod prod/web
-- no/other-name.yaml --
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingWebhookConfiguration
metadata: {name: injector}
webhooks: []
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: prod}
spec: {containers: [{name: web, image: web}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: hooks}
rules:
- {apiGroups: [admissionregistration.k8s.io], resources: [mutatingwebhookconfigurations], verbs: [patch], resourceNames: [other]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: hooks}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: hooks}
subjects: [{kind: ServiceAccount, name: operator, namespace: ops}]
# NO EDGE ServiceAccount ops/operator -> Pod prod/web
-- no/delete.yaml --
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: prod}
spec: {containers: [{name: web, image: web}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: hooks}
rules:
- {apiGroups: [admissionregistration.k8s.io], resources: [mutatingwebhookconfigurations], verbs: [delete, get]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: hooks}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: hooks}
subjects: [{kind: ServiceAccount, name: operator, namespace: ops}]
# NO EDGE ServiceAccount ops/operator -> Pod prod/web
`, deriveMutatingWebhook)

func deriveMutatingWebhook(a *rule.Attack) {
	for held := range writes(a, "MutatingWebhookConfiguration", admissionGroup, "mutatingwebhookconfigurations") {
		a.Step(rule.Step{From: held, To: rule.EverySecret, Text: "is shown {to} when it is written"})
		a.Step(rule.Step{From: held, To: rule.PodsIn(""), Text: "adds a container to {to} when it is started"})
	}
}

// admissionGroup is the API group of webhooks and admission policies.
const admissionGroup = "admissionregistration.k8s.io"

// writes visits the ways to create an object of a resource without namespaces, or to change one that was read.
func writes(a *rule.Attack, kind bartizan.Kind, group, resource string) iter.Seq[[]bartizan.Ref] {
	return func(yield func([]bartizan.Ref) bool) {
		for _, verb := range []string{"create", "update", "patch"} {
			for scope, held := range a.Holding(rule.Right{Verb: verb, Group: group, Resource: resource, Cluster: true}) {
				exists := verb == "create"
				for o := range objects(a, kind) {
					exists = exists || within(scope, "", o.Ref.Name)
				}
				if exists && !yield(held) {
					return
				}
			}
		}
	}
}
