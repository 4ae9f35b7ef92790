package joined

import (
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/rule"
)

// MetadataReachable finds pods whose policies limit their egress and leave the metadata service open.
var MetadataReachable = rule.Go(`
id: network-metadata-reachable
title: Pod reaches the metadata service of the cloud
severity: medium
on: Workload
needs: policies
maps: {nsa-cisa: [network-policies, cloud-metadata], attack: T1552.005, ms-matrix: [MS-TA9033, MS-TA9028]}
why: |
  The metadata service gives the cloud credentials of the node to whoever asks from a pod. Policies limit what
  this pod may reach, and all of them together still let it out to that address, by IPv4 or IPv6. Leave the
  address out with except. Pods whose egress nothing limits are judged by the rules on that.
references:
  - https://kubernetes.io/docs/tasks/administer-cluster/securing-a-cluster/#restricting-cloud-metadata-api-access
  - https://attack.mitre.org/techniques/T1552/005/
-- fail/world.yaml --
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: api, namespace: shop}
spec:
  podSelector: {}
  policyTypes: [Egress]
  egress:
    - to: [{ipBlock: {cidr: 0.0.0.0/0, except: [10.0.0.0/8]}}]
---
apiVersion: v1
kind: Pod
metadata: {name: api, namespace: shop, labels: {app: api}}
spec: # FINDING
  containers: [{name: main, image: app}]
-- fail/ipv6.yaml --
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: api, namespace: shop}
spec:
  podSelector: {}
  policyTypes: [Egress]
  egress:
    - to: [{ipBlock: {cidr: "::/0"}}]
---
apiVersion: v1
kind: Pod
metadata: {name: api, namespace: shop, labels: {app: api}}
spec: # FINDING
  containers: [{name: main, image: app}]
-- fail/second-policy.yaml --
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: safe, namespace: shop}
spec:
  podSelector: {}
  policyTypes: [Egress]
  egress:
    - to: [{ipBlock: {cidr: 0.0.0.0/0, except: [169.254.169.254/32]}}]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: open, namespace: shop}
spec:
  podSelector: {matchLabels: {app: api}}
  policyTypes: [Egress]
  egress: [{}]
---
apiVersion: v1
kind: Pod
metadata: {name: api, namespace: shop, labels: {app: api}}
spec: # FINDING
  containers: [{name: main, image: app}]
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec:
  containers: [{name: main, image: app}]
-- pass/except.yaml --
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: api, namespace: shop}
spec:
  podSelector: {}
  policyTypes: [Egress]
  egress:
    - to: [{ipBlock: {cidr: 0.0.0.0/0, except: [169.254.0.0/16]}}]
---
apiVersion: v1
kind: Pod
metadata: {name: api, namespace: shop, labels: {app: api}}
spec:
  containers: [{name: main, image: app}]
-- pass/port.yaml --
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: api, namespace: shop}
spec:
  podSelector: {}
  policyTypes: [Egress]
  egress:
    - ports: [{port: 443}]
---
apiVersion: v1
kind: Pod
metadata: {name: api, namespace: shop, labels: {app: api}}
spec:
  containers: [{name: main, image: app}]
-- pass/unlimited.yaml --
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: api, namespace: shop}
spec:
  podSelector: {}
---
apiVersion: v1
kind: Pod
metadata: {name: api, namespace: shop, labels: {app: api}}
spec:
  containers: [{name: main, image: app}]
-- pass/no-policy.yaml --
apiVersion: v1
kind: Pod
metadata: {name: api, namespace: shop, labels: {app: api}}
spec:
  containers: [{name: main, image: app}]
-- pass/host-network.yaml --
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: api, namespace: shop}
spec:
  podSelector: {}
  policyTypes: [Egress]
  egress: [{}]
---
apiVersion: v1
kind: Pod
metadata: {name: api, namespace: shop, labels: {app: api}}
spec:
  hostNetwork: true
  containers: [{name: main, image: app}]
`, rule.On(func(p *rule.Pass, o *kube.Object) {
	judgeEgress(p, o, func(c *rule.Pod) {
		for _, address := range metadataAddresses {
			if a := p.Joined.Network.Outside(c, address, 80); a.Verdict == rule.ReachYes {
				p.Report(rule.Hit{Path: c.Prefix, Message: "the pods may open port 80 of " + address + ", the metadata service of the cloud", Why: a.Why})
				return
			}
		}
	})
}))

// metadataAddresses are where clouds answer pods that ask for credentials.
var metadataAddresses = []string{"169.254.169.254", "fd00:ec2::254"}

// judgeEgress calls judge for each class of pods of an object whose egress policies limit; where none does the rules on
// that speak.
func judgeEgress(p *rule.Pass, o *kube.Object, judge func(*rule.Pod)) {
	judged := false
	for c := range p.Joined.Classes(object{o}) {
		if selected, _ := p.Joined.Policies.Selects(c, false); selected == rule.ReachYes {
			judged = true
			judge(c)
		}
	}
	if !judged {
		p.Abstain()
	}
}
