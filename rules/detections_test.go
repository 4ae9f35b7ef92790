package rules_test

import (
	"strings"
	"testing"

	"github.com/bartizan-dev/bartizan/frameworks"
	"github.com/bartizan-dev/bartizan/rule"
	"github.com/bartizan-dev/bartizan/rule/ruletest"
	"github.com/bartizan-dev/bartizan/rules"
)

func detections(t testing.TB) []*rule.Rule {
	t.Helper()
	all, err := rules.Detections()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestDetectionExamples plays the examples of each detection, without the others.
func TestDetectionExamples(t *testing.T) {
	for _, r := range detections(t) {
		for _, fault := range ruletest.Run(r, rule.Latest) {
			t.Errorf("%s: %s: %s", r.File, fault.Example, fault.Reason)
		}
	}
}

// TestDetectionForm checks what every detection owes its reader: a name after its file, references, techniques that
// exist, and near misses.
func TestDetectionForm(t *testing.T) {
	all := detections(t)
	if len(all) < 80 {
		t.Errorf("there are %d detections; the catalogue promises at least 80", len(all))
	}
	techniques := map[rule.Mapping]bool{}
	for _, name := range []string{"attack", "ms-matrix"} {
		f, err := frameworks.Find(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range f.Controls {
			techniques[rule.Mapping{Framework: name, Control: c.ID}] = true
		}
	}
	for _, r := range all {
		if want := "rules/audit/" + strings.TrimPrefix(r.ID, "audit-") + ".rule"; r.File != want {
			t.Errorf("%s stands in %s, not in %s", r.ID, r.File, want)
		}
		if len(r.References) == 0 || len(r.Maps) == 0 || !r.Serves("ms-matrix") {
			t.Errorf("%s gives no reference, or no technique of the threat matrix", r.File)
		}
		for _, m := range r.Maps {
			if !techniques[m] {
				t.Errorf("%s: there is no technique %s %s", r.File, m.Framework, m.Control)
			}
		}
		if r.Over == nil {
			continue
		}
		if r.Over.Memory > rule.DefaultMemory {
			t.Errorf("%s remembers %d keys", r.File, r.Over.Memory)
		}
	}
}

// TestDetectionsAreApart checks that detections are not among the rules that judge objects.
func TestDetectionsAreApart(t *testing.T) {
	for _, r := range builtin(t) {
		if r.Detects() || strings.HasPrefix(r.File, "rules/audit/") {
			t.Errorf("%s is among the rules for objects", r.ID)
		}
	}
}
