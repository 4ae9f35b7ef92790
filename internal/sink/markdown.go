package sink

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/bartizan-dev/bartizan"
)

// markdownLimit is how long a comment on GitHub may be; it is kept in bytes, which are never fewer than the
// characters that GitHub counts. The end of it is for the note that something was cut.
const (
	markdownLimit = 65536
	markdownNote  = 400
)

// How much of each group and of the gaps a comment shows.
const (
	markdownRows   = 60
	markdownPlaces = 20
	markdownGaps   = 20
)

// markdownSink writes a comment for a pull request.
type markdownSink struct {
	w    io.Writer
	run  *Run
	n    tally
	fold groups
	doc  strings.Builder
	cut  bool
}

func newMarkdown(w io.Writer, run *Run) bartizan.Sink {
	return &markdownSink{w: w, run: run, fold: groups{keep: true, most: markdownPlaces}}
}

func (s *markdownSink) Write(ctx context.Context, f bartizan.Finding) error {
	s.n.add(f)
	if f.Verdict != bartizan.Pass {
		s.fold.add(f)
	}
	return ctx.Err()
}

func (s *markdownSink) Close() error {
	failed := s.fold.of(bartizan.Fail)
	s.head(failed)
	if s.run.Framework != nil {
		s.controls(s.run.Framework)
	}
	s.table(failed)
	s.unread()
	for _, g := range failed {
		s.details(g)
	}
	if s.cut {
		s.doc.WriteString("\n_This comment is cut: it may not be longer. " + mdCode(s.command()+" -o html", false) + " shows everything._\n")
	}
	s.doc.WriteString(s.foot())
	_, err := io.WriteString(s.w, s.doc.String())
	return err
}

// add writes a part if there is room for it.
func (s *markdownSink) add(part string) bool {
	if s.cut || s.doc.Len()+len(part)+len(s.foot())+markdownNote > markdownLimit {
		s.cut = true
		return false
	}
	s.doc.WriteString(part)
	return true
}

func (s *markdownSink) command() string {
	if s.run.Command == "" {
		return "bartizan scan PATH..."
	}
	return clip(s.run.Command, 200)
}

func (s *markdownSink) foot() string {
	return fmt.Sprintf("\n<sub>Bartizan %s, Kubernetes %s, %s</sub>\n", mdText(s.run.Version), s.run.Target, mdCode(s.command(), false))
}

// circles are the severities as GitHub's readers know them; the word always stands beside it.
var circles = [...]string{bartizan.Info: "⚪", bartizan.Low: "🔵", bartizan.Medium: "🟡", bartizan.High: "🟠", bartizan.Critical: "🔴"}

func mdSeverity(v bartizan.Severity) string {
	return circles[min(v, bartizan.Critical)] + " " + v.String()
}

func (s *markdownSink) head(failed []*group) {
	incomplete := len(s.run.Gaps) > 0 || s.n.notEvaluated > 0
	title, nothing := "✅ Bartizan found nothing", "No findings"
	switch {
	case s.run.Outcome.ExitCode == 1:
		title = "❌ Bartizan"
	case incomplete:
		title, nothing = "⚠️ Bartizan: not everything could be evaluated", "No findings in what could be evaluated"
	case len(failed) > 0:
		title = "Bartizan"
	case s.run.Inputs.Objects == 0:
		title, nothing = "⚠️ Bartizan: nothing was judged", "No Kubernetes object was found"
	}
	var counts []string
	for _, v := range worstFirst {
		if n := s.n.severities[v]; n > 0 {
			counts = append(counts, fmt.Sprintf("%s **%s %s**", circles[v], thousands(n), v))
		}
	}
	line := nothing
	if len(counts) > 0 {
		line = strings.Join(counts, ", ") + fmt.Sprintf(": %s of %s", count(s.n.failed, "finding"), count(len(failed), "rule"))
	}
	line += " in " + count(s.run.Inputs.Objects, "object")
	if n := s.run.Outcome.Suppressed; n > 0 {
		line += fmt.Sprintf(", %s held back by exceptions", thousands(n))
	}
	if n := s.run.Outcome.Baselined; n > 0 {
		line += fmt.Sprintf(", %s known from the baseline", thousands(n))
	}
	s.add("### " + title + "\n\n" + line + ".\n")
}

// table has a row for each group, the worst first.
func (s *markdownSink) table(failed []*group) {
	if len(failed) == 0 {
		return
	}
	var b strings.Builder
	b.WriteString("\n| severity | what | where | findings |\n|---|---|---|---:|\n")
	for i, g := range failed {
		if i == markdownRows {
			fmt.Fprintf(&b, "| | and %s | | |\n", count(len(failed)-i, "more rule"))
			break
		}
		where := mdText(clip(g.who(70), 200))
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", mdSeverity(g.severity), mdText(s.run.title(g.rule)), where, thousands(g.findings))
	}
	s.add(b.String())
}

// unread lists what is neither pass nor fail.
func (s *markdownSink) unread() {
	undecided := s.fold.of(bartizan.NotEvaluated)
	if len(s.run.Gaps)+len(undecided) == 0 {
		return
	}
	var b strings.Builder
	b.WriteString("\n**Not evaluated** (neither pass nor fail):\n\n")
	lines := 0
	line := func(text string) {
		if lines++; lines <= markdownGaps {
			b.WriteString("- " + text + "\n")
		}
	}
	for _, g := range s.run.Gaps {
		line(mdPlace(g.Origin) + mdText(clip(g.Reason, 400)))
	}
	for _, g := range undecided {
		line(mdPlace(place(g.first)) + mdCode(g.rule, false) + " on " + mdText(clip(g.who(70), 200)+": "+clip(g.first.Message, 400)))
	}
	if lines > markdownGaps {
		fmt.Fprintf(&b, "- and %s more\n", thousands(lines-markdownGaps))
	}
	s.add(b.String())
}

// details is the part of a group that opens on a click.
func (s *markdownSink) details(g *group) {
	var b strings.Builder
	fmt.Fprintf(&b, "\n<details><summary>%s: %s (%s)</summary>\n\n", mdSeverity(g.severity), mdText(s.run.title(g.rule)), thousands(g.findings))
	if r := s.run.Rules[g.rule]; r != nil {
		b.WriteString(mdProse(r.Why) + "\n\n")
	}
	for _, f := range g.all {
		b.WriteString("- " + mdPlace(place(f)) + mdText(clip(f.Subject.String(), 300)+": "+clip(f.Message, 400)) + "\n")
	}
	if rest := g.findings - len(g.all); rest > 0 {
		fmt.Fprintf(&b, "- and %s more\n", thousands(rest))
	}
	command, reason := s.run.fixCommand(g.first)
	if command != "" {
		b.WriteString("\nFix: " + mdCode(clip(command, 1000), false))
		if unsafe := g.first.Fix.Unsafe; unsafe != "" {
			b.WriteString(" (first check: " + mdText(unsafe) + ")")
		}
	} else {
		b.WriteString("\nFix: " + mdText(reason))
	}
	b.WriteString("\n\n</details>\n")
	s.add(b.String())
}

// controls is the compliance report: a row for each control.
func (s *markdownSink) controls(fw *Framework) {
	n := fw.count()
	s.add(fmt.Sprintf("\n#### %s\n\n%s: %s failed, %s passed, %s not evaluated.\n\n| control | verdict | what | findings |\n|---|---|---|---:|\n",
		mdText(strings.TrimSpace(fw.Title+" "+fw.Version)), count(len(fw.Controls), "control"),
		thousands(n[bartizan.Fail]), thousands(n[bartizan.Pass]), thousands(n[bartizan.NotEvaluated])))
	for _, c := range fw.Controls {
		what := mdText(c.Title)
		verdict := "✅ pass"
		switch c.Verdict {
		case bartizan.Fail:
			verdict = "❌ fail"
		case bartizan.NotEvaluated:
			verdict = "❔ not evaluated"
			if c.Reason != "" {
				what += ": " + mdText(c.Reason)
			}
		}
		if !s.add(fmt.Sprintf("| %s | %s | %s | %s |\n", mdCode(c.ID, true), verdict, what, number(c.Failed))) {
			return
		}
	}
}
