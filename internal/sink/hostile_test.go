package sink

import (
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"io"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/bartizan-dev/bartizan"
)

// Names that an attacker would choose.
var hostileNames = []string{
	"\x1b[31mred\x1b]0;title\x07", "\u009b31m", "quote\"apostrophe'back\\slash`tick", "new\nline\r\ttab", "]]>", "</script><script>alert(1)</script>",
	"<img src=x onerror=alert(1)>", "a|b", "=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "＝cmd", " =1+1", "\u202egnp.exe", "z\u200bero", "\xff\xfe",
	"@team #1 https://evil.example www.evil.example", "[a](javascript:alert(1))", "![a](x)", "</details><h1>x", "``` ` ```", "$(reboot)", "'; reboot; '",
	"\u2028\u2029", "{{DATA}}{{STYLE}}", "__proto__", strings.Repeat("x", 5000), strings.Repeat("漢", 500), "&lt;b&gt;", "<!-- -->", "--><b>", "\x00",
	"\U000e0041tag", "www.www.x", "~~a~~", "*a* _b_", "# h", "1. x", "- x", "> x", "<a href=x>",
}

func hostileRun(t testing.TB) *Run {
	run := sampleRun(t)
	run.Inputs.Paths = hostileNames[:3]
	run.Command = "bartizan scan " + hostileNames[5]
	run.Version = hostileNames[6]
	run.Outcome.Notes = hostileNames
	for _, n := range hostileNames {
		run.Gaps = append(run.Gaps, bartizan.Gap{Origin: bartizan.Origin{File: n, Line: 1}, Reason: n})
		run.Skips = append(run.Skips, Skip{n, 1})
	}
	run.Source = func(string) (string, bool) { return strings.Join(hostileNames, "\n"), true }
	run.Held = []Held{{hostileFindings()[0], hostileNames[5], true}}
	return run
}

func hostileFindings() []bartizan.Finding {
	var all []bartizan.Finding
	for i, n := range hostileNames {
		ref := bartizan.Ref{Kind: bartizan.Kind(n), Namespace: n, Name: n}
		rule := "workload-privileged"
		if i%2 == 1 {
			rule = n
		}
		all = append(all, bartizan.Finding{Rule: rule, Subject: ref, Verdict: bartizan.Verdict(i % 3), Severity: bartizan.Severity(i % 5), Message: n,
			Evidence: []bartizan.Evidence{{Path: n, Value: n, Origin: bartizan.Origin{Source: "manifest", File: n, Line: i%len(hostileNames) + 1, Column: 2}}},
			Fix:      &bartizan.Change{Target: ref, Do: []byte(`[{"op":"remove","path":"/x"}]`), Undo: []byte("not JSON"), Reason: n, Unsafe: n}})
	}
	return all
}

func hostileFramework(run *Run) {
	run.Framework = &Framework{ID: hostileNames[5], Title: hostileNames[0], Version: hostileNames[7]}
	for i, n := range hostileNames {
		run.Framework.Controls = append(run.Framework.Controls, Control{ID: n, Title: n, Verdict: bartizan.Verdict(i % 3), Reason: n, Rules: []string{n}})
	}
}

// TestHostileNames puts names that break out into every format.
func TestHostileNames(t *testing.T) {
	for _, comply := range []bool{false, true} {
		for _, format := range Formats() {
			run := hostileRun(t)
			if comply || format == "oscal" {
				hostileFramework(run)
			}
			out := write(t, format, run, hostileFindings())
			if !utf8.ValidString(out) {
				t.Errorf("%s: not UTF-8", format)
			}
			for i, r := range out {
				if r != '\n' && r != '\ufeff' && !shown(r) {
					t.Errorf("%s: %q reaches the output, in %q", format, r, out[max(i-30, 0):min(i+30, len(out))])
					break
				}
			}
			wellFormed(t, format, out)
		}
	}
}

func wellFormed(t *testing.T, format, out string) {
	t.Helper()
	switch format {
	case "json", "sarif", "gitlab", "openreports", "oscal":
		if !json.Valid([]byte(out)) {
			t.Errorf("%s: not JSON", format)
		}
	case "jsonl":
		for line := range strings.Lines(out) {
			if !json.Valid([]byte(line)) {
				t.Errorf("jsonl: not JSON: %.200s", line)
			}
		}
	case "junit":
		d := xml.NewDecoder(strings.NewReader(out))
		for {
			if _, err := d.Token(); err == io.EOF {
				break
			} else if err != nil {
				t.Errorf("junit: %v", err)
				break
			}
		}
	case "csv":
		rows, err := csv.NewReader(strings.NewReader(out)).ReadAll()
		if err != nil {
			t.Errorf("csv: %v", err)
		}
		for _, row := range rows {
			for _, cell := range row {
				if s := strings.TrimLeft(cell, " "); s != "" && strings.ContainsRune("=+-@＝", []rune(s)[0]) {
					t.Errorf("csv: the cell %q is a formula", cell)
				}
			}
		}
	case "html":
		tagged := strings.ToLower(out)
		for _, bad := range []string{"<img", "<script>alert", "onerror=alert(1)>", "</details><h1", "<a href=x"} {
			if strings.Contains(tagged, bad) {
				t.Errorf("html: %s is markup", bad)
			}
		}
		if n := strings.Count(tagged, "</script"); n != 2 {
			t.Errorf("html: %d ends of scripts, want 2", n)
		}
	case "markdown":
		for _, bad := range []string{"<img", "<script", "<h1", "<a href", "](javascript", "--><b"} {
			for _, line := range strings.Split(out, "\n") {
				if i := strings.Index(line, bad); i >= 0 && strings.Count(line[:i], "`")%2 == 0 && !strings.Contains(line, "``") {
					t.Errorf("markdown: %s is markup in %.200q", bad, line)
				}
			}
		}
		if len(out) > markdownLimit {
			t.Errorf("markdown: %d bytes, at most %d", len(out), markdownLimit)
		}
	}
}

func TestShellWordsAreQuoted(t *testing.T) {
	run := sampleRun(t)
	f := sampleFindings()[0]
	for path, want := range map[string]string{
		"deploy/": "deploy/", "a b": "'a b'", "it's": `'it'\''s'`, "$(reboot)": "'$(reboot)'", "-x": "./-x", "a\nb": "PATH...", "": "''", "~x": "'~x'",
	} {
		run.Inputs.Paths = []string{path}
		if got, _ := run.fixCommand(f); got != "bartizan fix "+want+" --rule workload-privileged" {
			t.Errorf("path %q: %s", path, got)
		}
	}
	run.Inputs = Inputs{Cluster: "c"}
	f.Fix.Target.Name = "a;reboot"
	if got, _ := run.fixCommand(f); !strings.HasPrefix(got, "kubectl patch Deployment 'a;reboot' -n shop --type json -p '[{") {
		t.Error(got)
	}
	f.Fix.Target.Kind = "Pod"
	if got, why := run.fixCommand(f); got != "" || why == "" {
		t.Errorf("a Pod in a cluster: %q, %q", got, why)
	}
}
