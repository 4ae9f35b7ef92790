// Package joined makes the view of a World that rules share which must join many objects: who may do what, and who
// can reach whom. It translates what internal/grant, internal/reach and internal/path know into the words of package
// rule, and makes each of them once in a run, when the first rule asks.
//
// It judges nothing: the rules in rules/joined do. internal/engine hands the view to them.
package joined

import (
	"iter"
	"sync"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/internal/path"
	"github.com/bartizan-dev/bartizan/internal/reach"
	"github.com/bartizan-dev/bartizan/rule"
)

// Input is what a view is made of.
type Input struct {
	World   bartizan.World
	Objects []*kube.Object
	// Complete says that everything of a live cluster was read; Gaps are what could not be read all the same.
	Complete bool
	Gaps     []bartizan.Gap
}

// New makes a view. It costs little: what rules do not ask for is never made.
func New(in Input) *rule.Joined {
	j := &rule.Joined{Complete: in.Complete && len(in.Gaps) == 0}
	v := &view{in: in}
	v.pods = sync.OnceValue(func() podsAndNetwork {
		pods, network := path.View(path.Input{World: in.World, Objects: in.Objects, Complete: in.Complete}, v.reach)
		return podsAndNetwork{pods, network}
	})
	v.model = sync.OnceValue(func() *reach.Model { return reach.New(in.World, reach.Options{Complete: in.Complete}) })
	v.objects = sync.OnceValue(func() map[bartizan.Ref]*kube.Object { return byName(in.Objects) })
	if any(in.World, bindingKinds...) {
		j.Rights = newRights(v)
	}
	if hasWorkload(in.Objects) {
		j.Pods = v
	}
	if foreign := foreignPolicies(in.World); j.Pods != nil && (j.Complete || len(foreign) > 0 || any(in.World, policyKinds()...)) {
		p := newPolicies(v, foreign)
		j.Policies, j.Network = p, p
	}
	return j
}

// view holds what the parts share.
type view struct {
	in      Input
	pods    func() podsAndNetwork
	model   func() *reach.Model
	objects func() map[bartizan.Ref]*kube.Object
}

type podsAndNetwork struct {
	pods    rule.Pods
	network rule.Network
}

func (v *view) reach() *reach.Model { return v.model() }

// All is rule.Pods.
func (v *view) All() iter.Seq[*rule.Pod] { return v.pods().pods.All() }

// Nodes is rule.Pods.
func (v *view) Nodes() []rule.Node { return v.pods().pods.Nodes() }

// bindingKinds are the kinds that give rights to somebody.
var bindingKinds = []bartizan.Kind{"RoleBinding", "ClusterRoleBinding"}

// any says whether an object of one of the kinds was read.
func any(w bartizan.World, kinds ...bartizan.Kind) bool {
	for _, kind := range kinds {
		for range w.All(kind) {
			return true
		}
	}
	return false
}

func hasWorkload(objects []*kube.Object) bool {
	for _, o := range objects {
		if len(o.Workloads) > 0 {
			return true
		}
	}
	return false
}

// named is a Ref with the namespace that an object without one goes to.
func named(r bartizan.Ref) bartizan.Ref {
	if r.Namespace == "" && !clusterScoped[r.Kind] {
		r.Namespace = "default"
	}
	return r
}

// clusterScoped are the kinds of which Refs are asked for here and that have no namespace.
var clusterScoped = map[bartizan.Kind]bool{
	"ClusterRole": true, "ClusterRoleBinding": true, "User": true, "Group": true, "Namespace": true, "Node": true,
	"ClusterNetworkPolicy.policy.networking.k8s.io": true, "AdminNetworkPolicy.policy.networking.k8s.io": true,
	"BaselineAdminNetworkPolicy.policy.networking.k8s.io": true, "CiliumClusterwideNetworkPolicy.cilium.io": true,
}

// byName finds objects by name; of equal ones the first.
func byName(objects []*kube.Object) map[bartizan.Ref]*kube.Object {
	all := make(map[bartizan.Ref]*kube.Object, len(objects))
	for _, o := range objects {
		if ref := named(o.Ref); all[ref] == nil {
			all[ref] = o
		}
	}
	return all
}

// Kinds are the kinds to read of a live cluster for what a rule needs.
func Kinds(needs ...rule.Need) (out []string) {
	for _, n := range needs {
		switch n {
		case rule.NeedRights:
			out = append(out, "Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding", "ServiceAccount", "Namespace")
		case rule.NeedPods:
			out = append(out, rule.Workload, "ServiceAccount", "Namespace")
		case rule.NeedPolicies:
			out = append(out, reach.Kinds()...)
			for _, k := range foreignKinds {
				out = append(out, string(k))
			}
		}
	}
	return out
}
