package rule_test

import (
	"testing"

	"github.com/bartizan-dev/bartizan/internal/tree"
	"github.com/bartizan-dev/bartizan/rule"
)

// TestCapabilities holds what containerd and CRI-O make of capabilities: a single one that is dropped is gone even where
// it, or every one, is added; one that is added stays where every one is dropped.
func TestCapabilities(t *testing.T) {
	for text, want := range map[string]string{
		"{}":                                    "CHOWN",
		"{add: [SYS_ADMIN]}":                    "CHOWN SYS_ADMIN",
		"{add: [cap_sys_admin]}":                "CHOWN SYS_ADMIN",
		"{add: [ALL]}":                          "CHOWN SYS_ADMIN NET_ADMIN",
		"{add: [ALL], drop: [SYS_ADMIN]}":       "CHOWN NET_ADMIN",
		"{add: [all], drop: [ALL]}":             "",
		"{add: [NET_ADMIN], drop: [ALL]}":       "NET_ADMIN",
		"{add: [SYS_ADMIN], drop: [SYS_ADMIN]}": "CHOWN",
		"{drop: [CHOWN]}":                       "",
	} {
		var c rule.Container
		for doc, err := range tree.Parse(text, tree.Limits{}) {
			if err != nil {
				t.Fatal(text, err)
			}
			c.ReadCapabilities(doc.Root())
		}
		got := ""
		for _, name := range []string{"CHOWN", "SYS_ADMIN", "NET_ADMIN"} {
			if c.Cap(name) {
				if got != "" {
					got += " "
				}
				got += name
			}
		}
		if got != want {
			t.Errorf("%s gives %q, want %q", text, got, want)
		}
	}
}
