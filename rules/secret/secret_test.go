package secret_test

import (
	"strings"
	"testing"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/internal/tree"
	"github.com/bartizan-dev/bartizan/rule"
	"github.com/bartizan-dev/bartizan/rule/ruletest"
	"github.com/bartizan-dev/bartizan/rules/secret"
)

// secrets are the credentials of the rules' own examples; nothing that a rule says may hold one.
var secrets = []string{"kX9-brasse", "Zx81nQm", "Hv7pQ2wLz", "3f9c1d77", "c0ffee91", "a1g5LWJy", "d2ViOmtYOS1", "pL0vQ7tZ3", "bm90YWtleW", "Zq8vR1tYw", "minioadmin"}

// TestNothingShown runs every failing example and looks for its credential in all that a finding shows.
func TestNothingShown(t *testing.T) {
	shown := 0
	for _, r := range secretRules(t) {
		for _, e := range r.Examples() {
			if e.Want() != "fail" {
				continue
			}
			found, _, err := ruletest.Judge(r, rule.Latest, e.Text)
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range found {
				shown++
				text := f.Message + f.Evidence[0].Path + f.Evidence[0].Value
				if f.Fix != nil {
					text += string(f.Fix.Do) + string(f.Fix.Undo) + f.Fix.Reason
				}
				for _, s := range secrets {
					if strings.Contains(text, s) {
						t.Errorf("%s: %s shows the credential: %s", r.ID, e.Name, text)
					}
				}
			}
		}
	}
	if shown < 40 {
		t.Errorf("only %d findings were looked at", shown)
	}
}

// judge runs one rule on a manifest that was read by a source.
func judge(t *testing.T, r *rule.Rule, source, text string) int {
	t.Helper()
	hits := 0
	for doc, err := range tree.Parse(text, tree.DefaultLimits()) {
		if err != nil {
			t.Fatal(err)
		}
		objects, _ := kube.Decode(doc, bartizan.Origin{Source: source})
		for _, o := range objects {
			r.Check(&rule.Pass{Rule: r, Entity: o.Entity(), Version: rule.Latest, Report: func(h rule.Hit) {
				if !o.Root.Lookup(h.Path).Exists() {
					t.Errorf("%s: nothing stands at %q", r.ID, h.Path)
				}
				hits++
			}})
		}
	}
	return hits
}

// TestCommittedOnlyWhereWritten checks that a Secret in a cluster, or one that a chart made, is no find.
func TestCommittedOnlyWhereWritten(t *testing.T) {
	text := "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ndata: {password: a1g5LWJyYXNzZS00NDAxLWxvbmc=}\n"
	for source, want := range map[string]int{"manifest": 1, "kustomize": 1, "helm": 0, "cluster": 0} {
		if got := judge(t, secret.Committed, source, text); got != want {
			t.Errorf("read from %s: %d findings, want %d", source, got, want)
		}
	}
}

// TestDisguised checks that escapes, broken lines and aliases hide nothing from the search in the source.
func TestDisguised(t *testing.T) {
	pod := "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n    - name: a\n      image: a\n      env:\n        - {name: DB, value: %s}\n"
	list := "apiVersion: v1\nkind: List\nitems:\n" +
		"  - {apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {a: &u 'postgres://u:kX9-brasse@db'}}\n" +
		"  - {apiVersion: v1, kind: ConfigMap, metadata: {name: b}, data: {a: *u}}\n"
	for _, c := range []struct {
		name, text string
		want       int
	}{
		{"plain", strings.Replace(pod, "%s", `postgres://u:kX9-brasse@db`, 1), 1},
		{"escaped", strings.Replace(pod, "%s", `"postgres://u:kX9-brasse\x40db"`, 1), 1},
		{"broken", strings.Replace(pod, "%s", "\"postgres://u:kX9-\\\n          brasse@db\"", 1), 1},
		{"alias", list, 2},
	} {
		if got := judge(t, secret.InURL, "manifest", c.text); got != c.want {
			t.Errorf("%s: %d findings, want %d", c.name, got, c.want)
		}
	}
}

// TestBounded checks that an object full of credentials makes a bounded number of findings.
func TestBounded(t *testing.T) {
	var b strings.Builder
	b.WriteString("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n")
	for i := range 5000 {
		b.WriteString("  k" + strings.Repeat("x", i%7) + string(rune('a'+i%26)) + strings.Repeat("y", i/182) + "_PASSWORD: kX9-brasse-4401\n")
	}
	if got := judge(t, secret.InConfigMap, "manifest", b.String()); got == 0 || got > 50 {
		t.Errorf("%d findings, want at most 50", got)
	}
}
