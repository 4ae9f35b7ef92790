package attack

import (
	"slices"
	"strings"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/tree"
	"github.com/bartizan-dev/bartizan/rule"
)

// NodeFault leads from a pod to its node where the node's software has a known fault.
var NodeFault = rule.Edge(`
id: attack-node-cve
title: Break out of a container through a known fault of the node's software
certainty: conditional
cost: 4
maps: {attack: [T1611, T1068]}
why: |
  Nodes report the versions of their kernel, runtime and kubelet. Some versions have faults that lead out of a container,
  with code in public. A distribution may have repaired its own without a new number: then that is said, and costs more. What
  each fault needs of the pod is looked at: a seccomp profile, another user than root or a sandbox stop most of them.
detect: crashes of the kernel or the runtime, and processes on the node that the runtime did not start
mitigate: patch nodes; RuntimeDefault seccomp profiles keep most of the kernel's faults out of reach
references:
  - https://nvd.nist.gov/vuln/detail/CVE-2022-0847
  - https://nvd.nist.gov/vuln/detail/CVE-2022-0492
  - https://nvd.nist.gov/vuln/detail/CVE-2024-1086
  - https://nvd.nist.gov/vuln/detail/CVE-2020-15257
  - https://kubernetes.io/docs/reference/issues-security/official-cve-feed/
-- yes/dirty-pipe.yaml --
apiVersion: v1
kind: Node
metadata: {name: n1}
status:
  nodeInfo:
    kernelVersion: 5.15.10 # EVIDENCE
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec: {nodeName: n1, containers: [{name: w, image: w, securityContext: {runAsUser: 1000}}]}
# EDGE Pod shop/web -> Node n1
-- yes/containerd.yaml --
apiVersion: v1
kind: Node
metadata: {name: n1}
status: {nodeInfo: {containerRuntimeVersion: "containerd://1.4.2", kernelVersion: 6.12.1}}
---
apiVersion: v1
kind: Pod
metadata: {name: agent, namespace: ops}
spec: {nodeName: n1, hostNetwork: true, containers: [{name: a, image: a}]}
# EDGE Pod ops/agent -> Node n1
-- yes/unconfined.yaml --
apiVersion: v1
kind: Node
metadata: {name: n1}
status: {nodeInfo: {kernelVersion: 6.1.70-generic, containerRuntimeVersion: "containerd://2.1.0"}}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec: {nodeName: n1, containers: [{name: w, image: w}]}
# EDGE Pod shop/web -> Node n1
-- no/patched.yaml --
apiVersion: v1
kind: Node
metadata: {name: n1}
status: {nodeInfo: {kernelVersion: 5.15.25, containerRuntimeVersion: "containerd://1.4.3", kubeletVersion: v1.30.4}}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec:
  nodeName: n1
  hostNetwork: true
  securityContext: {seccompProfile: {type: RuntimeDefault}}
  containers: [{name: w, image: w}]
# NO EDGE Pod shop/web -> Node n1
-- no/seccomp.yaml --
apiVersion: v1
kind: Node
metadata: {name: n1}
status: {nodeInfo: {kernelVersion: 6.1.70}}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec:
  nodeName: n1
  securityContext: {seccompProfile: {type: RuntimeDefault}}
  containers: [{name: w, image: w}]
# NO EDGE Pod shop/web -> Node n1
-- no/sandbox.yaml --
apiVersion: v1
kind: Node
metadata: {name: n1}
status: {nodeInfo: {kernelVersion: 5.15.10}}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec: {nodeName: n1, runtimeClassName: kata, containers: [{name: w, image: w}]}
# NO EDGE Pod shop/web -> Node n1
-- yes/unconfined-by-name.yaml --
# The kubelet's default is for containers that say nothing.
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
seccompDefault: true
---
apiVersion: v1
kind: Node
metadata: {name: n1}
status: {nodeInfo: {kernelVersion: 6.1.70}}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec: {nodeName: n1, containers: [{name: w, image: w, securityContext: {seccompProfile: {type: Unconfined}}}]}
# EDGE Pod shop/web -> Node n1
-- no/seccomp-default.yaml --
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
seccompDefault: true
---
apiVersion: v1
kind: Node
metadata: {name: n1}
status: {nodeInfo: {kernelVersion: 6.1.70}}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec: {nodeName: n1, containers: [{name: w, image: w}]}
# NO EDGE Pod shop/web -> Node n1
`, deriveNodeFault)

func deriveNodeFault(a *rule.Attack) {
	faults, confined := faultsOf(a, cvesFrom("pod")), seccompDefault(a)
	for p, c := range a.Containers() {
		if p.Sandboxed || c.Privileged {
			continue
		}
		for _, n := range p.Nodes {
			for _, f := range faults[n] {
				more, fixes, ok := f.serves(p, c, confined)
				if !ok {
					continue
				}
				a.Step(rule.Step{
					From: p.Vertex(), To: n, Text: "breaks out of container " + c.Name + " to {to} by " + f.told(),
					More: f.more + f.unsure + more, Why: append(p.Why(c.Node.Get("name")), f.why), Fixes: fixes,
				})
			}
		}
	}
}

// nodeFault is a fault of a node's software.
type nodeFault struct {
	cve
	why     bartizan.Evidence
	unsure  int
	version string // of a distribution: it may have repaired the fault
}

// told names the fault, and says where it may be repaired.
func (f *nodeFault) told() string {
	text := f.id + ": " + f.title
	if f.version != "" {
		text += ", which the distribution may have repaired in " + f.version
	}
	return text
}

// faultsOf lists the faults of each node that was read.
func faultsOf(a *rule.Attack, known []cve) map[bartizan.Ref][]nodeFault {
	out := map[bartizan.Ref][]nodeFault{}
	for _, n := range a.Pods.Nodes() {
		o := find(a, n.Ref)
		if o == nil {
			continue
		}
		info := o.Root.At("status", "nodeInfo")
		for _, c := range known {
			at, version := component(info, c.component)
			windows := info.Get("operatingSystem").Str() == "windows"
			if !at.Exists() || !c.affects(version) || slices.Contains(c.needs, "windows") != windows {
				continue
			}
			f := nodeFault{cve: c, why: evidence(o, at)}
			if patched(version) {
				f.unsure, f.version = unknownReach, version
			}
			out[n.Ref] = append(out[n.Ref], f)
		}
	}
	return out
}

// component finds the version of a part of a node's software.
func component(info tree.Node, name string) (at tree.Node, version string) {
	switch name {
	case "kernel":
		at = info.Get("kernelVersion")
		return at, at.Text()
	case "kubelet":
		at = info.Get("kubeletVersion")
		return at, at.Text()
	}
	at = info.Get("containerRuntimeVersion")
	runtime, version, _ := strings.Cut(at.Text(), "://")
	if runtime != name {
		return tree.Node{}, ""
	}
	return at, version
}

// seccompDefault says whether the kubelets give the runtime's profile to containers that name none.
func seccompDefault(a *rule.Attack) bool {
	read := false
	for o := range objects(a, "KubeletConfiguration.kubelet.config.k8s.io") {
		on, _ := o.Root.Get("seccompDefault").Bool()
		if read = true; !on {
			return false
		}
	}
	return read
}

// unconfined says whether no seccomp profile applies to a container that is not privileged.
func unconfined(p *rule.Pod, c *rule.Container, confined bool) bool {
	if !c.Unconfined || !confined {
		return c.Unconfined
	}
	own := c.Node.At("securityContext", "seccompProfile", "type")
	if !own.Exists() {
		own = p.Spec.At("securityContext", "seccompProfile", "type")
	}
	return own.Exists()
}

// serves says whether a container has what a fault needs, what is added to the cost, and what takes it away; confined says
// that kubelets confine containers which name no profile.
func (f *nodeFault) serves(p *rule.Pod, c *rule.Container, confined bool) (more int, fixes []rule.Fix, ok bool) {
	for _, need := range f.needs {
		add := 0
		switch need {
		case "root":
			add, ok = asRoot(c)
		case "host-network":
			ok = p.HostNetwork
			fixes = append(fixes, p.Without("hostNetwork", 10, "know that the program listens on no address of the node"))
		case "sub-path":
			ok = slices.ContainsFunc(c.Mounts, func(m rule.Mount) bool { return m.SubPath != "" && !m.ReadOnly && m.HostPath == "" })
		case "unconfined":
			ok = unconfined(p, c, confined)
			fixes = append(fixes, confine(p, c))
		case "no-armour":
			add, ok = armour(p, c), true
		case "net-admin-or-unconfined":
			ok = unconfined(p, c, confined) || c.Cap("NET_ADMIN")
			if !c.Cap("NET_ADMIN") {
				fixes = append(fixes, confine(p, c))
			}
		}
		if !ok {
			return 0, nil, false
		}
		more += add
	}
	return more, fixes, true
}

// confine is the fix that gives a container the runtime's seccomp profile.
func confine(p *rule.Pod, c *rule.Container) rule.Fix {
	return c.Fix(p, "give container "+c.Name+" the runtime's seccomp profile", 2, "know that the program makes no unusual system calls",
		rule.Op{Op: "set", Path: "securityContext/seccompProfile", Value: map[string]any{"type": "RuntimeDefault"}})
}
