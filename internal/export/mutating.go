package export

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/google/cel-go/common/types"

	admission "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/bartizan-dev/bartizan/internal/expr"
	"github.com/bartizan-dev/bartizan/rule"
)

// Mutating makes a MutatingAdmissionPolicy of a rule's fix, its binding and its parameters.
func Mutating(r *rule.Rule, c Config) (*Policy, error) {
	p, err := mutating(r, c.complete())
	if err != nil {
		return nil, failure(r, err)
	}
	return p, nil
}

func mutating(r *rule.Rule, c Config) (*Policy, error) {
	if c.Version.Less(mutatingSince) {
		return nil, fmt.Errorf("Kubernetes %s has no stable MutatingAdmissionPolicy: it needs %s", c.Version, mutatingSince)
	}
	if len(r.Fix) == 0 {
		return nil, errors.New("it has no fix")
	}
	if r.Unsafe != "" && r.SafeWhen == "" && !c.Unsafe {
		return nil, fmt.Errorf("its fix is not safe for every application: %s Where that is known, add --unsafe", firstSentence(r.Unsafe))
	}
	s, err := read(r, c)
	if err != nil {
		return nil, err
	}
	resources, notes, err := s.matched()
	if err != nil {
		return nil, err
	}
	check, err := newChecker(c.Version)
	if err != nil {
		return nil, err
	}
	sc := newScope(check, placeDefinitions())
	patch, err := s.patch(sc)
	if err != nil {
		return nil, err
	}
	conditions := s.mutable()
	for _, m := range conditions {
		if _, err := check.compile(m.Expression); err != nil {
			return nil, err
		}
	}
	if r.Unsafe != "" && !c.Unsafe {
		notes = append(notes, "only the faults are mended for which the fix is safe; --unsafe mends the others, too: "+firstSentence(r.Unsafe))
	}
	fail, equivalent := admission.Fail, admission.Equivalent
	policy := &admission.MutatingAdmissionPolicy{
		TypeMeta:   metav1.TypeMeta{APIVersion: "admissionregistration.k8s.io/v1", Kind: "MutatingAdmissionPolicy"},
		ObjectMeta: s.meta(),
		Spec: admission.MutatingAdmissionPolicySpec{
			ParamKind:          s.paramKind(),
			MatchConstraints:   &admission.MatchResources{MatchPolicy: &equivalent, ResourceRules: mutableRules(resources)},
			MatchConditions:    conditions,
			Variables:          sc.list,
			Mutations:          []admission.Mutation{{PatchType: admission.PatchTypeJSONPatch, JSONPatch: &admission.JSONPatch{Expression: patch}}},
			FailurePolicy:      &fail,
			ReinvocationPolicy: admission.IfNeededReinvocationPolicy,
		},
	}
	binding := &admission.MutatingAdmissionPolicyBinding{
		TypeMeta:   metav1.TypeMeta{APIVersion: "admissionregistration.k8s.io/v1", Kind: "MutatingAdmissionPolicyBinding"},
		ObjectMeta: s.bindingMeta(),
		Spec: admission.MutatingAdmissionPolicyBindingSpec{
			PolicyName: s.name(), ParamRef: s.paramRef(), MatchResources: s.elsewhere(),
		},
	}
	return s.assemble(notes, policy, binding)
}

// fixedAtBirth are the resources whose pods cannot be changed once they exist: a patch of an update would have
// the API server refuse it.
var fixedAtBirth = []string{"pods", "jobs"}

// mutableRules says which requests may be patched. Ephemeral containers are left out: whoever adds one may
// change nothing else, and the ones that exist are fixed.
func mutableRules(all []resource) []admission.NamedRuleWithOperations {
	var born, living []resource
	for _, r := range all {
		switch {
		case strings.Contains(r.name, "/"):
		case slices.Contains(fixedAtBirth, r.name):
			born = append(born, r)
		default:
			living = append(living, r)
		}
	}
	return append(rulesFor(born, admission.Create), rulesFor(living, admission.Create, admission.Update)...)
}

// mutable is the conditions under which a request is patched. What a controller makes from a template that it
// goes on comparing with is left alone, or the controller would never be content; its pods are patched.
func (s *source) mutable() []admission.MatchCondition {
	conditions := []admission.MatchCondition{{Name: "changed", Expression: s.changed()}}
	if slices.Contains(s.rule.On, rule.Workload) {
		conditions = append(conditions, admission.MatchCondition{Name: "not-controlled", Expression: "object.kind == 'Pod'\n" +
			"  || !object.metadata.?ownerReferences.orValue([]).exists(o, o.?controller.orValue(false))"})
	}
	return conditions
}

// patch defines where the faults are and gives the expression of the patch that mends them.
func (s *source) patch(sc *scope) (string, error) {
	if s.free["params"] {
		if _, err := sc.define("params", s.parameters()); err != nil {
			return "", err
		}
	}
	places, err := s.places(sc)
	if err != nil {
		return "", err
	}
	if s.rule.When != "" {
		when, err := sc.rewrite(s.rule.When)
		if err != nil {
			return "", err
		}
		if _, err := sc.define("applies", when); err != nil {
			return "", err
		}
		places = "variables.applies ? (" + places + ") : []"
	}
	if _, err := sc.define("faults", places); err != nil {
		return "", err
	}
	faults, err := s.mendable(sc)
	if err != nil {
		return "", err
	}
	patch, err := operations(s.rule.Fix, faults)
	if err != nil {
		return "", err
	}
	check, err := sc.check.patches()
	if err != nil {
		return "", err
	}
	t, err := check.compile(patch)
	if err != nil {
		return "", err
	}
	if t.Kind() != types.ListKind || t.Parameters()[0].TypeName() != "JSONPatch" {
		return "", fmt.Errorf("its patch would be a %s", t)
	}
	return patch, nil
}

// places is the expression that locates the faults.
func (s *source) places(sc *scope) (string, error) {
	tree, err := parse(s.find)
	if err != nil {
		return "", err
	}
	find, err := sc.rewrite(s.find)
	if err != nil {
		return "", err
	}
	t, err := sc.check.compile(find)
	if err != nil {
		return "", err
	}
	var places string
	if t.Kind() == types.BoolKind && slices.ContainsFunc(s.rule.Fix, func(op rule.Op) bool { return op.Path == "" }) {
		return "", errors.New("its fix would replace the whole object")
	}
	switch {
	case t.Kind() == types.BoolKind && s.onPods():
		places = "(" + s.find + ") ? " + one(place{"pod", "podPath"}) + " : []"
	case t.Kind() == types.BoolKind:
		places = "(" + s.find + ") ? " + one(place{"object", "''"}) + " : []"
	default:
		if places, err = newLocator().list(tree.Expr()); err != nil {
			return "", err
		}
	}
	if places, err = sc.rewrite(places); err != nil {
		return "", err
	}
	if strings.Contains(s.find, "+") {
		places += ".distinct()" // a fault that is found twice is mended once
	}
	return places, nil
}

// mendable narrows the faults to those that have a fix, and unless told otherwise a safe one.
func (s *source) mendable(sc *scope) (string, error) {
	faults := "variables.faults"
	conditions := []string{s.rule.FixWhen}
	if s.rule.Unsafe != "" && !s.config.Unsafe {
		conditions = append(conditions, s.rule.SafeWhen)
	}
	for _, c := range conditions {
		if c == "" {
			continue
		}
		about, err := expr.Rewrite(strings.TrimSpace(c), func(name string) (string, bool) { return "at.v", name == "hit" })
		if err != nil {
			return "", err
		}
		if about, err = sc.rewrite(about); err != nil {
			return "", err
		}
		faults += ".filter(at, " + about + ")"
	}
	return faults, nil
}
