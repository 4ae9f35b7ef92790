package attack

import "github.com/bartizan-dev/bartizan/rule"

// HostPathKubelet leads from a pod that reads the kubelet's key to the kubelet's rights.
var HostPathKubelet = rule.Edge(`
id: attack-host-path-kubelet-key
title: Read the kubelet's key through a mount
certainty: likely
cost: 0
maps: {attack: T1552.004, ms-matrix: MS-TA9003}
why: |
  The kubelet's client certificate and key lie on the node. With them the API server takes the attacker for the node, which
  reads the Secrets of its pods and asks for tokens of their service accounts.
detect: requests in the node's name from another address or with another user agent than the kubelet's
mitigate: do not mount the kubelet's folder; mount the one socket or folder that is needed
references:
  - https://kubernetes.io/docs/reference/access-authn-authz/node/
  - https://kubernetes.io/docs/reference/access-authn-authz/kubelet-tls-bootstrapping/
-- yes/kubelet.yaml --
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: csi, namespace: storage}
spec:
  template:
    spec:
      containers: [{name: c, image: c, volumeMounts: [{name: k, mountPath: /var/lib/kubelet, readOnly: true}]}]
      volumes:
      - name: k
        hostPath:
          path: /var/lib/kubelet # EVIDENCE
# EDGE DaemonSet storage/csi -> User system:node:(worker)
-- yes/kubeconfig.yaml --
apiVersion: v1
kind: Pod
metadata: {name: audit, namespace: ops}
spec:
  nodeName: n1
  containers: [{name: a, image: a, volumeMounts: [{name: k, mountPath: /etc/kubernetes}]}]
  volumes: [{name: k, hostPath: {path: /etc/kubernetes/kubelet.conf}}]
# EDGE Pod ops/audit -> User system:node:n1
-- no/pods.yaml --
apiVersion: v1
kind: Pod
metadata: {name: audit, namespace: ops}
spec:
  containers: [{name: a, image: a, volumeMounts: [{name: k, mountPath: /k}]}]
  volumes: [{name: k, hostPath: {path: /var/lib/kubelet/plugins}}]
# NO EDGE Pod ops/audit -> User system:node:(worker)
-- no/not-root.yaml --
# The key is root's; without a way to become root it stays shut.
apiVersion: v1
kind: Pod
metadata: {name: audit, namespace: ops}
spec:
  containers:
  - name: a
    image: a
    securityContext: {runAsUser: 1000, allowPrivilegeEscalation: false}
    volumeMounts: [{name: k, mountPath: /k}]
  volumes: [{name: k, hostPath: {path: /var/lib/kubelet}}]
# NO EDGE Pod ops/audit -> User system:node:(worker)
-- yes/persistent-volume.yaml --
apiVersion: v1
kind: PersistentVolume
metadata: {name: node-files}
spec:
  capacity: {storage: 1Gi}
  accessModes: [ReadWriteMany]
  claimRef: {namespace: ops, name: files}
  hostPath:
    path: /var/lib # EVIDENCE
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: files, namespace: ops}
spec: {accessModes: [ReadWriteMany], resources: {requests: {storage: 1Gi}}, volumeName: node-files}
---
apiVersion: v1
kind: Pod
metadata: {name: audit, namespace: ops}
spec:
  containers: [{name: a, image: a, volumeMounts: [{name: f, mountPath: /f, subPath: kubelet}]}]
  volumes: [{name: f, persistentVolumeClaim: {claimName: files}}]
# EDGE Pod ops/audit -> User system:node:(worker)
-- no/other-claim.yaml --
apiVersion: v1
kind: PersistentVolume
metadata: {name: node-files}
spec: {capacity: {storage: 1Gi}, accessModes: [ReadWriteMany], hostPath: {path: /var/lib}}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: files, namespace: test}
spec: {accessModes: [ReadWriteMany], resources: {requests: {storage: 1Gi}}, volumeName: node-files}
---
apiVersion: v1
kind: Pod
metadata: {name: audit, namespace: ops}
spec:
  containers: [{name: a, image: a, volumeMounts: [{name: f, mountPath: /f}]}]
  volumes: [{name: f, persistentVolumeClaim: {claimName: files}}]
# NO EDGE Pod ops/audit -> User system:node:(worker)
`, deriveHostPathKubelet)

var kubeletKeys = hostPaths{
	whole: []string{
		"/var/lib/kubelet/pki", "/var/lib/kubelet/pki/kubelet-client-current.pem", "/var/lib/kubelet/kubeconfig", "/etc/kubernetes/kubelet.conf",
		"/var/lib/rancher/k3s/agent/kubelet.kubeconfig", "/var/lib/rancher/k3s/agent/client-kubelet.key", "/var/lib/rancher/rke2/agent/client-kubelet.key",
	},
	because: "reads the kubelet's key",
}

func deriveHostPathKubelet(a *rule.Attack) {
	for s := range kubeletKeys.in(a) {
		for _, n := range s.Pod.Nodes {
			s.To = rule.NodeUser(n.Name)
			a.Step(s.Step)
		}
	}
}
