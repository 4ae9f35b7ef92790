package path

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/internal/policy"
	"github.com/bartizan-dev/bartizan/internal/tree"
	"github.com/bartizan-dev/bartizan/rule"
)

// guards are the cluster's own ValidatingAdmissionPolicies that deny, asked about pods that attackers would create.
type guards struct {
	sets  []*policy.Set // one for each policy
	world bartizan.World
	pods  *pods
	known map[string]ruling // rulings so far
}

// ruling is what the policies say of pods of a level in a namespace. The zero value is that it cannot be told.
type ruling uint8

const (
	undecided ruling = iota
	admitted
	denied
)

const (
	policyKind  = "ValidatingAdmissionPolicy"
	bindingKind = "ValidatingAdmissionPolicyBinding"
)

// newGuards loads the policies that some binding enforces with Deny. One that cannot be read is left out: what cannot
// be judged is not trusted to hold anybody up.
func newGuards(in Input, p *pods) *guards {
	g := &guards{world: in.World, pods: p, known: map[string]ruling{}}
	bound := map[string][]policy.File{}
	var params []policy.File
	file := func(o *kube.Object) policy.File {
		text, err := json.Marshal(o.Root.Any())
		if err != nil {
			return policy.File{Name: o.Origin.File} // not a number, or infinite: refused when it is loaded
		}
		return policy.File{Name: o.Origin.File, Text: string(text)}
	}
	for _, o := range in.Objects {
		if o.Kind == bindingKind && denies(o.Root) {
			name := o.Root.At("spec", "policyName").Str()
			bound[name] = append(bound[name], file(o))
		}
	}
	if len(bound) == 0 {
		return g
	}
	for _, o := range in.Objects {
		if o.Kind == "ConfigMap" {
			params = append(params, file(o)) // it may be somebody's parameter
		}
	}
	for _, o := range in.Objects {
		if o.Kind != policyKind || bound[o.Ref.Name] == nil {
			continue
		}
		files := append([]policy.File{file(o)}, bound[o.Ref.Name]...)
		if set, err := policy.Load(append(files, params...), in.Version); err == nil {
			g.sets = append(g.sets, set)
		}
	}
	return g
}

// denies says whether a binding refuses requests rather than only warn or log.
func denies(root tree.Node) bool {
	for a := range root.At("spec", "validationActions").Items() {
		if a.Str() == "Deny" {
			return true
		}
	}
	return false
}

// rule says whether the policies admit some pod of a level in a namespace. Policies ask for registries, labels and the
// like: pods are tried that take these from pods which exist. If none is admitted, a harmless pod tells why: where that
// is admitted, it is the level that the policies deny; where it is not, either, nobody knows what they ask for.
func (g *guards) rule(namespace string, level rule.Level) ruling {
	if len(g.sets) == 0 {
		return admitted
	}
	key := namespace + " " + string(level)
	if r, known := g.known[key]; known {
		return r
	}
	r := undecided
	for _, d := range g.donors(namespace) {
		if g.any(namespace, d.pods(level)) {
			r = admitted
			break
		}
		if g.any(namespace, d.harmless(level)) {
			r = denied
		}
	}
	g.known[key] = r
	return r
}

// any says whether one of some pods is admitted.
func (g *guards) any(namespace string, specs []sample) bool {
	return slices.ContainsFunc(specs, func(s sample) bool { return g.judge(namespace, s) })
}

// judge says whether all policies surely admit a pod.
func (g *guards) judge(namespace string, s sample) bool {
	text, err := json.Marshal(s.object(namespace))
	if err != nil {
		return false
	}
	doc := document(string(text))
	if doc == nil {
		return false
	}
	pods, _ := kube.Decode(doc, bartizan.Origin{})
	ok := true
	for _, set := range g.sets {
		result, err := set.Judge(context.Background(), g.world, pods, func(bartizan.Finding) error {
			ok = false
			return nil
		})
		if ok = ok && err == nil && len(result.Gaps) == 0; !ok {
			return false
		}
	}
	return ok
}
