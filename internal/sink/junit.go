package sink

import (
	"bufio"
	"context"
	"encoding/xml"
	"io"
	"sort"
	"strconv"
	"strings"

	"github.com/bartizan-dev/bartizan"
)

// junitSink writes JUnit XML: a suite for each rule that ran, in it a failure for each finding, or a passing
// test where there is none. What could not be read or evaluated is an error or a skipped test.
type junitSink struct {
	out *bufio.Writer
	run *Run
	of  map[string][]bartizan.Finding
}

func newJUnit(w io.Writer, run *Run) bartizan.Sink {
	return &junitSink{out: bufio.NewWriterSize(w, 1<<16), run: run, of: map[string][]bartizan.Finding{}}
}

func (s *junitSink) Write(ctx context.Context, f bartizan.Finding) error {
	s.of[f.Rule] = append(s.of[f.Rule], f)
	return ctx.Err()
}

func (s *junitSink) Close() error {
	ids := make([]string, 0, len(s.run.Rules))
	for id := range s.run.Rules {
		ids = append(ids, id)
	}
	for id := range s.of {
		if s.run.Rules[id] == nil {
			ids = append(ids, id)
		}
	}
	sort.Strings(ids)
	total, failed, skipped, errors := 0, 0, 0, len(s.run.Gaps)
	for _, id := range ids {
		n, f, k := s.tests(id)
		total, failed, skipped = total+n, failed+f, skipped+k
	}
	s.out.WriteString(xml.Header)
	s.tag("testsuites", "name", "Bartizan", "tests", strconv.Itoa(total+errors), "failures", strconv.Itoa(failed),
		"errors", strconv.Itoa(errors), "skipped", strconv.Itoa(skipped))
	for _, id := range ids {
		s.suite(id, s.of[id])
	}
	s.gaps()
	s.out.WriteString("</testsuites>\n")
	return s.out.Flush()
}

// tests counts the test cases of a rule's suite. A rule that judged nothing has one, which was skipped.
func (s *junitSink) tests(id string) (all, failed, skipped int) {
	findings := s.of[id]
	if len(findings) == 0 && s.idle(id) {
		return 1, 0, 1
	}
	for _, f := range findings {
		switch f.Verdict {
		case bartizan.Fail:
			failed++
		case bartizan.NotEvaluated:
			skipped++
		}
	}
	return max(len(findings), 1), failed, skipped
}

// idle says that a rule judged nothing.
func (s *junitSink) idle(id string) bool { return s.run.Judged != nil && !s.run.Judged[id] }

func (s *junitSink) suite(id string, findings []bartizan.Finding) {
	all, failed, skipped := s.tests(id)
	s.out.WriteString("  ")
	s.tag("testsuite", "name", id, "tests", strconv.Itoa(all), "failures", strconv.Itoa(failed), "errors", "0", "skipped", strconv.Itoa(skipped))
	if len(findings) == 0 {
		s.out.WriteString("    ")
		s.tag("testcase", "classname", id, "name", s.run.title(id)+": no finding")
		if s.idle(id) {
			s.out.WriteString("      ")
			s.tag("skipped", "message", "nothing was read that this rule speaks of")
			s.out.WriteString("      </skipped>\n")
		}
		s.out.WriteString("    </testcase>\n")
	}
	for _, f := range findings {
		s.test(f)
	}
	s.out.WriteString("  </testsuite>\n")
}

func (s *junitSink) test(f bartizan.Finding) {
	o := place(f)
	attrs := []string{"classname", f.Rule, "name", f.Subject.String() + ": " + f.Message}
	if o.File != "" {
		attrs = append(attrs, "file", o.File)
	}
	if o.Line > 0 {
		attrs = append(attrs, "line", strconv.Itoa(o.Line))
	}
	s.out.WriteString("    ")
	s.tag("testcase", attrs...)
	switch f.Verdict {
	case bartizan.Fail:
		s.out.WriteString("      ")
		s.tag("failure", "type", f.Severity.String(), "message", s.run.title(f.Rule)+": "+f.Message)
		s.text(s.detail(f))
		s.out.WriteString("</failure>\n")
	case bartizan.NotEvaluated:
		s.out.WriteString("      ")
		s.tag("skipped", "message", "not evaluated: "+f.Message)
		s.out.WriteString("      </skipped>\n")
	}
	s.out.WriteString("    </testcase>\n")
}

// detail is the body of a failure, a line for each thing to know.
func (s *junitSink) detail(f bartizan.Finding) string {
	lines := []string{f.Subject.String() + ": " + Printable(f.Message)}
	if w := at(place(f)); w != "" {
		lines = append(lines, "at "+w)
	}
	if r := s.run.Rules[f.Rule]; r != nil {
		lines = append(lines, firstSentence(r.Why))
	}
	command, reason := s.run.fixCommand(f)
	lines = append(lines, "fix: "+command+reason)
	for i, l := range lines {
		lines[i] = Printable(l)
	}
	return strings.Join(lines, "\n") + "\n"
}

func (s *junitSink) gaps() {
	if len(s.run.Gaps) == 0 {
		return
	}
	n := strconv.Itoa(len(s.run.Gaps))
	s.out.WriteString("  ")
	s.tag("testsuite", "name", "not evaluated", "tests", n, "failures", "0", "errors", n, "skipped", "0")
	for _, g := range s.run.Gaps {
		s.out.WriteString("    ")
		s.tag("testcase", "classname", "not-evaluated", "name", strings.TrimSpace(at(g.Origin)+" "+g.Reason))
		s.out.WriteString("      ")
		s.tag("error", "type", "not evaluated", "message", g.Reason)
		s.out.WriteString("      </error>\n    </testcase>\n")
	}
	s.out.WriteString("  </testsuite>\n")
}

// tag opens an element; attributes are made printable and escaped.
func (s *junitSink) tag(name string, attrs ...string) {
	s.out.WriteString("<" + name)
	for i := 0; i+1 < len(attrs); i += 2 {
		s.out.WriteString(" " + attrs[i] + `="`)
		xml.EscapeText(s.out, []byte(Printable(attrs[i+1])))
		s.out.WriteString(`"`)
	}
	s.out.WriteString(">")
	if name != "failure" {
		s.out.WriteString("\n")
	}
}

func (s *junitSink) text(t string) { xml.EscapeText(s.out, []byte(t)) }
