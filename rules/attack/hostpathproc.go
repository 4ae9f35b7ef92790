package attack

import "github.com/bartizan-dev/bartizan/rule"

// HostPathProc leads from a pod that writes to the node's /proc to the node.
var HostPathProc = rule.Edge(`
id: attack-host-path-proc
title: Set the kernel's core_pattern through a mount of /proc
certainty: likely
cost: 1
maps: {attack: T1611, ms-matrix: MS-TA9013}
why: |
  /proc/sys of the node is writable for root. core_pattern names the program that the kernel runs as root of the node when
  a process crashes. A read-only mount of a folder above /proc does not make /proc itself read-only, unless it is
  recursively read-only. Root in a user namespace may not write there.
detect: a write to core_pattern, or a change of kernel.* settings from a container
mitigate: do not mount /proc of the node, or mount it read-only
references:
  - https://man7.org/linux/man-pages/man5/core.5.html
  - https://kubernetes.io/docs/concepts/storage/volumes/#recursive-read-only-mounts
-- yes/proc.yaml --
apiVersion: v1
kind: Pod
metadata: {name: exporter, namespace: ops}
spec:
  containers: [{name: e, image: e, volumeMounts: [{name: p, mountPath: /host/proc}]}]
  volumes:
  - name: p
    hostPath:
      path: /proc # EVIDENCE
# EDGE Pod ops/exporter -> Node (worker)
-- yes/root-read-only.yaml --
# What lies below a read-only mount of / is another file system and stays writable.
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: exporter, namespace: ops}
spec:
  template:
    spec:
      containers: [{name: e, image: e, volumeMounts: [{name: r, mountPath: /host, readOnly: true}]}]
      volumes: [{name: r, hostPath: {path: /}}]
# EDGE DaemonSet ops/exporter -> Node (worker)
-- no/recursive.yaml --
apiVersion: v1
kind: Pod
metadata: {name: exporter, namespace: ops}
spec:
  containers: [{name: e, image: e, volumeMounts: [{name: r, mountPath: /host, readOnly: true, recursiveReadOnly: Enabled}]}]
  volumes: [{name: r, hostPath: {path: /}}]
# NO EDGE Pod ops/exporter -> Node (worker)
-- no/read-only.yaml --
apiVersion: v1
kind: Pod
metadata: {name: exporter, namespace: ops}
spec:
  containers: [{name: e, image: e, volumeMounts: [{name: p, mountPath: /host/proc, readOnly: true}]}]
  volumes: [{name: p, hostPath: {path: /proc}}]
# NO EDGE Pod ops/exporter -> Node (worker)
-- no/user-namespace.yaml --
apiVersion: v1
kind: Pod
metadata: {name: exporter, namespace: ops}
spec:
  hostUsers: false
  containers: [{name: e, image: e, volumeMounts: [{name: r, mountPath: /host}]}]
  volumes: [{name: r, hostPath: {path: /}}]
# NO EDGE Pod ops/exporter -> Node (worker)
`, deriveHostPathProc)

var kernelSettings = hostPaths{
	whole: []string{"/proc/sys/kernel/core_pattern"}, write: true, kernel: true, because: "sets core_pattern of {to}",
}

func deriveHostPathProc(a *rule.Attack) {
	for s := range kernelSettings.in(a) {
		onNodes(a, s.Pod, s.Step)
	}
}
