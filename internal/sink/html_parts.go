package sink

import (
	"fmt"
	"strings"

	"github.com/bartizan-dev/bartizan"
)

// The parts of the page that are there without its script.

func (s *htmlSink) meta() string {
	return s.run.Inputs.counted() + ", judged by " + count(len(s.run.Rules), "rule") + " for Kubernetes " + s.run.Target.String()
}

func (s *htmlSink) cards() string {
	var b strings.Builder
	for _, v := range worstFirst {
		class := v.String()
		if s.n.severities[v] == 0 {
			class += " none"
		}
		fmt.Fprintf(&b, `<div class="card %s" data-severity="%s"><b>%s</b><span><span aria-hidden="true">%s</span> %s</span></div>`,
			class, v, thousands(s.n.severities[v]), marks[v].sign, v)
	}
	return b.String()
}

// static is the summary for readers without scripts, and for a page without findings.
func (s *htmlSink) static() string {
	failed := s.fold.of(bartizan.Fail)
	if len(failed) == 0 {
		what := "No finding in what was read."
		switch {
		case s.run.Inputs.Objects == 0:
			what = "Nothing was judged: " + s.run.Inputs.nothing()
		case len(s.run.Gaps) > 0 || s.n.notEvaluated > 0:
			what = "No finding in what could be read and evaluated."
		}
		return `<div class="panel clean"><b>` + what + `</b><small>` + count(s.run.Outcome.Passed, "check") + ` passed.</small></div>`
	}
	var b strings.Builder
	b.WriteString(`<div class="panel scroll"><table><thead><tr><th>severity</th><th>what</th><th>where</th><th class="n">findings</th></tr></thead><tbody>`)
	for _, g := range failed {
		fix, reason := s.run.fixCommand(g.first)
		fmt.Fprintf(&b, `<tr><td class="sev"><span class="tag %[1]s"><span aria-hidden="true">%[2]s</span>%[1]s</span></td><td>%[3]s<small>fix: %[4]s</small></td><td>%[5]s<small class="mono">%[6]s</small></td><td class="n">%[7]s</td></tr>`,
			min(g.severity, bartizan.Critical), marks[min(g.severity, bartizan.Critical)].sign, escape(s.run.title(g.rule)), escape(clip(fix+reason, 300)),
			escape(clip(g.who(60), 300)), escape(at(place(g.first))), thousands(g.findings))
	}
	b.WriteString(`</tbody></table></div>`)
	return b.String()
}

// htmlGaps bounds the list of what could not be read.
const htmlGaps = 500

func (s *htmlSink) unread() string {
	undecided := s.fold.of(bartizan.NotEvaluated)
	n := len(s.run.Gaps) + len(undecided)
	if n == 0 {
		return ""
	}
	open := ""
	if n <= 5 {
		open = " open"
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<details class="panel warn"%s><summary><span>? Not evaluated: %s</span><small>neither pass nor fail</small></summary><ul>`, open, thousands(n))
	for i, g := range s.run.Gaps {
		if i == htmlGaps {
			fmt.Fprintf(&b, `<li>and %s more</li>`, thousands(len(s.run.Gaps)-i))
			break
		}
		b.WriteString(`<li>` + htmlPlace(g.Origin) + escape(g.Reason) + `</li>`)
	}
	for _, g := range undecided {
		b.WriteString(`<li>` + htmlPlace(place(g.first)) + escape(g.rule+" on "+clip(g.who(60), 300)+": "+g.first.Message) + `</li>`)
	}
	b.WriteString(`</ul></details>`)
	return b.String()
}

func htmlPlace(o bartizan.Origin) string {
	if o.File == "" {
		return ""
	}
	return `<span class="mono">` + escape(at(o)) + `</span> `
}

// framework is the table of a compliance report.
func (s *htmlSink) framework() string {
	fw := s.run.Framework
	if fw == nil {
		return ""
	}
	n := fw.count()
	var b strings.Builder
	fmt.Fprintf(&b, `<details class="panel" open><summary><span>%s</span><small>%s: %s failed, %s passed, %s not evaluated</small></summary><div class="scroll"><table><thead><tr><th>control</th><th>verdict</th><th>what</th><th class="n">findings</th></tr></thead><tbody>`,
		escape(strings.TrimSpace(fw.Title+" "+fw.Version)), count(len(fw.Controls), "control"),
		thousands(n[bartizan.Fail]), thousands(n[bartizan.Pass]), thousands(n[bartizan.NotEvaluated]))
	for _, c := range fw.Controls {
		word, class := verdictWord(c.Verdict).text, [...]string{"none", "pass", "fail"}[min(c.Verdict, bartizan.Fail)]
		small := c.Reason
		if c.Verdict != bartizan.NotEvaluated {
			small = strings.Join(c.Rules, ", ")
		}
		fmt.Fprintf(&b, `<tr><td class="id mono">%s</td><td class="v %s">%s</td><td>%s<small>%s</small></td><td class="n">%s</td></tr>`,
			escape(c.ID), class, strings.ToLower(word), escape(c.Title), escape(small), number(c.Failed))
	}
	b.WriteString(`</tbody></table></div></details>`)
	return b.String()
}

// asides are what was passed over and held back, and notes.
func (s *htmlSink) asides() string {
	var lines []string
	if s.left > 0 {
		lines = append(lines, fmt.Sprintf("%s are not in this page, none of them worse than those that are.", count(s.left, "more finding")))
	}
	for _, k := range s.run.Skips {
		lines = append(lines, fmt.Sprintf("Passed over on purpose: %s × %s", thousands(k.Count), k.Reason))
	}
	if n := s.run.Outcome.Suppressed; n > 0 {
		lines = append(lines, "Held back by exceptions: "+thousands(n))
	}
	if n := s.run.Outcome.Baselined; n > 0 {
		lines = append(lines, "Known from the baseline: "+thousands(n))
	}
	lines = append(lines, s.run.Outcome.Notes...)
	if len(lines) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString(`<details class="panel"><summary><span>Notes</span><small>` + thousands(len(lines)) + `</small></summary><ul>`)
	for _, l := range lines {
		b.WriteString(`<li>` + escape(l) + `</li>`)
	}
	b.WriteString(`</ul></details>`)
	return b.String()
}
