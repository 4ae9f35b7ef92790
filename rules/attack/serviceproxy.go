package attack

import (
	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/tree"
	"github.com/bartizan-dev/bartizan/rule"
)

// ServiceProxy speaks HTTP to services through the API server.
var ServiceProxy = rule.Edge(`
id: attack-service-proxy
title: Send requests to a service through the API server
certainty: conditional
cost: 9
maps: {attack: T1046, ms-matrix: MS-TA9034}
why: |
  Whoever may use services/proxy sends HTTP requests to the pods behind a service, from the API server: past network
  policies on many clusters, and without a pod of one's own. Dashboards and databases inside a cluster often ask for no
  password. Whether what answers can be made to run code is not known, hence the cost.
detect: audit events for services/proxy
mitigate: take services/proxy out of the role, or name the services in resourceNames
references:
  - https://kubernetes.io/docs/tasks/access-application-cluster/access-cluster-services/
  - https://kubernetes.io/docs/concepts/security/rbac-good-practices/
-- yes/role.yaml --
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec:
  selector: {app: web} # EVIDENCE
  ports: [{port: 80}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: web}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: db, namespace: shop}
spec:
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: db, image: db}]}
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
# EDGE ServiceAccount ci/builder -> Deployment shop/web
# NO EDGE ServiceAccount ci/builder -> Deployment shop/db
-- yes/e6-named-with-port.yaml --
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: web}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: proxy, namespace: shop}
rules:
- {apiGroups: [""], resources: [services/proxy], verbs: [create], resourceNames: ["https:web:443"]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: proxy, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: proxy}
subjects: [{kind: ServiceAccount, name: builder, namespace: ci}]
# EDGE ServiceAccount ci/builder -> Deployment shop/web
-- no/other-service.yaml --
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: web}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: proxy, namespace: shop}
rules:
- {apiGroups: [""], resources: [services/proxy], verbs: [get], resourceNames: [db]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: proxy, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: proxy}
subjects: [{kind: ServiceAccount, name: builder, namespace: ci}]
# NO EDGE ServiceAccount ci/builder -> Deployment shop/web
-- no/no-selector.yaml --
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {ports: [{port: 80}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: web}]}
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
# NO EDGE ServiceAccount ci/builder -> Deployment shop/web
`, deriveServiceProxy)

func deriveServiceProxy(a *rule.Attack) {
	for _, verb := range []string{"get", "create", "update", "patch", "delete"} {
		for scope, held := range spread(a, rule.Right{Verb: verb, Resource: "services", Sub: "proxy"}) {
			scope.Name = portless(scope.Name)
			for o := range objects(a, "Service") {
				selector, ref := o.Root.At("spec", "selector"), placed(o)
				if selector.Len() == 0 || !within(scope, ref.Namespace, ref.Name) {
					continue
				}
				for p := range a.Pods.All() {
					if p.Ref.Namespace == ref.Namespace && picks(selector, p) {
						a.Step(rule.Step{
							From: held, To: p.Ref, Text: "sends requests to {to} by the service " + ref.Name,
							Why: []bartizan.Evidence{evidence(o, selector)},
						})
					}
				}
			}
		}
	}
}

// picks says whether a service's selector selects a pod.
func picks(selector tree.Node, p *rule.Pod) bool {
	for l := range selector.Items() {
		if v, ok := p.Labels[l.Key()]; !ok || v != l.Text() {
			return false
		}
	}
	return true
}
