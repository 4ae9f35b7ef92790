package policy

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	admission "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	apiruntime "k8s.io/apimachinery/pkg/runtime"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/engine"
	"github.com/bartizan-dev/bartizan/internal/kube"
)

// run is one Judge under way.
type run struct {
	set       *Set
	world     bartizan.World
	resources *resources
	scheme    *apiruntime.Scheme
	bindings  [][]*binding // of each policy
	byKind    map[admission.ParamKind]*paramStore
	unusable  []*bartizan.Gap // of each policy, why it cannot be judged at all

	mu     sync.Mutex
	spaces map[string]*corev1.Namespace
}

// outcome is what the policies say of one object.
type outcome struct {
	findings []bartizan.Finding
	gaps     []bartizan.Gap
	verdicts []judged
}

// judged is the verdict of one policy.
type judged struct {
	policy  int
	verdict bartizan.Verdict
}

// Judge evaluates every policy that matches an object, as if the object were created, and emits the findings in
// the order of the objects. Expressions that cannot be compiled or have no verdict offline are gaps.
func (s *Set) Judge(ctx context.Context, w bartizan.World, objects []*kube.Object, emit func(bartizan.Finding) error) (engine.Result, error) {
	r, gaps, err := s.begin(w)
	if err != nil {
		return engine.Result{}, err
	}
	result := engine.Result{Tally: engine.Tally{}, Gaps: gaps}
	outcomes := make([]outcome, len(objects))
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), max(len(objects), 1)) {
		wg.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(objects)) && ctx.Err() == nil; i = next.Add(1) - 1 {
				outcomes[i] = r.object(ctx, objects[i])
			}
		})
	}
	wg.Wait()
	if err := ctx.Err(); err != nil {
		return result, fmt.Errorf("evaluate %d policies: %w", len(s.policies), context.Cause(ctx))
	}
	seen := map[bartizan.Gap]bool{}
	for _, d := range s.policies {
		// The API server would refuse a faulty policy whether or not anything matches it.
		if g := d.compile(s.env); g != nil {
			outcomes = append(outcomes, outcome{gaps: []bartizan.Gap{*g}})
		}
	}
	for _, o := range outcomes {
		for _, v := range o.verdicts {
			count(result.Tally, Prefix+s.policies[v.policy].Name, v.verdict)
		}
		for _, g := range o.gaps {
			if !seen[g] {
				seen[g] = true
				result.Gaps = append(result.Gaps, g)
			}
		}
		for _, f := range o.findings {
			if err := emit(f); err != nil {
				return result, err
			}
		}
	}
	return result, nil
}

func count(t engine.Tally, id string, v bartizan.Verdict) {
	c := t[id]
	switch v {
	case bartizan.Pass:
		c.Passed++
	case bartizan.Fail:
		c.Failed++
	default:
		c.NotEvaluated++
	}
	t[id] = c
}

// begin gathers what the policies need of the World: definitions, bindings and params.
func (s *Set) begin(w bartizan.World) (*run, []bartizan.Gap, error) {
	scheme, err := newScheme()
	if err != nil {
		return nil, nil, fmt.Errorf("set up the API's types: %w", err)
	}
	r := &run{set: s, world: w, scheme: scheme, resources: newResources(w, s.params), spaces: map[string]*corev1.Namespace{}}
	r.byKind = r.stores()
	r.bindings = make([][]*binding, len(s.policies))
	r.unusable = make([]*bartizan.Gap, len(s.policies))
	var gaps []bartizan.Gap
	for i, d := range s.policies {
		r.bindings[i] = slices.Clone(d.bindings)
	}
	for e := range w.All(kindBinding) {
		o, ok := e.Value.(*kube.Object)
		i := slices.IndexFunc(s.policies, func(d *definition) bool { return ok && d.Name == o.Root.At("spec", "policyName").Str() })
		if i < 0 || slices.ContainsFunc(r.bindings[i], func(b *binding) bool { return b.Name == o.Ref.Name }) {
			continue
		}
		b, err := newBinding(o)
		if err != nil {
			gaps = append(gaps, bartizan.Gap{Origin: o.Origin, Reason: fmt.Sprintf("binding %s was not read: %v", o.Ref.Name, err)})
			r.unusable[i] = &gaps[len(gaps)-1]
			continue
		}
		r.bindings[i] = append(r.bindings[i], b)
	}
	for i, d := range s.policies {
		if len(r.bindings[i]) == 0 && r.unusable[i] == nil {
			r.unbound(i, d)
		}
		slices.SortStableFunc(r.bindings[i], func(a, b *binding) int { return compareNames(a.Name, b.Name) })
	}
	return r, gaps, nil
}

// unbound gives a policy the binding that nobody wrote: everywhere, Deny, with every param of the files.
func (r *run) unbound(i int, d *definition) {
	b := &binding{everyParam: true, at: d.object.Origin}
	b.Name = d.Name
	b.Spec = admission.ValidatingAdmissionPolicyBindingSpec{PolicyName: d.Name, ValidationActions: []admission.ValidationAction{admission.Deny}}
	if k := d.Spec.ParamKind; k != nil && len(r.byKind[*k].objects) == 0 {
		r.unusable[i] = d.gap(d.node.Get("paramKind"), "it needs params, and neither a binding nor an object of %s %s was given: add one to the rule files", k.APIVersion, k.Kind)
	}
	r.bindings[i] = []*binding{b}
}
