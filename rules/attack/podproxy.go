package attack

import (
	"strings"

	"github.com/bartizan-dev/bartizan/rule"
)

// PodProxy speaks HTTP to pods through the API server.
var PodProxy = rule.Edge(`
id: attack-pod-proxy
title: Send requests to a pod's port through the API server
certainty: conditional
cost: 9
maps: {attack: T1046, ms-matrix: MS-TA9034}
why: |
  Whoever may use pods/proxy sends HTTP requests to any port of a pod. They come from the API server, so network policies
  that keep other pods out let them pass on many clusters, and programs that ask nobody for a password answer. Whether
  what answers can be made to run code is not known, hence the cost.
detect: audit events for pods/proxy
mitigate: take pods/proxy out of the role
references:
  - https://kubernetes.io/docs/tasks/access-application-cluster/access-cluster-services/
  - https://kubernetes.io/docs/concepts/security/rbac-good-practices/
-- yes/role.yaml --
apiVersion: v1
kind: Pod
metadata: {name: admin, namespace: shop}
spec: {containers: [{name: admin, image: admin}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: proxy, namespace: shop}
rules:
- {apiGroups: [""], resources: [pods/proxy], verbs: [get]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: proxy, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: proxy}
subjects: [{kind: ServiceAccount, name: builder, namespace: ci}]
# EDGE ServiceAccount ci/builder -> Pod shop/admin
-- yes/e2-star-sub.yaml --
apiVersion: v1
kind: Pod
metadata: {name: admin, namespace: shop}
spec: {containers: [{name: admin, image: admin}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: proxy}
rules:
- {apiGroups: [""], resources: ["*/proxy"], verbs: [create]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: proxy}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: proxy}
subjects: [{kind: User, name: jane, apiGroup: rbac.authorization.k8s.io}]
# EDGE User jane -> Pod shop/admin
-- no/e2-pods-star.yaml --
apiVersion: v1
kind: Pod
metadata: {name: admin, namespace: shop}
spec: {containers: [{name: admin, image: admin}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: proxy}
rules:
- {apiGroups: [""], resources: ["pods/*"], verbs: [get, create]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: proxy}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: proxy}
subjects: [{kind: User, name: jane, apiGroup: rbac.authorization.k8s.io}]
# NO EDGE User jane -> Pod shop/admin
-- no/services.yaml --
apiVersion: v1
kind: Pod
metadata: {name: admin, namespace: shop}
spec: {containers: [{name: admin, image: admin}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: proxy, namespace: shop}
rules:
- {apiGroups: [""], resources: [services/proxy], verbs: [get]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: proxy, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: proxy}
subjects: [{kind: ServiceAccount, name: builder, namespace: ci}]
# NO EDGE ServiceAccount ci/builder -> Pod shop/admin
`, derivePodProxy)

func derivePodProxy(a *rule.Attack) {
	for _, verb := range []string{"get", "create", "update", "patch", "delete"} {
		for scope, held := range spread(a, rule.Right{Verb: verb, Resource: "pods", Sub: "proxy"}) {
			scope.Name = portless(scope.Name)
			a.Step(rule.Step{From: held, To: rule.In(rule.PodsIn, scope), Text: "sends requests to the ports of {to}"})
		}
	}
}

// portless is the name of the pod, service or node in a name that a proxy is asked for: "web", "web:80" or "https:web:443".
func portless(name string) string {
	parts := strings.Split(name, ":")
	if len(parts) == 3 {
		return parts[1]
	}
	return parts[0]
}
