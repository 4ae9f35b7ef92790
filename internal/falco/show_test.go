package falco

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// condition writes a clause as a condition again, without parentheses that change nothing.
func (c Clause) condition() string {
	for c.Join != "not" && len(c.Clauses) == 1 {
		c = c.Clauses[0]
	}
	switch c.Join {
	case "":
		if len(c.Values) == 0 && !c.List {
			return c.Text
		}
		values := strings.Join(c.Values, ", ")
		if c.List {
			values = "(" + values + ")"
		}
		return c.Text + " " + values
	case "not":
		return "not (" + c.Clauses[0].condition() + ")"
	}
	var parts []string
	for _, k := range c.parts(c.Join) {
		if text := k.condition(); k.Join == "" || k.Join == "not" || len(k.parts(k.Join)) == 1 {
			parts = append(parts, text)
		} else {
			parts = append(parts, "("+text+")")
		}
	}
	return strings.Join(parts, " "+c.Join+" ")
}

// parts are the clauses that are joined by a word, those of clauses within included.
func (c Clause) parts(join string) (all []Clause) {
	if c.Join != join && !(c.Join != "" && c.Join != "not" && len(c.Clauses) == 1) {
		return []Clause{c}
	}
	for _, k := range c.Clauses {
		all = append(all, k.parts(join)...)
	}
	return all
}

// TestExpanded writes conditions as they are expanded, without macros and lists, and loads them again: they expand to the
// same, and read the same fields. It does so for rules of its own and for Falco's, where they are at hand.
func TestExpanded(t *testing.T) {
	files := []File{{"own.yaml", `
- list: names
  items: [a, "b c", 'd"e', "", f=g]
- macro: created
  condition: (ka.verb in (create, update) or (ka.verb = patch and not ka.target.name in (names)))
- macro: outer
  condition: created
- rule: r
  desc: d
  condition: created and (ka.user.name startswith "system:" and outer) and not ka.uri contains "x y" and ka.target.name exists and ka.auth.decision != val(ka.auth.reason)
  output: x
  priority: NOTICE
  source: k8s_audit
  exceptions:
  - {name: known, fields: [ka.user.name, ka.target.name], comps: [=, startswith], values: [[jane, kube-], [joe, x]]}
  - {name: one, fields: ka.verb, values: [get, list]}
`}}
	for _, name := range []string{"falco_rules.yaml", "falco-incubating_rules.yaml", "falco-sandbox_rules.yaml", "k8s_audit_rules.yaml"} {
		if text, err := os.ReadFile(filepath.Join("/work/shared/data/falco-rules", name)); err == nil {
			files = append(files, File{name, string(text)})
		}
	}
	for _, f := range files {
		set, notices := Load([]File{f}, Options{})
		if len(notices.Errors()) > 0 || len(set.Rules) == 0 {
			t.Fatal(f.Name, notices)
		}
		for _, r := range set.Rules {
			c := r.Expanded()
			again := fmt.Sprintf("- rule: again\n  desc: d\n  condition: %q\n  output: x\n  priority: NOTICE\n  source: %s\n", c.condition(), r.Source)
			second, notices := Load([]File{{"again.yaml", again}}, Options{})
			if len(second.Rules) != 1 {
				t.Fatalf("%s: %v\n%s", r.Name, notices, again)
			}
			if got := second.Rules[0].Expanded().condition(); got != c.condition() {
				t.Errorf("%s:\n%s\n%s", r.Name, got, c.condition())
			}
			names := func(uses []FieldUse) (all []string) {
				for _, u := range uses {
					all = append(all, u.Name)
				}
				return slices.Sorted(slices.Values(all))
			}
			if a, b := names(r.Fields), names(second.Rules[0].Fields); !slices.Equal(a, b) {
				t.Errorf("%s reads %v, expanded %v", r.Name, a, b)
			}
		}
		if f.Name != "own.yaml" {
			continue
		}
		r := set.Rules[0]
		if got := fmt.Sprint(r.Exceptions); got != "[{known [ka.user.name ka.target.name] 2} {one [ka.verb] 2}]" {
			t.Error(got)
		}
		if got := r.Expanded(); got.Join != "and" || got.Clauses[0].Join != "and" && got.Clauses[0].Macro != "created" {
			t.Errorf("%+v", got)
		}
	}
}
