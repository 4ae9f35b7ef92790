package rules_test

import (
	"testing"

	"github.com/bartizan-dev/bartizan/frameworks"
	"github.com/bartizan-dev/bartizan/internal/engine"
	"github.com/bartizan-dev/bartizan/rule"
	"github.com/bartizan-dev/bartizan/rule/ruletest"
	"github.com/bartizan-dev/bartizan/rules"
)

func builtin(t testing.TB) []*rule.Rule {
	t.Helper()
	all, err := rules.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestExamples runs every example of every built-in rule.
func TestExamples(t *testing.T) {
	for _, r := range builtin(t) {
		t.Run(r.ID, func(t *testing.T) {
			for _, fault := range ruletest.Run(r, rule.Latest) {
				t.Errorf("%s: %s: %s", r.File, fault.Example, fault.Reason)
			}
		})
	}
}

// TestCompile compiles every expression of every rule for every version that has a variant of its own.
func TestCompile(t *testing.T) {
	all := builtin(t)
	for minor := range rule.Latest.Minor + 1 {
		e, err := engine.New(all, engine.Config{Version: rule.Version{Major: 1, Minor: minor}})
		if err != nil {
			t.Fatal(err)
		}
		if err := e.Compile(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestTypes checks every expression with the API server's own compiler.
func TestTypes(t *testing.T) {
	all := builtin(t)
	e, err := engine.New(all, engine.Config{})
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Check(all); err != nil {
		t.Fatal(err)
	}
}

// TestMaps checks that every control that a rule names exists.
func TestMaps(t *testing.T) {
	controls := map[rule.Mapping]bool{}
	for _, name := range frameworks.Names() {
		f, err := frameworks.Find(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range f.Controls {
			controls[rule.Mapping{Framework: c.From, Control: c.ID}] = true
		}
	}
	for _, r := range builtin(t) {
		for _, m := range r.Maps {
			if !controls[m] {
				t.Errorf("%s maps to %s %s, which frameworks/%s.yaml does not list", r.File, m.Framework, m.Control, m.Framework)
			}
		}
	}
}

// TestForm checks what every built-in rule owes its reader.
func TestForm(t *testing.T) {
	all := builtin(t)
	if len(all) < 150 {
		t.Errorf("there are %d built-in rules; the catalogue promises at least 150", len(all))
	}
	for _, r := range all {
		if len(r.References) == 0 {
			t.Errorf("%s gives no reference", r.File)
		}
		if r.Message == "" && r.Check == nil {
			t.Errorf("%s gives no message", r.File)
		}
		if len(r.Maps) == 0 && r.Group == rule.Security {
			t.Errorf("%s serves no framework", r.File)
		}
	}
}
