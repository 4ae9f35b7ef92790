package sink

import (
	"fmt"
	"strings"

	"github.com/bartizan-dev/bartizan"
)

// pageGaps is how many gaps a page shows.
const pageGaps = 5

// unread tells what could not be read and what could not be evaluated: it is never shown as a pass.
func (s *textSink) unread() {
	gaps, undecided := s.run.Gaps, s.fold.of(bartizan.NotEvaluated)
	if len(gaps) == 0 && len(undecided) == 0 {
		return
	}
	lines := len(gaps) + len(undecided)
	s.page.para(0, 2, span{"1;33", "? NOT EVALUATED"}, span{normal, fmt.Sprintf(": %s, neither pass nor fail", thousands(lines))})
	left := lines
	if !s.run.Verbose {
		left = pageGaps
	}
	for _, g := range gaps[:min(left, len(gaps))] {
		spans := []span{{normal, g.Reason}}
		if w := at(g.Origin); w != "" {
			spans = []span{{where, w}, {normal, ": " + g.Reason}}
		}
		s.page.para(2, 4, spans...)
		left--
	}
	for _, g := range undecided[:min(left, len(undecided))] {
		s.undecided(g)
		left--
	}
	if shown := pageGaps; !s.run.Verbose && lines > shown {
		s.page.para(2, 4, span{faint, fmt.Sprintf("and %s more", thousands(lines-shown))})
	}
	s.page.blank()
}

func (s *textSink) undecided(g *group) {
	spans := []span{{normal, g.rule + " on " + g.who(s.page.width-10-columns(g.rule)) + ": " + g.first.Message}}
	if w := at(place(g.first)); w != "" {
		spans = append([]span{{where, w}, {normal, ": "}}, spans...)
	}
	s.page.para(2, 4, spans...)
}

// asides are what was passed over and held back on purpose, and notes.
func (s *textSink) asides() {
	var lines []string
	if len(s.run.Skips) > 0 {
		parts := make([]string, len(s.run.Skips))
		for i, k := range s.run.Skips {
			parts[i] = thousands(k.Count) + " × " + k.Reason
		}
		lines = append(lines, "Passed over on purpose: "+strings.Join(parts, ", ")+".")
	}
	var held []string
	if n := s.run.Outcome.Suppressed; n > 0 {
		held = append(held, thousands(n)+" by exceptions")
	}
	if n := s.run.Outcome.Baselined; n > 0 {
		held = append(held, thousands(n)+" known from the baseline")
	}
	if len(held) > 0 {
		lines = append(lines, "Held back: "+strings.Join(held, ", ")+".")
	}
	for _, n := range s.run.Outcome.Notes {
		lines = append(lines, "Note: "+n)
	}
	for _, l := range lines {
		s.page.para(0, 2, span{normal, l})
	}
	if len(lines) > 0 {
		s.page.blank()
	}
}

// result is the last word: the verdict of the run, and what to type next.
func (s *textSink) result() {
	out := s.run.Outcome
	bad := 0
	for v := out.FailOn; v <= bartizan.Critical; v++ {
		bad += s.n.severities[v]
	}
	above := "at or above " + out.FailOn.String()
	found := "no finding " + above
	if bad > 0 {
		found = count(bad, "finding") + " " + above
	}
	if out.FailOn > bartizan.Critical {
		found = "findings do not fail this run"
	}
	var word, rest string
	look := bold
	switch {
	case out.ExitCode == 3:
		word, rest, look = "INCOMPLETE", "not everything could be read; "+found+" in what could", "1;33"
	case out.ExitCode == 1:
		word, rest, look = "FAIL", found, "1;31"
	case s.run.Inputs.Objects == 0:
		word, rest = "NOTHING JUDGED", "name files that hold Kubernetes objects"
	default:
		word, rest, look = "PASS", found, "1;32"
	}
	s.page.para(0, 2, span{look, word}, span{normal, ": " + rest + fmt.Sprintf(" (exit code %d).", out.ExitCode)})
	s.next()
}

// next says how to see the rest.
func (s *textSink) next() {
	if s.n.failed == 0 && s.n.notEvaluated == 0 {
		return
	}
	var hints []hint
	cmd := s.run.Command
	if cmd == "" {
		cmd = "bartizan scan PATH..."
	}
	if !s.run.Verbose {
		hints = append(hints, hint{cmd + " -v", "every finding with its place"})
	}
	if safe := s.safeFixes(); safe > 0 && !s.run.live() {
		hints = append(hints, hint{"bartizan fix " + shellPaths(s.run.Inputs.Paths) + " --diff", "what safe fixes would change"})
	}
	if list := s.fold.of(bartizan.Fail); len(list) > 0 {
		hints = append(hints, hint{s.run.showCommand(list[0].rule), "why, how to mend it, examples"})
	}
	hints = append(hints, hint{cmd + " -o html > report.html", "a page; also json, sarif ..."})
	s.hints(hints)
}

// hint is something to type, and what it shows.
type hint struct{ cmd, what string }

// hints writes a table where the page is wide enough, and commands with comments where it is not.
func (s *textSink) hints(list []hint) {
	left, all := 0, 0
	for _, h := range list {
		left = max(left, columns(Printable(h.cmd)))
		all = max(all, columns(h.what))
	}
	for _, h := range list {
		if c := Printable(h.cmd); 2+left+2+all <= s.page.width {
			s.page.put(normal, "  ")
			s.page.put(command, c)
			s.page.put(normal, strings.Repeat(" ", left-columns(c)+2))
			s.page.put(faint, h.what)
			s.page.blank()
			continue
		}
		s.page.para(2, 4, span{command, h.cmd}, span{faint, " # " + h.what})
	}
}

// safeFixes counts the groups with a fix that needs no judgement and that bartizan fix can apply.
func (s *textSink) safeFixes() int {
	n := 0
	for _, g := range s.fold.of(bartizan.Fail) {
		if cmd, _ := s.run.fixCommand(g.first); cmd != "" && g.first.Fix.Unsafe == "" {
			n++
		}
	}
	return n
}
