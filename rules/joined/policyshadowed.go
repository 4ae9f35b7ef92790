package joined

import (
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/rule"
)

// PolicyRuleShadowed finds rules of policies that change nothing.
var PolicyRuleShadowed = rule.Go(`
id: network-policy-rule-shadowed
title: Rule of a network policy changes nothing
severity: info
on: [NetworkPolicy, ClusterNetworkPolicy.policy.networking.k8s.io, AdminNetworkPolicy.policy.networking.k8s.io, BaselineAdminNetworkPolicy.policy.networking.k8s.io, CiliumNetworkPolicy.cilium.io, CiliumClusterwideNetworkPolicy.cilium.io]
needs: policies
maps: {nsa-cisa: network-policies, ms-matrix: MS-TA9034}
why: |
  Other rules decide everything that this one is about. Mostly they are wider than they were meant to be: taking
  this rule out, or tightening it, changes nothing, which whoever does it will not notice. It is judged in a whole
  cluster only, since pods that were not read may tell the rules apart.
references:
  - https://kubernetes.io/docs/concepts/services-networking/network-policies/
-- fail/wider.yaml --
# WHOLE CLUSTER
apiVersion: v1
kind: Namespace
metadata:
  name: shop
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: api, namespace: shop}
spec:
  podSelector: {matchLabels: {app: api}}
  ingress:
    - from: [{podSelector: {}}]
    - from: # FINDING
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
-- pass/needed.yaml --
# WHOLE CLUSTER
apiVersion: v1
kind: Namespace
metadata:
  name: shop
---
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
-- pass/files.yaml --
apiVersion: v1
kind: Namespace
metadata:
  name: shop
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: api, namespace: shop}
spec:
  podSelector: {matchLabels: {app: api}}
  ingress:
    - from: [{podSelector: {}}]
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
`, rule.On(func(p *rule.Pass, o *kube.Object) {
	judgePolicy(p, o, "shadowed", p.Joined.Complete)
}))
