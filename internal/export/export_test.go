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
		"shows", "which no API server sees", "is written in Go", "does not exist in Kubernetes",
	}
	for _, version := range []rule.Version{{Major: 1, Minor: 30}, {Major: 1, Minor: 34}, {Major: 1, Minor: 36}, rule.Latest} {
		exported := 0
		for _, r := range builtin(t) {
			_, err := export.Validating(r, export.Config{Version: version})
			if err == nil {
				exported++
				continue
			}
			// Functions that only newer API servers have are no fault of the rule.
			known := version.Less(rule.Version{Major: 1, Minor: 35}) && strings.Contains(err.Error(), "undeclared reference")
			for _, reason := range expected {
				known = known || strings.Contains(err.Error(), reason)
			}
			if !known {
				t.Errorf("Kubernetes %s: %v", version, err)
			}
		}
		if exported < 200 {
			t.Errorf("Kubernetes %s: only %d rules are exported", version, exported)
		}
	}
}

// TestEveryFix exports the fix of every built-in rule that has one, with and without those that need knowledge.
func TestEveryFix(t *testing.T) {
	expected := []string{"shows", "which no API server sees", "is written in Go", "has no place in the object that a patch could name", "does not exist in Kubernetes"}
	for _, unsafe := range []bool{true, false} {
		exported, fixes := 0, 0
		for _, r := range builtin(t) {
			if len(r.Fix) == 0 {
				continue
			}
			fixes++
			_, err := export.Mutating(r, export.Config{Version: rule.Version{Major: 1, Minor: 36}, Unsafe: unsafe})
			if err == nil {
				exported++
				continue
			}
			known := !unsafe && strings.Contains(err.Error(), "add --unsafe")
			for _, reason := range expected {
				known = known || strings.Contains(err.Error(), reason)
			}
			if !known {
				t.Error(err)
			}
		}
		if unsafe && exported*2 < fixes {
			t.Errorf("only %d of %d fixes are exported", exported, fixes)
		}
		t.Logf("unsafe %v: %d of %d fixes exported", unsafe, exported, fixes)
	}
}
