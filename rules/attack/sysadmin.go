package attack

import "github.com/bartizan-dev/bartizan/rule"

// SysAdmin leads from a container with CAP_SYS_ADMIN to the node.
var SysAdmin = rule.Edge(`
id: attack-sys-admin
title: Break out of a container with the capability SYS_ADMIN
certainty: likely
cost: 1
maps: {attack: T1611}
why: |
  SYS_ADMIN lets a process mount file systems. It remounts /proc/sys writable and sets core_pattern, or mounts a version 1
  cgroup hierarchy and sets release_agent: either names a program that the kernel then runs as root of the node. The
  runtime's seccomp profile allows these calls to who has the capability. AppArmor's usual profile does forbid mounts, so
  the step costs more where it is or may be in force. In a user namespace the capability counts for nothing on the node.
detect: mount calls from a container, or writes to core_pattern or release_agent
mitigate: drop SYS_ADMIN, or run the pod with hostUsers set to false
references:
  - https://man7.org/linux/man-pages/man7/capabilities.7.html
  - https://kubernetes.io/docs/concepts/workloads/pods/user-namespaces/
-- yes/added.yaml --
apiVersion: v1
kind: Pod
metadata: {name: mounter, namespace: ops}
spec:
  containers:
  - name: m
    image: m
    securityContext:
      capabilities:
        add:
        - SYS_ADMIN # EVIDENCE
# EDGE Pod ops/mounter -> Node (worker)
# NO EDGE Pod ops/mounter -> Node (control-plane)
-- yes/all.yaml --
# ALL names every capability, and CAP_ may stand before the name.
apiVersion: apps/v1
kind: Deployment
metadata: {name: mounter, namespace: ops}
spec:
  template:
    spec:
      tolerations: [{operator: Exists}]
      containers:
      - {name: m, image: m, securityContext: {runAsUser: 1000, capabilities: {add: [all]}}}
      - {name: n, image: n, securityContext: {capabilities: {add: [CAP_SYS_ADMIN]}, appArmorProfile: {type: Unconfined}}}
# EDGE Deployment ops/mounter -> Node (worker)
# EDGE Deployment ops/mounter -> Node (control-plane)
-- no/user-namespace.yaml --
apiVersion: v1
kind: Pod
metadata: {name: mounter, namespace: ops}
spec:
  hostUsers: false
  containers: [{name: m, image: m, securityContext: {capabilities: {add: [SYS_ADMIN]}}}]
# NO EDGE Pod ops/mounter -> Node (worker)
-- no/sandbox.yaml --
apiVersion: node.k8s.io/v1
kind: RuntimeClass
metadata: {name: tight}
handler: runsc
---
apiVersion: v1
kind: Pod
metadata: {name: mounter, namespace: ops}
spec:
  runtimeClassName: tight
  containers: [{name: m, image: m, securityContext: {capabilities: {add: [SYS_ADMIN]}}}]
# NO EDGE Pod ops/mounter -> Node (worker)
-- no/cannot-gain.yaml --
# A process that is not root and cannot become root does not get what is added.
apiVersion: v1
kind: Pod
metadata: {name: mounter, namespace: ops}
spec:
  containers:
  - name: m
    image: m
    securityContext: {runAsNonRoot: true, allowPrivilegeEscalation: false, capabilities: {add: [SYS_ADMIN]}}
# NO EDGE Pod ops/mounter -> Node (worker)
`, deriveSysAdmin)

func deriveSysAdmin(a *rule.Attack) {
	for c, s := range capable(a, "SYS_ADMIN") {
		s.Text = "mounts from container " + c.Name + " what makes the kernel run a program as root on {to}"
		s.More += armour(s.Pod, c)
		onNodes(a, s.Pod, s.Step)
	}
}
