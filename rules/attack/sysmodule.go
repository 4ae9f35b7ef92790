package attack

import "github.com/bartizan-dev/bartizan/rule"

// SysModule leads from a container with CAP_SYS_MODULE to the node.
var SysModule = rule.Edge(`
id: attack-sys-module
title: Load a kernel module from a container with the capability SYS_MODULE
certainty: likely
cost: 2
maps: {attack: T1611}
why: |
  A kernel module is code of the kernel: it starts a program as root of the node. init_module needs SYS_MODULE and
  nothing from the node's file system. What stands in the way is the module's fit to the running kernel, and signed
  modules where the node was booted with kernel lockdown.
detect: init_module or finit_module from a container
mitigate: drop SYS_MODULE; load modules when the node boots
references:
  - https://man7.org/linux/man-pages/man2/init_module.2.html
-- yes/added.yaml --
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: vpn, namespace: net}
spec:
  template:
    spec:
      containers:
      - name: vpn
        image: vpn
        securityContext:
          capabilities:
            add: [NET_ADMIN, SYS_MODULE] # EVIDENCE
# EDGE DaemonSet net/vpn -> Node (worker)
-- yes/sidecar.yaml --
# An init container that restarts runs as long as the pod does.
apiVersion: v1
kind: Pod
metadata: {name: vpn, namespace: net}
spec:
  initContainers:
  - {name: tunnel, image: t, restartPolicy: Always, securityContext: {capabilities: {add: [SYS_MODULE]}}}
  containers: [{name: web, image: web}]
# EDGE Pod net/vpn -> Node (worker)
-- no/init.yaml --
apiVersion: v1
kind: Pod
metadata: {name: vpn, namespace: net}
spec:
  initContainers:
  - {name: load, image: t, securityContext: {capabilities: {add: [SYS_MODULE]}}}
  containers: [{name: web, image: web}]
# NO EDGE Pod net/vpn -> Node (worker)
-- no/user-namespace.yaml --
apiVersion: v1
kind: Pod
metadata: {name: vpn, namespace: net}
spec:
  hostUsers: false
  containers: [{name: vpn, image: vpn, securityContext: {capabilities: {add: [SYS_MODULE]}}}]
# NO EDGE Pod net/vpn -> Node (worker)
`, deriveSysModule)

func deriveSysModule(a *rule.Attack) {
	for c, s := range capable(a, "SYS_MODULE") {
		s.Text = "loads a kernel module on {to} from container " + c.Name
		onNodes(a, s.Pod, s.Step)
	}
}
