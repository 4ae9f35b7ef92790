package attack

import (
	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/rule"
)

// AlwaysAllow leads from any credential to the whole cluster where the API server asks no authorizer.
var AlwaysAllow = rule.Edge(`
id: attack-always-allow
title: Ask an API server that allows everything
certainty: certain
cost: 0
maps: {attack: T1078, ms-matrix: MS-TA9019}
why: |
  The authorizer AlwaysAllow allows every request that the others do not deny, and it is the one that an API server has
  whose flags name none. Roles and bindings then count for nothing: any service account's token is the whole cluster.
  Requests without a credential stay out, since the API server switches them off beside AlwaysAllow.
detect: audit events whose authorization reason names no role
mitigate: set --authorization-mode=Node,RBAC
references:
  - https://kubernetes.io/docs/reference/access-authn-authz/authorization/
-- yes/set.yaml --
apiVersion: v1
kind: Pod
metadata: {name: kube-apiserver-m, namespace: kube-system, labels: {component: kube-apiserver}}
spec:
  containers:
  - name: kube-apiserver
    image: registry.k8s.io/kube-apiserver:v1.36.0
    command:
    - kube-apiserver
    - --authorization-mode=Node,RBAC,AlwaysAllow # EVIDENCE
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: web, namespace: shop}
# EDGE ServiceAccount shop/web -> Cluster admin
# NO EDGE User system:anonymous -> Cluster admin
-- yes/default.yaml --
apiVersion: v1
kind: Pod
metadata: {name: kube-apiserver-m, namespace: kube-system, labels: {component: kube-apiserver}}
spec:
  containers:
  - name: kube-apiserver
    image: registry.k8s.io/kube-apiserver:v1.36.0
    command: [kube-apiserver, --etcd-servers=https://127.0.0.1:2379] # EVIDENCE
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: web, namespace: shop}
# EDGE ServiceAccount shop/web -> Cluster admin
-- no/rbac.yaml --
apiVersion: v1
kind: Pod
metadata: {name: kube-apiserver-m, namespace: kube-system, labels: {component: kube-apiserver}}
spec:
  containers:
  - name: kube-apiserver
    image: registry.k8s.io/kube-apiserver:v1.36.0
    command: [kube-apiserver, --authorization-mode, "Node,RBAC"]
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: web, namespace: shop}
# NO EDGE ServiceAccount shop/web -> Cluster admin
-- no/configuration.yaml --
# A file, which was not read, names the authorizers.
apiVersion: v1
kind: Pod
metadata: {name: kube-apiserver-m, namespace: kube-system, labels: {component: kube-apiserver}}
spec:
  containers:
  - name: kube-apiserver
    image: registry.k8s.io/kube-apiserver:v1.36.0
    args: [--authorization-config=/etc/kubernetes/authorization.yaml]
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: web, namespace: shop}
# NO EDGE ServiceAccount shop/web -> Cluster admin
-- no/other-program.yaml --
apiVersion: v1
kind: Pod
metadata: {name: kube-apiserver, namespace: shop}
spec: {containers: [{name: kube-apiserver, image: kube-apiserver, command: [kube-apiserver, --authorization-mode=AlwaysAllow]}]}
# NO EDGE ServiceAccount shop/default -> Cluster admin
`, deriveAlwaysAllow)

func deriveAlwaysAllow(a *rule.Attack) {
	for p, f := range apiServers(a) {
		modes := f.value("--authorization-mode")
		if f.value("--authorization-config") != "" || modes != "" && !lists(modes, "AlwaysAllow") {
			continue
		}
		at, fix := f.set(p, "--authorization-mode", "Node,RBAC", "have the API server ask the authorizers Node and RBAC", "give roles to everything that uses the API")
		a.Step(rule.Step{
			From: []bartizan.Ref{rule.Group("system:authenticated")}, To: rule.ClusterAdmin, Text: "asks the API server, which allows everything",
			Why: p.Why(at), Fixes: []rule.Fix{fix},
		})
	}
}
