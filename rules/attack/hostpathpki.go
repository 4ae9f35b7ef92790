package attack

import "github.com/bartizan-dev/bartizan/rule"

// HostPathPKI leads from a pod that reads the keys of the control plane to the whole cluster.
var HostPathPKI = rule.Edge(`
id: attack-host-path-pki
title: Read the keys of the control plane through a mount
certainty: likely
cost: 0
maps: {attack: T1552.004, ms-matrix: MS-TA9003}
why: |
  The key of the cluster's CA signs a certificate for any user of system:masters, the key for service account tokens signs
  any token, and admin.conf holds the administrator's certificate. On the nodes of the control plane they are files that
  root may read; a read-only mount shows them just as well.
detect: a certificate of the cluster's CA that nobody asked for, or use of the administrator's certificate
mitigate: mount the one certificate that is needed; keep the pod off the nodes of the control plane
references:
  - https://kubernetes.io/docs/setup/best-practices/certificates/
-- yes/read-only.yaml --
apiVersion: v1
kind: Pod
metadata: {name: exporter, namespace: kube-system}
spec:
  tolerations: [{key: node-role.kubernetes.io/control-plane, effect: NoSchedule}]
  containers: [{name: e, image: e, volumeMounts: [{name: h, mountPath: /h, readOnly: true}]}]
  volumes:
  - name: h
    hostPath:
      path: /etc/kubernetes/pki # EVIDENCE
# EDGE Pod kube-system/exporter -> Cluster admin
-- yes/k3s.yaml --
apiVersion: v1
kind: Node
metadata: {name: cp, labels: {node-role.kubernetes.io/control-plane: "true"}}
---
apiVersion: v1
kind: Pod
metadata: {name: exporter, namespace: kube-system}
spec:
  nodeName: cp
  containers: [{name: e, image: e, volumeMounts: [{name: h, mountPath: /h, subPath: lib/rancher}]}]
  volumes: [{name: h, hostPath: {path: /var}}]
# EDGE Pod kube-system/exporter -> Cluster admin
-- no/worker.yaml --
apiVersion: v1
kind: Pod
metadata: {name: exporter, namespace: kube-system}
spec:
  containers: [{name: e, image: e, volumeMounts: [{name: h, mountPath: /h}]}]
  volumes: [{name: h, hostPath: {path: /etc/kubernetes/pki}}]
# NO EDGE Pod kube-system/exporter -> Cluster admin
-- no/certificate.yaml --
# The CA's certificate is no secret.
apiVersion: v1
kind: Pod
metadata: {name: exporter, namespace: kube-system}
spec:
  tolerations: [{operator: Exists}]
  containers: [{name: e, image: e, volumeMounts: [{name: h, mountPath: /h, subPath: ca.crt}]}]
  volumes: [{name: h, hostPath: {path: /etc/kubernetes/pki}}]
# NO EDGE Pod kube-system/exporter -> Cluster admin
-- no/not-root.yaml --
apiVersion: v1
kind: Pod
metadata: {name: exporter, namespace: kube-system}
spec:
  tolerations: [{operator: Exists}]
  securityContext: {runAsUser: 65534}
  containers: [{name: e, image: e, securityContext: {allowPrivilegeEscalation: false}, volumeMounts: [{name: h, mountPath: /h}]}]
  volumes: [{name: h, hostPath: {path: /}}]
# NO EDGE Pod kube-system/exporter -> Cluster admin
`, deriveHostPathPKI)

var controlPlaneKeys = hostPaths{
	whole: []string{
		"/etc/kubernetes/pki/ca.key", "/etc/kubernetes/pki/sa.key", "/etc/kubernetes/pki/etcd/ca.key", "/etc/kubernetes/pki/front-proxy-ca.key",
		"/etc/kubernetes/pki/apiserver-kubelet-client.key", "/etc/kubernetes/pki/apiserver-etcd-client.key", "/etc/kubernetes/admin.conf",
		"/etc/kubernetes/super-admin.conf", "/etc/kubernetes/controller-manager.conf", "/etc/rancher/k3s/k3s.yaml", "/etc/rancher/rke2/rke2.yaml",
		"/var/lib/rancher/k3s/server/tls", "/var/lib/rancher/k3s/server/cred", "/var/lib/rancher/rke2/server/tls", "/var/lib/rancher/rke2/server/cred",
		"/var/lib/k0s/pki", "/var/snap/microk8s/current/certs",
	},
	because: "reads the keys of the control plane",
}

func deriveHostPathPKI(a *rule.Attack) {
	for s := range controlPlaneKeys.in(a) {
		if onControlPlane(a, s.Pod) {
			s.To = rule.ClusterAdmin
			a.Step(s.Step)
		}
	}
}

// onControlPlane says whether a pod may run on a node of the control plane.
func onControlPlane(a *rule.Attack, p *rule.Pod) bool {
	for _, n := range a.Pods.Nodes() {
		if !n.ControlPlane {
			continue
		}
		for _, on := range p.Nodes {
			if on == n.Ref {
				return true
			}
		}
	}
	return false
}
