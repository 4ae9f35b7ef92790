package scan

import (
	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/frameworks"
	"github.com/bartizan-dev/bartizan/internal/engine"
	"github.com/bartizan-dev/bartizan/internal/sink"
	"github.com/bartizan-dev/bartizan/rule"
)

// Comply projects a run through a framework's table. A control fails where a rule that judges it found
// something, passes where its rules judged something and found nothing, and is not evaluated otherwise: no
// rule can decide it, nothing of the kind was read, or a rule could not be evaluated.
func Comply(f *frameworks.Framework, rules []*rule.Rule, tally engine.Tally, findings []bartizan.Finding) *sink.Framework {
	found := map[string]int{}
	for _, x := range findings {
		found[x.Rule]++
	}
	report := &sink.Framework{ID: f.ID, Title: f.Title, Version: f.Version}
	for _, c := range f.Controls {
		report.Controls = append(report.Controls, control(c, rules, tally, found))
	}
	return report
}

func control(c frameworks.Control, rules []*rule.Rule, tally engine.Tally, found map[string]int) sink.Control {
	out := sink.Control{ID: c.ID, Title: c.Title}
	var sum engine.Count
	decided := 0
	for _, r := range rules {
		if !c.Judges(r) {
			continue
		}
		out.Rules = append(out.Rules, r.ID)
		out.Failed += found[r.ID]
		n := tally[r.ID]
		sum.Passed += n.Passed
		sum.Failed += n.Failed
		sum.NotEvaluated += n.NotEvaluated
		if c.DecidedBy(r) {
			decided += n.Passed + n.Failed
		}
	}
	out.Passed = sum.Passed
	switch {
	case out.Failed > 0:
		out.Verdict = bartizan.Fail
	case len(out.Rules) == 0 && c.Note != "":
		out.Reason = c.Note
	case len(out.Rules) == 0:
		out.Reason = "no rule decides this from what was read"
	case sum.NotEvaluated > 0:
		out.Reason = "a rule could not be evaluated on something that was read"
	case sum.Passed+sum.Failed == 0:
		out.Reason = "nothing was read that this control speaks of"
	case decided == 0:
		out.Reason = "nothing was read that decides this control"
	case c.Note != "":
		out.Reason = c.Note // rules can refute such a control, not prove it
	default: // passes, or all that failed is accepted by an exception or known from the baseline
		out.Verdict = bartizan.Pass
	}
	return out
}
