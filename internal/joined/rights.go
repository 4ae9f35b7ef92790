package joined

import (
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/engine"
	"github.com/bartizan-dev/bartizan/internal/grant"
	"github.com/bartizan-dev/bartizan/rule"
)

// rights answers rules from the RBAC model.
type rights struct {
	view   *view
	model  func() *grant.Model
	born   func() map[attached]bool
	faults func() map[bartizan.Ref][]grant.Fault
	bound  func() map[bartizan.Ref][]bartizan.Ref

	held sync.Map // by question: a func() map[bartizan.Ref][]located
	of   sync.Map // by subject: a func() []rule.Granted
}

// question is the rights that are asked for together.
type question [maxRights]rule.Right

// maxRights is how many rights one question may have.
const maxRights = 4

// attached is a subject in a binding.
type attached struct {
	binding   bartizan.Ref
	principal grant.Principal
}

// located is a holder and where the object at which it is judged was read.
type located struct {
	rule.Holder
	home bartizan.Origin
}

func newRights(v *view) *rights {
	r := &rights{view: v}
	r.model = sync.OnceValue(func() *grant.Model {
		return grant.New(v.in.World, grant.Options{Complete: v.in.Complete, Gaps: v.in.Gaps, Pods: v.in.Complete})
	})
	r.born = sync.OnceValue(bornWith)
	r.faults = sync.OnceValue(func() map[bartizan.Ref][]grant.Fault {
		all := map[bartizan.Ref][]grant.Fault{}
		for _, f := range r.model().Faults() {
			ref := named(f.Subject)
			all[ref] = append(all[ref], f)
		}
		return all
	})
	r.bound = sync.OnceValue(r.readBound)
	return r
}

// bornWith lists the subjects that every cluster's own bindings name.
func bornWith() map[attached]bool {
	all := map[attached]bool{}
	for _, a := range grant.New(grant.Bootstrap(), grant.Options{NoBootstrap: true}).Attachments() {
		all[attached{a.Binding, a.Principal}] = true
	}
	return all
}

// At is rule.Rights.
func (r *rights) At(home bartizan.Entity, rights ...rule.Right) (out []rule.Holder) {
	for _, h := range r.holders(rights)[named(home.Ref)] {
		if h.home.Line == 0 || h.home.Line == home.Origin.Line && h.home.File == home.Origin.File {
			out = append(out, h.Holder)
		}
	}
	return out
}

// holders finds, once for each question, who holds some rights, by where they are judged.
func (r *rights) holders(rights []rule.Right) map[bartizan.Ref][]located {
	var key question
	copy(key[:], rights)
	find, ok := r.held.Load(key)
	if !ok {
		asked := slices.Clone(rights[:min(len(rights), maxRights)])
		find, _ = r.held.LoadOrStore(key, sync.OnceValue(func() map[bartizan.Ref][]located { return r.find(asked) }))
	}
	return find.(func() map[bartizan.Ref][]located)()
}

// find asks the model who holds all of some rights.
func (r *rights) find(rights []rule.Right) map[bartizan.Ref][]located {
	m := r.model()
	places := r.places(rights)
	groups := map[string][]string{} // what groups hold by themselves
	for _, id := range m.Identities() {
		if id.Kind == grant.Group {
			groups[id.Ref.Name] = places[id.Class]
		}
	}
	out := map[bartizan.Ref][]located{}
	for _, id := range m.Identities() {
		if id.Kind == grant.Node || system(id) {
			continue
		}
		for _, ns := range places[id.Class] {
			if byGroup(id, ns, groups) {
				continue
			}
			h, home := r.holder(id, ns, rights)
			if home.Kind != "" {
				out[home] = append(out[home], h)
			}
		}
	}
	return out
}

// byGroup says whether somebody holds rights in a namespace by a group alone, which is judged itself.
func byGroup(id grant.Identity, namespace string, groups map[string][]string) bool {
	return slices.ContainsFunc(id.Subject.Expand().Groups, func(g string) bool {
		own := id.Kind == grant.Group && g == id.Ref.Name
		return !own && (slices.Contains(groups[g], namespace) || slices.Contains(groups[g], ""))
	})
}

// places are, for each class, the namespaces in which it holds all of the rights for every object; "" alone stands for
// everywhere.
func (r *rights) places(rights []rule.Right) map[grant.Class][]string {
	var all map[grant.Class][]string
	for i, x := range rights {
		found := map[grant.Class][]string{}
		for _, h := range r.model().Holders(grant.Capability{Verb: x.Verb, Group: x.Group, Resource: x.Resource, Subresource: x.Sub}) {
			if h.Names == nil && (h.Namespace == "" || !x.Cluster) {
				found[h.Class] = append(found[h.Class], h.Namespace)
			}
		}
		if i == 0 {
			all = found
			continue
		}
		for c, have := range all {
			all[c] = common(have, found[c])
		}
	}
	return all
}

// common are the namespaces in both lists; "" holds all.
func common(a, b []string) (out []string) {
	switch {
	case slices.Contains(a, ""):
		return b
	case slices.Contains(b, ""):
		return a
	}
	for _, ns := range a {
		if slices.Contains(b, ns) {
			out = append(out, ns)
		}
	}
	return out
}

// system says whether an identity is a part of Kubernetes, or its administrators by definition: these must hold much.
func system(id grant.Identity) bool {
	if id.Kind == grant.ServiceAccount {
		return false
	}
	name := id.Ref.Name
	if name == grant.UserAnonymous || name == grant.GroupAuthenticated || name == grant.GroupUnauthenticated ||
		name == grant.GroupServiceAccounts || strings.HasPrefix(name, grant.GroupServiceAccounts+":") {
		return false
	}
	for _, prefix := range []string{"system:", "kubeadm:", "eks:", "aks-service", "gke-", "gcp:"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

// holder explains what gives somebody some rights. home is empty where the cluster is born with all of it.
func (r *rights) holder(id grant.Identity, namespace string, rights []rule.Right) (h located, home bartizan.Ref) {
	h.Holder = rule.Holder{Subject: id.Ref, Scope: rule.Scope{Namespace: namespace}}
	var own *rule.Granted
	for _, x := range rights {
		a := r.model().Can(id.Subject, grant.Request{Verb: x.Verb, Group: x.Group, Resource: x.Resource, Subresource: x.Sub, Namespace: namespace})
		if len(a.By) == 0 {
			return h, home
		}
		i := max(0, slices.IndexFunc(a.By, func(g grant.Grant) bool { return !r.isDefault(g.Binding, g.Via, g.BuiltinBinding) }))
		g := r.granted(&a.By[i])
		h.By = append(h.By, g)
		if own == nil && !g.Default {
			own = &g
		}
	}
	switch {
	case own == nil:
		return h, home
	case id.Kind == grant.ServiceAccount && id.Read:
		h.home = id.Origin
		return h, named(id.Ref)
	}
	if o := r.view.objects()[named(own.Binding)]; o != nil {
		h.home = o.Origin
		return h, named(own.Binding)
	}
	return h, home
}

func (r *rights) isDefault(binding bartizan.Ref, via grant.Principal, builtin bool) bool {
	return builtin || r.born()[attached{binding, via}]
}

// granted puts a grant into the words of rules.
func (r *rights) granted(g *grant.Grant) rule.Granted {
	out := rule.Granted{
		Binding: g.Binding, Role: g.Role, Via: g.Via.Name, ViaGroup: g.Via.Group, Namespace: g.Namespace,
		Default: r.isDefault(g.Binding, g.Via, g.BuiltinBinding),
		Verbs:   g.Rule.Verbs, Groups: g.Rule.APIGroups, Resources: g.Rule.Resources, Names: g.Rule.ResourceNames, URLs: g.Rule.NonResourceURLs,
	}
	role := g.Role
	if g.Source.Name != "" {
		role = g.Source
	}
	if o := r.view.objects()[named(role)]; o != nil {
		out.Written = engine.Evidence(o, o.Root.Lookup("/rules/"+strconv.Itoa(g.Rule.Index)))
		out.Written.Value = role.String() + ": " + g.Rule.String()
	}
	if o := r.view.objects()[named(g.Binding)]; o != nil {
		at := o.Root.At("roleRef", "name")
		out.Bound = engine.Evidence(o, at)
		out.Bound.Value = g.Binding.String() + " binds " + g.Role.String() + " to " + g.Via.String()
	}
	return out
}

// Of is rule.Rights.
func (r *rights) Of(subject bartizan.Ref) []rule.Granted {
	list, ok := r.of.Load(subject)
	if !ok {
		list, _ = r.of.LoadOrStore(subject, sync.OnceValue(func() []rule.Granted { return r.readOf(subject) }))
	}
	return list.(func() []rule.Granted)()
}

func (r *rights) readOf(subject bartizan.Ref) []rule.Granted {
	s := grant.Subject{User: subject.Name}
	switch subject.Kind {
	case "ServiceAccount":
		s = grant.ServiceAccountSubject(named(subject).Namespace, subject.Name)
	case "Group":
		s = grant.Subject{Groups: []string{subject.Name}, Exact: true}
	}
	found := r.model().Of(s)
	out := make([]rule.Granted, len(found))
	for i := range found {
		out[i] = r.granted(&found[i])
	}
	return out
}

// Bound is rule.Rights.
func (r *rights) Bound(role bartizan.Ref) []bartizan.Ref { return r.bound()[named(role)] }

func (r *rights) readBound() map[bartizan.Ref][]bartizan.Ref {
	all := map[bartizan.Ref][]bartizan.Ref{}
	add := func(role, binding bartizan.Ref) {
		if role = named(role); !slices.Contains(all[role], binding) {
			all[role] = append(all[role], binding)
		}
	}
	aggregates := map[bartizan.Ref][]bartizan.Ref{}
	for _, a := range r.model().Attachments() {
		add(a.Role, a.Binding)
		sources, ok := aggregates[a.Role]
		if !ok {
			for _, x := range r.model().Effective(a.Role) {
				if x.Source != a.Role && !slices.Contains(sources, x.Source) {
					sources = append(sources, x.Source)
				}
			}
			aggregates[a.Role] = sources
		}
		for _, s := range sources {
			add(s, a.Binding)
		}
	}
	return all
}

// places in an object at which faults of RBAC stand.
var faultPaths = map[grant.FaultCode]string{
	grant.FaultDangling: "/roleRef/name", grant.FaultCycle: "/aggregationRule", grant.FaultAggregation: "/aggregationRule",
	grant.FaultRule: "/rules", grant.FaultSubject: "/subjects", grant.FaultBinding: "/roleRef",
}

// Faults is rule.Rights.
func (r *rights) Faults(of bartizan.Entity) (out []rule.Fault) {
	for _, f := range r.faults()[named(of.Ref)] {
		out = append(out, rule.Fault{Code: string(f.Code), Message: f.Message, Path: faultPaths[f.Code]})
	}
	return out
}
