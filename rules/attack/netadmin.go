package attack

import "github.com/bartizan-dev/bartizan/rule"

// NetAdmin leads from a container that sets up the node's network to the pods of the node.
var NetAdmin = rule.Edge(`
id: attack-net-admin
title: Redirect the node's traffic with the capability NET_ADMIN and hostNetwork
certainty: conditional
cost: 8
maps: {attack: [T1611, T1528]}
why: |
  NET_ADMIN in the node's network changes its packet filter, routes and addresses: the traffic of every pod on the node can
  be led through the attacker. What is encrypted and checked stays shut; names, plain HTTP, databases without TLS and the
  answers of the metadata service do not, and a download that is answered wrongly is code in the other pod.
detect: changes of nftables, iptables or routes by anything but the network plugin and kube-proxy
mitigate: drop NET_ADMIN, or take hostNetwork away
references:
  - https://man7.org/linux/man-pages/man7/capabilities.7.html
-- yes/daemonset.yaml --
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: lb, namespace: net}
spec:
  template:
    spec:
      hostNetwork: true # EVIDENCE
      containers:
      - name: lb
        image: lb
        securityContext:
          capabilities:
            add: [NET_ADMIN] # EVIDENCE
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec: {containers: [{name: web, image: web}]}
# EDGE DaemonSet net/lb -> Pod shop/web
-- yes/all.yaml --
apiVersion: v1
kind: Pod
metadata: {name: lb, namespace: net}
spec:
  nodeName: n1
  hostNetwork: true
  containers: [{name: lb, image: lb, securityContext: {capabilities: {add: [ALL]}}}]
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec: {nodeName: n1, containers: [{name: web, image: web}]}
# EDGE Pod net/lb -> Pod shop/web
-- no/own-network.yaml --
# In the pod's own network, as for a service mesh, it moves nothing but the pod's traffic.
apiVersion: v1
kind: Pod
metadata: {name: mesh, namespace: shop}
spec: {containers: [{name: proxy, image: proxy, securityContext: {capabilities: {add: [NET_ADMIN]}}}]}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec: {containers: [{name: web, image: web}]}
# NO EDGE Pod shop/mesh -> Pod shop/web
-- no/other-node.yaml --
apiVersion: v1
kind: Pod
metadata: {name: lb, namespace: net}
spec:
  nodeName: n1
  hostNetwork: true
  containers: [{name: lb, image: lb, securityContext: {capabilities: {add: [NET_ADMIN]}}}]
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec: {nodeName: n2, containers: [{name: web, image: web}]}
# NO EDGE Pod net/lb -> Pod shop/web
`, deriveNetAdmin)

func deriveNetAdmin(a *rule.Attack) {
	for c, s := range capable(a, "NET_ADMIN") {
		p := s.Pod
		if !p.HostNetwork {
			continue
		}
		s.Text = "leads the traffic of {to} through container " + c.Name
		s.Why = append(s.Why, p.Evidence(p.Spec.Get("hostNetwork")))
		s.Fixes = append(s.Fixes, p.Without("hostNetwork", 10, "know that the program listens on no address of the node"))
		for _, n := range p.Nodes {
			s.To = rule.PodsOn(n.Name)
			a.Step(s.Step)
		}
	}
}
