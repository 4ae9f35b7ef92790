package joined

import (
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/rule"
)

// PolicyNoEffect finds rules that do not count, since policyTypes leaves their direction out.
var PolicyNoEffect = rule.Go(`
id: network-policy-no-effect
title: Rules of a network policy do not count
severity: medium
on: [NetworkPolicy, ClusterNetworkPolicy.policy.networking.k8s.io, AdminNetworkPolicy.policy.networking.k8s.io, BaselineAdminNetworkPolicy.policy.networking.k8s.io, CiliumNetworkPolicy.cilium.io, CiliumClusterwideNetworkPolicy.cilium.io]
needs: policies
maps: {nsa-cisa: network-policies, ms-matrix: MS-TA9034}
why: |
  Rules in a direction that policyTypes leaves out do not count: the policy neither closes nor opens anything
  there, and whoever reads it believes that the pods are protected. Name the direction in policyTypes.
references:
  - https://kubernetes.io/docs/concepts/services-networking/network-policies/
-- fail/left-out.yaml --
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  namespace: shop
  name: api # FINDING
spec:
  podSelector: {}
  policyTypes: [Egress]
  ingress:
    - from: [{podSelector: {}}]
---
apiVersion: v1
kind: Pod
metadata: {name: api, namespace: shop, labels: {app: api}}
spec:
  containers: [{name: main, image: app}]
-- pass/counts.yaml --
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: api, namespace: shop}
spec:
  podSelector: {}
  policyTypes: [Ingress, Egress]
  ingress:
    - from: [{podSelector: {}}]
---
apiVersion: v1
kind: Pod
metadata: {name: api, namespace: shop, labels: {app: api}}
spec:
  containers: [{name: main, image: app}]
`, rule.On(func(p *rule.Pass, o *kube.Object) {
	judgePolicy(p, o, "no-effect", true)
}))
