package joined

import (
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/rule"
)

// PodEgressOpen finds pods whose egress nothing limits beside pods whose egress is limited.
var PodEgressOpen = rule.Go(`
id: network-pod-egress-open
title: No policy says what the pod may reach
severity: low
on: Workload
needs: policies
maps: {cis-1.12: 5.3.2, nsa-cisa: [network-policies, cloud-metadata], attack: [T1046, T1552.005], ms-matrix: [MS-TA9034, MS-TA9028]}
why: |
  Policies limit what other pods of the namespace may reach, and leave this one out: from here an attacker reaches
  every Service, the metadata service of the cloud and the internet. It is judged where policies of the namespace
  limit the egress of some pod.
references:
  - https://kubernetes.io/docs/concepts/services-networking/network-policies/
-- fail/left-out.yaml --
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: api, namespace: shop}
spec:
  podSelector: {matchLabels: {app: api}}
  policyTypes: [Egress]
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
spec: # FINDING
  containers: [{name: main, image: app}]
-- pass/selected.yaml --
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: all, namespace: shop}
spec:
  podSelector: {}
  policyTypes: [Egress]
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec:
  containers: [{name: main, image: app}]
-- pass/nobody-limited.yaml --
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: api, namespace: shop}
spec:
  podSelector: {matchLabels: {app: api}}
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
`, rule.On(func(p *rule.Pass, o *kube.Object) { judgeSelected(p, o, false) }))
