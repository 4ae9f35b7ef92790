package sink

import (
	"context"
	"encoding/csv"
	"io"
	"strconv"
	"strings"

	"github.com/bartizan-dev/bartizan"
)

// csvSink writes a row for each finding as it comes, then a row for each gap. Nothing in it is taken for a
// formula by a spreadsheet.
type csvSink struct {
	out *csv.Writer
	run *Run
	row int
}

func newCSV(w io.Writer, run *Run) bartizan.Sink {
	if run.Framework != nil {
		return &csvControls{csvSink{out: csv.NewWriter(w), run: run}}
	}
	return &csvSink{out: csv.NewWriter(w), run: run}
}

var csvHeader = []string{"verdict", "severity", "rule", "title", "kind", "namespace", "name", "message",
	"file", "line", "column", "path", "value", "fix", "controls", "fingerprint"}

func (s *csvSink) Write(ctx context.Context, f bartizan.Finding) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	var e bartizan.Evidence
	if len(f.Evidence) > 0 {
		e = f.Evidence[0]
	}
	command, _ := s.run.fixCommand(f)
	return s.put(f.Verdict.String(), f.Severity.String(), f.Rule, s.run.title(f.Rule),
		string(f.Subject.Kind), f.Subject.Namespace, f.Subject.Name, f.Message,
		e.Origin.File, number(e.Origin.Line), number(e.Origin.Column), e.Path, e.Value, command,
		s.run.controls(f.Rule), s.run.fingerprint(f))
}

func (s *csvSink) Close() error {
	for _, g := range s.run.Gaps {
		row := make([]string, len(csvHeader))
		row[0], row[7] = bartizan.NotEvaluated.String(), g.Reason
		row[8], row[9], row[10] = g.Origin.File, number(g.Origin.Line), number(g.Origin.Column)
		if err := s.put(row...); err != nil {
			return err
		}
	}
	return s.flush(csvHeader)
}

// flush ends the table; one without rows still has its header.
func (s *csvSink) flush(header []string) error {
	if s.row == 0 {
		if err := s.out.Write(header); err != nil {
			return err
		}
	}
	s.out.Flush()
	return s.out.Error()
}

func (s *csvSink) put(row ...string) error { return s.table(csvHeader, row) }

func (s *csvSink) table(header, row []string) error {
	if s.row == 0 {
		if err := s.out.Write(header); err != nil {
			return err
		}
	}
	s.row++
	for i, cell := range row {
		row[i] = csvCell(cell)
	}
	return s.out.Write(row)
}

// csvCell makes a text harmless in a spreadsheet: one that would begin a formula gets an apostrophe before it.
func csvCell(s string) string {
	s = Printable(s)
	first := strings.TrimLeft(s, " \u00a0\u3000")
	for _, sign := range []string{"=", "+", "-", "@", "|", "%", "＝", "＋", "－", "＠"} {
		if strings.HasPrefix(first, sign) {
			return "'" + s
		}
	}
	return s
}

// number leaves out what is unknown.
func number(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// controls lists what a rule is mapped to, "cis-1.12:5.2.2 attack:T1611".
func (run *Run) controls(id string) string {
	r := run.Rules[id]
	if r == nil {
		return ""
	}
	all := make([]string, len(r.Maps))
	for i, m := range r.Maps {
		all[i] = m.Framework + ":" + m.Control
	}
	return strings.Join(all, " ")
}

// csvControls writes a compliance report: a row for each control.
type csvControls struct{ csvSink }

var csvControlHeader = []string{"framework", "version", "control", "title", "verdict", "failed", "passed", "rules", "reason"}

func (s *csvControls) Write(ctx context.Context, _ bartizan.Finding) error { return ctx.Err() }

func (s *csvControls) Close() error {
	fw := s.run.Framework
	for _, c := range fw.Controls {
		err := s.table(csvControlHeader, []string{fw.ID, fw.Version, c.ID, c.Title, c.Verdict.String(),
			strconv.Itoa(c.Failed), strconv.Itoa(c.Passed), strings.Join(c.Rules, " "), c.Reason})
		if err != nil {
			return err
		}
	}
	return s.flush(csvControlHeader)
}
