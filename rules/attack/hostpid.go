package attack

import "github.com/bartizan-dev/bartizan/rule"

// HostPID leads from a pod that sees the node's processes to the other pods of the node.
var HostPID = rule.Edge(`
id: attack-host-pid
title: Reach into other containers of the node through hostPID
certainty: likely
cost: 3
maps: {attack: [T1611, T1552.007]}
why: |
  With hostPID the processes of all containers on the node stand in /proc. A process of root that has at least the
  capabilities of another one, and by default all containers have the same, reads its environment and opens its files,
  token included, through /proc/PID/environ and /proc/PID/root, and writes there. The node's own processes have more
  capabilities and stay out of reach: that takes SYS_PTRACE.
detect: a container that opens /proc/PID/root or /proc/PID/environ of a process of another container
mitigate: take hostPID away, or run the container as another user than root without privilege escalation
references:
  - https://man7.org/linux/man-pages/man2/ptrace.2.html
  - https://kubernetes.io/docs/concepts/security/pod-security-standards/
-- yes/daemonset.yaml --
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: top, namespace: ops}
spec:
  template:
    spec:
      hostPID: true # EVIDENCE
      containers: [{name: top, image: top}]
---
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: shop}
spec: {containers: [{name: db, image: db}]}
# EDGE DaemonSet ops/top -> Pod shop/db
# NO EDGE DaemonSet ops/top -> Node (worker)
-- yes/same-node.yaml --
apiVersion: v1
kind: Pod
metadata: {name: top, namespace: ops}
spec: {nodeName: n1, hostPID: true, containers: [{name: top, image: top}]}
---
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: shop}
spec: {nodeName: n1, containers: [{name: db, image: db}]}
---
apiVersion: v1
kind: Pod
metadata: {name: far, namespace: shop}
spec: {nodeName: n2, containers: [{name: db, image: db}]}
# EDGE Pod ops/top -> Pod shop/db
# NO EDGE Pod ops/top -> Pod shop/far
-- no/other-user.yaml --
apiVersion: v1
kind: Pod
metadata: {name: top, namespace: ops}
spec:
  hostPID: true
  containers: [{name: top, image: top, securityContext: {runAsUser: 1000, allowPrivilegeEscalation: false}}]
---
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: shop}
spec: {containers: [{name: db, image: db}]}
# NO EDGE Pod ops/top -> Pod shop/db
-- no/shared-within.yaml --
apiVersion: v1
kind: Pod
metadata: {name: top, namespace: ops}
spec: {shareProcessNamespace: true, containers: [{name: top, image: top}]}
---
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: shop}
spec: {containers: [{name: db, image: db}]}
# NO EDGE Pod ops/top -> Pod shop/db
`, deriveHostPID)

func deriveHostPID(a *rule.Attack) {
	for p, c := range a.Containers() {
		more, ok := asRoot(c)
		if !p.HostPID || !p.OnHost() || !ok {
			continue
		}
		for _, n := range p.Nodes {
			a.Step(rule.Step{
				From: p.Vertex(), To: rule.PodsOn(n.Name), More: more,
				Text: "reads and writes the files of {to} through /proc from container " + c.Name, Why: p.Why(p.Spec.Get("hostPID")),
				Fixes: []rule.Fix{p.Without("hostPID", 4, "know that the program does not look at the node's processes")},
			})
		}
	}
}
