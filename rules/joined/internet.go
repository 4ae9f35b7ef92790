package joined

import (
	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/rule"
)

// InternetEgress finds pods with credentials that may send them anywhere.
var InternetEgress = rule.Go(`
id: network-egress-internet
title: Pod with credentials reaches the whole internet
severity: low
on: Workload
needs: policies
maps: {nsa-cisa: network-policies, attack: [T1133, T1552.007], ms-matrix: MS-TA9034}
why: |
  The pod holds a token or Secrets, and the policies that limit its egress let it out to any public address: what
  is stolen from it can be sent anywhere, and an attacker inside can fetch tools. Name the addresses that it
  needs, or let a proxy do so.
references:
  - https://kubernetes.io/docs/concepts/services-networking/network-policies/
-- fail/token.yaml --
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: api, namespace: shop}
spec:
  podSelector: {}
  policyTypes: [Egress]
  egress:
    - to: [{ipBlock: {cidr: 0.0.0.0/0, except: [10.0.0.0/8, 169.254.0.0/16]}}]
---
apiVersion: v1
kind: Pod
metadata: {name: api, namespace: shop, labels: {app: api}}
spec: # FINDING
  containers: [{name: main, image: app}]
-- fail/secret.yaml --
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: api, namespace: shop}
spec:
  podSelector: {}
  policyTypes: [Egress]
  egress:
    - to: [{ipBlock: {cidr: 0.0.0.0/0}}]
      ports: [{port: 443}]
---
apiVersion: v1
kind: Pod
metadata: {name: api, namespace: shop}
spec: # FINDING
  automountServiceAccountToken: false
  volumes: [{name: key, secret: {secretName: key}}]
  containers: [{name: main, image: app}]
-- pass/told-of-the-policy.yaml --
# network-policy-egress-to-anywhere judges the rule without destinations.
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: api, namespace: shop}
spec:
  podSelector: {}
  policyTypes: [Egress]
  egress:
    - ports: [{port: 443}]
---
apiVersion: v1
kind: Pod
metadata: {name: api, namespace: shop}
spec:
  containers: [{name: main, image: app}]
-- pass/named.yaml --
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: api, namespace: shop}
spec:
  podSelector: {}
  policyTypes: [Egress]
  egress:
    - to: [{ipBlock: {cidr: 203.0.113.0/24}}]
---
apiVersion: v1
kind: Pod
metadata: {name: api, namespace: shop, labels: {app: api}}
spec:
  containers: [{name: main, image: app}]
-- pass/inside.yaml --
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: api, namespace: shop}
spec:
  podSelector: {}
  policyTypes: [Egress]
  egress:
    - to: [{namespaceSelector: {}}]
---
apiVersion: v1
kind: Pod
metadata: {name: api, namespace: shop, labels: {app: api}}
spec:
  containers: [{name: main, image: app}]
-- pass/nothing-to-steal.yaml --
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: api, namespace: shop}
spec:
  podSelector: {}
  policyTypes: [Egress]
  egress:
    - to: [{ipBlock: {cidr: 0.0.0.0/0}}]
---
apiVersion: v1
kind: Pod
metadata: {name: api, namespace: shop, labels: {app: api}}
spec:
  automountServiceAccountToken: false
  containers: [{name: main, image: app}]
`, rule.On(func(p *rule.Pass, o *kube.Object) {
	judgeEgress(p, o, func(c *rule.Pod) {
		what := credentials(c)
		if what == "" {
			return
		}
		var why []bartizan.Evidence
		for _, address := range publicAddresses {
			a := p.Joined.Network.Outside(c, address, 443)
			if a.Verdict != rule.ReachYes || told(p, a.Why, opensAll) {
				return
			}
			why = a.Why
		}
		p.Report(rule.Hit{Path: c.Prefix, Message: "the pods hold " + what + " and may open connections to any public address", Why: why})
	})
}))

// publicAddresses stand for the internet: no list of destinations that somebody needs holds all of them.
var publicAddresses = []string{"1.1.1.1", "51.15.0.1", "130.89.148.77", "185.199.108.153", "213.133.98.98"}

// credentials says what of a pod's is worth stealing.
func credentials(c *rule.Pod) string {
	for v := range c.Spec.Get("volumes").Items() {
		if v.Get("secret").Exists() || v.Get("csi").Exists() && v.At("csi", "driver").Text() == "secrets-store.csi.k8s.io" {
			return "Secrets"
		}
	}
	for i := range c.Containers {
		for e := range c.Containers[i].Node.Get("env").Items() {
			if e.At("valueFrom", "secretKeyRef").Exists() {
				return "Secrets"
			}
		}
		for e := range c.Containers[i].Node.Get("envFrom").Items() {
			if e.Get("secretRef").Exists() {
				return "Secrets"
			}
		}
	}
	if c.Token {
		return "a token for the API server"
	}
	return ""
}
