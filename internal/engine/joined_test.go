package engine_test

import (
	"context"
	"testing"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/engine"
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/internal/tree"
	"github.com/bartizan-dev/bartizan/internal/world"
	"github.com/bartizan-dev/bartizan/rule"
)

// header declares a rule for these tests.
func header(id, needs string) string {
	return "id: " + id + "\ntitle: T\nseverity: low\non: Pod\n" + needs + "why: because\n"
}

// TestNeeds checks that a rule runs only where what it needs was read, with the view, and that abstaining is neither a
// pass nor a failure.
func TestNeeds(t *testing.T) {
	evidence := bartizan.Evidence{Path: "/rules/0", Value: "other"}
	rules := []*rule.Rule{
		rule.Go(header("joins", "needs: pods\n"), func(p *rule.Pass) {
			if p.Joined == nil {
				t.Error("a rule that declares needs runs without a view")
				return
			}
			p.Report(rule.Hit{Message: "hit", Why: []bartizan.Evidence{evidence}})
		}),
		rule.Go(header("abstains", ""), func(p *rule.Pass) {
			if p.Joined != nil {
				t.Error("a rule that declares no needs is given a view")
			}
			p.Abstain()
		}),
		rule.Go(header("walls", "needs: [pods, policies]\n"), func(*rule.Pass) { t.Error("a rule runs whose needs were not read") }),
	}
	e, err := engine.New(rules, engine.Config{})
	if err != nil {
		t.Fatal(err)
	}
	if !e.Needs() || len(e.With(&rule.Joined{}).Rules()) != len(rules) {
		t.Error("an engine knows its rules, whether they run or not")
	}
	var objects []*kube.Object
	for doc, err := range tree.Parse("apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n", tree.DefaultLimits()) {
		if err != nil {
			t.Fatal(err)
		}
		objects, _ = kube.Decode(doc, bartizan.Origin{File: "a.yaml"})
	}
	w := world.New([]bartizan.Entity{objects[0].Entity()})
	for name, c := range map[string]struct {
		engine *engine.Engine
		want   engine.Tally
	}{
		"without a view": {e, engine.Tally{}}, "with nothing read": {e.With(&rule.Joined{}), engine.Tally{}},
		"with pods": {e.With(&rule.Joined{Pods: noPods{}}), engine.Tally{"joins": {Failed: 1}}},
	} {
		var found []bartizan.Finding
		result, err := c.engine.Run(context.Background(), w, objects, func(f bartizan.Finding) error {
			found = append(found, f)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if len(result.Tally) != len(c.want) || result.Tally["joins"] != c.want["joins"] {
			t.Errorf("%s: %v, want %v", name, result.Tally, c.want)
		}
		if len(found) > 0 && (len(found[0].Evidence) != 2 || found[0].Evidence[1] != evidence) {
			t.Errorf("%s: evidence %v does not end with the rule's own", name, found[0].Evidence)
		}
	}
}

// noPods is a part of a view that was read and is never asked.
type noPods struct{ rule.Pods }
