package attack

import "github.com/bartizan-dev/bartizan/rule"

// Privileged leads from a privileged container to the node.
var Privileged = rule.Edge(`
id: attack-privileged
title: Be root on the node from a privileged container
certainty: certain
cost: 0
maps: {attack: T1611, ms-matrix: MS-TA9018}
why: |
  A privileged container has all capabilities and all devices of the node, without seccomp, AppArmor or masked paths:
  it mounts the node's disk and writes to it. A user namespace (hostUsers: false) or a sandboxed runtime takes that
  away; running as another user than root only takes one more step.
detect: mount of a block device, or a process in the node's namespaces, from a container
mitigate: take privileged away and add the one capability or device that is needed
references:
  - https://kubernetes.io/docs/concepts/security/pod-security-standards/
  - https://kubernetes.io/docs/concepts/workloads/pods/user-namespaces/
-- yes/pod.yaml --
apiVersion: v1
kind: Pod
metadata: {name: agent, namespace: ops}
spec:
  containers:
  - name: agent
    image: agent
    securityContext:
      privileged: true # EVIDENCE
# EDGE Pod ops/agent -> Node (worker)
-- yes/node.yaml --
apiVersion: v1
kind: Node
metadata: {name: n1}
---
apiVersion: v1
kind: Pod
metadata: {name: agent, namespace: ops}
spec:
  nodeName: n1
  containers:
  - name: agent
    image: agent
    securityContext: {privileged: true}
# EDGE Pod ops/agent -> Node n1
-- no/user-namespace.yaml --
apiVersion: v1
kind: Pod
metadata: {name: agent, namespace: ops}
spec:
  hostUsers: false
  containers:
  - name: agent
    image: agent
    securityContext: {privileged: true}
# NO EDGE Pod ops/agent -> Node (worker)
-- no/finished.yaml --
# An init container is over before anyone can attack it.
apiVersion: v1
kind: Pod
metadata: {name: agent, namespace: ops}
spec:
  initContainers:
  - {name: setup, image: agent, securityContext: {privileged: true}}
  containers:
  - {name: agent, image: agent}
# NO EDGE Pod ops/agent -> Node (worker)
`, derivePrivileged)

func derivePrivileged(a *rule.Attack) {
	for p, c := range a.Containers() {
		if !c.Privileged || !p.OnHost() {
			continue
		}
		at := c.Node.At("securityContext", "privileged")
		for _, node := range p.Nodes {
			a.Step(rule.Step{
				From: p.Vertex(), To: node, Text: "is root on {to} from the privileged container " + c.Name,
				Why: p.Why(at), Fixes: []rule.Fix{c.Fix(p, "make container "+c.Name+" unprivileged", 5,
					"know which device or capability the container needs, and add only that",
					rule.Op{Op: "remove", Path: "securityContext/privileged"})},
			})
		}
	}
}
