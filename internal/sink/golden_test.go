package sink

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/rule"
)

var update = flag.Bool("update", false, "write testdata/golden anew")

// TestGolden compares every format with what a person has looked at.
func TestGolden(t *testing.T) {
	clean := func(run *Run) {
		run.Gaps, run.Outcome.NotEvaluated, run.Outcome.ExitCode, run.Outcome.Failed = nil, 0, 0, 0
		run.Skips, run.Outcome.Notes, run.Outcome.Suppressed, run.Outcome.Baselined = nil, nil, 0, 0
	}
	cluster := func(run *Run) {
		run.Inputs = Inputs{Cluster: "prod-eu", Objects: 120, Workloads: 40}
		run.Command = "bartizan scan --cluster"
		run.Gaps = []bartizan.Gap{{Origin: bartizan.Origin{Source: "cluster"}, Reason: "secrets in kube-system: forbidden; grant list on secrets, or leave them out"}}
	}
	for _, c := range []struct {
		name, format string
		findings     []bartizan.Finding
		change       func(*Run)
	}{
		{"text-80.txt", "text", sampleFindings(), func(r *Run) { r.Width = 80 }},
		{"text-120.txt", "text", sampleFindings(), func(r *Run) { r.Width = 120 }},
		{"text-40.txt", "text", sampleFindings(), func(r *Run) { r.Width = 40 }},
		{"text-colour.txt", "text", sampleFindings(), func(r *Run) { r.Colour = true }},
		{"text-verbose.txt", "text", sampleFindings(), func(r *Run) { r.Verbose = true }},
		{"text-many.txt", "text", manyRules(), func(r *Run) { addRules(r, manyRules()) }},
		{"text-clean.txt", "text", nil, clean},
		{"text-unread.txt", "text", nil, nil},
		{"text-nothing.txt", "text", nil, func(r *Run) { clean(r); r.Inputs = Inputs{Paths: []string{"empty/"}} }},
		{"text-cluster.txt", "text", clusterFindings(), cluster},
		{"text-stdin.txt", "text", sampleFindings()[:1], func(r *Run) { clean(r); r.Inputs.Paths = []string{"-"}; r.Outcome.ExitCode = 1 }},
		{"comply.txt", "text", sampleFindings(), withFramework},
		{"findings.json", "json", sampleFindings(), nil},
		{"comply.json", "json", sampleFindings(), withFramework},
		{"findings.jsonl", "jsonl", sampleFindings(), withFramework},
		{"findings.sarif", "sarif", sampleFindings(), func(r *Run) { r.Held = held() }},
		{"cluster.sarif", "sarif", clusterFindings(), cluster},
		{"junit.xml", "junit", sampleFindings(), nil},
		{"gitlab.json", "gitlab", sampleFindings(), nil},
		{"findings.md", "markdown", sampleFindings(), nil},
		{"clean.md", "markdown", nil, clean},
		{"comply.md", "markdown", sampleFindings(), withFramework},
		{"openreports.json", "openreports", sampleFindings(), nil},
		{"findings.csv", "csv", sampleFindings(), nil},
		{"comply.csv", "csv", sampleFindings(), withFramework},
		{"oscal.json", "oscal", sampleFindings(), withFramework},
		{"report.html", "html", sampleFindings(), withFramework},
	} {
		t.Run(c.name, func(t *testing.T) {
			run := sampleRun(t)
			if c.change != nil {
				c.change(run)
			}
			got := write(t, c.format, run, c.findings)
			if again := write(t, c.format, run, c.findings); again != got {
				t.Error("a second run on the same input gives other bytes")
			}
			if c.format == "html" {
				got = strings.NewReplacer(reportCSS, "STYLE", reportJS, "SCRIPT", cspHash(reportCSS), "HASH", cspHash(reportJS), "HASH").Replace(got)
			}
			golden(t, c.name, got)
		})
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", "golden", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v: write it with go test ./internal/sink -update", err)
	}
	if got == string(want) {
		return
	}
	gotLines, wantLines := strings.Split(got, "\n"), strings.Split(string(want), "\n")
	for i := range gotLines {
		if i >= len(wantLines) || gotLines[i] != wantLines[i] {
			t.Fatalf("%s differs from line %d on:\n%s\nlook at it, and if it is right: go test ./internal/sink -update", file, i+1, gotLines[i])
		}
	}
	t.Fatalf("%s is longer than what came out", file)
}

func withFramework(run *Run) {
	run.Framework = &Framework{ID: "cis-1.12", Title: "CIS Kubernetes Benchmark", Version: "1.12", Controls: []Control{
		{ID: "1.2.1", Title: "Ensure that anonymous requests are refused", Reason: "needs the API server's flags: run bartizan node on a control plane node"},
		{ID: "5.2.2", Title: "Minimize the admission of privileged containers", Verdict: bartizan.Fail, Rules: []string{"workload-privileged"}, Failed: 14, Passed: 1},
		{ID: "5.2.6", Title: "Minimize the admission of containers that may run as root", Verdict: bartizan.Fail, Rules: []string{"workload-run-as-root"}, Failed: 2, Passed: 13},
		{ID: "5.4.1", Title: "Prefer files to environment variables for secrets", Verdict: bartizan.Pass, Rules: []string{"secret-env"}, Passed: 15},
	}}
}

func held() []Held {
	f := sampleFindings()
	return []Held{{f[0], "the debugger needs it until the move", true}, {f[15], "known from the baseline", false}}
}

func clusterFindings() []bartizan.Finding {
	var all []bartizan.Finding
	for i, f := range sampleFindings() {
		if i == 0 || i > 12 {
			for j := range f.Evidence {
				f.Evidence[j].Origin = bartizan.Origin{Source: "cluster"}
			}
			all = append(all, f)
		}
	}
	all[0].Subject.Kind = "Pod"
	return all
}

// manyRules has findings of thirty rules, to fill more than a page.
func manyRules() []bartizan.Finding {
	var all []bartizan.Finding
	for i := range 30 {
		f := sampleFindings()[0]
		f.Rule = "many-" + strings.Repeat("x", i%5) + string(rune('a'+i%26)) + strings.Repeat("y", i/26)
		f.Severity = bartizan.Critical - bartizan.Severity(min(i/6, 4))
		for j := range 1 + i*i {
			f.Subject.Name = "app-" + string(rune('a'+j%26))
			all = append(all, f)
		}
	}
	return all
}

func addRules(run *Run, findings []bartizan.Finding) {
	for _, f := range findings {
		if run.Rules[f.Rule] == nil {
			run.Rules[f.Rule] = &rule.Rule{ID: f.Rule, Title: "Something is amiss (" + f.Rule + ")", Severity: f.Severity, Why: "It does harm. And more."}
		}
	}
}
