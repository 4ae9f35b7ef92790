package attack

import "github.com/bartizan-dev/bartizan/rule"

// HostPathDev leads from a pod that sees the node's devices to the node.
var HostPathDev = rule.Edge(`
id: attack-host-path-dev
title: Open the node's disk or memory through a mount of /dev
certainty: conditional
cost: 9
maps: {attack: T1611, ms-matrix: MS-TA9013}
why: |
  Mounting /dev shows the node's devices; to open one, the container's device rules must allow it. They do for privileged
  containers, which are another step, and where the runtime was set up to allow more devices. Whoever opens the disk or the
  memory of the node is root of it.
detect: a container that opens a block device or /dev/mem
mitigate: have a device plugin give the container the one device that it needs
references:
  - https://kubernetes.io/docs/concepts/extend-kubernetes/compute-storage-net/device-plugins/
-- yes/dev.yaml --
apiVersion: v1
kind: Pod
metadata: {name: smart, namespace: ops}
spec:
  containers: [{name: s, image: s, volumeMounts: [{name: d, mountPath: /dev}]}]
  volumes:
  - name: d
    hostPath:
      path: /dev # EVIDENCE
# EDGE Pod ops/smart -> Node (worker)
-- yes/disk.yaml --
# Read-only says nothing about what is written to a device.
apiVersion: v1
kind: Pod
metadata: {name: smart, namespace: ops}
spec:
  containers: [{name: s, image: s, volumeMounts: [{name: d, mountPath: /d, readOnly: true}]}]
  volumes: [{name: d, hostPath: {path: /dev/sda, type: BlockDevice}}]
# EDGE Pod ops/smart -> Node (worker)
-- no/usb.yaml --
apiVersion: v1
kind: Pod
metadata: {name: zigbee, namespace: home}
spec:
  containers: [{name: z, image: z, volumeMounts: [{name: d, mountPath: /d}]}]
  volumes: [{name: d, hostPath: {path: /dev/ttyUSB0}}]
# NO EDGE Pod home/zigbee -> Node (worker)
-- no/user-namespace.yaml --
apiVersion: v1
kind: Pod
metadata: {name: smart, namespace: ops}
spec:
  hostUsers: false
  containers: [{name: s, image: s, volumeMounts: [{name: d, mountPath: /dev}]}]
  volumes: [{name: d, hostPath: {path: /dev}}]
# NO EDGE Pod ops/smart -> Node (worker)
`, deriveHostPathDev)

var hostDevices = hostPaths{
	whole: []string{"/dev/mem", "/dev/kmem", "/dev/sda", "/dev/vda", "/dev/xvda", "/dev/nvme0n1", "/dev/nvme0", "/dev/dm-0", "/dev/disk"},
	parts: []string{"/dev/mapper", "/dev/disk"}, kernel: true, because: "opens the disk of {to}",
}

func deriveHostPathDev(a *rule.Attack) {
	for s := range hostDevices.in(a) {
		onNodes(a, s.Pod, s.Step)
	}
}
