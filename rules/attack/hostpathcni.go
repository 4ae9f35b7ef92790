package attack

import "github.com/bartizan-dev/bartizan/rule"

// HostPathCNI leads from a pod that reads the network plugin's settings to the plugin's service account.
var HostPathCNI = rule.Edge(`
id: attack-cni-kubeconfig
title: Read the network plugin's kubeconfig through a mount
certainty: likely
cost: 3
maps: {attack: [T1528, T1552.001], ms-matrix: MS-TA9003}
why: |
  Calico, Multus and other plugins leave a kubeconfig with a token of their service account in /etc/cni/net.d, because the
  plugin runs on the node and not in a pod. Whoever reads the folder has that token. Whose it is follows from the pods that
  write to the folder; some plugins leave none.
detect: requests in the name of the plugin's service account with another user agent than the plugin's
mitigate: do not mount the folder; give the plugin an account that may read little
references:
  - https://docs.tigera.io/calico/latest/reference/configure-cni-plugins
-- yes/read.yaml --
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: calico-node, namespace: kube-system}
spec:
  template:
    spec:
      serviceAccountName: calico-node
      initContainers: [{name: install, image: c, volumeMounts: [{name: c, mountPath: /host/etc/cni/net.d}]}]
      containers: [{name: c, image: c}]
      volumes: [{name: c, hostPath: {path: /etc/cni/net.d}}]
---
apiVersion: v1
kind: Pod
metadata: {name: audit, namespace: ops}
spec:
  containers: [{name: a, image: a, volumeMounts: [{name: e, mountPath: /host/etc, readOnly: true}]}]
  volumes:
  - name: e
    hostPath:
      path: /etc # EVIDENCE
# EDGE Pod ops/audit -> ServiceAccount kube-system/calico-node
-- yes/sub-path.yaml --
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: multus, namespace: kube-system}
spec:
  template:
    spec:
      serviceAccountName: multus
      containers: [{name: c, image: c, volumeMounts: [{name: c, mountPath: /cni}]}]
      volumes: [{name: c, hostPath: {path: /etc/cni/net.d}}]
---
apiVersion: v1
kind: Pod
metadata: {name: audit, namespace: ops}
spec:
  containers: [{name: a, image: a, volumeMounts: [{name: e, mountPath: /c, subPath: cni}]}]
  volumes: [{name: e, hostPath: {path: /etc}}]
# EDGE Pod ops/audit -> ServiceAccount kube-system/multus
-- no/no-plugin.yaml --
apiVersion: v1
kind: Pod
metadata: {name: audit, namespace: ops}
spec:
  containers: [{name: a, image: a, volumeMounts: [{name: e, mountPath: /c}]}]
  volumes: [{name: e, hostPath: {path: /etc/cni/net.d}}]
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec: {serviceAccountName: web, containers: [{name: w, image: w}]}
# NO EDGE Pod ops/audit -> ServiceAccount shop/web
-- no/not-root.yaml --
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: multus, namespace: kube-system}
spec:
  template:
    spec:
      serviceAccountName: multus
      containers: [{name: c, image: c, volumeMounts: [{name: c, mountPath: /cni}]}]
      volumes: [{name: c, hostPath: {path: /etc/cni/net.d}}]
---
apiVersion: v1
kind: Pod
metadata: {name: audit, namespace: ops}
spec:
  containers:
  - name: a
    image: a
    securityContext: {runAsUser: 5, allowPrivilegeEscalation: false}
    volumeMounts: [{name: e, mountPath: /c}]
  volumes: [{name: e, hostPath: {path: /etc/cni/net.d}}]
# NO EDGE Pod ops/audit -> ServiceAccount kube-system/multus
`, deriveHostPathCNI)

var pluginSettings = hostPaths{whole: []string{"/etc/cni/net.d"}, because: "reads the token of {to} in the network plugin's settings"}

func deriveHostPathCNI(a *rule.Attack) {
	var plugins []*rule.Pod
	for p := range a.Pods.All() {
		if p.Ref.Kind != "DaemonSet" {
			continue
		}
		for v := range p.Spec.Get("volumes").Items() {
			if v.At("hostPath", "path").Str() == "/etc/cni/net.d" {
				plugins = append(plugins, p)
				break
			}
		}
	}
	for s := range pluginSettings.in(a) {
		for _, q := range plugins {
			if q == s.Pod || !meet(q, s.Pod) {
				continue
			}
			s.To = q.Account
			a.Step(s.Step)
		}
	}
}
