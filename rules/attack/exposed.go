package attack

import (
	"strconv"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/rule"
)

// Exposed leads from the internet to the pods that it reaches.
var Exposed = rule.Edge(`
id: attack-exposed-service
title: Use a fault in a service that the internet reaches
certainty: likely
cost: 6
maps: {attack: T1190, ms-matrix: MS-TA9004}
why: |
  What an Ingress, a route, a LoadBalancer, a NodePort or a host port opens to the outside is looked for faults by anybody.
  Sooner or later a library or the program has one that lets a stranger run code in the pod; it is where most paths begin.
detect: processes in the pod that the program does not start, or connections that it never made before
mitigate: expose only what must be, behind authentication; patch soon
references:
  - https://kubernetes.io/docs/concepts/services-networking/service/
  - https://kubernetes.io/docs/concepts/services-networking/ingress/
-- yes/balancer.yaml --
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec:
  type: LoadBalancer # EVIDENCE
  selector: {app: web}
  ports: [{port: 443, targetPort: 8443}]
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {containers: [{name: w, image: w}]}
# EDGE Internet anyone -> Pod shop/web
-- yes/ingress.yaml --
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web, namespace: shop}
spec: {rules: [{http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}}]}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec: {template: {metadata: {labels: {app: web}}, spec: {containers: [{name: w, image: w}]}}}
# EDGE Internet anyone -> Deployment shop/web
-- yes/host-port.yaml --
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {containers: [{name: w, image: w, ports: [{containerPort: 80, hostPort: 80}]}]}
# EDGE Internet anyone -> Pod shop/web
-- no/cluster-ip.yaml --
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {containers: [{name: w, image: w}]}
# NO EDGE Internet anyone -> Pod shop/web
-- no/private.yaml --
# A load balancer of the private network.
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop, annotations: {networking.gke.io/load-balancer-type: Internal}}
spec: {type: LoadBalancer, selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {containers: [{name: w, image: w}]}
# NO EDGE Internet anyone -> Pod shop/web
-- no/policy.yaml --
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {type: LoadBalancer, selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: own, namespace: shop}
spec: {podSelector: {}, policyTypes: [Ingress], ingress: [{from: [{podSelector: {}}]}]}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {containers: [{name: w, image: w}]}
# NO EDGE Internet anyone -> Pod shop/web
`, deriveExposed)

func deriveExposed(a *rule.Attack) {
	for e := range a.Network.Exposed() {
		if e.Private {
			continue
		}
		a.Step(exposure(e, "uses a fault of {to} through port "+strconv.Itoa(e.Port)))
	}
}

// exposure is the step from the internet to what it reaches.
func exposure(e rule.Exposure, text string) rule.Step {
	return rule.Step{
		From: []bartizan.Ref{rule.Internet}, To: e.Pod.Ref, Text: text, Why: e.Answer.Why, Fixes: e.Answer.Fixes, More: unsure(e.Answer),
	}
}
