package joined

import (
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/rule"
)

// PodIngressOpen finds pods that no policy protects beside pods that one does.
var PodIngressOpen = rule.Go(`
id: network-pod-ingress-open
title: No policy says who may reach the pod
severity: low
on: Workload
needs: policies
maps: {cis-1.12: 5.3.2, nsa-cisa: [network-policies, namespace-separation], attack: T1046, ms-matrix: MS-TA9034}
why: |
  Policies protect other pods of the namespace and leave this one out: every pod of the cluster may open any of
  its ports, and whoever takes it over is inside. Mostly its labels have changed, or it came later. Of files it is
  judged where a policy of the namespace stands beside the workload; a namespace without policies is judged as a
  whole by network-namespace-without-policy.
references:
  - https://kubernetes.io/docs/concepts/services-networking/network-policies/
-- fail/left-out.yaml --
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
spec: # FINDING
  containers: [{name: main, image: app}]
-- pass/selected.yaml --
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: all, namespace: shop}
spec:
  podSelector: {}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec:
  containers: [{name: main, image: app}]
-- pass/no-policies.yaml --
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: all, namespace: elsewhere}
spec:
  podSelector: {}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec:
  containers: [{name: main, image: app}]
-- pass/host-network.yaml --
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: api, namespace: shop}
spec:
  podSelector: {matchLabels: {app: api}}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec:
  hostNetwork: true
  containers: [{name: main, image: app}]
-- pass/expressions.yaml --
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: api, namespace: shop}
spec:
  podSelector: {matchExpressions: [{key: app, operator: In, values: [api, web]}]}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec:
  containers: [{name: main, image: app}]
-- pass/calico.yaml --
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: api, namespace: shop}
spec:
  podSelector: {matchLabels: {app: api}}
---
apiVersion: crd.projectcalico.org/v1
kind: GlobalNetworkPolicy
metadata: {name: deny}
spec: {types: [Ingress]}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec:
  containers: [{name: main, image: app}]
-- pass/job.yaml --
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: api, namespace: shop}
spec:
  podSelector: {matchLabels: {app: api}}
---
apiVersion: batch/v1
kind: Job
metadata: {name: once, namespace: shop}
spec: {template: {spec: {restartPolicy: Never, containers: [{name: main, image: app}]}}}
`, rule.On(func(p *rule.Pass, o *kube.Object) { judgeSelected(p, o, true) }))

// judgeSelected reports classes of pods that no policy selects in a direction, in a namespace where some policy means
// to close it.
func judgeSelected(p *rule.Pass, o *kube.Object, inbound bool) {
	judged := false
	for c := range p.Joined.Classes(object{o}) {
		finishes := o.Kind == "Job" || o.Kind == "CronJob"
		if c.HostNetwork || inbound && finishes || !policyBeside(p, o) || !meant(p, c.Ref.Namespace, inbound) {
			continue
		}
		selected, _ := p.Joined.Policies.Selects(c, inbound)
		judged = judged || selected != rule.ReachUnknown
		if selected == rule.ReachNo {
			says := map[bool]string{true: "no policy selects the pods for ingress: everybody may reach them", false: "no policy selects the pods for egress: they may reach everything"}
			p.Report(rule.Hit{Path: c.Prefix, Message: says[inbound]})
		}
	}
	if !judged {
		p.Abstain()
	}
}

// policyBeside says whether policies that were read speak for the namespace of an object.
func policyBeside(p *rule.Pass, o *kube.Object) bool {
	if !p.Joined.Policies.Governed(home(o)) {
		return false
	}
	return p.Joined.Complete || besides(p, o, "NetworkPolicy", home(o))
}

// meantKey is the key of what meant finds out.
type meantKey struct {
	namespace string
	inbound   bool
}

// meant says whether policies select some pods of a namespace in a direction.
func meant(p *rule.Pass, namespace string, inbound bool) bool {
	return rule.Once(p.Joined, meantKey{namespace, inbound}, func() bool {
		for _, c := range p.Joined.In(namespace) {
			if v, _ := p.Joined.Policies.Selects(c, inbound); v == rule.ReachYes {
				return true
			}
		}
		return false
	})
}
