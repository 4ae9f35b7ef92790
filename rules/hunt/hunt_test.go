package hunt_test

import (
	"path"
	"strings"
	"testing"

	"github.com/bartizan-dev/bartizan/frameworks"
	"github.com/bartizan-dev/bartizan/rule"
	"github.com/bartizan-dev/bartizan/rule/ruletest"
	"github.com/bartizan-dev/bartizan/rules"
	"github.com/bartizan-dev/bartizan/rules/hunt"
)

func all(t testing.TB) []*rule.Rule {
	t.Helper()
	found, err := hunt.Rules()
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// TestExamples runs the examples of every rule: each finds its fault and passes the service that refuses.
func TestExamples(t *testing.T) {
	for _, r := range all(t) {
		for _, fault := range ruletest.Run(r, rule.Latest) {
			t.Errorf("%s: %s: %s", r.File, fault.Example, fault.Reason)
		}
	}
}

// TestForm checks what a rule of hunting owes its reader.
func TestForm(t *testing.T) {
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
	others := map[string]bool{}
	builtin, err := rules.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range builtin {
		others[r.ID] = true
	}
	for _, r := range all(t) {
		if !strings.HasPrefix(r.ID, "hunt-") || others[r.ID] {
			t.Errorf("%s: id %s must begin with hunt- and be no other rule's", r.File, r.ID)
		}
		others[r.ID] = true
		if !strings.HasSuffix(path.Base(r.File), ".rule") || len(r.References) == 0 || len(r.Maps) == 0 || r.Message == "" {
			t.Errorf("%s owes references, maps or a message", r.File)
		}
		for _, m := range r.Maps {
			if !controls[m] {
				t.Errorf("%s maps to %s %s, which no framework lists", r.File, m.Framework, m.Control)
			}
		}
	}
}
