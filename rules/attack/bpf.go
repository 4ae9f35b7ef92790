package attack

import "github.com/bartizan-dev/bartizan/rule"

// BPF leads from a container with CAP_BPF and CAP_PERFMON to the node.
var BPF = rule.Edge(`
id: attack-bpf
title: Trace the whole node with the capabilities BPF and PERFMON
certainty: likely
cost: 3
maps: {attack: T1611}
why: |
  BPF loads programs into the kernel, and with PERFMON they may be tracing programs: they read the memory of the kernel
  and of every process of the node, and write into that of a process that makes a system call, for instance into what cron
  reads. Observability agents ask for exactly these two. The kernel may forbid the writing (lockdown) but not the reading.
detect: bpf system calls that load tracing programs, from anything but the agents known to do it
mitigate: drop BPF or PERFMON, or run the agent where nothing else runs
references:
  - https://man7.org/linux/man-pages/man7/capabilities.7.html
  - https://docs.kernel.org/admin-guide/perf-security.html
-- yes/agent.yaml --
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: trace, namespace: ops}
spec:
  template:
    spec:
      containers:
      - name: t
        image: t
        securityContext:
          capabilities:
            add:
            - BPF # EVIDENCE
            - PERFMON # EVIDENCE
# EDGE DaemonSet ops/trace -> Node (worker)
-- yes/not-root.yaml --
apiVersion: v1
kind: Pod
metadata: {name: trace, namespace: ops}
spec:
  containers: [{name: t, image: t, securityContext: {runAsUser: 10, capabilities: {add: [BPF, PERFMON, SYS_RESOURCE]}}}]
# EDGE Pod ops/trace -> Node (worker)
-- no/network-only.yaml --
# BPF alone loads no tracing programs.
apiVersion: v1
kind: Pod
metadata: {name: trace, namespace: ops}
spec:
  containers: [{name: t, image: t, securityContext: {capabilities: {add: [BPF, NET_ADMIN]}}}]
# NO EDGE Pod ops/trace -> Node (worker)
-- no/user-namespace.yaml --
apiVersion: v1
kind: Pod
metadata: {name: trace, namespace: ops}
spec:
  hostUsers: false
  containers: [{name: t, image: t, securityContext: {capabilities: {add: [BPF, PERFMON]}}}]
# NO EDGE Pod ops/trace -> Node (worker)
`, deriveBPF)

func deriveBPF(a *rule.Attack) {
	for c, s := range capable(a, "BPF", "PERFMON") {
		s.Text = "loads tracing programs into the kernel of {to} from container " + c.Name
		onNodes(a, s.Pod, s.Step)
	}
}
