package attack

import "github.com/bartizan-dev/bartizan/rule"

// Mknod leads from a container with an added CAP_MKNOD to the node.
var Mknod = rule.Edge(`
id: attack-mknod
title: Make a device of the node's disk with the capability MKNOD
certainty: conditional
cost: 12
maps: {attack: T1611}
why: |
  With MKNOD a process makes a file that stands for the node's disk. To open it the container's device rules must allow
  it, which they do only where the runtime was told so, or where somebody on the node opens the file for the attacker.
  Containers have MKNOD by default: only those that ask for it by name are taken to have a use for devices.
detect: mknod of a block device in a container
mitigate: drop MKNOD; give the container the one device through a device plugin
references:
  - https://man7.org/linux/man-pages/man2/mknod.2.html
-- yes/added.yaml --
apiVersion: v1
kind: Pod
metadata: {name: fuse, namespace: ops}
spec:
  containers:
  - name: f
    image: f
    securityContext:
      capabilities:
        add: [MKNOD] # EVIDENCE
# EDGE Pod ops/fuse -> Node (worker)
-- yes/after-drop.yaml --
apiVersion: v1
kind: Pod
metadata: {name: fuse, namespace: ops}
spec:
  containers: [{name: f, image: f, securityContext: {capabilities: {drop: [ALL], add: [CAP_MKNOD]}}}]
# EDGE Pod ops/fuse -> Node (worker)
-- no/default.yaml --
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec: {containers: [{name: web, image: web}]}
# NO EDGE Pod shop/web -> Node (worker)
-- no/user-namespace.yaml --
# No device file can be made in a user namespace.
apiVersion: v1
kind: Pod
metadata: {name: fuse, namespace: ops}
spec:
  hostUsers: false
  containers: [{name: f, image: f, securityContext: {capabilities: {add: [MKNOD]}}}]
# NO EDGE Pod ops/fuse -> Node (worker)
`, deriveMknod)

func deriveMknod(a *rule.Attack) {
	for c, s := range capable(a, "MKNOD") {
		if !c.CapAt("MKNOD").Exists() {
			continue
		}
		s.Text = "makes a device of the disk of {to} in container " + c.Name
		onNodes(a, s.Pod, s.Step)
	}
}
