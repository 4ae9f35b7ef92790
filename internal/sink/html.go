package sink

import (
	"bufio"
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html"
	"io"
	"strings"

	"github.com/bartizan-dev/bartizan"
)

//go:embed page/report.html
var reportHTML string

//go:embed page/report.css
var reportCSS string

//go:embed page/report.js
var reportJS string

// htmlFindings bounds the findings in a page, so that a browser can open it; the counts are of all.
const htmlFindings = 20000

// htmlSink writes one page that needs nothing else: no network, no files. What is read is data for its
// script, which shows it as text; without scripts it is a summary.
type htmlSink struct {
	out      *bufio.Writer
	run      *Run
	n        tally
	fold     groups
	findings []bartizan.Finding
	left     int
	excerpts excerpts
}

func newHTML(w io.Writer, run *Run) bartizan.Sink {
	return &htmlSink{out: bufio.NewWriterSize(w, 1<<16), run: run, excerpts: newExcerpts(run)}
}

func (s *htmlSink) Write(ctx context.Context, f bartizan.Finding) error {
	s.n.add(f)
	if f.Verdict == bartizan.Pass {
		return ctx.Err()
	}
	s.fold.add(f)
	if f.Verdict != bartizan.Fail {
		return ctx.Err() // the page has a place of its own for these
	}
	if len(s.findings) >= htmlFindings {
		s.left++
		return ctx.Err()
	}
	if s.run.redacted(f.Rule) {
		s.excerpts.hide(f)
	}
	s.findings = append(s.findings, f)
	return ctx.Err()
}

func (s *htmlSink) Close() error {
	data, err := marshal(s.data())
	if err != nil {
		return err
	}
	verdict, class := s.verdict()
	csp := "default-src 'none'; style-src " + cspHash(reportCSS) + "; script-src " + cspHash(reportJS) +
		"; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
	fill := strings.NewReplacer(
		"{{CSP}}", csp, "{{STYLE}}", reportCSS, "{{SCRIPT}}", reportJS, "{{VERSION}}", escape(s.run.Version),
		"{{TITLE}}", "Bartizan: "+escape(clip(s.subject(), 100)), "{{HEADING}}", escape(s.subject()), "{{META}}", escape(s.meta()),
		"{{VERDICT}}", escape(verdict), "{{VERDICTCLASS}}", class,
		"{{CARDS}}", s.cards(), "{{FRAMEWORK}}", s.framework(), "{{UNREAD}}", s.unread(), "{{STATIC}}", s.static(),
		"{{ASIDES}}", s.asides(), "{{FOOT}}", escape("Bartizan "+s.run.Version+", "+s.run.Command),
	)
	head, tail, _ := strings.Cut(reportHTML, "{{DATA}}")
	fill.WriteString(s.out, head)
	s.out.Write(data)
	fill.WriteString(s.out, tail)
	return s.out.Flush()
}

// escape makes a text from the input harmless in HTML, in an attribute as well.
func escape(s string) string { return html.EscapeString(Printable(s)) }

// cspHash names an inline style or script that may be used; no other may.
func cspHash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

func (s *htmlSink) subject() string {
	if s.run.Inputs.Hunted {
		return s.run.Inputs.Cluster
	}
	if s.run.live() {
		return "cluster " + s.run.Inputs.Cluster
	}
	return shorten(s.run.Inputs.Paths, 3)
}

func (s *htmlSink) verdict() (word, class string) {
	switch {
	case s.run.Outcome.ExitCode == 3 || len(s.run.Gaps) > 0:
		return "? INCOMPLETE", "part"
	case s.run.Outcome.ExitCode == 1:
		return "✖ FAIL", "fail"
	case s.run.Inputs.Objects == 0:
		return "? NOTHING JUDGED", "part"
	}
	return "✔ PASS", "pass"
}

func (s *htmlSink) data() htmlData {
	d := htmlData{Rules: map[string]htmlRule{}, Findings: make([]htmlFinding, 0, len(s.findings)), Excerpts: []htmlExcerpt{}}
	for _, f := range s.findings {
		d.add(s.run, &s.excerpts, f)
	}
	d.Excerpts = append(d.Excerpts, s.excerpts.list...)
	return d
}
