package attack

import (
	"iter"
	"strings"

	"github.com/bartizan-dev/bartizan/rule"
)

// onNodes reports a step from a pod to every node on which it may run.
func onNodes(a *rule.Attack, p *rule.Pod, s rule.Step) {
	if s.From == nil {
		s.From = p.Vertex()
	}
	for _, n := range p.Nodes {
		s.To = n
		a.Step(s)
	}
}

// hardFromImage is what it costs a process that is not root to get capabilities: a program with the setuid bit or
// file capabilities must be in the image.
const hardFromImage = 4

// asRoot says what it costs a process to use the capabilities that its container may have, and whether it can at all.
func asRoot(c *rule.Container) (more int, ok bool) {
	switch {
	case c.Root:
		return 0, true
	case c.Escalates:
		return hardFromImage, true
	}
	return 0, false
}

// asGroup says the same of what the group of a file may do, too: that of a runtime's socket is root, or one that such a pod
// is put into.
func asGroup(p *rule.Pod, c *rule.Container) (more int, ok bool) {
	if c.Root {
		return 0, true
	}
	shared := p.Spec.Get("securityContext")
	group := c.Node.At("securityContext", "runAsGroup")
	if !group.Exists() {
		group = shared.Get("runAsGroup")
	}
	id, set := group.Int()
	switch {
	case set && id == 0:
		return 0, true
	case shared.Get("supplementalGroups").Len() > 0 || shared.Get("fsGroup").Exists():
		return 2, true
	case !set || c.Escalates: // the image may say root
		return hardFromImage, true
	}
	return 0, false
}

// armour is what AppArmor adds to the cost of mounts, of writing to /proc and /sys and of tracing other processes: most
// runtimes load a profile that forbids them wherever the node's kernel has AppArmor, which is not known here.
func armour(p *rule.Pod, c *rule.Container) int {
	kind := c.Node.At("securityContext", "appArmorProfile", "type").Str()
	if kind == "" {
		kind = p.Spec.At("securityContext", "appArmorProfile", "type").Str()
	}
	if kind == "" {
		kind = p.Meta.At("annotations", "container.apparmor.security.beta.kubernetes.io/"+c.Name).Str()
	}
	switch {
	case strings.EqualFold(kind, "unconfined"):
		return 0
	case kind == "":
		return 2
	}
	return 5
}

// userNamespace is the fix that runs a pod in a user namespace, where the cluster and the pod can have one.
func userNamespace(a *rule.Attack, p *rule.Pod) []rule.Fix {
	if a.Version.Less(rule.Version{Major: 1, Minor: 33}) || p.HostNetwork || p.HostPID || p.HostIPC {
		return nil
	}
	return []rule.Fix{p.Fix("run the pod in a user namespace", 8,
		"know that node and runtime support user namespaces and that the program needs no capability on the node",
		rule.Op{Op: "set", Path: "hostUsers", Value: false})}
}

// capable visits the containers that get capabilities which count on the node, with the step that they make possible:
// its From, Why, Fixes and More are set. Privileged containers are the business of attack-privileged.
func capable(a *rule.Attack, capabilities ...string) iter.Seq2[*rule.Container, capableStep] {
	return func(yield func(*rule.Container, capableStep) bool) {
		for p, c := range a.Containers() {
			more, ok := asRoot(c)
			for _, name := range capabilities {
				ok = ok && c.Cap(name)
			}
			if !ok || c.Privileged || !p.OnHost() {
				continue
			}
			s := rule.Step{From: p.Vertex(), More: more}
			for _, name := range capabilities {
				s.Why = append(s.Why, p.Evidence(c.CapAt(name)))
				s.Fixes = append(s.Fixes, c.WithoutCap(p, name))
			}
			s.Fixes = append(s.Fixes, userNamespace(a, p)...)
			if !yield(c, capableStep{s, p}) {
				return
			}
		}
	}
}

// capableStep is a step that capabilities make possible, and the pod that makes it.
type capableStep struct {
	rule.Step
	Pod *rule.Pod
}
