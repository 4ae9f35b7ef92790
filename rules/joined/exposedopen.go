package joined

import (
	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/rule"
)

// ExposedWithoutPolicy finds pods that the internet reaches and no policy protects.
var ExposedWithoutPolicy = rule.Go(`
id: network-exposed-without-policy
title: Pod that is reached from outside has no ingress policy
severity: medium
on: Workload
needs: policies
maps: {cis-1.12: 5.3.2, nsa-cisa: [network-policies, namespace-separation], attack: T1190, ms-matrix: MS-TA9005}
why: |
  A Service, an Ingress or a host port opens the pod to the outside, and no policy says who may reach it: besides
  the port that is meant, and besides the way through the proxy that checks who asks, every pod of the cluster
  reaches every port of it. Of files it is judged in namespaces for which policies were read.
references:
  - https://kubernetes.io/docs/concepts/services-networking/network-policies/
-- fail/load-balancer.yaml --
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: api, namespace: shop}
spec:
  podSelector: {matchLabels: {app: api}}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {type: LoadBalancer, selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: # FINDING
  containers: [{name: main, image: app}]
---
apiVersion: v1
kind: Pod
metadata: {name: api, namespace: shop, labels: {app: api}}
spec:
  containers: [{name: main, image: app}]
-- fail/ingress.yaml --
# WHOLE CLUSTER
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web, namespace: shop}
spec: {defaultBackend: {service: {name: web, port: {number: 80}}}}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: # FINDING
  containers: [{name: main, image: app}]
-- pass/selected.yaml --
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web, namespace: shop}
spec:
  podSelector: {matchLabels: {app: web}}
  ingress: [{ports: [{port: 80}]}]
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {type: LoadBalancer, selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec:
  containers: [{name: main, image: app}]
-- pass/inside.yaml --
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: api, namespace: shop}
spec:
  podSelector: {matchLabels: {app: api}}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec:
  containers: [{name: main, image: app}]
-- pass/no-policies.yaml --
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: api, namespace: elsewhere}
spec:
  podSelector: {}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {type: LoadBalancer, selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec:
  containers: [{name: main, image: app}]
`, rule.On(checkExposed))

// exposedKey is the key of what opens pods to the outside.
type exposedKey struct{}

func checkExposed(p *rule.Pass, o *kube.Object) {
	exposed := rule.Once(p.Joined, exposedKey{}, func() map[bartizan.Ref]rule.Exposure {
		all := map[bartizan.Ref]rule.Exposure{}
		for e := range p.Joined.Network.Exposed() {
			if _, known := all[e.Pod.Ref]; !known {
				all[e.Pod.Ref] = e
			}
		}
		return all
	})
	judged := false
	for c := range p.Joined.Classes(object{o}) {
		if c.HostNetwork || !p.Joined.Complete && !p.Joined.Policies.Governed(c.Ref.Namespace) {
			continue
		}
		selected, _ := p.Joined.Policies.Selects(c, true)
		judged = judged || selected != rule.ReachUnknown
		if e, ok := exposed[c.Ref]; ok && selected == rule.ReachNo {
			p.Report(rule.Hit{Path: c.Prefix, Message: e.By.String() + " opens the pods to the outside, and no policy selects them for ingress", Why: e.Answer.Why})
		}
	}
	if !judged {
		p.Abstain()
	}
}
