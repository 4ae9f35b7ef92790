package attack

import (
	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/rule"
)

// ControlPlane leads from a node of the control plane to the whole cluster.
var ControlPlane = rule.Edge(`
id: attack-control-plane-node
title: Take the cluster's keys as root of a node of the control plane
certainty: certain
cost: 0
maps: {attack: T1552.004, ms-matrix: MS-TA9003}
why: |
  On a node that runs the control plane lie the key of the cluster's CA, the key that signs service account tokens and the
  client certificate for etcd: each of them is the whole cluster.
detect: a certificate that nobody asked for, or clients of etcd other than the API server
mitigate: let nothing but the control plane run on its nodes
references:
  - https://kubernetes.io/docs/setup/best-practices/certificates/
  - https://kubernetes.io/docs/concepts/overview/components/
-- yes/label.yaml --
apiVersion: v1
kind: Node
metadata:
  name: cp
  labels:
    node-role.kubernetes.io/control-plane: "" # EVIDENCE
# EDGE Node cp -> Cluster admin
-- yes/stand-in.yaml --
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec: {containers: [{name: w, image: w}]}
# EDGE Node (control-plane) -> Cluster admin
# NO EDGE Node (worker) -> Cluster admin
-- no/worker.yaml --
apiVersion: v1
kind: Node
metadata: {name: n1, labels: {node-role.kubernetes.io/worker: ""}}
# NO EDGE Node n1 -> Cluster admin
-- no/pod.yaml --
apiVersion: v1
kind: Node
metadata: {name: cp, labels: {node-role.kubernetes.io/control-plane: ""}}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec: {nodeName: cp, containers: [{name: w, image: w}]}
# NO EDGE Pod shop/web -> Cluster admin
`, deriveControlPlane)

func deriveControlPlane(a *rule.Attack) {
	for _, n := range a.Pods.Nodes() {
		if !n.ControlPlane {
			continue
		}
		s := rule.Step{From: []bartizan.Ref{n.Ref}, To: rule.ClusterAdmin, Text: "takes the keys of the control plane"}
		if o := find(a, n.Ref); o != nil {
			for _, label := range []string{"node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master"} {
				if at := o.Root.At("metadata", "labels", label); at.Exists() {
					s.Why = append(s.Why, evidence(o, at))
				}
			}
		}
		a.Step(s)
	}
}
