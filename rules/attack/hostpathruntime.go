package attack

import "github.com/bartizan-dev/bartizan/rule"

// HostPathRuntime leads from a pod that reaches the container runtime's socket to the node.
var HostPathRuntime = rule.Edge(`
id: attack-runtime-socket
title: Start a privileged container through the runtime's socket
certainty: certain
cost: 0
maps: {attack: [T1611, T1610], ms-matrix: MS-TA9018}
why: |
  Whoever speaks to containerd, CRI-O or Docker starts a container with the node's root file system in it, past the API
  server and its admission. The socket is open to root and to its group, however it is mounted: read-only does not
  keep anybody from connecting to it, and a mount of a folder above it, like /run, brings it along.
detect: containers that the kubelet did not start, or a client of the runtime's socket in a container
mitigate: do not mount the socket; build images without a runtime, and read metrics from the kubelet
references:
  - https://kubernetes.io/docs/setup/production-environment/container-runtimes/
  - https://docs.docker.com/engine/security/
-- yes/docker.yaml --
apiVersion: v1
kind: Pod
metadata: {name: build, namespace: ci}
spec:
  containers: [{name: b, image: b, volumeMounts: [{name: s, mountPath: /var/run/docker.sock, readOnly: true}]}]
  volumes:
  - name: s
    hostPath:
      path: /var/run/docker.sock # EVIDENCE
# EDGE Pod ci/build -> Node (worker)
-- yes/parent.yaml --
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent, namespace: ops}
spec:
  template:
    spec:
      containers: [{name: a, image: a, volumeMounts: [{name: s, mountPath: /host/run, readOnly: true}]}]
      volumes: [{name: s, hostPath: {path: /run/}}]
# EDGE DaemonSet ops/agent -> Node (worker)
-- no/other-socket.yaml --
apiVersion: v1
kind: Pod
metadata: {name: agent, namespace: ops}
spec:
  containers: [{name: a, image: a, volumeMounts: [{name: s, mountPath: /s, subPath: udev}]}]
  volumes: [{name: s, hostPath: {path: /run}}]
# NO EDGE Pod ops/agent -> Node (worker)
-- no/not-root.yaml --
apiVersion: v1
kind: Pod
metadata: {name: agent, namespace: ops}
spec:
  containers:
  - name: a
    image: a
    securityContext: {runAsNonRoot: true, runAsGroup: 1000, allowPrivilegeEscalation: false}
    volumeMounts: [{name: s, mountPath: /s}]
  volumes: [{name: s, hostPath: {path: /run/containerd/containerd.sock, type: Socket}}]
# NO EDGE Pod ops/agent -> Node (worker)
-- no/sandbox.yaml --
apiVersion: v1
kind: Pod
metadata: {name: agent, namespace: ops}
spec:
  runtimeClassName: gvisor
  containers: [{name: a, image: a, volumeMounts: [{name: s, mountPath: /s}]}]
  volumes: [{name: s, hostPath: {path: /run/containerd}}]
# NO EDGE Pod ops/agent -> Node (worker)
-- yes/group.yaml --
apiVersion: v1
kind: Pod
metadata: {name: agent, namespace: ops}
spec:
  securityContext: {runAsUser: 1000, runAsGroup: 1000, supplementalGroups: [998]}
  containers:
  - name: a
    image: a
    securityContext: {allowPrivilegeEscalation: false}
    volumeMounts: [{name: s, mountPath: /s}]
  volumes: [{name: s, hostPath: {path: /var/run/docker.sock, type: Socket}}]
# EDGE Pod ops/agent -> Node (worker)
-- yes/image-group.yaml --
# Without runAsGroup the image says of which group the process is: root, where it does not know the user.
apiVersion: v1
kind: Pod
metadata: {name: agent, namespace: ops}
spec:
  containers:
  - name: a
    image: a
    securityContext: {runAsUser: 1000, allowPrivilegeEscalation: false}
    volumeMounts: [{name: s, mountPath: /s}]
  volumes: [{name: s, hostPath: {path: /run/containerd/containerd.sock, type: Socket}}]
# EDGE Pod ops/agent -> Node (worker)
`, deriveHostPathRuntime)

var runtimeSockets = hostPaths{
	whole: []string{
		"/run/containerd/containerd.sock", "/run/docker.sock", "/run/crio/crio.sock", "/run/cri-dockerd.sock", "/run/podman/podman.sock",
		"/run/k3s/containerd/containerd.sock", "/run/k0s/containerd.sock", "/run/dockershim.sock", "/run/docker/containerd/containerd.sock",
		"/var/snap/microk8s/common/run/containerd.sock",
	},
	group: true, noSub: true, because: "starts a privileged container on {to}",
}

func deriveHostPathRuntime(a *rule.Attack) {
	for s := range runtimeSockets.in(a) {
		onNodes(a, s.Pod, s.Step)
	}
}
