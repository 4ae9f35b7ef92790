package export_test

import (
	"strings"
	"testing"

	"github.com/bartizan-dev/bartizan/internal/export"
	"github.com/bartizan-dev/bartizan/rule"
	"github.com/bartizan-dev/bartizan/rules"
)

func builtin(t *testing.T) []*rule.Rule {
	t.Helper()
	all, err := rules.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestEveryRule exports every built-in rule for several versions: what is not exported must be for one of the
// reasons that lie in the platform, never because an expression does not compile.
func TestEveryRule(t *testing.T) {
	expected := []string{
		"shows", "is a configuration file", "is written in Go", "does not exist in Kubernetes", "is not a kind that the API serves",
	}
	for _, version := range []rule.Version{{Major: 1, Minor: 30}, {Major: 1, Minor: 34}, {Major: 1, Minor: 36}, rule.Latest} {
		exported := 0
		for _, r := range builtin(t) {
			_, err := export.Validating(r, export.Config{Version: version})
			if err == nil {
				exported++
				continue
			}
			known := false
			for _, reason := range expected {
				known = known || strings.Contains(err.Error(), reason)
			}
			if !known {
				t.Errorf("Kubernetes %s: %v", version, err)
			}
			t.Log(err)
		}
		t.Logf("Kubernetes %s: %d exported", version, exported)
	}
}

// TestEveryFix exports the fix of every built-in rule that has one.
func TestEveryFix(t *testing.T) {
	for _, r := range builtin(t) {
		if len(r.Fix) == 0 {
			continue
		}
		if _, err := export.Mutating(r, export.Config{Version: rule.Version{Major: 1, Minor: 36}, Unsafe: true}); err != nil {
			t.Log(err)
		}
	}
}
