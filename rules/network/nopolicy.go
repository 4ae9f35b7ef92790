// Package network holds the network rules that join objects; the others are .rule files beside it.
package network

import (
	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/rule"
)

// NamespaceWithoutPolicy finds namespaces whose pods no policy speaks of.
var NamespaceWithoutPolicy = rule.Go(`
id: network-namespace-without-policy
title: No network policy speaks of the namespace
severity: medium
on: Namespace
maps: {cis-1.12: 5.3.2, nsa-cisa: [network-policies, namespace-separation], attack: T1046, ms-matrix: MS-TA9034}
why: |
  Without a policy every pod of the cluster can talk to every pod of the namespace, and these to everything. Whoever
  takes one pod over can try all the others, the databases included. Judged where workloads of the namespace
  were read, too.
references:
  - https://kubernetes.io/docs/concepts/services-networking/network-policies/
-- fail/shop.yaml --
apiVersion: v1
kind: Namespace
metadata:
  name: shop # FINDING
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec: {containers: [{name: web, image: web}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: other, namespace: elsewhere}
spec: {podSelector: {}}
-- pass/policy.yaml --
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec: {containers: [{name: web, image: web}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: deny, namespace: shop}
spec: {podSelector: {}}
-- pass/empty.yaml --
apiVersion: v1
kind: Namespace
metadata: {name: shop}
-- pass/cilium.yaml --
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec: {template: {spec: {containers: [{name: web, image: web}]}}}
---
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: deny, namespace: shop}
spec: {endpointSelector: {}, ingress: []}
`, rule.On(checkNamespace))

// policyKinds are the kinds of policies that belong to one namespace.
var policyKinds = []bartizan.Kind{
	"NetworkPolicy", "CiliumNetworkPolicy.cilium.io", "NetworkPolicy.crd.projectcalico.org", "NetworkPolicy.projectcalico.org",
}

// workloadKinds are the built-in kinds that make pods.
var workloadKinds = []bartizan.Kind{"Pod", "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "CronJob", "ReplicationController"}

func checkNamespace(p *rule.Pass, o *kube.Object) {
	if holds(p.World, o.Ref.Name, policyKinds) || !holds(p.World, o.Ref.Name, workloadKinds) {
		return
	}
	p.Report(rule.Hit{Path: "/metadata/name", Message: "no network policy speaks of namespace " + o.Ref.Name + ", which has workloads"})
}

// holds says whether a namespace holds an object of one of the kinds.
func holds(w bartizan.World, namespace string, kinds []bartizan.Kind) bool {
	for _, kind := range kinds {
		for e := range w.All(kind) {
			if e.Ref.Namespace == namespace {
				return true
			}
		}
	}
	return false
}
