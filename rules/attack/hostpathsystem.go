package attack

import "github.com/bartizan-dev/bartizan/rule"

// HostPathSystem leads from a pod that writes the node's programs or settings to the node.
var HostPathSystem = rule.Edge(`
id: attack-host-path-system
title: Change programs or settings of the node through a writable mount
certainty: likely
cost: 1
maps: {attack: T1611, ms-matrix: MS-TA9013}
why: |
  What lies in /usr, /lib or /opt the node runs as root; /etc names its users, services and libraries. Whoever writes there
  is root of the node at the next start of a program or a service. Root in the container is root to these files, in a user
  namespace as well: volumes are mounted with mapped ids. Where SELinux is in force it may forbid the write.
detect: changes below /etc, /usr or /opt of the node that no package manager made
mitigate: mount the folder that is needed, read-only
references:
  - https://kubernetes.io/docs/concepts/storage/volumes/#hostpath
  - https://kubernetes.io/docs/concepts/workloads/pods/user-namespaces/
-- yes/etc.yaml --
apiVersion: v1
kind: Pod
metadata: {name: tuner, namespace: ops}
spec:
  containers:
  - name: t
    image: t
    volumeMounts:
    - {name: etc, mountPath: /host/etc} # EVIDENCE
  volumes:
  - name: etc
    hostPath:
      path: /etc # EVIDENCE
# EDGE Pod ops/tuner -> Node (worker)
-- yes/user-namespace.yaml --
# Files of the node keep their owners in a user namespace.
apiVersion: v1
kind: Pod
metadata: {name: tuner, namespace: ops}
spec:
  hostUsers: false
  containers: [{name: t, image: t, volumeMounts: [{name: h, mountPath: /h, subPath: usr/local/bin}]}]
  volumes: [{name: h, hostPath: {path: /}}]
# EDGE Pod ops/tuner -> Node (worker)
-- no/read-only.yaml --
apiVersion: v1
kind: Pod
metadata: {name: tuner, namespace: ops}
spec:
  containers: [{name: t, image: t, volumeMounts: [{name: h, mountPath: /h, readOnly: true}]}]
  volumes: [{name: h, hostPath: {path: /}}]
# NO EDGE Pod ops/tuner -> Node (worker)
-- no/sub-path.yaml --
apiVersion: v1
kind: Pod
metadata: {name: tuner, namespace: ops}
spec:
  containers: [{name: t, image: t, volumeMounts: [{name: h, mountPath: /h, subPath: srv/data}]}]
  volumes: [{name: h, hostPath: {path: /}}]
# NO EDGE Pod ops/tuner -> Node (worker)
-- no/certificates.yaml --
# Not everything below /etc is a way in.
apiVersion: v1
kind: Pod
metadata: {name: tuner, namespace: ops}
spec:
  containers: [{name: t, image: t, volumeMounts: [{name: h, mountPath: /h}]}]
  volumes: [{name: h, hostPath: {path: /etc/ssl/certs}}]
# NO EDGE Pod ops/tuner -> Node (worker)
-- no/not-root.yaml --
apiVersion: v1
kind: Pod
metadata: {name: tuner, namespace: ops}
spec:
  securityContext: {runAsNonRoot: true}
  containers: [{name: t, image: t, securityContext: {allowPrivilegeEscalation: false}, volumeMounts: [{name: h, mountPath: /h}]}]
  volumes: [{name: h, hostPath: {path: /etc}}]
# NO EDGE Pod ops/tuner -> Node (worker)
`, deriveHostPathSystem)

// systemPaths are what the node runs as root or takes its users and services from.
var systemPaths = hostPaths{
	parts: []string{
		"/bin", "/boot", "/etc/init.d", "/etc/ld.so.conf.d", "/etc/modprobe.d", "/etc/modules-load.d", "/etc/pam.d", "/etc/profile.d", "/etc/rc.d",
		"/etc/security", "/etc/sudoers.d", "/etc/systemd", "/etc/udev", "/lib", "/lib64", "/sbin", "/usr/bin", "/usr/lib", "/usr/lib64",
		"/usr/libexec", "/usr/local/bin", "/usr/local/lib", "/usr/local/sbin", "/usr/sbin",
	},
	whole: []string{"/etc/ld.so.preload", "/etc/passwd", "/etc/shadow", "/etc/sudoers", "/etc/environment", "/opt"},
	write: true, because: "changes programs or settings of {to}",
}

func deriveHostPathSystem(a *rule.Attack) {
	for s := range systemPaths.in(a) {
		onNodes(a, s.Pod, s.Step)
	}
}
