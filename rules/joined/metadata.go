package joined

import (
	"slices"
	"strings"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/internal/tree"
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
  address out with except. Pods whose egress nothing limits are judged by the rules on that, and so are rules of a
  policy that name no destinations, or a block with the address in it.
references:
  - https://kubernetes.io/docs/tasks/administer-cluster/securing-a-cluster/#restricting-cloud-metadata-api-access
  - https://attack.mitre.org/techniques/T1552/005/
-- fail/wide.yaml --
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: api, namespace: shop}
spec:
  podSelector: {}
  policyTypes: [Egress]
  egress:
    - to: [{ipBlock: {cidr: 160.0.0.0/4}}]
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
  egress:
    - to: [{ipBlock: {cidr: 168.0.0.0/5}}]
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
-- pass/told-of-the-policy.yaml --
# network-policy-metadata judges the block, network-policy-egress-to-anywhere the rule without destinations.
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: api, namespace: shop}
spec:
  podSelector: {matchLabels: {app: api}}
  policyTypes: [Egress]
  egress:
    - to: [{ipBlock: {cidr: 0.0.0.0/0, except: [10.0.0.0/8]}}]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web, namespace: shop}
spec:
  podSelector: {matchLabels: {app: web}}
  policyTypes: [Egress]
  egress: [{}]
---
apiVersion: v1
kind: Pod
metadata: {name: api, namespace: shop, labels: {app: api}}
spec:
  containers: [{name: main, image: app}]
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec:
  containers: [{name: main, image: app}]
-- pass/told-in-no-namespace.yaml --
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: api}
spec:
  podSelector: {}
  policyTypes: [Egress]
  egress: [{}]
---
apiVersion: v1
kind: Pod
metadata: {name: api}
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
  egress:
    - to: [{ipBlock: {cidr: 160.0.0.0/4}}]
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
			a := p.Joined.Network.Outside(c, address, 80)
			if a.Verdict == rule.ReachYes && !told(p, a.Why, opensAll) && !told(p, a.Why, opensMetadata) {
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

// told says whether the rule of a NetworkPolicy that lets packets pass is judged where it stands: by a rule on policies that
// looks for what it says.
func told(p *rule.Pass, why []bartizan.Evidence, is func(tree.Node) bool) bool {
	return slices.ContainsFunc(why, func(e bartizan.Evidence) bool {
		name, found := strings.CutPrefix(e.Value, "NetworkPolicy ")
		ref := bartizan.Ref{Kind: "NetworkPolicy", Name: name}
		if ns, rest, namespaced := strings.Cut(name, "/"); namespaced {
			ref.Namespace, ref.Name = ns, rest
		}
		of, ok := p.World.Get(ref)
		o, policy := of.Value.(*kube.Object)
		return found && ok && policy && is(o.Root.Lookup(e.Path))
	})
}

// opensAll is what network-policy-egress-to-anywhere looks for: no destinations, and not for the resolution of names alone.
func opensAll(r tree.Node) bool {
	resolves := r.Get("ports").Len() > 0
	for p := range r.Get("ports").Items() {
		resolves = resolves && slices.Contains([]string{"53", "5353", "dns", "dns-tcp"}, p.Get("port").Text())
	}
	return r.Exists() && r.Get("to").Len() == 0 && !resolves
}

// opensMetadata is what network-policy-metadata looks for: a usual block with the address in it, and no usual exception.
func opensMetadata(r tree.Node) bool {
	blocks := []string{"0.0.0.0/0", "128.0.0.0/1", "169.254.0.0/16", "169.254.169.0/24", "169.254.169.254/32"}
	excepted := []string{"169.254.169.254/32", "169.254.169.0/24", "169.254.0.0/16", "169.0.0.0/8", "128.0.0.0/1"}
	for to := range r.Get("to").Items() {
		open := slices.Contains(blocks, to.At("ipBlock", "cidr").Text())
		for e := range to.At("ipBlock", "except").Items() {
			open = open && !slices.Contains(excepted, e.Text())
		}
		if open {
			return true
		}
	}
	return false
}
