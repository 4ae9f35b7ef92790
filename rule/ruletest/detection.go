package ruletest

import (
	"github.com/bartizan-dev/bartizan/internal/detect"
	"github.com/bartizan-dev/bartizan/rule"
)

// runDetection plays the examples of a detection, without other rules: a failing one must raise an alert, a passing one
// must not.
func (t *tester) runDetection() {
	s, notices, err := detect.New(detect.Config{Rules: []*rule.Rule{t.rule}})
	for _, n := range notices.Errors() {
		t.fault("header", "%s", n)
	}
	if err != nil {
		if len(t.faults) == 0 {
			t.fault("header", "%v", err)
		}
		return
	}
	wants := map[string]int{}
	for _, e := range t.rule.Examples() {
		wants[e.Want()]++
		t.play(s, e)
	}
	if wants["fail"] == 0 || wants["pass"] == 0 {
		t.fault("examples", "a rule carries at least one failing and one passing example")
	}
}

func (t *tester) play(s *detect.Set, e rule.Example) {
	moments, err := detect.ParseExample(e.Text)
	if err != nil {
		t.fault(e.Name, "%v", err)
		return
	}
	alerts, err := s.Play(e.Name, moments)
	switch {
	case err != nil:
		t.fault(e.Name, "%v", err)
	case e.Want() != "fail" && e.Want() != "pass":
		t.fault(e.Name, "an example of a detection is called fail/... or pass/...")
	case e.Want() == "fail" && len(alerts) == 0:
		t.fault(e.Name, "must raise an alert, but none is raised")
	case e.Want() == "pass" && len(alerts) > 0:
		last := alerts[0].Evidence[len(alerts[0].Evidence)-1]
		t.fault(e.Name, "must raise no alert, but line %d: %s", last.Origin.Line, alerts[0].Output)
	}
}
