package attack

import (
	"slices"
	"strings"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/rule"
)

// NodeCloud leads from a node to the identity that the cloud gives it.
var NodeCloud = rule.Edge(`
id: attack-node-cloud
title: Use the node's cloud identity
certainty: conditional
cost: 1
maps: {attack: [T1552.005, T1078.004], ms-matrix: [MS-TA9033, MS-TA9028]}
why: |
  On a cloud's machine the metadata service gives out credentials of the role that the machine runs with. Root of the node
  asks it like any process; network policies do not bear on the node itself. What the role may do is not known here: it
  often pulls images, attaches disks and reads the cluster's bootstrap data.
detect: calls of the cloud's API with the node's role from anything but its agents
mitigate: give the nodes' role only what the kubelet needs, and the rest to service accounts
references:
  - https://kubernetes.io/docs/tasks/administer-cluster/securing-a-cluster/#restricting-cloud-metadata-api-access
-- yes/aws.yaml --
apiVersion: v1
kind: Node
metadata: {name: n1, labels: {eks.amazonaws.com/nodegroup: blue}}
spec: {providerID: "aws:///eu-west-1a/i-0"}
# EDGE Node n1 -> Cloud of node pool blue
-- yes/unknown.yaml --
# Where no nodes were read they may be a cloud's.
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec: {containers: [{name: w, image: w}]}
# EDGE Node (worker) -> Cloud of the nodes
-- no/kind.yaml --
apiVersion: v1
kind: Node
metadata: {name: n1}
spec: {providerID: "kind://docker/kind/n1"}
# NO EDGE Node n1 -> Cloud of the nodes
-- no/other-pool.yaml --
apiVersion: v1
kind: Node
metadata: {name: n1, labels: {cloud.google.com/gke-nodepool: a}}
spec: {providerID: "gce://p/z/n1"}
---
apiVersion: v1
kind: Node
metadata: {name: n2, labels: {cloud.google.com/gke-nodepool: b}}
spec: {providerID: "gce://p/z/n2"}
# NO EDGE Node n1 -> Cloud of node pool b
`, deriveNodeCloud)

func deriveNodeCloud(a *rule.Attack) {
	for _, n := range a.Pods.Nodes() {
		if to, more, ok := cloudOf(a, n.Ref); ok {
			a.Step(rule.Step{From: []bartizan.Ref{n.Ref}, To: to, Text: "asks the metadata service for the node's credentials", More: more})
		}
	}
}

// clouds are the beginnings of the provider ids that clouds give their machines.
var clouds = []string{"aws://", "gce://", "azure://", "openstack://", "digitalocean://", "ibm://", "oci://", "ocid1.", "alicloud://", "hcloud://", "vultr://", "linode://"}

// poolLabels name the group that a node belongs to: its nodes share a role.
var poolLabels = []string{"eks.amazonaws.com/nodegroup", "cloud.google.com/gke-nodepool", "kubernetes.azure.com/agentpool", "karpenter.sh/nodepool"}

// cloudOf is the identity that a node has with its cloud, and what is added to the cost because that is not certain.
func cloudOf(a *rule.Attack, node bartizan.Ref) (to bartizan.Ref, more int, ok bool) {
	to = bartizan.Ref{Kind: rule.KindCloud, Name: "of the nodes"}
	o := find(a, node)
	if o == nil {
		return to, 3, true
	}
	for _, label := range poolLabels {
		if pool := o.Root.At("metadata", "labels", label).Text(); pool != "" {
			to.Name = "of node pool " + pool
		}
	}
	id := o.Root.At("spec", "providerID").Str()
	if id == "" {
		return to, 3, true
	}
	return to, 0, slices.ContainsFunc(clouds, func(c string) bool { return strings.HasPrefix(id, c) })
}
