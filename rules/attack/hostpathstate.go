package attack

import "github.com/bartizan-dev/bartizan/rule"

// HostPathState leads from a pod that writes the runtime's files to the pods of the node.
var HostPathState = rule.Edge(`
id: attack-runtime-files
title: Change the programs of other containers in the runtime's files
certainty: likely
cost: 1
maps: {attack: [T1611, T1525], ms-matrix: MS-TA9013}
why: |
  The runtime keeps unpacked images and the file systems of running containers on the node. Who writes there changes the
  programs that the other pods run.
detect: changes below /var/lib/containerd that the runtime did not make
mitigate: mount the folder read-only; scan images in the registry
references:
  - https://github.com/containerd/containerd/blob/main/docs/ops.md
-- yes/containerd.yaml --
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: scan, namespace: ops}
spec:
  template:
    spec:
      containers: [{name: s, image: s, volumeMounts: [{name: c, mountPath: /c}]}]
      volumes:
      - name: c
        hostPath:
          path: /var/lib/containerd # EVIDENCE
---
apiVersion: v1
kind: Pod
metadata: {name: api, namespace: shop}
spec: {containers: [{name: api, image: api}]}
# EDGE DaemonSet ops/scan -> Pod shop/api
# NO EDGE DaemonSet ops/scan -> Node (worker)
-- yes/docker.yaml --
apiVersion: v1
kind: Pod
metadata: {name: scan, namespace: ops}
spec:
  containers: [{name: s, image: s, volumeMounts: [{name: c, mountPath: /c}]}]
  volumes: [{name: c, hostPath: {path: /var/lib/docker/overlay2}}]
---
apiVersion: v1
kind: Pod
metadata: {name: api, namespace: shop}
spec: {containers: [{name: api, image: api}]}
# EDGE Pod ops/scan -> Pod shop/api
-- no/read-only.yaml --
apiVersion: v1
kind: Pod
metadata: {name: scan, namespace: ops}
spec:
  containers: [{name: s, image: s, volumeMounts: [{name: c, mountPath: /c, readOnly: true}]}]
  volumes: [{name: c, hostPath: {path: /var/lib/docker}}]
---
apiVersion: v1
kind: Pod
metadata: {name: api, namespace: shop}
spec: {containers: [{name: api, image: api}]}
# NO EDGE Pod ops/scan -> Pod shop/api
-- no/logs.yaml --
apiVersion: v1
kind: Pod
metadata: {name: scan, namespace: ops}
spec:
  containers: [{name: s, image: s, volumeMounts: [{name: c, mountPath: /c}]}]
  volumes: [{name: c, hostPath: {path: /var/lib/docker/containers}}]
---
apiVersion: v1
kind: Pod
metadata: {name: api, namespace: shop}
spec: {containers: [{name: api, image: api}]}
# NO EDGE Pod ops/scan -> Pod shop/api
`, deriveHostPathState)

var runtimeFiles = hostPaths{
	whole: []string{
		"/var/lib/containerd", "/var/lib/docker/overlay2", "/var/lib/containers/storage", "/run/containerd/io.containerd.runtime.v2.task",
		"/var/lib/rancher/k3s/agent/containerd", "/var/lib/containerd/io.containerd.snapshotter.v1.overlayfs",
	},
	write: true, because: "changes the programs of {to}",
}

func deriveHostPathState(a *rule.Attack) {
	for s := range runtimeFiles.in(a) {
		for _, n := range s.Pod.Nodes {
			s.To = rule.PodsOn(n.Name)
			a.Step(s.Step)
		}
	}
}
