package export

import (
	"fmt"
	"testing"

	"github.com/google/cel-go/cel"

	"github.com/bartizan-dev/bartizan/rule"
)

// evaluate compiles an expression as a variable of a policy and evaluates the condition over it.
func evaluate(t *testing.T, src string, vars map[string]any) any {
	t.Helper()
	c, err := newChecker(rule.Version{Major: 1, Minor: 36})
	if err != nil {
		t.Fatal(err)
	}
	checked, issues := c.env.Compile(src)
	if issues.Err() != nil {
		t.Fatalf("%s: %v", src, issues.Err())
	}
	program, err := c.env.Program(checked)
	if err != nil {
		t.Fatal(err)
	}
	out, _, err := program.Eval(vars)
	if err != nil {
		return err
	}
	return out.Value()
}

// TestFaultless compares the condition with what internal/engine takes for a fault, by the type that the checker
// sees: once as it is, once as dynamic.
func TestFaultless(t *testing.T) {
	for find, faults := range map[string]bool{
		"true": true, "false": false, "'a'": true, "null": true, "{}": true, "1": true,
		"[]": false, "['a']": true, "[[]]": false, "[[], []]": false, "[[], ['a']]": true, "[[[]]]": false, "[[['']]]": true,
		"[false]": true, "[dyn(null)]": true, "[{}]": true, "[[[[]]]]": false, "[[[['a']]]]": true,
		"optional.none()": false, "optional.of('a')": true, "optional.of([])": false, "optional.of(false)": true,
		"[optional.none()]": false, "[optional.of(1)]": true, "[optional.of([1])]": true,
		"[?optional.none()]": false, "[?optional.of('a')]": true,
	} {
		c, err := newChecker(rule.Version{Major: 1, Minor: 36})
		if err != nil {
			t.Fatal(err)
		}
		checked, err := c.compile(find)
		if err != nil {
			t.Fatal(err)
		}
		for _, typ := range []*cel.Type{checked, cel.DynType} {
			if typ == cel.DynType && checked.TypeName() == cel.OptionalType(cel.DynType).TypeName() {
				continue // an optional that is hidden behind dyn cannot be looked into
			}
			condition := faultless("x", typ, 0)
			env, err := c.env.Extend(cel.Variable("x", typ))
			if err != nil {
				t.Fatal(err)
			}
			value, issues := c.env.Compile(find)
			if issues.Err() != nil {
				t.Fatal(issues.Err())
			}
			program, err := c.env.Program(value)
			if err != nil {
				t.Fatal(err)
			}
			x, _, err := program.Eval(map[string]any{})
			if err != nil {
				t.Fatal(err)
			}
			tested, issues := env.Compile(condition)
			if issues.Err() != nil {
				t.Errorf("%s as %s: %s: %v", find, typ, condition, issues.Err())
				continue
			}
			test, err := env.Program(tested)
			if err != nil {
				t.Fatal(err)
			}
			got, _, err := test.Eval(map[string]any{"x": x})
			hidden := typ == cel.DynType && checked.String() != cel.DynType.String() && containsOptional(checked)
			if !hidden && (err != nil || got.Value() != !faults) {
				t.Errorf("%s as %s: %s gives %v, %v, want %v", find, typ, condition, got, err, !faults)
			}
		}
	}
}

// containsOptional says whether a type has optionals in it.
func containsOptional(t *cel.Type) bool {
	if t.TypeName() == cel.OptionalType(cel.DynType).TypeName() {
		return true
	}
	for _, p := range t.Parameters() {
		if containsOptional(p) {
			return true
		}
	}
	return false
}

// TestParameters reads parameters from a ConfigMap, and their defaults from one that lacks them.
func TestParameters(t *testing.T) {
	s := &source{rule: &rule.Rule{ID: "x", Params: []rule.Param{
		{Name: "list", Default: []string{"a", `b'\`}}, {Name: "flag", Default: true}, {Name: "number", Default: int64(3)}, {Name: "text", Default: "line\nbreak"},
	}}, config: Config{Params: map[string]any{"x.number": int64(4)}}}
	for _, test := range []struct{ data, want string }{
		{"{'kind': 'ConfigMap'}", `x.list == ['a', 'b\'\\'] && x.flag == true && x.number == 4 && x.text == 'line\nbreak'`},
		{"{'data': {'list': ' a ,, b\\n', 'flag': 'false', 'number': '-7', 'text': ''}}", `x.list == ['a', 'b'] && x.flag == false && x.number == -7 && x.text == ''`},
		{"{'data': {'list': ''}}", `x.list == []`},
	} {
		params := evaluate(t, test.data, nil)
		x := evaluate(t, s.parameters(), map[string]any{"params": params})
		if got := evaluate(t, fmt.Sprintf("[params].all(x, %s)", test.want), map[string]any{"params": x}); got != true {
			t.Errorf("%s: %s gives %v", test.data, test.want, got)
		}
	}
}
