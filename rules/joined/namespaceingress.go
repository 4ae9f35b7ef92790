package joined

import (
	"slices"
	"strings"

	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/internal/tree"
	"github.com/bartizan-dev/bartizan/rule"
)

// NamespaceIngressDefault finds namespaces with policies of which none is the default.
var NamespaceIngressDefault = rule.Go(`
id: network-namespace-no-default-ingress
title: Namespace does not deny ingress by default
severity: low
on: Namespace
needs: policies
maps: {cis-1.12: 5.3.2, nsa-cisa: [network-policies, namespace-separation], attack: T1046, ms-matrix: MS-TA9034}
why: |
  The namespace has policies, but none that selects every pod for ingress: everybody reaches the next pod that is
  started there, until somebody writes a policy for it. One policy with an empty podSelector and no rules makes
  denying the default; what is allowed is then written down. A namespace without any policy is judged by network-
  namespace-without-policy.
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
`, rule.On(func(p *rule.Pass, o *kube.Object) { judgeDefault(p, o, "Ingress") }))

// judgeDefault reports a namespace of whose policies none selects every pod in a direction. Policies of kinds that
// span namespaces, or that are not the API's own, may be the default: then nothing is said.
func judgeDefault(p *rule.Pass, o *kube.Object, direction string) {
	policies := policiesIn(p)[o.Ref.Name]
	foreign := p.Joined.Policies.Governed("") || strings.HasPrefix(o.Ref.Name, "kube-")
	if len(policies) == 0 || foreign || len(p.Joined.In(o.Ref.Name)) == 0 {
		p.Abstain()
		return
	}
	if !slices.ContainsFunc(policies, func(x *kube.Object) bool { return isDefault(x, direction) }) {
		p.Report(rule.Hit{Path: "/metadata/name", Message: "no policy of namespace " + o.Ref.Name + " selects every pod for " + strings.ToLower(direction)})
	}
}

// policiesKey is the key of the policies by namespace.
type policiesKey struct{}

func policiesIn(p *rule.Pass) map[string][]*kube.Object {
	return rule.Once(p.Joined, policiesKey{}, func() map[string][]*kube.Object {
		all := map[string][]*kube.Object{}
		for e := range p.World.All("NetworkPolicy") {
			if o, ok := e.Value.(*kube.Object); ok {
				all[home(o)] = append(all[home(o)], o)
			}
		}
		return all
	})
}

// isDefault says whether a policy selects every pod of its namespace in a direction.
func isDefault(o *kube.Object, direction string) bool {
	selector := o.Root.At("spec", "podSelector")
	if selector.Get("matchLabels").Len()+selector.Get("matchExpressions").Len() > 0 {
		return false
	}
	types := o.Root.At("spec", "policyTypes")
	if types.Len() == 0 {
		return direction == "Ingress" || o.Root.At("spec", "egress").Exists()
	}
	found := false
	for t := range types.Items() {
		found = found || t.Kind() == tree.String && t.Text() == direction
	}
	return found
}
