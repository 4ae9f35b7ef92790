package attack

import (
	"slices"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/rule"
)

// HostIPC leads from a pod in the node's IPC namespace to the others in it.
var HostIPC = rule.Edge(`
id: attack-host-ipc
title: Change the shared memory of another pod with hostIPC
certainty: likely
cost: 6
maps: {attack: T1611}
why: |
  Pods with hostIPC share the node's System V shared memory, semaphores and message queues. What one of them keeps there
  another reads and changes, as the same user or as root; how far that leads depends on what the program keeps there.
detect: shmat of a segment that another container made
mitigate: take hostIPC away; containers of one pod share memory without it
references:
  - https://man7.org/linux/man-pages/man7/ipc_namespaces.7.html
  - https://kubernetes.io/docs/concepts/security/pod-security-standards/
-- yes/two.yaml --
apiVersion: v1
kind: Pod
metadata: {name: a, namespace: x}
spec:
  hostIPC: true # EVIDENCE
  containers: [{name: a, image: a}]
---
apiVersion: v1
kind: Pod
metadata: {name: b, namespace: y}
spec: {hostIPC: true, containers: [{name: b, image: b}]}
# EDGE Pod x/a -> Pod y/b
# EDGE Pod y/b -> Pod x/a
-- yes/node.yaml --
apiVersion: v1
kind: Pod
metadata: {name: a, namespace: x}
spec: {nodeName: n1, hostIPC: true, containers: [{name: a, image: a}]}
---
apiVersion: v1
kind: Pod
metadata: {name: b, namespace: y}
spec: {nodeName: n1, hostIPC: true, containers: [{name: b, image: b}]}
---
apiVersion: v1
kind: Pod
metadata: {name: c, namespace: y}
spec: {nodeName: n2, hostIPC: true, containers: [{name: b, image: b}]}
# EDGE Pod x/a -> Pod y/b
# NO EDGE Pod x/a -> Pod y/c
-- no/own.yaml --
apiVersion: v1
kind: Pod
metadata: {name: a, namespace: x}
spec: {hostIPC: true, containers: [{name: a, image: a}]}
---
apiVersion: v1
kind: Pod
metadata: {name: b, namespace: y}
spec: {containers: [{name: b, image: b}]}
# NO EDGE Pod x/a -> Pod y/b
-- no/sandbox.yaml --
apiVersion: v1
kind: Pod
metadata: {name: a, namespace: x}
spec: {hostIPC: true, runtimeClassName: kata-qemu, containers: [{name: a, image: a}]}
---
apiVersion: v1
kind: Pod
metadata: {name: b, namespace: y}
spec: {hostIPC: true, containers: [{name: b, image: b}]}
# NO EDGE Pod x/a -> Pod y/b
`, deriveHostIPC)

func deriveHostIPC(a *rule.Attack) {
	var in []*rule.Pod
	for p := range a.Pods.All() {
		if p.HostIPC && !p.Sandboxed {
			in = append(in, p)
		}
	}
	for _, p := range in {
		for _, q := range in {
			if p == q || !meet(p, q) {
				continue
			}
			a.Step(rule.Step{
				From: p.Vertex(), To: q.Ref, Text: "changes the shared memory of {to}",
				Why: append(p.Why(p.Spec.Get("hostIPC")), q.Why(q.Spec.Get("hostIPC"))...),
				Fixes: []rule.Fix{
					p.Without("hostIPC", 4, "know that the program shares no memory with others on the node"),
					q.Without("hostIPC", 4, "know that the program shares no memory with others on the node"),
				},
			})
		}
	}
}

// meet says whether pods of two classes may run on the same node.
func meet(p, q *rule.Pod) bool {
	return slices.ContainsFunc(p.Nodes, func(n bartizan.Ref) bool { return slices.Contains(q.Nodes, n) })
}
