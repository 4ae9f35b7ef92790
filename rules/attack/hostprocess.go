package attack

import (
	"github.com/bartizan-dev/bartizan/internal/tree"
	"github.com/bartizan-dev/bartizan/rule"
)

// HostProcess leads from a Windows container that runs on the node itself to the node.
var HostProcess = rule.Edge(`
id: attack-windows-host-process
title: Be an administrator of a Windows node from a HostProcess container
certainty: certain
cost: 0
maps: {attack: T1611}
why: |
  A HostProcess container is no container in the usual sense: its processes run on the Windows node, see its files and
  network, and mostly run as SYSTEM. As LocalService or NetworkService it takes one more step.
detect: processes of the node whose parent is a HostProcess container
mitigate: take hostProcess away; keep such pods to a namespace of their own
references:
  - https://kubernetes.io/docs/tasks/configure-pod-container/create-hostprocess-pod/
-- yes/pod.yaml --
apiVersion: v1
kind: Pod
metadata: {name: agent, namespace: ops}
spec:
  hostNetwork: true
  securityContext:
    windowsOptions:
      hostProcess: true # EVIDENCE
  containers: [{name: a, image: a}]
# EDGE Pod ops/agent -> Node (worker)
-- yes/container.yaml --
apiVersion: v1
kind: Pod
metadata: {name: agent, namespace: ops}
spec:
  hostNetwork: true
  containers:
  - name: a
    image: a
    securityContext: {windowsOptions: {hostProcess: true, runAsUserName: 'NT AUTHORITY\Local service'}}
# EDGE Pod ops/agent -> Node (worker)
-- no/false.yaml --
apiVersion: v1
kind: Pod
metadata: {name: agent, namespace: ops}
spec:
  securityContext: {windowsOptions: {hostProcess: true}}
  containers: [{name: a, image: a, securityContext: {windowsOptions: {hostProcess: false}}}]
# NO EDGE Pod ops/agent -> Node (worker)
-- no/user.yaml --
apiVersion: v1
kind: Pod
metadata: {name: agent, namespace: ops}
spec:
  securityContext: {windowsOptions: {runAsUserName: ContainerUser}}
  containers: [{name: a, image: a}]
# NO EDGE Pod ops/agent -> Node (worker)
`, deriveHostProcess)

func deriveHostProcess(a *rule.Attack) {
	for p, c := range a.Containers() {
		at := c.Node.At("securityContext", "windowsOptions", "hostProcess")
		fix := func(path string) rule.Fix {
			const unsafe = "know that the program manages nothing of the node"
			op := rule.Op{Op: "remove", Path: path}
			if at.Exists() {
				return c.Fix(p, "run container "+c.Name+" as a container", 5, unsafe, op)
			}
			return p.Fix("run the pod as containers", 5, unsafe, op)
		}
		if !at.Exists() {
			at = p.Spec.At("securityContext", "windowsOptions", "hostProcess")
		}
		if on, _ := at.Bool(); !on {
			continue
		}
		fixes := []rule.Fix{fix("securityContext/windowsOptions/hostProcess")}
		if repeated(p, at) {
			fixes = nil // the pod says the same: taking the container's word away would change nothing
		}
		onNodes(a, p, rule.Step{Text: "runs on {to} itself in the HostProcess container " + c.Name, Why: p.Why(at), Fixes: fixes})
	}
}

// repeated says whether a container only repeats what its pod says of hostProcess.
func repeated(p *rule.Pod, at tree.Node) bool {
	pod := p.Spec.At("securityContext", "windowsOptions", "hostProcess")
	on, _ := pod.Bool()
	return on && pod != at
}
