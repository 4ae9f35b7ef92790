package attack

import (
	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/rule"
)

// PodFault leads from the right to create pods to nodes whose software has a known fault.
var PodFault = rule.Edge(`
id: attack-pod-cve
title: Create a pod that uses a known fault of the node's software
certainty: conditional
cost: 3
maps: {attack: [T1610, T1068, T1611]}
why: |
  Some versions of the kubelet and of CRI-O take something from a pod's specification that they should not: a hook in a
  repository to be cloned, a command in a path, a setting of the kernel. Whoever creates a pod that the baseline standard
  accepts then runs commands on the node that the pod comes to.
detect: pods with gitRepo volumes, with a + or a quote in a sysctl or a path
mitigate: patch nodes; forbid gitRepo volumes and sysctls by an admission policy
references:
  - https://nvd.nist.gov/vuln/detail/CVE-2024-10220
  - https://nvd.nist.gov/vuln/detail/CVE-2022-0811
  - https://nvd.nist.gov/vuln/detail/CVE-2023-3676
  - https://nvd.nist.gov/vuln/detail/CVE-2023-5528
-- yes/git.yaml --
apiVersion: v1
kind: Node
metadata: {name: n1}
status:
  nodeInfo:
    kubeletVersion: v1.29.6 # EVIDENCE
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: run, namespace: ci}
rules: [{apiGroups: [""], resources: [pods], verbs: [create]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: run, namespace: ci}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: run}
subjects: [{kind: User, name: jane, apiGroup: rbac.authorization.k8s.io}]
# EDGE User jane -> Node n1
-- yes/deployments.yaml --
apiVersion: v1
kind: Node
metadata: {name: n1}
status: {nodeInfo: {containerRuntimeVersion: "cri-o://1.23.1", kubeletVersion: v1.31.0}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: run, namespace: ci}
rules: [{apiGroups: [apps], resources: [deployments], verbs: [create]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: run, namespace: ci}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: run}
subjects: [{kind: ServiceAccount, name: builder, namespace: ci}]
# EDGE ServiceAccount ci/builder -> Node n1
-- no/patched.yaml --
apiVersion: v1
kind: Node
metadata: {name: n1}
status: {nodeInfo: {kubeletVersion: v1.29.7, containerRuntimeVersion: "cri-o://1.24.0"}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: run, namespace: ci}
rules: [{apiGroups: [""], resources: [pods], verbs: [create]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: run, namespace: ci}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: run}
subjects: [{kind: User, name: jane, apiGroup: rbac.authorization.k8s.io}]
# NO EDGE User jane -> Node n1
-- no/read.yaml --
apiVersion: v1
kind: Node
metadata: {name: n1}
status: {nodeInfo: {kubeletVersion: v1.29.6}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: run, namespace: ci}
rules: [{apiGroups: [""], resources: [pods], verbs: [get, list]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: run, namespace: ci}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: run}
subjects: [{kind: User, name: jane, apiGroup: rbac.authorization.k8s.io}]
# NO EDGE User jane -> Node n1
-- no/windows-fault.yaml --
# The fault is in what the kubelet does on Windows.
apiVersion: v1
kind: Node
metadata: {name: n1}
status: {nodeInfo: {kubeletVersion: v1.28.3, operatingSystem: linux, containerRuntimeVersion: "containerd://1.7.0"}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: run, namespace: ci}
rules: [{apiGroups: [""], resources: [services], verbs: [create]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: run, namespace: ci}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: run}
subjects: [{kind: User, name: jane, apiGroup: rbac.authorization.k8s.io}]
# NO EDGE User jane -> Node n1
`, derivePodFault)

func derivePodFault(a *rule.Attack) {
	faults := faultsOf(a, cvesFrom("create"))
	if len(faults) == 0 {
		return
	}
	for _, m := range makers {
		for scope, held := range a.Holding(m.right("create")) {
			from := append(append([]bartizan.Ref{}, held...), a.Admission.Admits(scope.Namespace, rule.LevelBaseline))
			for _, n := range a.Pods.Nodes() {
				for _, f := range faults[n.Ref] {
					a.Step(rule.Step{
						From: from, To: n.Ref, More: f.more + f.unsure, Text: "creates a pod that breaks out to {to} by " + f.told(),
						Why: []bartizan.Evidence{f.why},
					})
				}
			}
		}
	}
}
