package attack

import "github.com/bartizan-dev/bartizan/rule"

// Etcd leads from a pod that opens an etcd without client certificates to the whole cluster.
var Etcd = rule.Edge(`
id: attack-etcd
title: Write to the cluster's etcd without a certificate
certainty: certain
cost: 1
maps: {attack: [T1552.007, T1098.006], ms-matrix: MS-TA9034}
why: |
  An etcd that does not ask its clients for certificates gives everybody who opens its port all Secrets, and takes from him
  any role binding: it knows no roles of Kubernetes. --client-cert-auth is off unless it is set.
detect: clients of etcd other than the API server
mitigate: set --client-cert-auth and --trusted-ca-file, with a CA of etcd's own
references:
  - https://etcd.io/docs/v3.6/op-guide/security/
  - https://kubernetes.io/docs/tasks/administer-cluster/configure-upgrade-etcd/
-- yes/unset.yaml --
apiVersion: v1
kind: Pod
metadata: {name: etcd, namespace: kube-system, labels: {component: etcd}}
spec:
  containers:
  - name: etcd
    image: registry.k8s.io/etcd:3.6.4-0
    command: [etcd, --listen-client-urls=http://0.0.0.0:2379] # EVIDENCE
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {containers: [{name: w, image: w}]}
# EDGE Pod shop/web -> Cluster admin
-- yes/false.yaml --
apiVersion: v1
kind: Pod
metadata: {name: etcd, namespace: kube-system, labels: {component: etcd}}
spec:
  containers:
  - name: etcd
    image: etcd
    command:
    - etcd
    - --client-cert-auth=false # EVIDENCE
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {containers: [{name: w, image: w}]}
# EDGE Pod shop/web -> Cluster admin
-- no/set.yaml --
apiVersion: v1
kind: Pod
metadata: {name: etcd, namespace: kube-system, labels: {component: etcd}}
spec: {containers: [{name: etcd, image: etcd, command: [etcd, --client-cert-auth=true]}]}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {containers: [{name: w, image: w}]}
# NO EDGE Pod shop/web -> Cluster admin
-- no/loopback.yaml --
apiVersion: v1
kind: Pod
metadata: {name: etcd, namespace: kube-system, labels: {component: etcd}}
spec: {containers: [{name: etcd, image: etcd, args: [--listen-client-urls=http://127.0.0.1:2379]}]}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {containers: [{name: w, image: w}]}
# NO EDGE Pod shop/web -> Cluster admin
-- no/of-an-application.yaml --
# An etcd that is not the cluster's.
apiVersion: v1
kind: Pod
metadata: {name: etcd, namespace: shop, labels: {app: etcd}}
spec: {containers: [{name: etcd, image: etcd, command: [etcd]}]}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {containers: [{name: w, image: w}]}
# NO EDGE Pod shop/web -> Cluster admin
`, deriveEtcd)

func deriveEtcd(a *rule.Attack) {
	for q, f := range components(a, "etcd") {
		at, _ := f.find("--client-cert-auth")
		urls := f.value("--listen-client-urls")
		if at.Exists() && at.Str() != "--client-cert-auth=false" || urls != "" && onlyLoopback(urls) {
			continue
		}
		at, fix := f.set(q, "--client-cert-auth", "true", "have etcd ask for client certificates", "give the API server a client certificate and etcd the CA")
		opened(a, q, 2379, rule.Step{To: rule.ClusterAdmin, Text: "writes a role binding into etcd", Why: q.Why(at), Fixes: []rule.Fix{fix}})
	}
}
