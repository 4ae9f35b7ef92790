package path_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/bartizan-dev/bartizan/internal/grant"
	"github.com/bartizan-dev/bartizan/internal/path"
	"github.com/bartizan-dev/bartizan/rule"
	"github.com/bartizan-dev/bartizan/rules"
)

// privilegedPod stands for the edges that create pods, to test what admission answers.
var privilegedPod = rule.Edge(`
id: test-privileged-pod
title: Create a privileged pod
certainty: certain
cost: 0
why: A test needs it.
detect: never
mitigate: never
`, func(a *rule.Attack) {
	for scope, held := range a.Holding(rule.Right{Verb: "create", Resource: "pods"}) {
		a.Step(rule.Step{From: append(held, a.Admission.Admits(scope.Namespace, rule.LevelPrivileged)), To: rule.EveryNode, Text: "is root on {to}"})
	}
})

// TestErrors checks the cases in which other tools are wrong. A case that needs edges which are not written yet is
// skipped, and says so.
func TestErrors(t *testing.T) {
	archive, err := txtar.ParseFile("testdata/errors.txtar")
	if err != nil {
		t.Fatal(err)
	}
	edges := append(rules.Edges(), privilegedPod)
	for _, f := range archive.Files {
		t.Run(strings.TrimSuffix(f.Name, ".yaml"), func(t *testing.T) {
			text := string(f.Data)
			var own []*rule.Rule
			for _, line := range strings.Split(text, "\n") {
				id, ok := strings.CutPrefix(line, "# NEEDS ")
				if !ok {
					continue
				}
				i := slices.IndexFunc(edges, func(r *rule.Rule) bool { return r.ID == id })
				if i < 0 {
					t.Skipf("the edge %s is not written yet", id)
				}
				own = append(own, edges[i])
			}
			x, err := path.ParseExample(text, rule.Latest)
			if err != nil || len(x.Claims) == 0 || len(own) == 0 {
				t.Fatalf("the case claims nothing: %v", err)
			}
			w, objects, err := path.Read(text)
			if err != nil {
				t.Fatal(err)
			}
			g := path.Build(path.Input{World: w, Objects: objects, Edges: own, Version: x.Version})
			for _, c := range x.Claims {
				if g.Reaches(c.From, c.To) == c.Not {
					t.Errorf("line %d: %s -> %s is %v", c.Line, c.From, c.To, c.Not)
				}
			}
		})
	}
}

// TestBindWithoutTheVerb is the other half of E8: whoever holds all rights of a role may bind it without bind.
func TestBindWithoutTheVerb(t *testing.T) {
	text, err := os.ReadFile("testdata/errors.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range txtar.Parse(text).Files {
		if !strings.HasPrefix(f.Name, "E08") {
			continue
		}
		w, _, err := path.Read(string(f.Data))
		if err != nil {
			t.Fatal(err)
		}
		m := grant.New(w, grant.Options{})
		jane := grant.Subject{User: "jane"}
		if a := m.CanBind(jane, "shop", ref("Role", "shop", "pods")); a.Verdict != grant.Allowed {
			t.Errorf("jane holds all rights of the role and may bind it, but: %s", a.Reason)
		}
		if a := m.CanBind(jane, "shop", ref("ClusterRole", "", "admin")); a.Verdict == grant.Allowed {
			t.Errorf("jane may bind admin: %s", a.Reason)
		}
	}
}
