package sink

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/bartizan-dev/bartizan"
)

// textSink writes for a person: a page, the worst first, and how to see the rest.
type textSink struct {
	run  *Run
	page *pageWriter
	n    tally
	fold groups
}

// shortestTitle is how much of a title must fit for it to be shown.
const shortestTitle = 12

// fewSubjects is more subjects than a line of a terminal can name.
const fewSubjects = 512

func newText(w io.Writer, run *Run) bartizan.Sink {
	return &textSink{run: run, page: newPage(w, run), fold: groups{keep: run.Verbose, few: fewSubjects, run: run}}
}

func (s *textSink) Write(ctx context.Context, f bartizan.Finding) error {
	s.n.add(f)
	if f.Verdict != bartizan.Pass {
		s.fold.add(f)
	}
	return ctx.Err()
}

func (s *textSink) Close() error {
	s.header()
	if s.run.Framework != nil {
		s.framework(s.run.Framework)
	} else {
		s.findings()
	}
	s.unread()
	s.asides()
	s.result()
	return s.page.flush()
}

// mark is how each severity looks.
var marks = [...]struct {
	sign  string
	style style
}{
	bartizan.Info:     {"·", faint},
	bartizan.Low:      {"●", "34"},
	bartizan.Medium:   {"◆", "33"},
	bartizan.High:     {"▲", "31"},
	bartizan.Critical: {"✖", "1;31"},
}

// severityColumn begins the line of a group.
func severityColumn(v bartizan.Severity) []span {
	m := marks[min(v, bartizan.Critical)]
	word := m.sign + " " + strings.ToUpper(v.String())
	return []span{{m.style, word}, {normal, strings.Repeat(" ", max(12-columns(word), 2))}}
}

// header says what was read.
func (s *textSink) header() {
	in := s.run.Inputs
	if in.Hunted {
		s.page.para(0, 0, span{normal, "Hunted "}, span{bold, in.Cluster}, span{normal, ": " + count(in.Objects, "service") +
			" answered. Judged by " + count(len(s.run.Rules), "rule") + "."})
		s.page.blank()
		return
	}
	what := shorten(in.Paths, 3)
	if s.run.live() {
		what = "cluster " + in.Cluster
	}
	s.page.para(0, 0, span{normal, "Read "}, span{bold, what}, span{normal, ": " + in.counted() +
		". Judged by " + count(len(s.run.Rules), "rule") + " for Kubernetes " + s.run.Target.String() + "."})
	s.page.blank()
}

// shorten names the first few of a list of paths.
func shorten(paths []string, most int) string {
	switch {
	case len(paths) == 0:
		return "nothing"
	case len(paths) <= most:
		return strings.Join(paths, " ")
	}
	return strings.Join(paths[:most], " ") + fmt.Sprintf(" and %d more paths", len(paths)-most)
}

// The page: so many groups are told in full, and so many more in one line each.
const (
	fullGroups  = 5
	shortGroups = 10
)

func (s *textSink) findings() {
	failed := s.fold.of(bartizan.Fail)
	if len(failed) == 0 {
		s.clean()
		return
	}
	s.severities()
	s.page.blank()
	full, short := len(failed), len(failed)
	if !s.run.Verbose {
		full, short = min(full, fullGroups), min(short, fullGroups+shortGroups)
	}
	for _, g := range failed[:full] {
		s.group(g)
		s.page.blank()
	}
	for _, g := range failed[full:short] {
		s.brief(g)
	}
	if rest := failed[short:]; len(rest) > 0 {
		n := 0
		for _, g := range rest {
			n += g.findings
		}
		s.page.para(0, 2, span{faint, fmt.Sprintf("and %s of %s, none of them worse", count(n, "finding"), count(len(rest), "more rule"))})
	}
	if short > full {
		s.page.blank()
	}
}

func (s *textSink) clean() {
	in := "in what was read"
	if len(s.run.Gaps) > 0 || s.n.notEvaluated > 0 || s.run.Outcome.NotEvaluated > 0 {
		in = "in what could be read and evaluated: see below for what could not"
	}
	if s.run.Inputs.Objects == 0 {
		s.page.para(0, 0, span{bold, "Nothing was judged: "}, span{normal, s.run.Inputs.nothing()})
	} else {
		s.page.para(0, 0, span{bold, "No findings "}, span{normal, in + " (" + count(s.run.Outcome.Passed, "check") + " passed)."})
	}
	s.page.blank()
}

// severities is one line of counts.
func (s *textSink) severities() {
	var spans []span
	for _, v := range worstFirst {
		m := marks[v]
		n := s.n.severities[v]
		look := m.style
		if n == 0 {
			look = faint
		}
		spans = append(spans, span{look, fmt.Sprintf("%s %s %s", m.sign, thousands(n), v)}, span{normal, "  "})
	}
	total := fmt.Sprintf("%s of %s", count(s.n.failed, "finding"), count(len(s.fold.of(bartizan.Fail)), "rule"))
	spans = spans[:len(spans)-1]
	used := 0
	for _, x := range spans {
		used += columns(x.text)
	}
	if used > s.page.width {
		s.page.para(0, 0, append(spans, span{normal, ": " + total})...)
		return
	}
	s.page.row(spans, span{}, span{normal, total})
}

// column is where the text beside a severity begins; a narrow page has no room for such a column.
func (s *textSink) column() int {
	if s.page.width < 60 {
		return 2
	}
	return 12
}

// brief tells of one rule in one line; where that is too short for the rule's id, the title goes before.
func (s *textSink) brief(g *group) {
	title, found := Printable(s.run.title(g.rule)), " ("+thousands(g.findings)+")"
	room := s.page.width - 12 - 2 - columns(Printable(g.rule)) - columns(found)
	if room < shortestTitle && title != g.rule {
		title = "" // the rule's name says as much
	}
	s.page.row(severityColumn(g.severity), span{normal, clip(title, room) + found}, span{faint, g.rule})
}

// group tells of one rule in full.
func (s *textSink) group(g *group) {
	s.page.row(severityColumn(g.severity), span{bold, s.run.title(g.rule)}, span{faint, g.rule})
	col := s.column()
	s.page.para(col, col, span{normal, g.who(s.page.width - col)})
	if len(g.all) > 1 {
		for _, f := range g.all {
			s.place(f, "", true)
		}
	} else {
		more := ""
		if g.findings > 1 {
			more = fmt.Sprintf(" (and %s more)", thousands(g.findings-1))
		}
		s.place(g.first, more, false)
	}
	if r := s.run.Rules[g.rule]; r != nil {
		why := firstSentence(r.Why)
		if s.run.Verbose {
			why = strings.Join(strings.Fields(r.Why), " ")
		}
		s.page.para(col, col, span{faint, why})
	}
	if g.path != nil {
		s.page.para(col, col+6, span{bold, "Path: "}, span{normal, "from " + g.path.From + " one can " + g.path.To + "; see "},
			span{command, s.run.pathCommand(g.path)})
	}
	s.fix(g)
}

// place points at one finding.
func (s *textSink) place(f bartizan.Finding, more string, named bool) {
	col := s.column()
	o := place(f)
	spans := []span{}
	if where_ := at(o); where_ != "" {
		spans = append(spans, span{where, where_})
		if o.Rendered > 0 && o.Rendered != o.Line {
			spans = append(spans, span{faint, fmt.Sprintf(" (rendered line %d)", o.Rendered)})
		}
		spans = append(spans, span{normal, ": "})
	}
	text := f.Message
	if named {
		text = f.Subject.String() + ": " + text
	}
	s.page.para(col, col+2, append(spans, span{normal, text}, span{faint, more})...)
}

// fix says what to type, or why nothing can be typed.
func (s *textSink) fix(g *group) {
	col := s.column()
	cmd, reason := s.run.fixCommand(g.first)
	if len(cmd) > 2*s.page.width {
		cmd, reason = "", "kubectl patch: "+s.run.Command+" -o json has the command of each finding"
	}
	if cmd == "" {
		s.page.para(col, col+5, span{bold, "Fix: "}, span{normal, reason})
		return
	}
	spans := []span{{bold, "Fix: "}, {command, cmd}}
	if g.fixes < g.findings {
		spans = append(spans, span{faint, fmt.Sprintf(" (%d of %d)", g.fixes, g.findings)})
	}
	s.page.para(col, col+5, spans...)
	if unsafe := g.first.Fix.Unsafe; unsafe != "" {
		if !s.run.Verbose {
			unsafe = firstSentence(unsafe)
		}
		s.page.para(col+5, col+5, span{normal, "first check: " + strings.Join(strings.Fields(unsafe), " ")})
	}
}
