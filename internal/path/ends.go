package path

import (
	"cmp"
	"slices"
	"strings"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/grant"
	"github.com/bartizan-dev/bartizan/rule"
)

// Target is something that an attacker is after: one of several vertices.
type Target struct {
	Name  string // "cluster-admin", "node-root", or what the user asked for
	Title string
	Value int // how bad it is, in units of cost
	Refs  []bartizan.Ref
}

// The names of the targets that every cluster has.
const (
	TargetAdmin        = "cluster-admin"
	TargetControlPlane = "control-plane"
	TargetSecrets      = "secrets"
	TargetNode         = "node-root"
)

// Targets are the targets that every cluster has, the worst first.
func (g *Graph) Targets() []Target {
	var control, worker []bartizan.Ref
	for _, n := range g.facts.nodes {
		if n.ControlPlane {
			control = append(control, n.Ref)
		} else {
			worker = append(worker, n.Ref)
		}
	}
	return []Target{
		{TargetAdmin, "do everything in the cluster", 12, []bartizan.Ref{rule.ClusterAdmin}},
		{TargetControlPlane, "be root on a control-plane node", 11, control},
		{TargetSecrets, "read the Secrets of every namespace", 10, []bartizan.Ref{rule.EverySecret}},
		{TargetNode, "be root on a node", 8, worker},
	}
}

// NamedTarget is a target that the user names.
func NamedTarget(name string, refs ...bartizan.Ref) Target {
	return Target{name, "take " + words(refs[0]), 12, refs}
}

// vertices are the vertices of a target that exist.
func (g *Graph) vertices(refs []bartizan.Ref) (out []vertex) {
	for _, r := range refs {
		if v, ok := g.find(r); ok {
			out = append(out, v)
		}
	}
	return out
}

// Source is what an attacker may hold at the start. Prior is how unlikely that is, in units of cost.
type Source struct {
	Ref   bartizan.Ref
	Prior int
}

// The sorts of sources.
const (
	SourcesInternet   = "internet"
	SourcesWorkloads  = "workloads"
	SourcesIdentities = "identities"
)

// The priors: what the internet reaches is attacked, other workloads now and then, and people lose credentials.
const (
	priorExposed  = 1
	priorWorkload = 4
	priorIdentity = 8
	priorSystem   = 10 // what every cluster has runs in kube-system, and few attack that
)

// Sources are where attacks begin, of the sorts named.
func (g *Graph) Sources(sorts ...string) (out []Source) {
	if slices.Contains(sorts, SourcesInternet) {
		out = append(out, Source{Ref: rule.Internet})
	}
	if slices.Contains(sorts, SourcesWorkloads) {
		out = append(out, g.workloads()...)
	}
	if slices.Contains(sorts, SourcesIdentities) {
		people, _ := g.identities()
		out = append(out, people...)
	}
	return out
}

func (g *Graph) workloads() (out []Source) {
	for i, p := range g.facts.pods {
		if i > 0 && g.facts.pods[i-1].Ref == p.Ref {
			continue
		}
		s := Source{p.Ref, priorWorkload}
		switch {
		case g.facts.exposed[p.Ref]:
			s.Prior = priorExposed
		case p.Ref.Namespace == "kube-system":
			s.Prior = priorSystem
		}
		out = append(out, s)
	}
	return out
}

// ControlPlane counts the identities of the control plane that would be sources otherwise: attackers come to act as them
// at the end of a way. They do not begin there.
func (g *Graph) ControlPlane() int {
	_, left := g.identities()
	return left
}

// ofControlPlane are the users and groups as which the control plane, its nodes and whoever holds its keys act, and the
// service accounts of its controllers.
func (g *Graph) ofControlPlane(r bartizan.Ref, controllers map[bartizan.Ref]bool) bool {
	switch r.Kind {
	case "User":
		return strings.HasPrefix(r.Name, "system:") && r.Name != grant.UserAnonymous
	case "Group":
		return r.Name == grant.GroupMasters || r.Name == grant.GroupNodes
	}
	return controllers[r]
}

// controllers are the service accounts of kube-system that have one of the roles that the API server makes for its
// controllers.
func (g *Graph) controllers() map[bartizan.Ref]bool {
	out := map[bartizan.Ref]bool{}
	for i := range g.facts.attached {
		x := &g.facts.attached[i]
		if r := principalRef(x.principal); r.Namespace == "kube-system" && strings.HasPrefix(x.held.role.Name, "system:controller:") {
			out[r] = true
		}
	}
	return out
}

// identities are users and groups that something read speaks of, and service accounts that no pod uses; the others
// are told of as a step of the pods that use them. It counts those of the control plane, which it leaves out.
func (g *Graph) identities() (out []Source, left int) {
	speaks := map[bartizan.Ref]bool{}
	for i := range g.facts.attached {
		if x := &g.facts.attached[i]; !x.builtin {
			speaks[principalRef(x.principal)] = true
		}
	}
	controllers := g.controllers()
	for _, id := range g.facts.identities {
		ref := identityRef(id)
		begins := speaks[ref]
		switch id.Kind {
		case grant.ServiceAccount:
			begins = len(g.facts.byAccount[ref]) == 0 && (id.Read || begins)
		case grant.Node:
			begins = false
		}
		switch {
		case begins && g.ofControlPlane(ref, controllers):
			left++
		case begins:
			out = append(out, Source{ref, priorIdentity})
		}
	}
	slices.SortFunc(out, func(a, b Source) int { return compareRefs(a.Ref, b.Ref) })
	return out, left
}

func compareRefs(a, b bartizan.Ref) int {
	return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
}

// starts are the vertices of sources; none for what has no steps.
func (g *Graph) starts(sources []Source) []vertex {
	out := make([]vertex, len(sources))
	for i, s := range sources {
		v, ok := g.find(s.Ref)
		if !ok {
			v = none
		}
		out[i] = v
	}
	return out
}
