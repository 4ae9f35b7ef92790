package joined

import (
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/rule"
)

// NamespaceEgressDefault finds namespaces whose policies leave the egress of new pods open.
var NamespaceEgressDefault = rule.Go(`
id: network-namespace-no-default-egress
title: Namespace does not deny egress by default
severity: info
on: Namespace
needs: policies
maps: {cis-1.12: 5.3.2, nsa-cisa: [network-policies, cloud-metadata], attack: T1046, ms-matrix: MS-TA9034}
why: |
  The namespace has policies, but none that selects every pod for egress: the next pod that is started there
  reaches everything, the metadata service of the cloud and the internet included. One policy with an empty
  podSelector and no rules makes denying the default; what is allowed is then written down. A namespace without
  any policy is judged by network-namespace-without-policy.
references:
  - https://kubernetes.io/docs/concepts/services-networking/network-policies/
-- fail/some.yaml --
apiVersion: v1
kind: Namespace
metadata:
  name: shop # FINDING
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: api, namespace: shop}
spec:
  podSelector: {matchLabels: {app: api}}
  policyTypes: [Ingress, Egress]
---
apiVersion: v1
kind: Pod
metadata: {name: api, namespace: shop, labels: {app: api}}
spec:
  containers: [{name: main, image: app}]
-- pass/default.yaml --
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
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: default, namespace: shop}
spec:
  podSelector: {}
  policyTypes: [Ingress, Egress]
---
apiVersion: v1
kind: Pod
metadata: {name: api, namespace: shop, labels: {app: api}}
spec:
  containers: [{name: main, image: app}]
-- pass/without-policies.yaml --
apiVersion: v1
kind: Namespace
metadata:
  name: shop
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: api, namespace: elsewhere}
spec:
  podSelector: {matchLabels: {app: api}}
---
apiVersion: v1
kind: Pod
metadata: {name: api, namespace: shop, labels: {app: api}}
spec:
  containers: [{name: main, image: app}]
-- pass/without-pods.yaml --
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
---
apiVersion: v1
kind: Pod
metadata: {name: api, namespace: elsewhere, labels: {app: api}}
spec:
  containers: [{name: main, image: app}]
-- pass/cluster-wide.yaml --
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
---
apiVersion: v1
kind: Pod
metadata: {name: api, namespace: shop, labels: {app: api}}
spec:
  containers: [{name: main, image: app}]
---
apiVersion: policy.networking.k8s.io/v1alpha1
kind: BaselineAdminNetworkPolicy
metadata: {name: default}
spec: {subject: {namespaces: {}}, ingress: [{action: Deny, from: [{namespaces: {}}]}], egress: [{action: Deny, to: [{namespaces: {}}]}]}
`, rule.On(func(p *rule.Pass, o *kube.Object) { judgeDefault(p, o, "Egress") }))
