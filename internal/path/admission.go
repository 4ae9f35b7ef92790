package path

import (
	"fmt"
	"maps"
	"slices"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/rule"
)

// enforceLabel is the label by which a namespace asks for a Pod Security Standard.
const enforceLabel = "pod-security.kubernetes.io/enforce"

// admission answers which pods namespaces admit, and states it as facts.
type admission struct {
	b          *builder
	namespaces []string
	stated     map[bartizan.Ref]bool
	security   podSecurity
	guards     *guards
}

func newAdmission(b *builder) *admission {
	a := &admission{b: b, stated: map[bartizan.Ref]bool{}}
	if old := b.admits; old != nil {
		a.namespaces, a.security, a.guards = old.namespaces, old.security, old.guards
		return a
	}
	a.security = readPodSecurity(b.in)
	a.guards = newGuards(b.in, b.pods)
	have := map[string]bool{}
	for e := range b.in.World.All("Namespace") {
		have[e.Ref.Name] = true
	}
	for _, o := range b.in.Objects {
		if o.Ref.Namespace != "" {
			have[o.Ref.Namespace] = true
		} else if len(o.Workloads) > 0 {
			have["default"] = true
		}
	}
	have["kube-system"] = true
	a.namespaces = slices.Sorted(maps.Keys(have))
	return a
}

// Namespaces is rule.Admission.
func (a *admission) Namespaces() []string { return a.namespaces }

// Admits is rule.Admission.
func (a *admission) Admits(namespace string, level rule.Level) bartizan.Ref {
	name := namespace
	if name == "" {
		name = rule.Every
	}
	ref := bartizan.Ref{Kind: rule.KindAdmits, Namespace: name, Name: string(level)}
	if a.stated[ref] {
		return ref
	}
	a.stated[ref] = true
	if namespace == "" {
		for _, ns := range a.namespaces {
			a.b.imply(a.Admits(ns, level), ref, "")
		}
		return ref
	}
	a.state(namespace, level, ref)
	return ref
}

// Standard is rule.Admission.
func (a *admission) Standard(namespace string, level rule.Level) bartizan.Ref {
	a.Admits(namespace, level)
	return bartizan.Ref{Kind: rule.KindAdmits, Namespace: namespace, Name: string(level) + byStandard}
}

// Policies is rule.Admission.
func (a *admission) Policies(namespace string, level rule.Level) bartizan.Ref {
	a.Admits(namespace, level)
	return bartizan.Ref{Kind: rule.KindAdmits, Namespace: namespace, Name: string(level) + byPolicies}
}

// The vertices of one guardrail alone.
const (
	byStandard = ", as far as the Pod Security Standard goes"
	byPolicies = ", as far as the policies go"
)

// undecidedCost is what it costs that a namespace admits pods of which nobody knows whether its policies do.
const undecidedCost = 3

// state says what it takes that a namespace admits pods of a level: that neither the standard nor the policies deny
// them, or that an attacker takes away what does.
func (a *admission) state(namespace string, level rule.Level, ref bartizan.Ref) {
	enforced, why := a.security.enforced(a.b, namespace)
	text := fmt.Sprintf("namespace %s admits %s pods", namespace, level)
	s := step{told: a.b.say(text, why)}
	var from []bartizan.Ref
	if rank(level) > rank(enforced) {
		from = append(from, a.Standard(namespace, level))
	} else if level == rule.LevelPrivileged {
		if f, ok := a.security.fix(a.b, namespace); ok {
			s.fixes = a.b.ended(f)
		}
	}
	r := a.guards.rule(namespace, level)
	if r != denied {
		one := s
		if r == undecided {
			one.cost = undecidedCost
			one.told = a.b.say(text+", unless its policies deny them: what they ask for is not known", why)
		}
		a.b.add(from, ref, one)
	}
	if r != admitted {
		a.b.add(append(from, a.Policies(namespace, level)), ref, s)
	}
}

// rank orders levels by what they allow.
func rank(l rule.Level) int {
	return slices.Index([]rule.Level{rule.LevelRestricted, rule.LevelBaseline, rule.LevelPrivileged}, l)
}

// podSecurity is what is known of the Pod Security admission plugin's configuration.
type podSecurity struct {
	level  rule.Level
	exempt []string
	object *kube.Object
}

// readPodSecurity finds a PodSecurityConfiguration, alone or in an AdmissionConfiguration.
func readPodSecurity(in Input) podSecurity {
	p := podSecurity{level: rule.LevelPrivileged}
	for _, o := range in.Objects {
		root := o.Root
		switch o.Kind {
		case "AdmissionConfiguration":
			for plugin := range root.Get("plugins").Items() {
				if c := plugin.Get("configuration"); plugin.Get("name").Str() == "PodSecurity" && c.Exists() {
					root = c
				}
			}
		case "PodSecurityConfiguration":
		default:
			continue
		}
		if root.Get("kind").Str() != "PodSecurityConfiguration" {
			continue
		}
		p.object = o
		if l := rule.Level(root.At("defaults", "enforce").Str()); rank(l) >= 0 {
			p.level = l
		}
		for ns := range root.At("exemptions", "namespaces").Items() {
			p.exempt = append(p.exempt, ns.Text())
		}
	}
	return p
}

// enforced is the level that Pod Security enforces in a namespace, with what says so.
func (p *podSecurity) enforced(b *builder, namespace string) (rule.Level, []bartizan.Evidence) {
	if slices.Contains(p.exempt, namespace) {
		return rule.LevelPrivileged, []bartizan.Evidence{object{p.object}.Evidence(p.object.Root)}
	}
	o := b.objects[bartizan.Ref{Kind: "Namespace", Name: namespace}]
	if o == nil {
		return p.level, nil
	}
	label := o.Root.At("metadata", "labels").Get(enforceLabel)
	if l := rule.Level(label.Str()); rank(l) >= 0 {
		return l, []bartizan.Evidence{object{o}.Evidence(label)}
	}
	return p.level, []bartizan.Evidence{object{o}.Evidence(o.Root.At("metadata", "name"))}
}

// fix makes a namespace enforce the baseline standard.
func (p *podSecurity) fix(b *builder, namespace string) (rule.Fix, bool) {
	o := b.objects[bartizan.Ref{Kind: "Namespace", Name: namespace}]
	if o == nil || slices.Contains(p.exempt, namespace) {
		return rule.Fix{}, false
	}
	broken := 0
	for c := range b.pods.All() {
		if c.Ref.Namespace == namespace && !baseline(c) {
			broken++
		}
	}
	f := rule.Fix{
		Target: o.Ref, Cost: 3 + 6*broken, Text: "enforce the baseline Pod Security Standard in the namespace",
		Ops: []rule.Op{{Op: "set", Path: "/metadata/labels/pod-security.kubernetes.io~1enforce", Value: "baseline"}},
	}
	if broken > 0 {
		f.Unsafe = fmt.Sprintf("know that %s of the namespace would not be admitted again", count(broken, "workload", "workloads"))
	}
	return f, true
}

// baseline says roughly whether the baseline standard admits a pod; it only sets a fix's cost.
func baseline(c *rule.Pod) bool {
	if c.HostNetwork || c.HostPID || c.HostIPC {
		return false
	}
	for i := range c.Containers {
		k := &c.Containers[i]
		if k.Privileged || k.Unmasked || k.Cap("SYS_ADMIN") || k.Cap("NET_ADMIN") || k.Cap("SYS_PTRACE") {
			return false
		}
		for _, m := range k.Mounts {
			if m.HostPath != "" {
				return false
			}
		}
	}
	return true
}
