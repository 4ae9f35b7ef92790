package attack

import "github.com/bartizan-dev/bartizan/rule"

// NetRaw leads from a container with CAP_NET_RAW to the pods beside it on a flat network.
var NetRaw = rule.Edge(`
id: attack-net-raw
title: Pose as another address on the node's bridge with the capability NET_RAW
certainty: conditional
cost: 12
maps: {attack: T1046, ms-matrix: MS-TA9036}
why: |
  Containers may send raw packets by default. Where the pods of a node share a bridge, as with the bridge plugin and
  flannel, one that answers ARP in another's name gets its traffic, DNS included, and can answer in place of a server that
  is not checked. Plugins that route every pod by itself (Calico, Cilium, most of the clouds') do not let it through.
  A user namespace does not help: the pod's own network belongs to it.
detect: ARP answers from a pod for an address that is not its own
mitigate: drop NET_RAW, or ALL
references:
  - https://man7.org/linux/man-pages/man7/capabilities.7.html
  - https://www.cni.dev/plugins/current/main/bridge/
-- yes/default.yaml --
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec: {containers: [{name: web, image: web}]}
---
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: shop}
spec: {containers: [{name: db, image: db, securityContext: {capabilities: {drop: [ALL]}}}]}
# EDGE Pod shop/web -> Pod shop/db
# NO EDGE Pod shop/db -> Pod shop/web
-- yes/user-namespace.yaml --
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec:
  hostUsers: false
  containers: [{name: web, image: web, securityContext: {capabilities: {drop: [ALL], add: [NET_RAW]}}}]
---
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: shop}
spec: {containers: [{name: db, image: db, securityContext: {capabilities: {drop: [NET_RAW]}}}]}
# EDGE Pod shop/web -> Pod shop/db
-- no/dropped.yaml --
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec: {containers: [{name: web, image: web, securityContext: {capabilities: {drop: [NET_RAW]}}}]}
---
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: shop}
spec: {containers: [{name: db, image: db, securityContext: {capabilities: {drop: [ALL]}}}]}
# NO EDGE Pod shop/web -> Pod shop/db
-- no/node-network.yaml --
# In the node's own network there is no bridge between it and others.
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec: {hostNetwork: true, containers: [{name: web, image: web}]}
---
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: shop}
spec: {containers: [{name: db, image: db, securityContext: {capabilities: {drop: [ALL]}}}]}
# NO EDGE Pod shop/web -> Pod shop/db
-- no/not-root.yaml --
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec:
  containers: [{name: web, image: web, securityContext: {runAsNonRoot: true, allowPrivilegeEscalation: false}}]
---
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: shop}
spec: {containers: [{name: db, image: db, securityContext: {capabilities: {drop: [ALL]}}}]}
# NO EDGE Pod shop/web -> Pod shop/db
`, deriveNetRaw)

func deriveNetRaw(a *rule.Attack) {
	for p, c := range a.Containers() {
		more, ok := asRoot(c)
		if !ok || c.Privileged || p.Sandboxed || p.HostNetwork || !c.Cap("NET_RAW") {
			continue
		}
		s := rule.Step{
			From: p.Vertex(), More: more, Text: "answers in place of {to} on the node's bridge",
			Why: p.Why(c.CapAt("NET_RAW")), Fixes: []rule.Fix{c.WithoutCap(p, "NET_RAW")},
		}
		for _, n := range p.Nodes {
			s.To = rule.PodsOn(n.Name)
			a.Step(s)
		}
	}
}
