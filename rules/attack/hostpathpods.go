package attack

import "github.com/bartizan-dev/bartizan/rule"

// HostPathPods leads from a pod that sees the volumes of all pods of its node to what is in them.
var HostPathPods = rule.Edge(`
id: attack-host-path-pods
title: Read the tokens of the node's pods through a mount
certainty: certain
cost: 0
maps: {attack: [T1528, T1552.007], ms-matrix: MS-TA9016}
why: |
  The kubelet keeps the volumes of its pods in /var/lib/kubelet/pods: the token of every service account that runs on the
  node, with Secrets beside it. Root reads them all, through a read-only mount as well.
detect: use of a service account's token from another pod's address
mitigate: do not mount the kubelet's pods folder, or only the one folder that a driver needs
references:
  - https://kubernetes.io/docs/concepts/storage/volumes/#hostpath
  - https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/
-- yes/tokens.yaml --
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: logs, namespace: ops}
spec:
  template:
    spec:
      containers: [{name: l, image: l, volumeMounts: [{name: k, mountPath: /k, readOnly: true}]}]
      volumes:
      - name: k
        hostPath:
          path: /var/lib/kubelet/pods # EVIDENCE
---
apiVersion: v1
kind: Pod
metadata: {name: api, namespace: shop}
spec: {serviceAccountName: api, containers: [{name: api, image: api}]}
# EDGE DaemonSet ops/logs -> ServiceAccount shop/api
# NO EDGE DaemonSet ops/logs -> Pod shop/api
-- yes/secrets.yaml --
apiVersion: v1
kind: Pod
metadata: {name: logs, namespace: ops}
spec:
  containers: [{name: l, image: l, volumeMounts: [{name: k, mountPath: /k}]}]
  volumes: [{name: k, hostPath: {path: /var/lib}}]
---
apiVersion: v1
kind: Pod
metadata: {name: api, namespace: shop}
spec:
  automountServiceAccountToken: false
  containers: [{name: api, image: api, volumeMounts: [{name: s, mountPath: /s}]}]
  volumes: [{name: s, secret: {secretName: db}}]
# EDGE Pod ops/logs -> Secret shop/db
# NO EDGE Pod ops/logs -> ServiceAccount shop/default
-- no/other-node.yaml --
apiVersion: v1
kind: Pod
metadata: {name: logs, namespace: ops}
spec:
  nodeName: n1
  containers: [{name: l, image: l, volumeMounts: [{name: k, mountPath: /k}]}]
  volumes: [{name: k, hostPath: {path: /var/lib/kubelet}}]
---
apiVersion: v1
kind: Pod
metadata: {name: api, namespace: shop}
spec: {nodeName: n2, serviceAccountName: api, containers: [{name: api, image: api}]}
# NO EDGE Pod ops/logs -> ServiceAccount shop/api
-- no/own-folder.yaml --
apiVersion: v1
kind: Pod
metadata: {name: logs, namespace: ops}
spec:
  containers: [{name: l, image: l, volumeMounts: [{name: k, mountPath: /k, subPathExpr: $(POD_UID)}]}]
  volumes: [{name: k, hostPath: {path: /var/lib/kubelet/pods}}]
---
apiVersion: v1
kind: Pod
metadata: {name: api, namespace: shop}
spec: {serviceAccountName: api, containers: [{name: api, image: api}]}
# NO EDGE Pod ops/logs -> ServiceAccount shop/api
`, deriveHostPathPods)

var podVolumes = hostPaths{whole: []string{"/var/lib/kubelet/pods"}, because: "reads {to} from the volumes of the pods on its node"}

func deriveHostPathPods(a *rule.Attack) {
	for s := range podVolumes.in(a) {
		for q := range a.Pods.All() {
			if q == s.Pod || !meet(s.Pod, q) {
				continue
			}
			if q.Token {
				s.To = q.Account
				a.Step(s.Step)
			}
			for v := range q.Spec.Get("volumes").Items() {
				for _, name := range secretsOf(v) {
					s.To = secretRef(q, name.Str())
					a.Step(s.Step)
				}
			}
		}
	}
}
