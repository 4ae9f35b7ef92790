package attack

import "github.com/bartizan-dev/bartizan/rule"

// HostPathCron leads from a pod that writes the node's cron tables to the node.
var HostPathCron = rule.Edge(`
id: attack-host-path-cron
title: Have the node's cron run a program through a writable mount
certainty: likely
cost: 1
maps: {attack: [T1611, T1053.007], ms-matrix: MS-TA9013}
why: |
  A file in /etc/cron.d, or root's table in /var/spool/cron, names a command that the node runs as root within the minute.
  Nodes with a minimal system may have no cron.
detect: new files in /etc/cron.* or /var/spool/cron of the node
mitigate: do not mount these folders, or mount them read-only
references:
  - https://kubernetes.io/docs/concepts/storage/volumes/#hostpath
  - https://man7.org/linux/man-pages/man5/crontab.5.html
-- yes/cron.yaml --
apiVersion: v1
kind: Pod
metadata: {name: rotate, namespace: ops}
spec:
  containers: [{name: r, image: r, volumeMounts: [{name: h, mountPath: /h}]}]
  volumes:
  - name: h
    hostPath:
      path: /etc/cron.d # EVIDENCE
# EDGE Pod ops/rotate -> Node (worker)
-- yes/spool.yaml --
apiVersion: v1
kind: Pod
metadata: {name: rotate, namespace: ops}
spec:
  containers: [{name: r, image: r, volumeMounts: [{name: h, mountPath: /h}]}]
  volumes: [{name: h, hostPath: {path: /var/spool}}]
# EDGE Pod ops/rotate -> Node (worker)
-- no/read-only.yaml --
apiVersion: v1
kind: Pod
metadata: {name: rotate, namespace: ops}
spec:
  containers: [{name: r, image: r, volumeMounts: [{name: h, mountPath: /h, readOnly: true}]}]
  volumes: [{name: h, hostPath: {path: /etc/cron.d}}]
# NO EDGE Pod ops/rotate -> Node (worker)
-- no/mail.yaml --
apiVersion: v1
kind: Pod
metadata: {name: rotate, namespace: ops}
spec:
  containers: [{name: r, image: r, volumeMounts: [{name: h, mountPath: /h}]}]
  volumes: [{name: h, hostPath: {path: /var/spool/mail}}]
# NO EDGE Pod ops/rotate -> Node (worker)
-- yes/local-volume.yaml --
apiVersion: v1
kind: PersistentVolume
metadata: {name: node-files}
spec: {capacity: {storage: 1Gi}, accessModes: [ReadWriteOnce], claimRef: {namespace: ops, name: files}, local: {path: /var/spool}}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: files, namespace: ops}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
---
apiVersion: v1
kind: Pod
metadata: {name: tidy, namespace: ops}
spec:
  containers: [{name: t, image: t, volumeMounts: [{name: f, mountPath: /f}]}]
  volumes: [{name: f, persistentVolumeClaim: {claimName: files}}]
# EDGE Pod ops/tidy -> Node (worker)
-- no/claim-read-only.yaml --
apiVersion: v1
kind: PersistentVolume
metadata: {name: node-files}
spec: {capacity: {storage: 1Gi}, accessModes: [ReadWriteOnce], claimRef: {namespace: ops, name: files}, hostPath: {path: /var/spool}}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: files, namespace: ops}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}, volumeName: node-files}
---
apiVersion: v1
kind: Pod
metadata: {name: tidy, namespace: ops}
spec:
  containers: [{name: t, image: t, volumeMounts: [{name: f, mountPath: /f}]}]
  volumes: [{name: f, persistentVolumeClaim: {claimName: files, readOnly: true}}]
# NO EDGE Pod ops/tidy -> Node (worker)
`, deriveHostPathCron)

var cronPaths = hostPaths{
	parts: []string{"/etc/cron.d", "/etc/cron.hourly", "/etc/cron.daily", "/etc/cron.weekly", "/etc/cron.monthly", "/etc/crontab", "/var/spool/cron", "/var/spool/at"},
	write: true, because: "writes a cron table of {to}",
}

func deriveHostPathCron(a *rule.Attack) {
	for s := range cronPaths.in(a) {
		onNodes(a, s.Pod, s.Step)
	}
}
