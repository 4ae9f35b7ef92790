package attack

import "github.com/bartizan-dev/bartizan/rule"

// HostPathSys leads from a pod that writes to the node's /sys to the node.
var HostPathSys = rule.Edge(`
id: attack-host-path-sys
title: Have the kernel run a program through a mount of /sys
certainty: conditional
cost: 4
maps: {attack: T1611, ms-matrix: MS-TA9013}
why: |
  uevent_helper in /sys/kernel and release_agent in version 1 cgroups name programs that the kernel runs as root of the
  node. Which of the two is there depends on the node's kernel and on the version of its cgroups, which was not read. A
  read-only mount of a folder above /sys does not make /sys itself read-only.
detect: a write to uevent_helper or release_agent
mitigate: do not mount /sys of the node, or mount it read-only
references:
  - https://man7.org/linux/man-pages/man7/cgroups.7.html
  - https://kubernetes.io/docs/concepts/architecture/cgroups/
-- yes/sys.yaml --
apiVersion: v1
kind: Pod
metadata: {name: gpu, namespace: ops}
spec:
  containers: [{name: g, image: g, volumeMounts: [{name: s, mountPath: /sys}]}]
  volumes:
  - name: s
    hostPath:
      path: /sys # EVIDENCE
# EDGE Pod ops/gpu -> Node (worker)
-- yes/cgroup.yaml --
apiVersion: v1
kind: Pod
metadata: {name: gpu, namespace: ops}
spec:
  containers: [{name: g, image: g, volumeMounts: [{name: s, mountPath: /c}]}]
  volumes: [{name: s, hostPath: {path: /sys/fs/cgroup}}]
# EDGE Pod ops/gpu -> Node (worker)
-- no/device.yaml --
apiVersion: v1
kind: Pod
metadata: {name: gpu, namespace: ops}
spec:
  containers: [{name: g, image: g, volumeMounts: [{name: s, mountPath: /c}]}]
  volumes: [{name: s, hostPath: {path: /sys/class/net}}]
# NO EDGE Pod ops/gpu -> Node (worker)
-- no/not-root.yaml --
apiVersion: v1
kind: Pod
metadata: {name: gpu, namespace: ops}
spec:
  containers:
  - name: g
    image: g
    securityContext: {runAsUser: 1, allowPrivilegeEscalation: false}
    volumeMounts: [{name: s, mountPath: /c}]
  volumes: [{name: s, hostPath: {path: /sys}}]
# NO EDGE Pod ops/gpu -> Node (worker)
`, deriveHostPathSys)

var kernelObjects = hostPaths{
	whole: []string{"/sys/kernel/uevent_helper", "/sys/fs/cgroup", "/sys/fs/cgroup/memory", "/sys/fs/cgroup/rdma"}, write: true, kernel: true,
	because: "sets a program that the kernel runs on {to}",
}

func deriveHostPathSys(a *rule.Attack) {
	for s := range kernelObjects.in(a) {
		onNodes(a, s.Pod, s.Step)
	}
}
