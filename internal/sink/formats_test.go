package sink

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"regexp"
	"strings"
	"testing"

	"github.com/bartizan-dev/bartizan"
)

func TestUnknownFormat(t *testing.T) {
	if _, err := New("yaml", &bytes.Buffer{}, &Run{}); err == nil || !strings.Contains(err.Error(), "sarif") {
		t.Errorf("%v: the error must name the formats", err)
	}
	if _, err := New("oscal", &bytes.Buffer{}, &Run{}); err == nil {
		t.Error("oscal without a framework must be an error")
	}
}

type broken struct{ left int }

func (b *broken) Write(p []byte) (int, error) {
	if b.left -= len(p); b.left < 0 {
		return 0, errors.New("disk is full")
	}
	return len(p), nil
}

// TestFailedWritesAreErrors has every format notice that its output cannot be written.
func TestFailedWritesAreErrors(t *testing.T) {
	for _, format := range Formats() {
		for _, room := range []int{0, 1000} {
			run := sampleRun(t)
			withFramework(run)
			s, err := New(format, &broken{room}, run)
			if err != nil {
				t.Fatal(err)
			}
			failed := false
			for _, f := range sampleFindings() {
				failed = failed || s.Write(context.Background(), f) != nil
			}
			if s.Close() == nil && !failed {
				if format == "csv" && room > 0 { // its report is shorter than that
					continue
				}
				t.Errorf("%s: no error after %d bytes", format, room)
			}
		}
	}
}

func TestCancelledRunIsAnError(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for _, format := range Formats() {
		run := sampleRun(t)
		withFramework(run)
		s, _ := New(format, &bytes.Buffer{}, run)
		if err := s.Write(ctx, sampleFindings()[0]); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", format, err)
		}
	}
}

// TestEveryFindingIsThere looks for the name of each subject in every format that is not a summary.
func TestEveryFindingIsThere(t *testing.T) {
	run := sampleRun(t)
	run.Verbose = true
	for _, format := range []string{"csv", "gitlab", "html", "json", "jsonl", "junit", "markdown", "openreports", "sarif", "text"} {
		out := write(t, format, run, sampleFindings())
		for _, f := range sampleFindings() {
			if !strings.Contains(out, f.Subject.Name) {
				t.Errorf("%s: %s is missing", format, f.Subject)
			}
		}
		for _, g := range run.Gaps {
			if !strings.Contains(out, g.Reason) && !strings.Contains(out, "image.tag&#") && format != "text" {
				t.Errorf("%s: the gap %q is missing", format, g.Reason)
			}
		}
	}
}

func TestGitLabFingerprintsAreUnique(t *testing.T) {
	run := sampleRun(t)
	var issues []struct {
		Fingerprint, Severity string
		Location              struct{ Path string }
	}
	findings := append(sampleFindings(), sampleFindings()...)
	if err := json.Unmarshal([]byte(write(t, "gitlab", run, findings)), &issues); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, i := range issues {
		if i.Fingerprint == "" || seen[i.Fingerprint] {
			t.Errorf("fingerprint %q is empty or not unique", i.Fingerprint)
		}
		seen[i.Fingerprint] = true
		if !strings.Contains(" info minor major critical blocker ", " "+i.Severity+" ") || i.Location.Path == "" {
			t.Errorf("issue %v", i)
		}
	}
	if len(issues) != 2*19+2 {
		t.Errorf("%d issues", len(issues))
	}
}

func TestJUnitCountsAreRight(t *testing.T) {
	type suite struct {
		Tests    int `xml:"tests,attr"`
		Failures int `xml:"failures,attr"`
		Errors   int `xml:"errors,attr"`
		Skipped  int `xml:"skipped,attr"`
		Cases    []struct {
			Failure *struct{} `xml:"failure"`
			Error   *struct{} `xml:"error"`
			Skipped *struct{} `xml:"skipped"`
		} `xml:"testcase"`
	}
	var all struct {
		suite
		Suites []suite `xml:"testsuite"`
	}
	if err := xml.Unmarshal([]byte(write(t, "junit", sampleRun(t), sampleFindings())), &all); err != nil {
		t.Fatal(err)
	}
	var sum suite
	for _, s := range all.Suites {
		var got suite
		for _, c := range s.Cases {
			got.Tests++
			switch {
			case c.Failure != nil:
				got.Failures++
			case c.Error != nil:
				got.Errors++
			case c.Skipped != nil:
				got.Skipped++
			}
		}
		if got.Tests != s.Tests || got.Failures != s.Failures || got.Errors != s.Errors || got.Skipped != s.Skipped {
			t.Errorf("a suite says %v and holds %v", s, got)
		}
		sum.Tests, sum.Failures, sum.Errors, sum.Skipped = sum.Tests+got.Tests, sum.Failures+got.Failures, sum.Errors+got.Errors, sum.Skipped+got.Skipped
	}
	if sum.Tests != all.Tests || sum.Failures != all.Failures || sum.Errors != all.Errors || sum.Skipped != all.Skipped {
		t.Errorf("the document says %v and holds %v", all.suite, sum)
	}
	if sum.Failures != 18 || sum.Errors != 2 || sum.Skipped != 1 {
		t.Errorf("%v", sum)
	}
}

func TestMarkdownIsCut(t *testing.T) {
	run := sampleRun(t)
	var findings []bartizan.Finding
	for i := range 400 {
		f := sampleFindings()[0]
		f.Rule = "rule-" + strings.Repeat("x", i)
		f.Message = strings.Repeat("message ", 60)
		findings = append(findings, f)
	}
	out := write(t, "markdown", run, findings)
	if len(out) > markdownLimit || len(out) < markdownLimit/2 {
		t.Errorf("%d bytes", len(out))
	}
	if !strings.Contains(out, "is cut") || strings.Count(out, "<details>") != strings.Count(out, "</details>") {
		t.Error("the cut is not told, or not clean")
	}
}

func TestOSCALIsSound(t *testing.T) {
	run := sampleRun(t)
	withFramework(run)
	text := write(t, "oscal", run, sampleFindings())
	var doc oscalDocument
	if err := json.Unmarshal([]byte(text), &doc); err != nil {
		t.Fatal(err)
	}
	uuid := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	token := regexp.MustCompile(`^(\p{L}|_)(\p{L}|\p{N}|[.\-_])*$`)
	defined := map[string]bool{}
	define := func(id string) {
		if !uuid.MatchString(id) || defined[id] {
			t.Errorf("UUID %q is malformed or defined twice", id)
		}
		defined[id] = true
	}
	ar := doc.Results
	r := ar.Results[0]
	define(ar.UUID)
	define(r.UUID)
	define(ar.Back.Resources[0].UUID)
	for _, i := range r.Local.Items {
		define(i.UUID)
	}
	for _, o := range r.Observations {
		define(o.UUID)
		for _, s := range o.Subjects {
			if !defined[s.UUID] {
				t.Errorf("subject %s is not defined", s.UUID)
			}
		}
		if o.Collected != "2026-11-21T12:00:00Z" || len(o.Methods) == 0 || o.Description == "" {
			t.Errorf("observation %v", o)
		}
	}
	states := map[string]string{}
	for _, f := range r.Findings {
		define(f.UUID)
		for _, o := range f.Related {
			if !defined[o.UUID] {
				t.Errorf("observation %s is not defined", o.UUID)
			}
		}
		if !token.MatchString(f.Target.ID) {
			t.Errorf("target %q is not a token", f.Target.ID)
		}
		states[f.Target.ID] = f.Target.Status.State
	}
	if ar.Plan.Href != "#"+ar.Back.Resources[0].UUID {
		t.Error("the plan leads nowhere")
	}
	if len(states) != 3 || states["cis-1.12_5.2.2"] != "not-satisfied" || states["cis-1.12_5.4.1"] != "satisfied" {
		t.Errorf("states %v: what was not evaluated must have none", states)
	}
	sel := r.Reviewed.Selections[0]
	if len(sel.Include) != 3 || len(sel.Exclude) != 1 || !strings.Contains(r.Reviewed.Remarks, "API server") {
		t.Errorf("reviewed %v", r.Reviewed)
	}
	if strings.Contains(text, "[]") || strings.Contains(text, "null") {
		t.Error("an empty list is not valid OSCAL")
	}
}

func BenchmarkSinks(b *testing.B) {
	for _, format := range []string{"json", "jsonl", "csv", "sarif", "text", "html", "markdown", "junit"} {
		b.Run(format, func(b *testing.B) {
			run := sampleRun(b)
			findings := bigFindings(run, 200000)
			b.ReportAllocs()
			for b.Loop() {
				s, err := New(format, discard{}, run)
				if err != nil {
					b.Fatal(err)
				}
				for _, f := range findings {
					if err := s.Write(context.Background(), f); err != nil {
						b.Fatal(err)
					}
				}
				if err := s.Close(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }
