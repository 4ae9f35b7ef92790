package rules_test

import (
	"testing"

	"github.com/bartizan-dev/bartizan/frameworks"
	"github.com/bartizan-dev/bartizan/rule"
	"github.com/bartizan-dev/bartizan/rule/ruletest"
	"github.com/bartizan-dev/bartizan/rules"
)

// TestEdges runs every example of every attack step.
func TestEdges(t *testing.T) {
	for _, r := range rules.Edges() {
		t.Run(r.ID, func(t *testing.T) {
			t.Parallel()
			for _, fault := range ruletest.RunEdge(r, rule.Latest) {
				t.Errorf("%s: %s", fault.Example, fault.Reason)
			}
		})
	}
}

// TestEdgeForm checks what every attack step owes its reader.
func TestEdgeForm(t *testing.T) {
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
	ids := map[string]bool{}
	for _, r := range rules.Edges() {
		if ids[r.ID] {
			t.Errorf("%s is declared twice", r.ID)
		}
		ids[r.ID] = true
		if len(r.References) == 0 {
			t.Errorf("%s gives no reference", r.ID)
		}
		if !r.Serves("attack") {
			t.Errorf("%s names no ATT&CK technique", r.ID)
		}
		for _, m := range r.Maps {
			if !controls[m] {
				t.Errorf("%s maps to %s %s, which frameworks/%s.yaml does not list", r.ID, m.Framework, m.Control, m.Framework)
			}
		}
	}
}
