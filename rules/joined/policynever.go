package joined

import (
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/rule"
)

// PolicyRuleNeverMatches finds rules of policies that match nothing.
var PolicyRuleNeverMatches = rule.Go(`
id: network-policy-rule-never-matches
title: Rule of a network policy can never match
severity: low
on: [NetworkPolicy, ClusterNetworkPolicy.policy.networking.k8s.io, AdminNetworkPolicy.policy.networking.k8s.io, BaselineAdminNetworkPolicy.policy.networking.k8s.io, CiliumNetworkPolicy.cilium.io, CiliumClusterwideNetworkPolicy.cilium.io]
needs: policies
maps: {nsa-cisa: network-policies, ms-matrix: MS-TA9034}
why: |
  The rule names pods, or a port, that do not exist. Whoever wrote it believes that something is allowed or denied
  that is not; when the application breaks over it, the next rule is written wider. Of files only rules about pods
  of the policy's own namespace are judged, and ports by name, where its workloads stand beside it.
references:
  - https://kubernetes.io/docs/concepts/services-networking/network-policies/
-- fail/typo.yaml --
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: api, namespace: shop}
spec:
  podSelector: {matchLabels: {app: api}}
  ingress:
    - from: # FINDING
        - podSelector: {matchLabels: {app: wbe}}
---
apiVersion: v1
kind: Pod
metadata: {name: api, namespace: shop, labels: {app: api}}
spec:
  containers: [{name: main, image: app}]
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec:
  containers: [{name: main, image: app}]
-- fail/port.yaml --
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: api, namespace: shop}
spec:
  podSelector: {matchLabels: {app: api}}
  ingress:
    - ports: # FINDING
        - {port: htpp}
---
apiVersion: v1
kind: Pod
metadata: {name: api, namespace: shop, labels: {app: api}}
spec:
  containers: [{name: main, image: app, ports: [{name: http, containerPort: 80}]}]
-- pass/matches.yaml --
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: api, namespace: shop}
spec:
  podSelector: {matchLabels: {app: api}}
  ingress:
    - from:
        - podSelector: {matchLabels: {app: web}}
---
apiVersion: v1
kind: Pod
metadata: {name: api, namespace: shop, labels: {app: api}}
spec:
  containers: [{name: main, image: app}]
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec:
  containers: [{name: main, image: app}]
-- pass/other-namespace.yaml --
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: api, namespace: shop}
spec:
  podSelector: {matchLabels: {app: api}}
  ingress:
    - from:
        - namespaceSelector: {matchLabels: {team: web}}
---
apiVersion: v1
kind: Pod
metadata: {name: api, namespace: shop, labels: {app: api}}
spec:
  containers: [{name: main, image: app}]
-- pass/half-a-cluster.yaml --
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: api, namespace: shop}
spec:
  podSelector: {matchLabels: {app: api}}
  ingress:
    - from:
        - podSelector: {matchLabels: {app: web}}
---
apiVersion: v1
kind: Pod
metadata: {name: api, namespace: elsewhere, labels: {app: api}}
spec:
  containers: [{name: main, image: app}]
`, rule.On(checkNever))

func checkNever(p *rule.Pass, o *kube.Object) {
	if p.Joined.Complete {
		judgePolicy(p, o, "never-matches", true)
		return
	}
	if o.Ref.Kind != "NetworkPolicy" || !podsBeside(p, o) {
		p.Abstain()
		return
	}
	for _, f := range p.Joined.Policies.Faults(p.Entity) {
		if f.Code == "never-matches" && ownNamespace(o, f.Path) {
			p.Report(rule.Hit{Path: f.Path, Message: "the rule matches no pod of the namespace, and no port that one declares"})
		}
	}
}

// ownNamespace says whether all that a rule names as peers is pods of the policy's own namespace.
func ownNamespace(o *kube.Object, at string) bool {
	r := o.Root.Lookup(at)
	for _, list := range []string{"from", "to"} {
		for peer := range r.Get(list).Items() {
			if peer.Get("namespaceSelector").Exists() || peer.Get("ipBlock").Exists() {
				return false
			}
		}
	}
	return true
}
