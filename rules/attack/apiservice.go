package attack

import "github.com/bartizan-dev/bartizan/rule"

// APIService takes the place of a part of the API.
var APIService = rule.Edge(`
id: attack-api-service
title: Take over a part of the API with an APIService
certainty: conditional
cost: 8
maps: {attack: T1552.007}
why: |
  An APIService sends the requests for an API group to a service. Whoever may create or change APIServices puts a server
  of their own there, which sees the requests and their authors' names and answers what it likes: metrics that scale
  workloads, or for as long as the API server takes to put it right, Secrets on their way in. What that wins depends on
  who asks, hence the cost.
detect: audit events that create or change apiservices; an APIService whose service is in an unusual namespace
mitigate: keep writing of apiservices to administrators
references:
  - https://kubernetes.io/docs/concepts/extend-kubernetes/api-extension/apiserver-aggregation/
-- yes/create.yaml --
apiVersion: v1
kind: Secret
metadata: {name: db, namespace: shop}
type: Opaque
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: apis}
rules:
- {apiGroups: [apiregistration.k8s.io], resources: [apiservices], verbs: [create]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: apis}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: apis}
subjects: [{kind: ServiceAccount, name: operator, namespace: ops}]
# EDGE ServiceAccount ops/operator -> Secret shop/db
-- yes/update.yaml --
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: apis}
rules:
- {apiGroups: [apiregistration.k8s.io], resources: [apiservices], verbs: [patch], resourceNames: [v1.]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: apis}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: apis}
subjects: [{kind: ServiceAccount, name: operator, namespace: ops}]
# EDGE ServiceAccount ops/operator -> Secret *
-- no/status.yaml --
apiVersion: v1
kind: Secret
metadata: {name: db, namespace: shop}
type: Opaque
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: apis}
rules:
- {apiGroups: [apiregistration.k8s.io], resources: [apiservices/status], verbs: [update, patch]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: apis}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: apis}
subjects: [{kind: ServiceAccount, name: operator, namespace: ops}]
# NO EDGE ServiceAccount ops/operator -> Secret shop/db
-- no/one-api.yaml --
# An API group of its own holds no Secrets.
apiVersion: v1
kind: Secret
metadata: {name: db, namespace: shop}
type: Opaque
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: apis}
rules:
- {apiGroups: [apiregistration.k8s.io], resources: [apiservices], verbs: [update, patch], resourceNames: [v1beta1.metrics.k8s.io]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: apis}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: apis}
subjects: [{kind: ServiceAccount, name: metrics, namespace: ops}]
# NO EDGE ServiceAccount ops/metrics -> Secret shop/db
`, deriveAPIService)

func deriveAPIService(a *rule.Attack) {
	for _, verb := range []string{"create", "update", "patch"} {
		for scope, held := range a.Holding(rule.Right{Verb: verb, Group: "apiregistration.k8s.io", Resource: "apiservices", Cluster: true}) {
			if scope.Name == "" || scope.Name == "v1." {
				a.Step(rule.Step{From: held, To: rule.EverySecret, Text: "answers for the core API and is sent {to}"})
			}
		}
	}
}
