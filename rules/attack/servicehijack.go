package attack

import "github.com/bartizan-dev/bartizan/rule"

// ServiceHijack sends a service's traffic elsewhere.
var ServiceHijack = rule.Edge(`
id: attack-service-hijack
title: Send the traffic of a service elsewhere
certainty: conditional
cost: 12
maps: {attack: T1528, ms-matrix: MS-TA9034}
why: |
  A service's selector, external addresses and endpoints decide where its traffic goes, and the address in a pod's status
  does as well. Whoever changes them, or adds a slice of endpoints or a service with an address of others, stands between the service and those who use it: with external addresses even those
  of other namespaces (CVE-2020-8554), with endpoints even pods that a network policy keeps apart (CVE-2021-25740). What
  is won depends on what the clients send and load, hence the cost.
detect: changes of selectors, externalIPs and endpoints by anyone but the deployment pipeline and controllers
mitigate: take services, services/status, pods/status, endpoints and endpointslices out of the role; deny externalIPs by admission
references:
  - https://kubernetes.io/docs/concepts/services-networking/service/
  - https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/
-- yes/selector.yaml --
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec: {containers: [{name: web, image: web}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: route, namespace: shop}
rules:
- {apiGroups: [""], resources: [services], verbs: [patch]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: route, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: route}
subjects: [{kind: ServiceAccount, name: builder, namespace: ci}]
# EDGE ServiceAccount ci/builder -> Pod shop/web
-- yes/endpoint-slices.yaml --
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec: {containers: [{name: web, image: web}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: route}
rules:
- {apiGroups: [discovery.k8s.io], resources: [endpointslices], verbs: [update]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: route}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: route}
subjects: [{kind: ServiceAccount, name: builder, namespace: ci}]
# EDGE ServiceAccount ci/builder -> Pod shop/web
-- no/read.yaml --
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec: {containers: [{name: web, image: web}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: route, namespace: shop}
rules:
- {apiGroups: [""], resources: [services, endpoints], verbs: [get, list]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: route, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: route}
subjects: [{kind: ServiceAccount, name: builder, namespace: ci}]
# NO EDGE ServiceAccount ci/builder -> Pod shop/web
-- no/other-namespace.yaml --
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec: {containers: [{name: web, image: web}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: route, namespace: test}
rules:
- {apiGroups: [""], resources: [services, services/status, endpoints], verbs: [patch, update]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: route, namespace: test}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: route}
subjects: [{kind: ServiceAccount, name: builder, namespace: ci}]
# NO EDGE ServiceAccount ci/builder -> Pod shop/web
-- yes/create-slice.yaml --
# A slice with the label of a service adds endpoints to it: nothing that exists has to be changed.
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec: {containers: [{name: web, image: web}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: route, namespace: shop}
rules:
- {apiGroups: [discovery.k8s.io], resources: [endpointslices], verbs: [create]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: route, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: route}
subjects: [{kind: ServiceAccount, name: builder, namespace: ci}]
# EDGE ServiceAccount ci/builder -> Pod shop/web
-- yes/external-address.yaml --
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec: {containers: [{name: web, image: web}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: route, namespace: shop}
rules:
- {apiGroups: [""], resources: [services], verbs: [create]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: route, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: route}
subjects: [{kind: ServiceAccount, name: builder, namespace: ci}]
# EDGE ServiceAccount ci/builder -> Pod shop/web
`, deriveServiceHijack)

func deriveServiceHijack(a *rule.Attack) {
	slices := rule.Right{Verb: "create", Group: "discovery.k8s.io", Resource: "endpointslices"}
	rights := []rule.Right{core("create", "services"), slices}
	for _, verb := range changing {
		slices.Verb = verb
		rights = append(rights, core(verb, "services"), rule.Right{Verb: verb, Resource: "services", Sub: "status"},
			rule.Right{Verb: verb, Resource: "pods", Sub: "status"}, core(verb, "endpoints"), slices)
	}
	for _, r := range rights {
		for scope, held := range a.Holding(r) {
			a.Step(rule.Step{From: held, To: rule.PodsIn(scope.Namespace), Text: "answers in the place of a service that {to} uses"})
		}
	}
}
