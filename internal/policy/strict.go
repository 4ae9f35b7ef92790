package policy

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	admission "k8s.io/api/admissionregistration/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/internal/tree"
)

// strictly puts an object into an API type and refuses fields that the type does not know.
func strictly(o *kube.Object, into any) error {
	if !slices.Contains([]string{"v1", "v1beta1"}, o.Version) {
		return fault(o.Root.Get("apiVersion"), o, "%s %s is not read: write it as %s/v1", o.Kind, o.Version, group)
	}
	fields, _ := withoutNulls(o.Root.Any()).(map[string]any)
	err := runtime.DefaultUnstructuredConverter.FromUnstructuredWithValidation(fields, into, true)
	if err == nil {
		return nil
	}
	if path, ok := unknownField(err.Error()); ok {
		at := lookup(o.Root, path)
		return fault(at, o, "%s has no field %s: check its spelling", o.Kind, path)
	}
	return fault(misfit(o.Root), o, "%s %s: %v", o.Kind, o.Ref.Name, err)
}

// misfit is where to point when a value has the wrong type: the spec, if there is one.
func misfit(root tree.Node) tree.Node {
	if spec := root.Get("spec"); spec.Exists() {
		return spec
	}
	return root
}

// unknownField reads the path out of the converter's error.
func unknownField(text string) (string, bool) {
	_, rest, ok := strings.Cut(text, `unknown field "`)
	if !ok {
		return "", false
	}
	path, _, ok := strings.Cut(rest, `"`)
	return path, ok
}

// lookup follows a path such as spec.validations[0].expression as far as it leads.
func lookup(n tree.Node, path string) tree.Node {
	for _, part := range regexp.MustCompile(`[^.\[\]]+|\[\d+\]`).FindAllString(path, -1) {
		next := n.Get(part)
		var i int
		if _, err := fmt.Sscanf(part, "[%d]", &i); err == nil {
			next = n.Index(i)
		}
		if !next.Exists() {
			return n
		}
		n = next
	}
	return n
}

// withoutNulls drops the entries of maps that are null, as the API server does.
func withoutNulls(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k, x := range v {
			if x == nil {
				delete(v, k)
				continue
			}
			v[k] = withoutNulls(x)
		}
	case []any:
		for i, x := range v {
			v[i] = withoutNulls(x)
		}
	}
	return v
}

// newDefinition reads a policy and refuses what the API server would.
func newDefinition(o *kube.Object) (*definition, error) {
	d := &definition{object: o, node: o.Root.Get("spec")}
	if err := strictly(o, &d.ValidatingAdmissionPolicy); err != nil {
		return nil, err
	}
	spec := &d.Spec
	switch {
	case d.Name == "":
		return nil, fault(o.Root, o, "the policy has no metadata.name")
	case spec.MatchConstraints == nil || len(spec.MatchConstraints.ResourceRules) == 0:
		return nil, fault(d.node, o, "policy %s says not what it matches: set spec.matchConstraints.resourceRules", d.Name)
	case len(spec.Validations)+len(spec.AuditAnnotations) == 0:
		return nil, fault(d.node, o, "policy %s has neither validations nor auditAnnotations", d.Name)
	case spec.FailurePolicy != nil && *spec.FailurePolicy != admission.Fail && *spec.FailurePolicy != admission.Ignore:
		return nil, fault(d.node.Get("failurePolicy"), o, "failurePolicy is Fail or Ignore, not %q", *spec.FailurePolicy)
	case spec.ParamKind != nil && (spec.ParamKind.APIVersion == "" || spec.ParamKind.Kind == ""):
		return nil, fault(d.node.Get("paramKind"), o, "paramKind must have an apiVersion and a kind")
	}
	for _, e := range d.expressions() {
		if strings.TrimSpace(e.source) == "" && !e.optional {
			return nil, fault(e.node, o, "%s has no %s", e.where, e.field)
		}
	}
	if err := uniqueNames(d, o); err != nil {
		return nil, err
	}
	var err error
	if d.severity, err = severityOf(o); err != nil {
		return nil, err
	}
	d.matcher, err = newMatcher(spec.MatchConstraints)
	if err != nil {
		return nil, fault(d.node.Get("matchConstraints"), o, "policy %s: %v", d.Name, err)
	}
	return d, nil
}

// uniqueNames refuses two variables, match conditions or annotations of one name.
func uniqueNames(d *definition, o *kube.Object) error {
	seen := map[string]bool{}
	check := func(list, field string) error {
		for item := range d.node.Get(list).Items() {
			name := item.Get(field).Str()
			if name == "" || seen[list+"/"+name] {
				return fault(item, o, "%s: %s %q is empty or used twice", list, field, name)
			}
			seen[list+"/"+name] = true
		}
		return nil
	}
	for _, x := range [][2]string{{"variables", "name"}, {"matchConditions", "name"}, {"auditAnnotations", "key"}} {
		if err := check(x[0], x[1]); err != nil {
			return err
		}
	}
	return nil
}

// newBinding reads a binding and refuses what the API server would.
func newBinding(o *kube.Object) (*binding, error) {
	b := &binding{at: o.Origin}
	if err := strictly(o, &b.ValidatingAdmissionPolicyBinding); err != nil {
		return nil, err
	}
	node := o.Root.Get("spec")
	switch {
	case b.Name == "" || b.Spec.PolicyName == "":
		return nil, fault(node, o, "a binding must have metadata.name and spec.policyName")
	case len(b.Spec.ValidationActions) == 0:
		return nil, fault(node, o, "binding %s has no validationActions: set Deny, Warn or Audit", b.Name)
	}
	for _, a := range b.Spec.ValidationActions {
		if a != admission.Deny && a != admission.Warn && a != admission.Audit {
			return nil, fault(node.Get("validationActions"), o, "validationActions are Deny, Warn and Audit, not %q", a)
		}
	}
	if slices.Contains(b.Spec.ValidationActions, admission.Deny) && slices.Contains(b.Spec.ValidationActions, admission.Warn) {
		return nil, fault(node.Get("validationActions"), o, "Deny and Warn cannot be used together: the API server refuses it")
	}
	if p := b.Spec.ParamRef; p != nil {
		switch {
		case (p.Name == "") == (p.Selector == nil):
			return nil, fault(node.Get("paramRef"), o, "paramRef must have either a name or a selector")
		case p.ParameterNotFoundAction == nil || *p.ParameterNotFoundAction != admission.AllowAction && *p.ParameterNotFoundAction != admission.DenyAction:
			return nil, fault(node.Get("paramRef"), o, "paramRef.parameterNotFoundAction must be Allow or Deny")
		}
	}
	if b.Spec.MatchResources != nil {
		var err error
		if b.matcher, err = newMatcher(b.Spec.MatchResources); err != nil {
			return nil, fault(node.Get("matchResources"), o, "binding %s: %v", b.Name, err)
		}
	}
	return b, nil
}
