package attack

import (
	"slices"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/internal/tree"
	"github.com/bartizan-dev/bartizan/rule"
)

// KubeletOpen leads from a pod that opens a kubelet's port to the pods of every node, where kubelets let anybody in.
var KubeletOpen = rule.Edge(`
id: attack-open-kubelet
title: Run commands in pods through a kubelet that lets anybody in
certainty: certain
cost: 1
maps: {attack: [T1609, T1613], ms-matrix: MS-TA9030}
why: |
  A kubelet that takes unauthenticated requests and asks nobody whether they are allowed runs commands in every pod of its
  node for whoever opens port 10250. The settings that say so are the kubelet's configuration, or kubeadm's ConfigMap of
  them. Bootstrap tools set both safely; a kubelet that is started by hand does not.
detect: requests to port 10250 that do not come from the API server
mitigate: set authentication.anonymous.enabled to false and authorization.mode to Webhook
references:
  - https://kubernetes.io/docs/reference/access-authn-authz/kubelet-authn-authz/
-- yes/configuration.yaml --
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
authentication:
  anonymous:
    enabled: true # EVIDENCE
authorization:
  mode: AlwaysAllow # EVIDENCE
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {containers: [{name: w, image: w}]}
---
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: data, labels: {app: db}}
spec: {containers: [{name: d, image: d}]}
# EDGE Pod shop/web -> Pod data/db
-- yes/kubeadm.yaml --
apiVersion: v1
kind: ConfigMap
metadata: {name: kubelet-config, namespace: kube-system}
data:
  kubelet: |
    apiVersion: kubelet.config.k8s.io/v1beta1
    kind: KubeletConfiguration
    authentication: {anonymous: {enabled: true}}
    authorization: {mode: AlwaysAllow}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {containers: [{name: w, image: w}]}
---
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: data, labels: {app: db}}
spec: {containers: [{name: d, image: d}]}
# EDGE Pod shop/web -> Pod data/db
-- no/webhook.yaml --
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
authentication: {anonymous: {enabled: true}}
authorization: {mode: Webhook}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {containers: [{name: w, image: w}]}
---
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: data, labels: {app: db}}
spec: {containers: [{name: d, image: d}]}
# NO EDGE Pod shop/web -> Pod data/db
-- no/certificate.yaml --
# Whoever has a certificate is allowed everything, but nobody else is let in.
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
authentication: {anonymous: {enabled: false}}
authorization: {mode: AlwaysAllow}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {containers: [{name: w, image: w}]}
---
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: data, labels: {app: db}}
spec: {containers: [{name: d, image: d}]}
# NO EDGE Pod shop/web -> Pod data/db
-- no/policy.yaml --
# A policy keeps the pod from the kubelets of other nodes; its own it always reaches.
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
authentication: {anonymous: {enabled: true}}
authorization: {mode: AlwaysAllow}
---
apiVersion: v1
kind: Node
metadata: {name: n2}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: out, namespace: shop}
spec: {podSelector: {}, policyTypes: [Egress]}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {nodeName: n1, containers: [{name: w, image: w}]}
---
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: data, labels: {app: db}}
spec: {nodeName: n2, containers: [{name: d, image: d}]}
# NO EDGE Pod shop/web -> Pod data/db
`, deriveKubeletOpen)

func deriveKubeletOpen(a *rule.Attack) {
	var why []bartizan.Evidence
	for o := range objects(a, "KubeletConfiguration.kubelet.config.k8s.io") {
		if open, at := letsIn(o.Root); open {
			for _, n := range at {
				why = append(why, evidence(o, n))
			}
		}
	}
	for o := range objects(a, "ConfigMap") {
		if o.Ref.Name == "kubelet-config" && o.Ref.Namespace == "kube-system" && letsAnyIn(o) {
			why = append(why, evidence(o, o.Root.At("metadata", "name")))
		}
	}
	if len(why) == 0 {
		return
	}
	for p := range a.Pods.All() {
		s := rule.Step{From: p.Vertex(), Text: "runs commands in {to} through the kubelet", Why: why}
		s.To = rule.PodsOn(rule.Every)
		if !opensAny(a, p) {
			for _, n := range p.Nodes { // policies do not stand between a pod and its own node
				s.To = rule.PodsOn(n.Name)
				a.Step(s)
			}
			continue
		}
		a.Step(s)
	}
}

// opensAny says whether a pod opens the kubelet's port of any node.
func opensAny(a *rule.Attack, p *rule.Pod) bool {
	for _, n := range a.Pods.Nodes() {
		if a.Network.Outside(p, n.Ref.Name, 10250).Verdict == rule.ReachYes && !slices.Contains(p.Nodes, n.Ref) {
			return true
		}
	}
	return false
}

// letsAnyIn says whether the kubelet's configuration in a ConfigMap lets anybody in.
func letsAnyIn(o *kube.Object) bool {
	for doc, err := range tree.Parse(o.Root.At("data", "kubelet").Str(), tree.DefaultLimits()) {
		if err != nil {
			return false
		}
		if open, _ := letsIn(doc.Root()); open {
			return true
		}
	}
	return false
}

// letsIn says whether a kubelet's configuration lets anybody in, and what says so.
func letsIn(root tree.Node) (bool, []tree.Node) {
	anonymous, mode := root.At("authentication", "anonymous", "enabled"), root.At("authorization", "mode")
	on, _ := anonymous.Bool()
	return on && mode.Str() == "AlwaysAllow", []tree.Node{anonymous, mode}
}
