package attack

import "github.com/bartizan-dev/bartizan/rule"

// ValidatingWebhook reads what passes admission.
var ValidatingWebhook = rule.Edge(`
id: attack-validating-webhook
title: Read Secrets through a validating webhook
certainty: likely
cost: 4
maps: {attack: T1552.007, ms-matrix: MS-TA9015}
why: |
  A validating webhook is shown every object that is created or changed, Secrets with their content. It may refuse and
  not change them. Whoever may create such a configuration, or point one that exists to another address, reads each
  Secret the next time that somebody writes it.
detect: audit events that create or change validatingwebhookconfigurations, by anything but known operators
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
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: hooks}
rules:
- {apiGroups: [admissionregistration.k8s.io], resources: [validatingwebhookconfigurations], verbs: [create]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: hooks}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: hooks}
subjects: [{kind: ServiceAccount, name: operator, namespace: ops}]
# EDGE ServiceAccount ops/operator -> Secret shop/db
-- yes/update.yaml --
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: policies}
webhooks: []
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: hooks}
rules:
- {apiGroups: [admissionregistration.k8s.io], resources: [validatingwebhookconfigurations], verbs: [update]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: hooks}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: hooks}
subjects: [{kind: ServiceAccount, name: operator, namespace: ops}]
# EDGE ServiceAccount ops/operator -> Secret *
-- no/nothing-to-change.yaml --
apiVersion: v1
kind: Secret
metadata: {name: db, namespace: shop}
type: Opaque
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: hooks}
rules:
- {apiGroups: [admissionregistration.k8s.io], resources: [validatingwebhookconfigurations], verbs: [update, patch]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: hooks}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: hooks}
subjects: [{kind: ServiceAccount, name: operator, namespace: ops}]
# NO EDGE ServiceAccount ops/operator -> Secret shop/db
-- no/role-binding.yaml --
apiVersion: v1
kind: Secret
metadata: {name: db, namespace: shop}
type: Opaque
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: hooks}
rules:
- {apiGroups: [admissionregistration.k8s.io], resources: [validatingwebhookconfigurations], verbs: [create]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: hooks, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: hooks}
subjects: [{kind: ServiceAccount, name: operator, namespace: ops}]
# NO EDGE ServiceAccount ops/operator -> Secret shop/db
`, deriveValidatingWebhook)

func deriveValidatingWebhook(a *rule.Attack) {
	for held := range writes(a, "ValidatingWebhookConfiguration", admissionGroup, "validatingwebhookconfigurations") {
		a.Step(rule.Step{From: held, To: rule.EverySecret, Text: "is shown {to} when it is written"})
	}
}
