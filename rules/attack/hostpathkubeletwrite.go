package attack

import "github.com/bartizan-dev/bartizan/rule"

// HostPathKubeletWrite leads from a pod that writes the kubelet's files to the node and its pods.
var HostPathKubeletWrite = rule.Edge(`
id: attack-host-path-kubelet-write
title: Change the kubelet's settings or the volumes of other pods through a writable mount
certainty: likely
cost: 4
maps: {attack: T1611, ms-matrix: MS-TA9013}
why: |
  config.yaml tells the kubelet whom to let in and where static pods lie: it is root of the node at the kubelet's next start.
  And who writes to the volumes of other pods puts into them what they read or run.
detect: changes of files below /var/lib/kubelet that the kubelet did not make
mitigate: mount read-only, or mount the one folder that a driver needs
references:
  - https://kubernetes.io/docs/tasks/administer-cluster/kubelet-config-file/
  - https://kubernetes.io/docs/concepts/storage/volumes/#hostpath
-- yes/whole.yaml --
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: csi, namespace: storage}
spec:
  template:
    spec:
      containers: [{name: c, image: c, volumeMounts: [{name: k, mountPath: /var/lib/kubelet}]}]
      volumes:
      - name: k
        hostPath:
          path: /var/lib/kubelet # EVIDENCE
---
apiVersion: v1
kind: Pod
metadata: {name: api, namespace: shop}
spec: {containers: [{name: api, image: api}]}
# EDGE DaemonSet storage/csi -> Node (worker)
# EDGE DaemonSet storage/csi -> Pod shop/api
-- yes/pods.yaml --
apiVersion: v1
kind: Pod
metadata: {name: csi, namespace: storage}
spec:
  containers: [{name: c, image: c, volumeMounts: [{name: k, mountPath: /k, mountPropagation: Bidirectional}]}]
  volumes: [{name: k, hostPath: {path: /var/lib/kubelet/pods}}]
---
apiVersion: v1
kind: Pod
metadata: {name: api, namespace: shop}
spec: {containers: [{name: api, image: api}]}
# EDGE Pod storage/csi -> Pod shop/api
# NO EDGE Pod storage/csi -> Node (worker)
-- no/read-only.yaml --
apiVersion: v1
kind: Pod
metadata: {name: csi, namespace: storage}
spec:
  containers: [{name: c, image: c, volumeMounts: [{name: k, mountPath: /k, readOnly: true}]}]
  volumes: [{name: k, hostPath: {path: /var/lib/kubelet}}]
# NO EDGE Pod storage/csi -> Node (worker)
-- no/plugin.yaml --
apiVersion: v1
kind: Pod
metadata: {name: csi, namespace: storage}
spec:
  containers: [{name: c, image: c, volumeMounts: [{name: k, mountPath: /k}]}]
  volumes: [{name: k, hostPath: {path: /var/lib/kubelet/plugins/example.csi}}]
# NO EDGE Pod storage/csi -> Node (worker)
`, deriveHostPathKubeletWrite)

var (
	kubeletSettings = hostPaths{
		whole: []string{"/var/lib/kubelet/config.yaml", "/var/lib/kubelet/kubeadm-flags.env", "/etc/kubernetes/kubelet/kubelet-config.json", "/etc/default/kubelet"},
		write: true, because: "changes the settings of the kubelet of {to}",
	}
	podVolumeWrites = hostPaths{whole: []string{"/var/lib/kubelet/pods"}, write: true, because: "changes the volumes of {to}"}
)

func deriveHostPathKubeletWrite(a *rule.Attack) {
	for s := range kubeletSettings.in(a) {
		onNodes(a, s.Pod, s.Step)
	}
	for s := range podVolumeWrites.in(a) {
		for _, n := range s.Pod.Nodes {
			s.To = rule.PodsOn(n.Name)
			a.Step(s.Step)
		}
	}
}
