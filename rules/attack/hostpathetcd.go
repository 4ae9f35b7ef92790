package attack

import "github.com/bartizan-dev/bartizan/rule"

// HostPathEtcd leads from a pod that sees etcd's files to what the cluster keeps in them.
var HostPathEtcd = rule.Edge(`
id: attack-host-path-etcd
title: Read or change the cluster's state in etcd's files
certainty: likely
cost: 2
maps: {attack: [T1552.007, T1098.006], ms-matrix: MS-TA9025}
why: |
  Everything the API server keeps lies in etcd's data folder. Who reads it has every Secret, unless they are encrypted with
  a key that lies elsewhere. Who writes it puts a snapshot with a role binding of his own in its place.
detect: reads of /var/lib/etcd by anything but etcd, or a restart of etcd that nobody made
mitigate: do not mount the folder; back up with etcdctl and a client certificate
references:
  - https://kubernetes.io/docs/tasks/administer-cluster/configure-upgrade-etcd/
  - https://kubernetes.io/docs/tasks/administer-cluster/encrypt-data/
-- yes/backup.yaml --
apiVersion: batch/v1
kind: CronJob
metadata: {name: backup, namespace: kube-system}
spec:
  jobTemplate:
    spec:
      template:
        spec:
          nodeSelector: {node-role.kubernetes.io/control-plane: ""}
          tolerations: [{operator: Exists}]
          containers: [{name: b, image: b, volumeMounts: [{name: e, mountPath: /e, readOnly: true}]}]
          volumes:
          - name: e
            hostPath:
              path: /var/lib/etcd # EVIDENCE
# EDGE CronJob kube-system/backup -> Secret shop/db
# NO EDGE CronJob kube-system/backup -> Cluster admin
---
apiVersion: v1
kind: Secret
metadata: {name: db, namespace: shop}
-- yes/writable.yaml --
apiVersion: v1
kind: Pod
metadata: {name: restore, namespace: kube-system}
spec:
  tolerations: [{operator: Exists}]
  containers: [{name: b, image: b, volumeMounts: [{name: e, mountPath: /e}]}]
  volumes: [{name: e, hostPath: {path: /var/lib}}]
# EDGE Pod kube-system/restore -> Cluster admin
-- no/worker.yaml --
apiVersion: v1
kind: Pod
metadata: {name: restore, namespace: kube-system}
spec:
  containers: [{name: b, image: b, volumeMounts: [{name: e, mountPath: /e}]}]
  volumes: [{name: e, hostPath: {path: /var/lib/etcd}}]
# NO EDGE Pod kube-system/restore -> Cluster admin
# NO EDGE Pod kube-system/restore -> Secret kube-system/x
-- no/not-mounted.yaml --
apiVersion: v1
kind: Pod
metadata: {name: restore, namespace: kube-system}
spec:
  tolerations: [{operator: Exists}]
  containers: [{name: b, image: b}]
  volumes: [{name: e, hostPath: {path: /var/lib/etcd}}]
# NO EDGE Pod kube-system/restore -> Cluster admin
`, deriveHostPathEtcd)

var (
	etcdFolders = []string{"/var/lib/etcd", "/var/lib/rancher/k3s/server/db", "/var/lib/rancher/rke2/server/db", "/var/lib/k0s/etcd"}
	etcdReads   = hostPaths{parts: etcdFolders, because: "reads {to} from etcd's files"}
	etcdWrites  = hostPaths{parts: etcdFolders, write: true, because: "puts a state of its own in place of etcd's files"}
)

func deriveHostPathEtcd(a *rule.Attack) {
	for s := range etcdReads.in(a) {
		if onControlPlane(a, s.Pod) {
			s.To = rule.EverySecret
			a.Step(s.Step)
		}
	}
	for s := range etcdWrites.in(a) {
		if onControlPlane(a, s.Pod) {
			s.To = rule.ClusterAdmin
			s.More += 3
			a.Step(s.Step)
		}
	}
}
