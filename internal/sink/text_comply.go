package sink

import (
	"fmt"
	"slices"
	"strings"

	"github.com/bartizan-dev/bartizan"
)

// framework writes a compliance report: the verdict of each control, what failed first told in full.
func (s *textSink) framework(fw *Framework) {
	n := fw.count()
	s.page.para(0, 2, span{bold, strings.TrimSpace(fw.Title + " " + fw.Version)}, span{normal, fmt.Sprintf(
		": %s, %s failed, %s passed, %s not evaluated.", count(len(fw.Controls), "control"),
		thousands(n[bartizan.Fail]), thousands(n[bartizan.Pass]), thousands(n[bartizan.NotEvaluated]))})
	s.page.blank()
	idWidth := 0
	for _, c := range fw.Controls {
		idWidth = max(idWidth, columns(Printable(c.ID)))
	}
	idWidth = min(idWidth, 24)
	for _, v := range [...]bartizan.Verdict{bartizan.Fail, bartizan.NotEvaluated, bartizan.Pass} {
		any := false
		for _, c := range fw.Controls {
			if c.Verdict == v {
				s.control(c, idWidth)
				any = true
			}
		}
		if any {
			s.page.blank()
		}
	}
}

// verdictWord is how each verdict of a control looks.
func verdictWord(v bartizan.Verdict) span {
	switch v {
	case bartizan.Fail:
		return span{"1;31", "✖ FAIL"}
	case bartizan.Pass:
		return span{"32", "✔ PASS"}
	}
	return span{"33", "? NOT EVALUATED"}
}

func (s *textSink) control(c Control, idWidth int) {
	word := verdictWord(c.Verdict)
	word.text += strings.Repeat(" ", max(8-columns(word.text), 2))
	id := Printable(c.ID)
	id += strings.Repeat(" ", max(idWidth-columns(id), 0)+2)
	indent := min(columns(word.text)+columns(id), s.page.width/2)
	right := ""
	switch {
	case c.Verdict == bartizan.Fail:
		right = count(c.Failed, "finding")
	case c.Verdict == bartizan.Pass && c.Passed > 0:
		right = count(c.Passed, "check")
	}
	title := span{normal, c.Title}
	if c.Verdict == bartizan.Fail {
		title.style = bold
	}
	s.page.row([]span{word, {normal, id}}, title, span{faint, right})
	switch c.Verdict {
	case bartizan.Fail:
		for _, g := range s.fold.of(bartizan.Fail) {
			if slices.Contains(c.Rules, g.rule) {
				s.culprit(g, indent)
			}
		}
	case bartizan.NotEvaluated:
		s.page.para(indent, indent, span{faint, c.Reason})
	}
}

// culprit names a rule that a control fails by.
func (s *textSink) culprit(g *group, indent int) {
	spans := []span{{normal, g.rule + ": " + g.who(s.page.width-indent-columns(g.rule)-2)}}
	if w := at(place(g.first)); w != "" {
		spans = append(spans, span{normal, " "}, span{where, w})
	}
	s.page.para(indent, indent+2, spans...)
}
