package attack

import "github.com/bartizan-dev/bartizan/rule"

// SharedPath leads from a pod that writes a folder of the node to another pod that uses the folder.
var SharedPath = rule.Edge(`
id: attack-shared-host-path
title: Leave something for another pod in a shared folder of the node
certainty: likely
cost: 9
maps: {attack: T1611, ms-matrix: MS-TA9013}
why: |
  Two pods that mount the same folder of a node exchange what they write there. Where one runs or loads what the other may
  write, such as a plugin, a script or a data file of a parser with a fault, the first takes over the second.
detect: files in the folder that belong to another user than the one who should write them
mitigate: give each workload a folder of its own, or mount read-only where nothing is written
references:
  - https://kubernetes.io/docs/concepts/storage/volumes/#hostpath
-- yes/same.yaml --
apiVersion: v1
kind: Pod
metadata: {name: writer, namespace: a}
spec:
  containers: [{name: w, image: w, volumeMounts: [{name: d, mountPath: /d}]}]
  volumes:
  - name: d
    hostPath:
      path: /srv/data # EVIDENCE
---
apiVersion: v1
kind: Pod
metadata: {name: reader, namespace: b}
spec:
  containers: [{name: r, image: r, volumeMounts: [{name: d, mountPath: /d, readOnly: true}]}]
  volumes: [{name: d, hostPath: {path: /srv/data}}]
# EDGE Pod a/writer -> Pod b/reader
# NO EDGE Pod b/reader -> Pod a/writer
-- yes/parent.yaml --
apiVersion: v1
kind: Pod
metadata: {name: writer, namespace: a}
spec:
  securityContext: {runAsUser: 1000}
  containers: [{name: w, image: w, volumeMounts: [{name: d, mountPath: /d}]}]
  volumes: [{name: d, hostPath: {path: /srv}}]
---
apiVersion: v1
kind: Pod
metadata: {name: reader, namespace: b}
spec:
  containers: [{name: r, image: r, volumeMounts: [{name: d, mountPath: /d, subPath: x}]}]
  volumes: [{name: d, hostPath: {path: /srv/data}}]
# EDGE Pod a/writer -> Pod b/reader
-- no/apart.yaml --
apiVersion: v1
kind: Pod
metadata: {name: writer, namespace: a}
spec:
  containers: [{name: w, image: w, volumeMounts: [{name: d, mountPath: /d, subPath: a}]}]
  volumes: [{name: d, hostPath: {path: /srv}}]
---
apiVersion: v1
kind: Pod
metadata: {name: reader, namespace: b}
spec:
  containers: [{name: r, image: r, volumeMounts: [{name: d, mountPath: /d, subPath: b}]}]
  volumes: [{name: d, hostPath: {path: /srv}}]
# NO EDGE Pod a/writer -> Pod b/reader
-- no/other-node.yaml --
apiVersion: v1
kind: Pod
metadata: {name: writer, namespace: a}
spec:
  nodeName: n1
  containers: [{name: w, image: w, volumeMounts: [{name: d, mountPath: /d}]}]
  volumes: [{name: d, hostPath: {path: /srv}}]
---
apiVersion: v1
kind: Pod
metadata: {name: reader, namespace: b}
spec:
  nodeName: n2
  containers: [{name: r, image: r, volumeMounts: [{name: d, mountPath: /d}]}]
  volumes: [{name: d, hostPath: {path: /srv}}]
# NO EDGE Pod a/writer -> Pod b/reader
-- no/time-zone.yaml --
# Folders that every agent mounts to look at the system are no exchange.
apiVersion: v1
kind: Pod
metadata: {name: writer, namespace: a}
spec:
  containers: [{name: w, image: w, volumeMounts: [{name: d, mountPath: /d}]}]
  volumes: [{name: d, hostPath: {path: /etc/localtime}}]
---
apiVersion: v1
kind: Pod
metadata: {name: reader, namespace: b}
spec:
  containers: [{name: r, image: r, volumeMounts: [{name: d, mountPath: /d}]}]
  volumes: [{name: d, hostPath: {path: /etc/localtime}}]
# NO EDGE Pod a/writer -> Pod b/reader
`, deriveSharedPath)

// exchanged are the mounts of folders of a node in which pods may leave something for one another. Folders of the
// system are left out: who writes them has better ways, which are steps of their own.
func exchanged(a *rule.Attack) (out []hostPathStep) {
	all := hostPaths{parts: []string{"/"}, user: true, because: "leaves something for {to}"}
	for s := range all.in(a) {
		system := s.Shown == "/" || s.Mount.HostPath == "" // a claim is told of by attack-shared-claim
		for _, dir := range []string{"/bin", "/boot", "/dev", "/etc", "/lib", "/lib64", "/proc", "/run", "/sbin", "/sys", "/usr", "/var/lib/kubelet", "/var/log"} {
			system = system || above(dir, s.Shown)
		}
		if !system && s.Shown != "/var" && s.Shown != "/var/lib" {
			out = append(out, s)
		}
	}
	return out
}

func deriveSharedPath(a *rule.Attack) {
	mounts := exchanged(a)
	for _, s := range mounts {
		if s.Mount.ReadOnly {
			continue
		}
		for _, q := range mounts {
			if q.Pod == s.Pod || !above(s.Shown, q.Shown) && !above(q.Shown, s.Shown) || !meet(s.Pod, q.Pod) {
				continue
			}
			step := s.Step
			step.To = q.Pod.Ref
			step.Why = append(step.Why[:len(step.Why):len(step.Why)], q.Why...)
			step.Fixes = append([]rule.Fix{s.Container.MountReadOnly(s.Pod, s.Mount)}, step.Fixes...)
			a.Step(step)
		}
	}
}
