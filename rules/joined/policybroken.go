package joined

import (
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/rule"
)

// PolicyBroken finds policies that the API server would refuse or nobody can follow.
var PolicyBroken = rule.Go(`
id: network-policy-broken
title: Network policy cannot be read
severity: medium
on: [NetworkPolicy, ClusterNetworkPolicy.policy.networking.k8s.io, AdminNetworkPolicy.policy.networking.k8s.io, BaselineAdminNetworkPolicy.policy.networking.k8s.io, CiliumNetworkPolicy.cilium.io, CiliumClusterwideNetworkPolicy.cilium.io]
needs: policies
maps: {nsa-cisa: network-policies, ms-matrix: MS-TA9034}
why: |
  The API server refuses such an object, so what it was to protect is not protected, or it protects something else
  than it says. Findings on reach treat what it might do as not known.
references:
  - https://kubernetes.io/docs/concepts/services-networking/network-policies/
-- fail/cidr.yaml --
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: api, namespace: shop}
spec:
  podSelector: {}
  ingress:
    - from:
        - ipBlock: {cidr: 10.0.0.0/99}
---
apiVersion: v1
kind: Pod
metadata: {name: api, namespace: shop, labels: {app: api}}
spec:
  containers: [{name: main, image: app}]
-- pass/good.yaml --
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: api, namespace: shop}
spec:
  podSelector: {}
  ingress:
    - from:
        - ipBlock: {cidr: 10.0.0.0/8}
---
apiVersion: v1
kind: Pod
metadata: {name: api, namespace: shop, labels: {app: api}}
spec:
  containers: [{name: main, image: app}]
`, rule.On(func(p *rule.Pass, o *kube.Object) {
	judgePolicy(p, o, "broken-policy", true)
}))
