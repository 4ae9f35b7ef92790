package attack

import "github.com/bartizan-dev/bartizan/rule"

// HostPathPlugins leads from a pod that writes the runtime's plugins to the node.
var HostPathPlugins = rule.Edge(`
id: attack-host-path-plugins
title: Replace a plugin that the container runtime runs as root
certainty: certain
cost: 0
maps: {attack: T1611, ms-matrix: MS-TA9013}
why: |
  For every pod the runtime starts the network plugins in /opt/cni/bin, as /etc/cni/net.d tells it to, and its own hooks, as
  root on the node. Who writes to these folders is root of the node when the next pod starts.
detect: changes in /opt/cni/bin, /etc/cni/net.d or the runtime's settings that the network plugin's installer did not make
mitigate: let an init container install plugins, so that what keeps running has no mount of the folder
references:
  - https://kubernetes.io/docs/concepts/extend-kubernetes/compute-storage-net/network-plugins/
  - https://www.cni.dev/docs/spec/
-- yes/cni.yaml --
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: net, namespace: kube-system}
spec:
  template:
    spec:
      containers: [{name: n, image: n, volumeMounts: [{name: b, mountPath: /host/opt/cni/bin}]}]
      volumes:
      - name: b
        hostPath:
          path: /opt/cni/bin # EVIDENCE
# EDGE DaemonSet kube-system/net -> Node (worker)
-- yes/settings.yaml --
apiVersion: v1
kind: Pod
metadata: {name: setup, namespace: ops}
spec:
  containers: [{name: n, image: n, volumeMounts: [{name: b, mountPath: /b}]}]
  volumes: [{name: b, hostPath: {path: /etc/containerd}}]
# EDGE Pod ops/setup -> Node (worker)
-- no/installer.yaml --
# The installer is over when somebody attacks the pod.
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: net, namespace: kube-system}
spec:
  template:
    spec:
      initContainers: [{name: install, image: n, volumeMounts: [{name: b, mountPath: /host/opt/cni/bin}]}]
      containers: [{name: n, image: n}]
      volumes: [{name: b, hostPath: {path: /opt/cni/bin}}]
# NO EDGE DaemonSet kube-system/net -> Node (worker)
-- no/read-only.yaml --
apiVersion: v1
kind: Pod
metadata: {name: watch, namespace: ops}
spec:
  containers: [{name: n, image: n, volumeMounts: [{name: b, mountPath: /b, readOnly: true}]}]
  volumes: [{name: b, hostPath: {path: /etc/cni/net.d}}]
# NO EDGE Pod ops/watch -> Node (worker)
`, deriveHostPathPlugins)

var runtimePlugins = hostPaths{
	parts: []string{
		"/opt/cni/bin", "/etc/cni/net.d", "/etc/containerd", "/etc/docker", "/etc/crio", "/opt/nri/plugins", "/etc/nri", "/usr/share/containers/oci/hooks.d",
		"/etc/containers/oci/hooks.d", "/var/lib/rancher/k3s/data", "/usr/libexec/kubernetes/kubelet-plugins",
	},
	write: true, because: "replaces a plugin that the runtime of {to} runs",
}

func deriveHostPathPlugins(a *rule.Attack) {
	for s := range runtimePlugins.in(a) {
		onNodes(a, s.Pod, s.Step)
	}
}
