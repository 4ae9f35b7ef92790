package joined

import (
	"slices"
	"strconv"
	"strings"

	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/rule"
)

// CrossEnvironment finds production namespaces that pods of other environments reach.
var CrossEnvironment = rule.Go(`
id: network-cross-environment
title: Pods of another environment reach production
severity: medium
on: Namespace
needs: policies
maps: {cis-1.12: [5.3.2, 5.6.1], nsa-cisa: [network-policies, namespace-separation], attack: T1046, ms-matrix: MS-TA9034}
why: |
  The labels of the namespace say that it is production, those of the other that it is for development or tests,
  where more people may do more and older versions run. A pod there reaches ports here. It is judged where
  policies speak for the namespace, or in a whole cluster.
references:
  - https://kubernetes.io/docs/concepts/services-networking/network-policies/
  - https://kubernetes.io/docs/concepts/security/multi-tenancy/
-- fail/dev.yaml --
apiVersion: v1
kind: Namespace
metadata:
  name: shop
  labels:
    environment: production # FINDING
---
apiVersion: v1
kind: Namespace
metadata:
  labels: {environment: dev}
  name: shop-dev
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web, namespace: shop}
spec:
  podSelector: {}
  ingress:
    - from: [{namespaceSelector: {}}]
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec:
  containers: [{name: main, image: app, ports: [{containerPort: 8080}]}]
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop-dev, labels: {app: web}}
spec:
  containers: [{name: main, image: app}]
-- pass/closed.yaml --
apiVersion: v1
kind: Namespace
metadata:
  labels: {environment: production}
  name: shop
---
apiVersion: v1
kind: Namespace
metadata:
  labels: {environment: dev}
  name: shop-dev
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web, namespace: shop}
spec:
  podSelector: {}
  ingress:
    - from: [{namespaceSelector: {matchLabels: {environment: production}}}]
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec:
  containers: [{name: main, image: app, ports: [{containerPort: 8080}]}]
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop-dev, labels: {app: web}}
spec:
  containers: [{name: main, image: app}]
-- pass/same.yaml --
apiVersion: v1
kind: Namespace
metadata:
  labels: {environment: production}
  name: shop
---
apiVersion: v1
kind: Namespace
metadata:
  labels: {env: prod}
  name: web
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web, namespace: shop}
spec:
  podSelector: {}
  ingress:
    - from: [{namespaceSelector: {}}]
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec:
  containers: [{name: main, image: app, ports: [{containerPort: 8080}]}]
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: web, labels: {app: web}}
spec:
  containers: [{name: main, image: app}]
-- pass/from-production.yaml --
apiVersion: v1
kind: Namespace
metadata:
  labels: {environment: production}
  name: shop
---
apiVersion: v1
kind: Namespace
metadata:
  labels: {environment: dev}
  name: shop-dev
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web, namespace: shop-dev}
spec:
  podSelector: {}
  ingress:
    - from: [{namespaceSelector: {}}]
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec:
  containers: [{name: main, image: app, ports: [{containerPort: 8080}]}]
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop-dev, labels: {app: web}}
spec:
  containers: [{name: main, image: app, ports: [{containerPort: 8080}]}]
-- pass/no-policies.yaml --
apiVersion: v1
kind: Namespace
metadata:
  labels: {environment: production}
  name: shop
---
apiVersion: v1
kind: Namespace
metadata:
  labels: {environment: dev}
  name: shop-dev
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec:
  containers: [{name: main, image: app, ports: [{containerPort: 8080}]}]
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop-dev, labels: {app: web}}
spec:
  containers: [{name: main, image: app}]
`, rule.On(checkEnvironment))

// environmentLabels are the labels by which namespaces say what they are for.
var environmentLabels = []string{"environment", "env", "app.kubernetes.io/environment", "stage"}

// production and rehearsal are the values of these labels that tell the two apart.
var (
	production = []string{"production", "prod", "prd", "live"}
	rehearsal  = []string{"development", "develop", "dev", "testing", "test", "qa", "staging", "stage", "stg", "uat", "sandbox", "preview", "integration", "ci"}
)

// environment is the label and what it says, in lower case.
func environment(o *kube.Object) (key, value string) {
	for _, key := range environmentLabels {
		if v := o.Label(key); v != "" {
			return key, strings.ToLower(v)
		}
	}
	return "", ""
}

// rehearsalKey is the key of the namespaces that are not for production.
type rehearsalKey struct{}

func checkEnvironment(p *rule.Pass, o *kube.Object) {
	others := rule.Once(p.Joined, rehearsalKey{}, func() (all []string) {
		for e := range p.World.All("Namespace") {
			if n, ok := e.Value.(*kube.Object); ok {
				if _, is := environment(n); slices.Contains(rehearsal, is) {
					all = append(all, e.Ref.Name)
				}
			}
		}
		return all
	})
	key, is := environment(o)
	known := p.Joined.Complete || p.Joined.Policies.Governed(o.Ref.Name)
	if !slices.Contains(production, is) || len(others) == 0 || !known {
		p.Abstain()
		return
	}
	for _, c := range p.Joined.In(o.Ref.Name) {
		ports := declared(c)
		if c.HostNetwork || len(ports) == 0 {
			continue
		}
		open, _, why := p.Joined.Policies.Peers(c, ports[0].port)
		for _, other := range others {
			if slices.Contains(open, other) {
				p.Report(rule.Hit{
					Path: "/metadata/labels/" + strings.ReplaceAll(key, "/", "~1"), Why: why,
					Message: "pods of namespace " + other + " reach port " + strconv.Itoa(ports[0].port) + " of " + c.Ref.String(),
				})
				return
			}
		}
	}
}
