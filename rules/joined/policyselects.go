package joined

import (
	"strings"

	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/rule"
)

// PolicySelectsNothing finds policies that select no pod.
var PolicySelectsNothing = rule.Go(`
id: network-policy-selects-nothing
title: Network policy selects no pod
severity: medium
on: [NetworkPolicy, ClusterNetworkPolicy.policy.networking.k8s.io, AdminNetworkPolicy.policy.networking.k8s.io, BaselineAdminNetworkPolicy.policy.networking.k8s.io, CiliumNetworkPolicy.cilium.io, CiliumClusterwideNetworkPolicy.cilium.io]
needs: policies
maps: {nsa-cisa: network-policies, ms-matrix: MS-TA9034}
why: |
  The policy looks as if it protected something and protects nothing: often its labels are those of the Service or
  of an older version. What it was meant for stands open. Of files it is judged where workloads of the namespace
  stand beside the policy.
references:
  - https://kubernetes.io/docs/concepts/services-networking/network-policies/
-- fail/typo.yaml --
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: 
  namespace: shop
  name: api # FINDING
spec:
  podSelector: {matchLabels: {app: apl}}
---
apiVersion: v1
kind: Pod
metadata: {name: api, namespace: shop, labels: {app: api}}
spec:
  containers: [{name: main, image: app}]
-- pass/selects.yaml --
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
-- pass/operator.yaml --
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: api, namespace: shop}
spec:
  podSelector: {matchLabels: {app: made-by-the-operator}}
---
apiVersion: v1
kind: Pod
metadata: {name: api, namespace: shop, labels: {app: api}}
spec:
  containers: [{name: main, image: app}]
---
apiVersion: db.example.com/v1
kind: Database
metadata: {name: main, namespace: shop}
spec: {replicas: 3}
-- pass/half-a-cluster.yaml --
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: api, namespace: shop}
spec:
  podSelector: {matchLabels: {app: api}}
---
apiVersion: v1
kind: Pod
metadata: {name: api, namespace: elsewhere, labels: {app: web}}
spec:
  containers: [{name: main, image: app}]
`, rule.On(func(p *rule.Pass, o *kube.Object) {
	judgePolicy(p, o, "selects-nothing", p.Joined.Complete || podsBeside(p, o))
}))

// judgePolicy reports the faults of one sort that a policy has, if enough was read to be sure of them.
func judgePolicy(p *rule.Pass, o *kube.Object, code string, known bool) {
	if !known {
		p.Abstain()
		return
	}
	for _, f := range p.Joined.Policies.Faults(p.Entity) {
		if f.Code != code {
			continue
		}
		text := strings.TrimLeft(strings.TrimPrefix(f.Message, o.Ref.String()), ": ")
		p.Report(rule.Hit{Path: f.Path, Message: text})
	}
}

// podsKey is the key of the places where workloads were read.
type podsKey struct{}

// podsBeside says whether workloads of an object's namespace were read in the same place as the object, and nothing of
// which a controller may make more.
func podsBeside(p *rule.Pass, o *kube.Object) bool {
	places := rule.Once(p.Joined, podsKey{}, func() map[place]bool {
		all := map[place]bool{}
		for c := range p.Joined.Pods.All() {
			if e, ok := p.World.Get(c.Object.Ref()); ok {
				all[place{directory(e.Origin), c.Ref.Namespace}] = true
			}
		}
		return all
	})
	return places[place{directory(o.Origin), home(o)}] && !customBeside(p, o) && !partOfCluster(o)
}
