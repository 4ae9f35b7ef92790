package joined

import (
	"strconv"

	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/rule"
)

// APIServerReachable finds pods that reach the API server and have nothing to tell it.
var APIServerReachable = rule.Go(`
id: network-apiserver-reachable
title: Pod without a token reaches the API server
severity: info
on: Workload
needs: policies
maps: {nsa-cisa: [network-policies, control-plane], attack: [T1613, T1552.007], ms-matrix: MS-TA9034}
why: |
  The pod mounts no token, so it does not speak to the API server; an attacker in it can, with what the anonymous
  may do, with credentials from elsewhere, or through a fault in the server. The policies that limit its egress
  leave the way open. It is judged where the address of the API server was read: in a live cluster.
references:
  - https://kubernetes.io/docs/concepts/services-networking/network-policies/
  - https://kubernetes.io/docs/concepts/security/controlling-access/
-- fail/open.yaml --
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web, namespace: shop}
spec:
  podSelector: {}
  policyTypes: [Egress]
  egress:
    - to: [{ipBlock: {cidr: 10.0.0.0/8}}]
      ports: [{port: 6443}]
---
apiVersion: v1
kind: Endpoints
metadata: {name: kubernetes, namespace: default}
subsets: [{addresses: [{ip: 10.0.0.10}], ports: [{name: https, port: 6443}]}]
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec: # FINDING
  automountServiceAccountToken: false
  containers: [{name: main, image: app}]
-- pass/token.yaml --
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web, namespace: shop}
spec:
  podSelector: {}
  policyTypes: [Egress]
  egress:
    - to: [{ipBlock: {cidr: 10.0.0.0/8}}]
      ports: [{port: 6443}]
---
apiVersion: v1
kind: Endpoints
metadata: {name: kubernetes, namespace: default}
subsets: [{addresses: [{ip: 10.0.0.10}], ports: [{name: https, port: 6443}]}]
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec:
  containers: [{name: main, image: app}]
-- pass/closed.yaml --
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web, namespace: shop}
spec:
  podSelector: {}
  policyTypes: [Egress]
  egress:
    - ports: [{port: 443}]
---
apiVersion: v1
kind: Endpoints
metadata: {name: kubernetes, namespace: default}
subsets: [{addresses: [{ip: 10.0.0.10}], ports: [{name: https, port: 6443}]}]
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec:
  automountServiceAccountToken: false
  containers: [{name: main, image: app}]
-- pass/told-of-the-policy.yaml --
# network-policy-egress-to-anywhere judges the rule without destinations.
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web, namespace: shop}
spec:
  podSelector: {}
  policyTypes: [Egress]
  egress:
    - ports: [{port: 6443}]
---
apiVersion: v1
kind: Endpoints
metadata: {name: kubernetes, namespace: default}
subsets: [{addresses: [{ip: 10.0.0.10}], ports: [{name: https, port: 6443}]}]
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec:
  automountServiceAccountToken: false
  containers: [{name: main, image: app}]
-- pass/files.yaml --
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web, namespace: shop}
spec:
  podSelector: {}
  policyTypes: [Egress]
  egress:
    - to: [{ipBlock: {cidr: 10.0.0.0/8}}]
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec:
  automountServiceAccountToken: false
  containers: [{name: main, image: app}]
`, rule.On(checkAPIServer))

// serverKey is the key of where the API server listens.
type serverKey struct{}

// listener is an address and a port.
type listener struct {
	address string
	port    int
}

func checkAPIServer(p *rule.Pass, o *kube.Object) {
	servers := rule.Once(p.Joined, serverKey{}, func() []listener { return apiServers(p) })
	if len(servers) == 0 {
		p.Abstain()
		return
	}
	judgeEgress(p, o, func(c *rule.Pod) {
		if c.Token {
			return
		}
		for _, s := range servers {
			if a := p.Joined.Network.Outside(c, s.address, s.port); a.Verdict == rule.ReachYes && !told(p, a.Why, opensAll) {
				p.Report(rule.Hit{
					Path: c.Prefix, Why: a.Why,
					Message: "the pods mount no token and may open port " + strconv.Itoa(s.port) + " of the API server at " + s.address,
				})
				return
			}
		}
	})
}

// apiServers are the addresses behind the Service kubernetes.
func apiServers(p *rule.Pass) (out []listener) {
	for e := range p.World.All("Endpoints") {
		o, ok := e.Value.(*kube.Object)
		if !ok || e.Ref.Name != "kubernetes" || home(o) != "default" {
			continue
		}
		for s := range o.Root.Get("subsets").Items() {
			port, _ := s.Get("ports").First().Get("port").Int()
			for a := range s.Get("addresses").Items() {
				out = append(out, listener{a.Get("ip").Text(), int(port)})
			}
		}
	}
	return out
}
