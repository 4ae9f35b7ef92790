package joined

import (
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/rule"
)

// PolicyUndefinedOrder finds policies of one priority that contradict each other.
var PolicyUndefinedOrder = rule.Go(`
id: network-policy-undefined-order
title: Policies of one priority contradict each other
severity: medium
on: [NetworkPolicy, ClusterNetworkPolicy.policy.networking.k8s.io, AdminNetworkPolicy.policy.networking.k8s.io, BaselineAdminNetworkPolicy.policy.networking.k8s.io, CiliumNetworkPolicy.cilium.io, CiliumClusterwideNetworkPolicy.cilium.io]
needs: policies
maps: {nsa-cisa: network-policies, ms-matrix: MS-TA9034}
why: |
  The API does not say which of the two counts, so it depends on the network plugin, and may change when it
  restarts: what is denied today may be allowed tomorrow. Give the policies different priorities.
references:
  - https://network-policy-api.sigs.k8s.io/api-overview/
-- fail/tie.yaml --
apiVersion: policy.networking.k8s.io/v1alpha1
kind: AdminNetworkPolicy
metadata: {name: a}
spec:
  priority: 10
  subject: {namespaces: {}}
  ingress:
    - action: Allow
      from: [{namespaces: {}}]
---
apiVersion: policy.networking.k8s.io/v1alpha1
kind: AdminNetworkPolicy
metadata: {name: b}
spec:
  priority: 10
  subject: {namespaces: {}}
  ingress:
    - action: Deny # FINDING
      from: [{namespaces: {}}]
---
apiVersion: v1
kind: Namespace
metadata:
  name: shop
---
apiVersion: v1
kind: Pod
metadata: {name: api, namespace: shop, labels: {app: api}}
spec:
  containers: [{name: main, image: app}]
-- pass/ordered.yaml --
apiVersion: policy.networking.k8s.io/v1alpha1
kind: AdminNetworkPolicy
metadata: {name: a}
spec:
  priority: 10
  subject: {namespaces: {}}
  ingress:
    - action: Allow
      from: [{namespaces: {}}]
---
apiVersion: policy.networking.k8s.io/v1alpha1
kind: AdminNetworkPolicy
metadata: {name: b}
spec:
  priority: 20
  subject: {namespaces: {}}
  ingress:
    - action: Deny
      from: [{namespaces: {}}]
---
apiVersion: v1
kind: Namespace
metadata:
  name: shop
---
apiVersion: v1
kind: Pod
metadata: {name: api, namespace: shop, labels: {app: api}}
spec:
  containers: [{name: main, image: app}]
`, rule.On(func(p *rule.Pass, o *kube.Object) {
	judgePolicy(p, o, "undefined-order", true)
}))
