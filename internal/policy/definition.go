package policy

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"

	admission "k8s.io/api/admissionregistration/v1"
	"k8s.io/apiserver/pkg/admission/plugin/policy/validating"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/internal/tree"
	"github.com/bartizan-dev/bartizan/rule"
)

// SeverityAnnotation on a policy sets the severity of its findings, whatever its bindings do.
const SeverityAnnotation = "bartizan.dev/severity"

// Prefix begins the rule ids of policies.
const Prefix = "vap/"

// definition is a policy, made ready.
type definition struct {
	admission.ValidatingAdmissionPolicy
	object   *kube.Object
	node     tree.Node // its spec
	matcher  *matcher
	bindings []*binding
	severity *bartizan.Severity // set by annotation

	once      sync.Once
	validator validating.Validator
	paths     [][]string // of each validation, what of the object it looks at
	fault     *bartizan.Gap
}

func compareNames(a, b string) int { return cmp.Compare(a, b) }

func severityOf(o *kube.Object) (*bartizan.Severity, error) {
	text := o.Annotation(SeverityAnnotation)
	if text == "" {
		return nil, nil
	}
	s, err := bartizan.ParseSeverity(text)
	if err != nil {
		return nil, fault(o.Root.At("metadata", "annotations", SeverityAnnotation), o, "annotation %s: %v", SeverityAnnotation, err)
	}
	return &s, nil
}

// written is an expression where it stands.
type written struct {
	where, field, source string
	node                 tree.Node
	optional             bool
}

// Choose leaves the policies whose description is to be kept.
func (s *Set) Choose(keep func(*rule.Rule) bool) {
	s.policies = slices.DeleteFunc(s.policies, func(d *definition) bool { return !keep(d.describe()) })
}

// Empty says that no policy is left.
func (s *Set) Empty() bool { return len(s.policies) == 0 }

// expressions are all expressions of a policy, in the order in which they are compiled.
func (d *definition) expressions() []written {
	var all []written
	add := func(list, field string, optional bool) {
		i := 0
		for item := range d.node.Get(list).Items() {
			n := item.Get(field)
			w := written{fmt.Sprintf("%s[%d]", list, i), field, n.Text(), n, optional}
			if !n.Exists() {
				w.node = item
			}
			all = append(all, w)
			i++
		}
	}
	add("variables", "expression", false)
	add("matchConditions", "expression", false)
	add("validations", "expression", false)
	add("validations", "messageExpression", true)
	add("auditAnnotations", "valueExpression", false)
	return all
}

// describe tells the sinks about the policy.
func (d *definition) describe() *rule.Rule {
	r := &rule.Rule{ID: Prefix + d.Name, Severity: bartizan.High, Group: rule.Security, File: d.object.Origin.File}
	if d.severity != nil {
		r.Severity = *d.severity
	}
	notes := d.Annotations
	r.Title = cmp.Or(notes["bartizan.dev/title"], notes["title"], "ValidatingAdmissionPolicy "+d.Name)
	why := cmp.Or(notes["bartizan.dev/description"], notes["description"], notes["kubernetes.io/description"])
	if why == "" {
		var lines []string
		for _, v := range d.Spec.Validations {
			lines = append(lines, cmp.Or(v.Message, strings.TrimSpace(v.Expression)))
		}
		why = "The API server would check: " + strings.Join(lines, "; ") + "."
	}
	if len(d.bindings) == 0 {
		why += "\n\nNo binding of this policy is in the rule files. Unless one is among what is scanned, it is judged as if bound everywhere with Deny."
	}
	r.Why = why
	r.Message = r.Title
	if constraints := d.Spec.MatchConstraints; constraints != nil {
		for _, x := range constraints.ResourceRules {
			r.On = append(r.On, x.Resources...)
		}
	}
	var finds []string
	for _, v := range d.Spec.Validations {
		finds = append(finds, "!("+strings.TrimSpace(v.Expression)+")")
	}
	r.Variants = []rule.Variant{{Find: strings.Join(finds, "\n|| ")}}
	return r
}

// Rules describe the policies, for lists and reports.
func (s *Set) Rules() []*rule.Rule {
	all := make([]*rule.Rule, len(s.policies))
	for i, d := range s.policies {
		all[i] = d.describe()
	}
	return all
}
