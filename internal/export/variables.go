package export

import (
	"fmt"
	"slices"
	"strings"

	admission "k8s.io/api/admissionregistration/v1"

	"github.com/google/cel-go/common/types"

	"github.com/bartizan-dev/bartizan/internal/engine"
	"github.com/bartizan-dev/bartizan/internal/expr"
)

// The variables that internal/engine takes from the normal form of a workload, in terms of the object. What is
// missing is an empty map, as it is there.
const (
	podVariable = `object.kind == 'Pod' ? object.?spec.orValue({})
  : object.kind == 'PodTemplate' ? object.?template.?spec.orValue({})
  : object.kind == 'CronJob' ? object.?spec.?jobTemplate.?spec.?template.?spec.orValue({})
  : object.?spec.?template.?spec.orValue({})`
	podMetaVariable = `object.kind == 'Pod' ? object.?metadata.orValue({})
  : object.kind == 'PodTemplate' ? object.?template.?metadata.orValue({})
  : object.kind == 'CronJob' ? object.?spec.?jobTemplate.?spec.?template.?metadata.orValue({})
  : object.?spec.?template.?metadata.orValue({})`
)

// definitions are all variables that rules may use besides those of the API server, each after what it needs.
func definitions() []engine.Definition {
	return append([]engine.Definition{{Name: "pod", Expression: podVariable}, {Name: "podMeta", Expression: podMetaVariable}},
		engine.Definitions()...)
}

// scope collects the variables of a policy.
type scope struct {
	check *checker
	known []engine.Definition
	has   map[string]*types.Type
	list  []admission.Variable
}

func newScope(c *checker, known []engine.Definition) *scope {
	return &scope{check: c, known: known, has: map[string]*types.Type{}}
}

// rewrite adapts an expression of a rule: variables that the API server does not know become variables of the
// policy, which are defined on the way.
func (s *scope) rewrite(src string) (string, error) {
	names, err := expr.Free(src)
	if err != nil {
		return "", fmt.Errorf("read %q: %w", src, err)
	}
	for _, d := range s.known {
		if !slices.Contains(names, d.Name) || s.has[d.Name] != nil {
			continue
		}
		definition, err := s.rewrite(d.Expression)
		if err != nil {
			return "", err
		}
		if _, err := s.define(d.Name, definition); err != nil {
			return "", err
		}
	}
	return expr.Rewrite(strings.TrimSpace(src), func(name string) (string, bool) {
		return "variables." + name, s.has[name] != nil
	})
}

// define adds a variable.
func (s *scope) define(name, src string) (*types.Type, error) {
	t, err := s.check.declare(name, src)
	if err != nil {
		return nil, err
	}
	s.has[name] = t
	s.list = append(s.list, admission.Variable{Name: name, Expression: src})
	return t, nil
}

// test defines what the rule's find and when say, and gives the conditions that an object has no fault.
func (s *source) test(sc *scope) (validation string, faults *types.Type, err error) {
	if s.free["params"] {
		if _, err := sc.define("params", s.parameters()); err != nil {
			return "", nil, err
		}
	}
	if s.rule.When != "" {
		when, err := sc.rewrite(s.rule.When)
		if err != nil {
			return "", nil, err
		}
		t, err := sc.define("applies", when)
		if err != nil {
			return "", nil, err
		}
		if k := t.Kind(); k != types.BoolKind && k != types.DynKind {
			return "", nil, fmt.Errorf("its condition (when) gives %s, not true or false", t)
		}
	}
	find, err := sc.rewrite(s.find)
	if err != nil {
		return "", nil, err
	}
	if faults, err = sc.define("faults", find); err != nil {
		return "", nil, err
	}
	validation = faultless("variables.faults", faults, s.depth())
	if s.rule.When != "" {
		if strings.Contains(validation, " ? ") {
			validation = "(" + validation + ")"
		}
		validation = "!variables.applies || " + validation
	}
	return validation, faults, nil
}
