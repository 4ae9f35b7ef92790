package attack

import (
	"strings"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/rule"
)

// NoRestriction leads from a node's credentials to pods anywhere where nothing holds nodes to themselves.
var NoRestriction = rule.Edge(`
id: attack-unrestricted-node
title: Start any pod with the credentials of a node
certainty: certain
cost: 1
maps: {attack: [T1610, T1078], ms-matrix: MS-TA9008}
why: |
  The Node authorizer lets every kubelet create and delete pods and change nodes, because it mirrors static pods and
  reports itself. That it may do so for itself only is the business of the admission plugin NodeRestriction, which is off
  unless the API server's flags name it. Without it, whoever has one node starts pods in kube-system with any service
  account.
detect: audit events of system:node users that create pods without the annotation kubernetes.io/config.mirror
mitigate: add NodeRestriction to --enable-admission-plugins
references:
  - https://kubernetes.io/docs/reference/access-authn-authz/node/
  - https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/
-- yes/unset.yaml --
apiVersion: v1
kind: Pod
metadata: {name: kube-apiserver-m, namespace: kube-system, labels: {component: kube-apiserver}}
spec:
  nodeName: m
  containers:
  - name: kube-apiserver
    image: registry.k8s.io/kube-apiserver:v1.36.0
    command: [kube-apiserver, "--authorization-mode=Node,RBAC"] # EVIDENCE
---
apiVersion: v1
kind: Node
metadata: {name: n1}
# EDGE User system:node:n1 -> Held Right every right
-- yes/others.yaml --
apiVersion: v1
kind: Pod
metadata: {name: kube-apiserver-m, namespace: kube-system, labels: {component: kube-apiserver}}
spec:
  nodeName: m
  containers:
  - name: kube-apiserver
    image: registry.k8s.io/kube-apiserver:v1.36.0
    command:
    - kube-apiserver
    - --authorization-mode=Node,RBAC
    - --enable-admission-plugins=AlwaysPullImages # EVIDENCE
---
apiVersion: v1
kind: Node
metadata: {name: n1}
# EDGE User system:node:n1 -> Held Right every right
# NO EDGE Group system:authenticated -> Held Right every right
-- no/set.yaml --
apiVersion: v1
kind: Pod
metadata: {name: kube-apiserver-m, namespace: kube-system, labels: {component: kube-apiserver}}
spec:
  nodeName: m
  containers:
  - name: kube-apiserver
    image: registry.k8s.io/kube-apiserver:v1.36.0
    command: [kube-apiserver, "--authorization-mode=Node,RBAC", --enable-admission-plugins, "AlwaysPullImages,NodeRestriction"]
---
apiVersion: v1
kind: Node
metadata: {name: n1}
# NO EDGE User system:node:n1 -> Held Right every right
-- no/no-node-authorizer.yaml --
# Without the authorizer Node a kubelet has the rights that roles give it, and no others.
apiVersion: v1
kind: Pod
metadata: {name: kube-apiserver-m, namespace: kube-system, labels: {component: kube-apiserver}}
spec:
  nodeName: m
  containers: [{name: kube-apiserver, image: kube-apiserver, command: [kube-apiserver, --authorization-mode=RBAC]}]
---
apiVersion: v1
kind: Node
metadata: {name: n1}
# NO EDGE User system:node:n1 -> Held Right every right
-- no/not-read.yaml --
apiVersion: v1
kind: Node
metadata: {name: n1}
# NO EDGE User system:node:n1 -> Held Right every right
`, deriveNoRestriction)

func deriveNoRestriction(a *rule.Attack) {
	const flag, plugin = "--enable-admission-plugins", "NodeRestriction"
	for p, f := range apiServers(a) {
		have := f.value(flag)
		if !lists(f.value("--authorization-mode"), "Node") || lists(have, plugin) && !lists(f.value("--disable-admission-plugins"), plugin) {
			continue
		}
		at, fix := f.set(p, flag, strings.TrimPrefix(have+","+plugin, ","), "switch the admission plugin NodeRestriction on", "know that each kubelet's user is system:node: and its node's name")
		fixes := []rule.Fix{fix}
		if lists(have, plugin) {
			fixes = nil // it is switched off elsewhere
		}
		for _, n := range a.Pods.Nodes() {
			a.Step(rule.Step{
				From: []bartizan.Ref{rule.NodeUser(n.Ref.Name)}, To: a.Access.Held(rule.EveryRight, ""), Why: p.Why(at), Fixes: fixes,
				Text: "starts any pod: nothing holds a node to pods of its own",
			})
		}
	}
}
