package attack

import (
	"slices"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/rule"
)

// HostPathLog leads from a pod that writes the node's log folder, and somebody who reads logs, to the kubelet's key.
var HostPathLog = rule.Edge(`
id: attack-log-symlink
title: Have the kubelet read any file of the node by a link in its log folder
certainty: likely
cost: 2
maps: {attack: [T1611, T1552.004], ms-matrix: MS-TA9013}
why: |
  The kubelet answers a request for logs by opening a file below /var/log as root, and follows symbolic links. A pod that
  writes there puts a link in place of a log; whoever may read logs then reads the link's target, such as the kubelet's key,
  line by line. It takes both halves: the mount and the right to get pods/log there, or nodes/log.
detect: symbolic links in /var/log/pods that lead out of it, or logs that are no log lines
mitigate: mount /var/log read-only, and give pods/log only to people
references:
  - https://kubernetes.io/docs/concepts/cluster-administration/logging/
  - https://kubernetes.io/docs/concepts/storage/volumes/#hostpath
-- yes/both.yaml --
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: logs, namespace: ops}
spec:
  template:
    spec:
      serviceAccountName: logs
      containers: [{name: l, image: l, volumeMounts: [{name: v, mountPath: /var/log}]}]
      volumes:
      - name: v
        hostPath:
          path: /var/log # EVIDENCE
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: logs, namespace: ops}
rules: [{apiGroups: [""], resources: [pods/log], verbs: [get]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: logs, namespace: ops}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: logs}
subjects: [{kind: ServiceAccount, name: logs, namespace: ops}]
# It takes the pod and the right together. Cluster admin stands for somebody who has both.
# EDGE Cluster admin -> User system:node:(worker)
# NO EDGE DaemonSet ops/logs -> User system:node:(worker)
# NO EDGE ServiceAccount ops/logs -> User system:node:(worker)
-- yes/node-log.yaml --
apiVersion: v1
kind: Pod
metadata: {name: logs, namespace: ops}
spec:
  nodeName: n1
  containers: [{name: l, image: l, volumeMounts: [{name: v, mountPath: /log}]}]
  volumes: [{name: v, hostPath: {path: /var}}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: logs}
rules: [{apiGroups: [""], resources: [nodes/log], verbs: [get], resourceNames: [n1]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: logs}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: logs}
subjects: [{kind: ServiceAccount, name: logs, namespace: ops}]
# EDGE Cluster admin -> User system:node:n1
-- no/journal.yaml --
# The kubelet reads no pod's log from there.
apiVersion: v1
kind: Pod
metadata: {name: logs, namespace: ops}
spec:
  containers: [{name: l, image: l, volumeMounts: [{name: v, mountPath: /log}]}]
  volumes: [{name: v, hostPath: {path: /var/log/journal}}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: all}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
subjects: [{kind: ServiceAccount, name: logs, namespace: ops}]
# NO EDGE Cluster admin -> User system:node:(worker)
-- no/read-only.yaml --
apiVersion: v1
kind: Pod
metadata: {name: logs, namespace: ops}
spec:
  containers: [{name: l, image: l, volumeMounts: [{name: v, mountPath: /log, readOnly: true}]}]
  volumes: [{name: v, hostPath: {path: /var/log}}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: all}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
subjects: [{kind: ServiceAccount, name: logs, namespace: ops}]
# NO EDGE Cluster admin -> User system:node:(worker)
`, deriveHostPathLog)

var logFolders = hostPaths{whole: []string{"/var/log/pods", "/var/log"}, write: true, because: "puts a link to the kubelet's key into the node's logs"}

func deriveHostPathLog(a *rule.Attack) {
	for s := range logFolders.in(a) {
		for _, n := range s.Pod.Nodes {
			s.To = rule.NodeUser(n.Name)
			for scope, held := range a.Holding(rule.Right{Verb: "get", Resource: "pods", Sub: "log"}) {
				if runsIn(a, scope, n.Name) {
					logStep(a, s.Step, held, "reads it as a pod's log")
				}
			}
			for scope, held := range a.Holding(rule.Right{Verb: "get", Resource: "nodes", Sub: "log", Cluster: true}) {
				if scope.Name == "" || scope.Name == n.Name {
					logStep(a, s.Step, held, "reads it among the node's logs")
				}
			}
		}
	}
}

// logStep reports the step of a pod that made the link and of somebody who may read logs.
func logStep(a *rule.Attack, s rule.Step, held []bartizan.Ref, reads string) {
	s.From = append(append([]bartizan.Ref{}, s.From...), held...)
	s.Text += " and " + reads
	a.Step(s)
}

// runsIn says whether a pod in a scope may run on a node; of everything, some pod does.
func runsIn(a *rule.Attack, s rule.Scope, node string) bool {
	if s == (rule.Scope{}) {
		return true
	}
	for p := range a.Pods.All() {
		if within(s, p.Ref.Namespace, p.Ref.Name) && slices.Contains(p.Nodes, bartizan.Ref{Kind: "Node", Name: node}) {
			return true
		}
	}
	return false
}
