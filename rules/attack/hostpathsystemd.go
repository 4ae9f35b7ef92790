package attack

import "github.com/bartizan-dev/bartizan/rule"

// HostPathSystemd leads from a pod that reaches systemd's sockets to the node.
var HostPathSystemd = rule.Edge(`
id: attack-systemd-socket
title: Start a service of the node through systemd's sockets
certainty: likely
cost: 1
maps: {attack: [T1611, T1543.005], ms-matrix: MS-TA9013}
why: |
  systemd starts a service for whoever asks as root, over its own socket or over D-Bus, and a service is any command, run
  as root of the node. Agents that watch units mount these sockets; read-only does not keep anybody from asking. In a user
  namespace the asker is not root, and a sandbox does not pass sockets.
detect: transient units on the node that no package made
mitigate: do not mount the sockets; read the state of units from the node's exporter
references:
  - https://www.freedesktop.org/software/systemd/man/latest/org.freedesktop.systemd1.html
-- yes/dbus.yaml --
apiVersion: v1
kind: Pod
metadata: {name: units, namespace: ops}
spec:
  containers: [{name: u, image: u, volumeMounts: [{name: d, mountPath: /d, readOnly: true}]}]
  volumes:
  - name: d
    hostPath:
      path: /var/run/dbus/system_bus_socket # EVIDENCE
# EDGE Pod ops/units -> Node (worker)
-- yes/private.yaml --
apiVersion: v1
kind: Pod
metadata: {name: units, namespace: ops}
spec:
  containers: [{name: u, image: u, volumeMounts: [{name: d, mountPath: /d}]}]
  volumes: [{name: d, hostPath: {path: /run/systemd}}]
# EDGE Pod ops/units -> Node (worker)
-- no/resolve.yaml --
apiVersion: v1
kind: Pod
metadata: {name: dns, namespace: ops}
spec:
  containers: [{name: u, image: u, volumeMounts: [{name: d, mountPath: /d}]}]
  volumes: [{name: d, hostPath: {path: /run/systemd/resolve}}]
# NO EDGE Pod ops/dns -> Node (worker)
-- no/user-namespace.yaml --
apiVersion: v1
kind: Pod
metadata: {name: units, namespace: ops}
spec:
  hostUsers: false
  containers: [{name: u, image: u, volumeMounts: [{name: d, mountPath: /d}]}]
  volumes: [{name: d, hostPath: {path: /run}}]
# NO EDGE Pod ops/units -> Node (worker)
`, deriveHostPathSystemd)

var systemdSockets = hostPaths{
	whole: []string{"/run/systemd/private", "/run/dbus/system_bus_socket"}, kernel: true, because: "starts a service of {to}",
}

func deriveHostPathSystemd(a *rule.Attack) {
	for s := range systemdSockets.in(a) {
		onNodes(a, s.Pod, s.Step)
	}
}
