package attack

import "github.com/bartizan-dev/bartizan/rule"

// HostPathStatic leads from a pod that writes the manifests of static pods to the node.
var HostPathStatic = rule.Edge(`
id: attack-host-path-static-pods
title: Have the kubelet start a privileged pod from a file
certainty: likely
cost: 0
maps: {attack: [T1611, T1610], ms-matrix: [MS-TA9013, MS-TA9017]}
why: |
  The kubelet starts what it finds in its manifest folder, without the API server and so without admission: a privileged
  static pod is root of the node a few seconds after its file is written.
detect: mirror pods whose names nobody knows, or new files in the manifest folder
mitigate: do not mount the folder, or mount it read-only
references:
  - https://kubernetes.io/docs/tasks/configure-pod-container/static-pod/
-- yes/manifests.yaml --
apiVersion: v1
kind: Pod
metadata: {name: etcd-backup, namespace: kube-system}
spec:
  containers: [{name: b, image: b, volumeMounts: [{name: h, mountPath: /h}]}]
  volumes:
  - name: h
    hostPath:
      path: /etc/kubernetes # EVIDENCE
# EDGE Pod kube-system/etcd-backup -> Node (worker)
-- yes/one-file.yaml --
apiVersion: v1
kind: Pod
metadata: {name: edit, namespace: kube-system}
spec:
  containers: [{name: b, image: b, volumeMounts: [{name: h, mountPath: /h}]}]
  volumes: [{name: h, hostPath: {path: /etc/kubernetes/manifests/kube-apiserver.yaml, type: File}}]
# EDGE Pod kube-system/edit -> Node (worker)
-- no/pki.yaml --
apiVersion: v1
kind: Pod
metadata: {name: edit, namespace: kube-system}
spec:
  containers: [{name: b, image: b, volumeMounts: [{name: h, mountPath: /h}]}]
  volumes: [{name: h, hostPath: {path: /etc/kubernetes/pki}}]
# NO EDGE Pod kube-system/edit -> Node (worker)
-- no/read-only.yaml --
apiVersion: v1
kind: Pod
metadata: {name: edit, namespace: kube-system}
spec:
  containers: [{name: b, image: b, volumeMounts: [{name: h, mountPath: /h, readOnly: true}]}]
  volumes: [{name: h, hostPath: {path: /etc/kubernetes}}]
# NO EDGE Pod kube-system/edit -> Node (worker)
`, deriveHostPathStatic)

var staticPods = hostPaths{
	parts: []string{"/etc/kubernetes/manifests", "/etc/kubelet.d", "/var/lib/rancher/k3s/agent/pod-manifests", "/var/lib/rancher/rke2/agent/pod-manifests"},
	write: true, because: "writes a static pod for {to}",
}

func deriveHostPathStatic(a *rule.Attack) {
	for s := range staticPods.in(a) {
		onNodes(a, s.Pod, s.Step)
	}
}
