package attack

import "github.com/bartizan-dev/bartizan/rule"

// SysRawIO leads from a container with CAP_SYS_RAWIO to the node.
var SysRawIO = rule.Edge(`
id: attack-sys-rawio
title: Program the node's hardware with the capability SYS_RAWIO
certainty: conditional
cost: 8
maps: {attack: T1611}
why: |
  With SYS_RAWIO a process opens the I/O ports of the machine (iopl, ioperm), and /dev/mem where the device is there: it
  writes physical memory or drives the disk's controller past the kernel. It is rare in practice: most virtual machines
  have no controller that is worth it, and kernel lockdown forbids it.
detect: iopl or ioperm from a container
mitigate: drop SYS_RAWIO
references:
  - https://man7.org/linux/man-pages/man7/capabilities.7.html
-- yes/added.yaml --
apiVersion: v1
kind: Pod
metadata: {name: smart, namespace: ops}
spec:
  containers:
  - name: s
    image: s
    securityContext:
      capabilities:
        add: [SYS_RAWIO] # EVIDENCE
# EDGE Pod ops/smart -> Node (worker)
-- yes/cronjob.yaml --
apiVersion: batch/v1
kind: CronJob
metadata: {name: smart, namespace: ops}
spec:
  jobTemplate:
    spec:
      template:
        spec:
          containers: [{name: s, image: s, securityContext: {capabilities: {drop: [ALL], add: [CAP_SYS_RAWIO]}}}]
# EDGE CronJob ops/smart -> Node (worker)
-- no/dropped.yaml --
apiVersion: v1
kind: Pod
metadata: {name: smart, namespace: ops}
spec:
  containers: [{name: s, image: s, securityContext: {capabilities: {drop: [SYS_RAWIO]}}}]
# NO EDGE Pod ops/smart -> Node (worker)
-- no/user-namespace.yaml --
apiVersion: v1
kind: Pod
metadata: {name: smart, namespace: ops}
spec:
  hostUsers: false
  containers: [{name: s, image: s, securityContext: {capabilities: {add: [SYS_RAWIO]}}}]
# NO EDGE Pod ops/smart -> Node (worker)
`, deriveSysRawIO)

func deriveSysRawIO(a *rule.Attack) {
	for c, s := range capable(a, "SYS_RAWIO") {
		s.Text = "writes to the hardware of {to} from container " + c.Name
		onNodes(a, s.Pod, s.Step)
	}
}
