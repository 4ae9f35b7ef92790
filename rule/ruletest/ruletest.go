// Package ruletest runs the examples that rules carry: each failing example must fail its rule on the line
// that it pins, each passing one must pass, and a fix must make of a failing example what the rule promises
// and leave nothing to find. It is what "bartizan rule test" and the tests of the built-in rules run. To
// judge real manifests use internal/scan.
package ruletest

import (
	"context"
	"fmt"
	"reflect"
	"strings"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/edit"
	"github.com/bartizan-dev/bartizan/internal/engine"
	"github.com/bartizan-dev/bartizan/internal/joined"
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/internal/tree"
	"github.com/bartizan-dev/bartizan/internal/world"
	"github.com/bartizan-dev/bartizan/rule"
)

// pin marks, at the end of a line of a failing example, the line that the finding must point at.
const pin = "# FINDING"

// wholeCluster is the comment by which an example is not some files but all that a live cluster holds.
const wholeCluster = "# WHOLE CLUSTER\n"

// Fault says in what a rule's example does not hold.
type Fault struct {
	Rule, Example, Reason string
}

// Error names the rule and the example.
func (f Fault) Error() string { return fmt.Sprintf("%s: %s: %s", f.Rule, f.Example, f.Reason) }

// Run runs all examples of a rule for a target version and returns every fault; none means that the rule
// holds what it promises.
func Run(r *rule.Rule, version rule.Version) []Fault {
	t := tester{rule: r, version: version}
	if r.Detects() {
		t.runDetection()
		return t.faults
	}
	if _, exists := r.Find(version); !exists && r.Check == nil {
		return nil // the requirement does not exist in this version
	}
	if e, err := engine.New([]*rule.Rule{r}, engine.Config{Version: version}); err != nil {
		t.fault("header", "%v", err)
		return t.faults
	} else if err := e.Check([]*rule.Rule{r}); err != nil {
		t.fault("header", "%v", err)
		return t.faults
	}
	wants := map[string]int{}
	examples := map[string]string{}
	for _, e := range r.Examples() {
		wants[e.Want()]++
		examples[e.Name] = e.Text
	}
	if wants["fail"] == 0 || wants["pass"] == 0 {
		t.fault("examples", "a rule carries at least one failing and one passing example")
	}
	for _, e := range r.Examples() {
		t.example(e, examples)
	}
	return t.faults
}

type tester struct {
	rule    *rule.Rule
	version rule.Version
	faults  []Fault
}

func (t *tester) fault(example, format string, args ...any) {
	t.faults = append(t.faults, Fault{t.rule.ID, example, fmt.Sprintf(format, args...)})
}

func (t *tester) example(e rule.Example, all map[string]string) {
	name := strings.TrimPrefix(e.Name, e.Want()+"/")
	switch e.Want() {
	case "pass":
		if found := t.judge(e); len(found) > 0 {
			t.fault(e.Name, "must pass, but line %d: %s", found[0].Evidence[0].Origin.Line, found[0].Message)
		}
	case "fail":
		found := t.judge(e)
		if len(found) == 0 {
			t.fault(e.Name, "must fail, but nothing is found")
			return
		}
		t.pins(e, found)
		t.fix(e, found, all["fixed/"+name])
	case "fixed":
		if _, ok := all["fail/"+name]; !ok {
			t.fault(e.Name, "there is no fail/%s that it could be made from", name)
		}
	default:
		t.fault(e.Name, "an example is called fail/..., pass/... or fixed/...")
	}
}

// judge runs the rule on an example.
func (t *tester) judge(e rule.Example) []bartizan.Finding {
	found, gaps, err := Judge(t.rule, t.version, e.Text)
	if err != nil {
		t.fault(e.Name, "%v", err)
	}
	for _, g := range gaps {
		t.fault(e.Name, "line %d: %s", g.Origin.Line, g.Reason)
	}
	return found
}

// Judge runs one rule on the text of manifests.
func Judge(r *rule.Rule, version rule.Version, text string) ([]bartizan.Finding, []bartizan.Gap, error) {
	var objects []*kube.Object
	var entities []bartizan.Entity
	for doc, err := range tree.Parse(text, tree.DefaultLimits()) {
		if err != nil {
			return nil, nil, err
		}
		if !doc.Root().Exists() {
			continue
		}
		found, errs := kube.Decode(doc, bartizan.Origin{Source: "manifest", File: "example.yaml"})
		if len(errs) > 0 {
			return nil, nil, errs[0]
		}
		for _, o := range found {
			objects, entities = append(objects, o), append(entities, o.Entity())
		}
	}
	e, err := engine.New([]*rule.Rule{r}, engine.Config{Version: version, Fixes: engine.FixPatches, Workers: 1})
	if err != nil {
		return nil, nil, err
	}
	var all []bartizan.Finding
	w := world.New(entities)
	if e.Needs() {
		e = e.With(joined.New(joined.Input{World: w, Objects: objects, Complete: strings.Contains(text, wholeCluster)}))
	}
	result, err := e.Run(context.Background(), w, objects, func(f bartizan.Finding) error {
		all = append(all, f)
		return nil
	})
	return all, result.Gaps, err
}

// pins checks that the findings stand on the pinned lines, where there are any.
func (t *tester) pins(e rule.Example, found []bartizan.Finding) {
	pinned := map[int]bool{}
	for i, line := range strings.Split(e.Text, "\n") {
		if strings.HasSuffix(strings.TrimRight(line, " "), pin) {
			pinned[i+1] = false
		}
	}
	if len(pinned) == 0 {
		return
	}
	for _, f := range found {
		line := f.Evidence[0].Origin.Line
		if _, ok := pinned[line]; !ok {
			t.fault(e.Name, "a finding points at line %d, which is not pinned: %s", line, f.Message)
		}
		pinned[line] = true
	}
	for line, hit := range pinned {
		if !hit {
			t.fault(e.Name, "line %d is pinned, but no finding points at it", line)
		}
	}
}

// fix checks that the rule's fix mends the example for good, and that it makes of it what the rule promises.
func (t *tester) fix(e rule.Example, found []bartizan.Finding, want string) {
	if len(t.rule.Fix) == 0 && want == "" {
		return
	}
	text := e.Text
	for range 20 {
		if len(found) == 0 {
			break
		}
		next, err := applyFirst(text, found)
		if err != nil {
			t.fault(e.Name, "fix: %v", err)
			return
		}
		if next == text {
			break
		}
		text = next
		found = t.judge(rule.Example{Name: e.Name + " after the fix", Text: text})
	}
	if len(found) > 0 {
		t.fault(e.Name, "after the fix there is still, on line %d: %s", found[0].Evidence[0].Origin.Line, found[0].Message)
		return
	}
	if want != "" && !reflect.DeepEqual(values(text), values(want)) {
		t.fault(e.Name, "the fix makes of it:\n%s\nbut the rule promises:\n%s", text, want)
	}
}

// applyFirst carries out the fix of the first finding that has one.
func applyFirst(text string, found []bartizan.Finding) (string, error) {
	for _, f := range found {
		if f.Fix == nil {
			continue
		}
		for doc, err := range tree.Parse(text, tree.DefaultLimits()) {
			if err != nil {
				return text, err
			}
			line := f.Evidence[0].Origin.Line
			start, end := doc.Bounds()
			if first, _ := doc.Position(start); line < first {
				continue
			}
			if last, _ := doc.Position(max(end-1, start)); line > last {
				continue
			}
			splices, err := edit.Plan(doc, f.Fix.Do)
			if err != nil {
				return text, err
			}
			return edit.Apply(text, 0, splices), nil
		}
	}
	return text, nil
}

func values(text string) []any {
	var all []any
	for doc, err := range tree.Parse(text, tree.DefaultLimits()) {
		if err == nil && doc.Root().Exists() {
			all = append(all, doc.Root().Any())
		}
	}
	return all
}
