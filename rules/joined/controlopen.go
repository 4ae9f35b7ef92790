package joined

import (
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/rule"
)

// ControlPortOpen finds interfaces for administrators that pods of every namespace reach.
var ControlPortOpen = rule.Go(`
id: network-control-port-open
title: Pods of every namespace reach an administration interface
severity: medium
on: Workload
needs: policies
maps: {cis-1.12: 5.3.2, nsa-cisa: [network-policies, namespace-separation, etcd], attack: [T1046, T1133], ms-matrix: MS-TA9034}
why: |
  etcd, container engines and the consoles of monitoring, queues and stores give away what they manage to whoever
  reaches them, some without any login. Every pod of every other namespace opens the port. Let in those who need
  it, and the proxy that asks people who they are.
references:
  - https://kubernetes.io/docs/concepts/services-networking/network-policies/
-- fail/from-all.yaml --
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: etcd, namespace: store}
spec:
  podSelector: {}
  ingress:
    - from: [{namespaceSelector: {}}]
---
apiVersion: v1
kind: Pod
metadata: {name: etcd, namespace: store, labels: {app: etcd}}
spec:
  containers:
    - name: main
      image: app
      ports:
        - containerPort: 2379 # FINDING
---
apiVersion: v1
kind: Pod
metadata: {name: a, namespace: one, labels: {app: a}}
spec:
  containers: [{name: main, image: app}]
---
apiVersion: v1
kind: Pod
metadata: {name: b, namespace: two, labels: {app: b}}
spec:
  containers: [{name: main, image: app}]
-- pass/own-namespace.yaml --
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: etcd, namespace: store}
spec:
  podSelector: {}
  ingress:
    - from: [{podSelector: {}}]
---
apiVersion: v1
kind: Pod
metadata: {name: etcd, namespace: store, labels: {app: etcd}}
spec:
  containers: [{name: main, image: app, ports: [{containerPort: 2379}]}]
---
apiVersion: v1
kind: Pod
metadata: {name: a, namespace: one, labels: {app: a}}
spec:
  containers: [{name: main, image: app}]
---
apiVersion: v1
kind: Pod
metadata: {name: b, namespace: two, labels: {app: b}}
spec:
  containers: [{name: main, image: app}]
-- pass/no-policies.yaml --
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: db, namespace: elsewhere}
spec:
  podSelector: {}
---
apiVersion: v1
kind: Pod
metadata: {name: etcd, namespace: store, labels: {app: etcd}}
spec:
  containers: [{name: main, image: app, ports: [{containerPort: 2379}]}]
---
apiVersion: v1
kind: Pod
metadata: {name: a, namespace: one, labels: {app: a}}
spec:
  containers: [{name: main, image: app}]
---
apiVersion: v1
kind: Pod
metadata: {name: b, namespace: two, labels: {app: b}}
spec:
  containers: [{name: main, image: app}]
`, rule.On(func(p *rule.Pass, o *kube.Object) { judgeOpen(p, o, consoles) }))

// consoles are the ports of interfaces for administrators, with their names. Ports that web applications like as well
// are left out.
var consoles = map[int]string{
	2375: "Docker", 2376: "Docker", 2379: "etcd", 2380: "etcd", 2381: "etcd", 4040: "Spark", 4194: "cAdvisor", 5601: "Kibana",
	6443: "Kubernetes API", 8200: "Vault", 8500: "Consul", 9090: "Prometheus", 9093: "Alertmanager", 10250: "kubelet",
	10255: "kubelet", 15672: "RabbitMQ", 16686: "Jaeger", 20001: "Kiali", 44134: "Tiller",
}
