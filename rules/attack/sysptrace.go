package attack

import "github.com/bartizan-dev/bartizan/rule"

// SysPtrace leads from a container with CAP_SYS_PTRACE among the node's processes to the node.
var SysPtrace = rule.Edge(`
id: attack-sys-ptrace
title: Take over a process of the node with the capability SYS_PTRACE and hostPID
certainty: likely
cost: 1
maps: {attack: T1611}
why: |
  With hostPID the container sees the node's processes, and with SYS_PTRACE it may attach to those of root and make them
  run its code. AppArmor's usual profile lets a container trace its own kind only, so the step costs more where that
  profile is or may be in force.
detect: ptrace or process_vm_writev from a container to a process outside it
mitigate: take hostPID away, or drop SYS_PTRACE
references:
  - https://man7.org/linux/man-pages/man2/ptrace.2.html
-- yes/profiler.yaml --
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: profiler, namespace: ops}
spec:
  template:
    spec:
      hostPID: true # EVIDENCE
      containers:
      - name: p
        image: p
        securityContext:
          capabilities:
            add: [SYS_PTRACE] # EVIDENCE
# EDGE DaemonSet ops/profiler -> Node (worker)
-- yes/not-root.yaml --
# Another user than root gets there through a setuid program of the image.
apiVersion: v1
kind: Pod
metadata: {name: profiler, namespace: ops}
spec:
  hostPID: true
  securityContext: {runAsUser: 1000}
  containers: [{name: p, image: p, securityContext: {capabilities: {add: [SYS_PTRACE]}}}]
# EDGE Pod ops/profiler -> Node (worker)
-- no/own-processes.yaml --
apiVersion: v1
kind: Pod
metadata: {name: profiler, namespace: ops}
spec:
  shareProcessNamespace: true
  containers: [{name: p, image: p, securityContext: {capabilities: {add: [SYS_PTRACE]}}}]
# NO EDGE Pod ops/profiler -> Node (worker)
-- no/no-capability.yaml --
apiVersion: v1
kind: Pod
metadata: {name: profiler, namespace: ops}
spec:
  hostPID: true
  containers: [{name: p, image: p, securityContext: {capabilities: {add: [NET_RAW]}}}]
# NO EDGE Pod ops/profiler -> Node (worker)
`, deriveSysPtrace)

func deriveSysPtrace(a *rule.Attack) {
	for c, s := range capable(a, "SYS_PTRACE") {
		p := s.Pod
		if !p.HostPID {
			continue
		}
		s.Text = "attaches to a process of root on {to} from container " + c.Name
		s.More += armour(p, c)
		s.Why = append(s.Why, p.Evidence(p.Spec.Get("hostPID")))
		s.Fixes = append(s.Fixes, p.Without("hostPID", 4, "know that the program does not look at the node's processes"))
		onNodes(a, p, s.Step)
	}
}
