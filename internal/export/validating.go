package export

import (
	"strings"

	"github.com/google/cel-go/common/types"

	admission "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"fmt"

	"github.com/bartizan-dev/bartizan/rule"
)

// Validating makes a ValidatingAdmissionPolicy of a rule's test, its binding and its parameters.
func Validating(r *rule.Rule, c Config) (*Policy, error) {
	p, err := validating(r, c.complete())
	if err != nil {
		return nil, failure(r, err)
	}
	return p, nil
}

func validating(r *rule.Rule, c Config) (*Policy, error) {
	if c.Version.Less(validatingSince) {
		return nil, fmt.Errorf("Kubernetes %s has no stable ValidatingAdmissionPolicy: it needs %s", c.Version, validatingSince)
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
	sc := newScope(check, definitions())
	expression, faults, err := s.test(sc)
	if err != nil {
		return nil, err
	}
	validation := admission.Validation{Expression: expression, Message: s.message()}
	if named := s.named(faults); named != "" {
		validation.MessageExpression = named
	}
	for _, src := range []string{validation.Expression, validation.MessageExpression, s.changed()} {
		if src == "" {
			continue
		}
		if _, err := check.compile(src); err != nil {
			return nil, err
		}
	}
	fail, equivalent := admission.Fail, admission.Equivalent
	policy := &admission.ValidatingAdmissionPolicy{
		TypeMeta:   metav1.TypeMeta{APIVersion: "admissionregistration.k8s.io/v1", Kind: "ValidatingAdmissionPolicy"},
		ObjectMeta: s.meta(),
		Spec: admission.ValidatingAdmissionPolicySpec{
			ParamKind: s.paramKind(),
			MatchConstraints: &admission.MatchResources{
				MatchPolicy: &equivalent, ResourceRules: rulesFor(resources, admission.Create, admission.Update),
			},
			MatchConditions: []admission.MatchCondition{{Name: "changed", Expression: s.changed()}},
			Variables:       sc.list,
			Validations:     []admission.Validation{validation},
			FailurePolicy:   &fail,
		},
	}
	var actions []admission.ValidationAction
	for _, a := range c.Actions {
		actions = append(actions, admission.ValidationAction(a))
	}
	binding := &admission.ValidatingAdmissionPolicyBinding{
		TypeMeta:   metav1.TypeMeta{APIVersion: "admissionregistration.k8s.io/v1", Kind: "ValidatingAdmissionPolicyBinding"},
		ObjectMeta: s.bindingMeta(),
		Spec: admission.ValidatingAdmissionPolicyBindingSpec{
			PolicyName: s.name(), ParamRef: s.paramRef(), MatchResources: s.elsewhere(), ValidationActions: actions,
		},
	}
	return s.assemble(notes, policy, binding)
}

// assemble puts a policy's objects into the order in which they should be applied.
func (s *source) assemble(notes []string, parts ...any) (*Policy, error) {
	p := &Policy{Notes: notes, Params: s.free["params"]}
	if p.Params {
		p.Objects = append(p.Objects, s.settings())
	}
	for _, part := range parts {
		o, err := asObject(part)
		if err != nil {
			return nil, err
		}
		p.Objects = append(p.Objects, o)
	}
	return p, nil
}

// changed is the condition under which a request is judged. An update that leaves everything that the rule looks
// at as it was is none: a policy must not keep controllers from finishing, scaling or deleting what was there
// before it.
func (s *source) changed() string {
	if s.onPods() && !s.free["object"] {
		return `request.operation != 'UPDATE' || (
  object.kind == 'Pod' ? object.spec != oldObject.spec
    || object.metadata.?annotations != oldObject.metadata.?annotations
    || object.metadata.?labels != oldObject.metadata.?labels
  : object.kind == 'PodTemplate' ? object.?template != oldObject.?template
  : object.kind == 'CronJob' ? object.?spec.?jobTemplate.?spec.?template != oldObject.?spec.?jobTemplate.?spec.?template
  : object.?spec.?template != oldObject.?spec.?template)`
	}
	return `request.operation != 'UPDATE' || object.size() != oldObject.size()
  || object.exists(k, k != 'metadata' && oldObject[?k] != optional.of(object[k]))
  || object.metadata.?annotations != oldObject.metadata.?annotations
  || object.metadata.?labels != oldObject.metadata.?labels`
}

// message is what whoever made the request reads.
func (s *source) message() string {
	return fmt.Sprintf("%s (bartizan rule %s)", strings.Join(strings.Fields(s.rule.Title), " "), s.rule.ID)
}

// named is an expression for a message that names the containers or volumes at fault; empty where the faults
// are not all such. Where it fails, the API server shows the message instead.
func (s *source) named(faults *types.Type) string {
	if s.rule.Redact || faults.Kind() != types.ListKind && faults.Kind() != types.DynKind || !namedFaults(s.find) {
		return ""
	}
	return fmt.Sprintf("%s + variables.faults.map(f, f.name).join(', ') + %s",
		quote(strings.Join(strings.Fields(s.rule.Title), " ")+": "), quote(" (bartizan rule "+s.rule.ID+")"))
}
