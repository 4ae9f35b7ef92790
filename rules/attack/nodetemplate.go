package attack

import (
	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/rule"
)

// NodeTemplate leads from the right to write templates of nodes to the nodes' cloud identity.
var NodeTemplate = rule.Edge(`
id: attack-node-template
title: Put a command into the template of new nodes
certainty: likely
cost: 2
maps: {attack: [T1078.004, T1610], ms-matrix: MS-TA9020}
why: |
  Karpenter starts machines from templates that hold the script for their first boot. Who writes a template runs commands as
  root of the next node, with the cloud role that the nodes have; a pod that fits nowhere else makes that node come.
detect: changes of a template's user data
mitigate: let only the platform's team write node classes
references:
  - https://karpenter.sh/docs/concepts/nodeclasses/
-- yes/class.yaml --
apiVersion: apps/v1
kind: Deployment
metadata: {name: karpenter, namespace: karpenter}
spec:
  template:
    spec:
      containers:
      - name: c
        image: public.ecr.aws/karpenter/controller:1.6.0 # EVIDENCE
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: dev}
rules: [{apiGroups: [karpenter.k8s.aws], resources: [ec2nodeclasses], verbs: [patch]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: dev}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: dev}
subjects: [{kind: User, name: jane, apiGroup: rbac.authorization.k8s.io}]
# EDGE User jane -> Cloud of the nodes
-- yes/all.yaml --
apiVersion: apps/v1
kind: Deployment
metadata: {name: karpenter, namespace: karpenter}
spec:
  template:
    spec:
      containers:
      - name: c
        image: public.ecr.aws/karpenter/controller:1.6.0
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: dev}
rules: [{apiGroups: ["*"], resources: [ec2nodeclasses], verbs: [create]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: dev}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: dev}
subjects: [{kind: User, name: jane, apiGroup: rbac.authorization.k8s.io}]
# EDGE User jane -> Cloud of the nodes
-- no/pools.yaml --
# Which machines are started says nothing about what they run.
apiVersion: apps/v1
kind: Deployment
metadata: {name: karpenter, namespace: karpenter}
spec:
  template:
    spec:
      containers:
      - name: c
        image: public.ecr.aws/karpenter/controller:1.6.0
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: dev}
rules: [{apiGroups: [karpenter.sh], resources: [nodepools], verbs: [create]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: dev}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: dev}
subjects: [{kind: User, name: jane, apiGroup: rbac.authorization.k8s.io}]
# NO EDGE User jane -> Cloud of the nodes
-- no/no-karpenter.yaml --
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: dev}
rules: [{apiGroups: [karpenter.k8s.aws], resources: [ec2nodeclasses], verbs: [create]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: dev}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: dev}
subjects: [{kind: User, name: jane, apiGroup: rbac.authorization.k8s.io}]
# NO EDGE User jane -> Cloud of the nodes
`, deriveNodeTemplate)

func deriveNodeTemplate(a *rule.Attack) {
	for p, c := range running(a, "karpenter/controller") {
		seen := map[bartizan.Ref]bool{}
		for _, n := range a.Pods.Nodes() {
			to, more, ok := cloudOf(a, n.Ref)
			if !ok || seen[to] {
				continue
			}
			seen[to] = true
			for _, right := range writeRights("karpenter.k8s.aws", "ec2nodeclasses", true) {
				for _, held := range a.Holding(right) {
					a.Step(rule.Step{
						From: append([]bartizan.Ref{}, held...), To: to, Text: "has the next node run a command", More: more, Why: p.Why(c.Node.Get("image")),
					})
				}
			}
		}
	}
}
