package sink

import (
	"strings"

	"github.com/bartizan-dev/bartizan"
)

// tally counts findings as they pass.
type tally struct {
	failed       int
	notEvaluated int
	severities   [bartizan.Critical + 1]int // of the failed
}

func (t *tally) add(f bartizan.Finding) {
	switch f.Verdict {
	case bartizan.Fail:
		t.failed++
		t.severities[min(f.Severity, bartizan.Critical)]++
	case bartizan.NotEvaluated:
		t.notEvaluated++
	}
}

// worstFirst are the severities in the order in which people read them.
var worstFirst = [...]bartizan.Severity{bartizan.Critical, bartizan.High, bartizan.Medium, bartizan.Low, bartizan.Info}

type docSummary struct {
	Type         string         `json:"type,omitempty"` // jsonl only
	Complete     bool           `json:"complete"`
	ExitCode     int            `json:"exitCode"`
	FailOn       string         `json:"failOn"`
	Target       string         `json:"target"`
	Version      string         `json:"version"`
	Command      string         `json:"command"`
	Inputs       docInputs      `json:"inputs"`
	Rules        int            `json:"rules"`
	Findings     int            `json:"findings"`
	Severities   map[string]int `json:"severities"`
	Passed       int            `json:"passed"`
	Failed       int            `json:"failed"`
	NotEvaluated int            `json:"notEvaluated"`
	Suppressed   int            `json:"suppressed"`
	Baselined    int            `json:"baselined"`
	Skips        []docSkip      `json:"skips"`
	Notes        []string       `json:"notes"`
}

type docInputs struct {
	Paths          []string `json:"paths"`
	Cluster        string   `json:"cluster,omitempty"`
	Files          int      `json:"files"`
	Objects        int      `json:"objects"`
	Workloads      int      `json:"workloads"`
	Charts         int      `json:"charts"`
	Kustomizations int      `json:"kustomizations"`
}

type docSkip struct {
	Reason string `json:"reason"`
	Count  int    `json:"count"`
}

func (t *tally) summary(run *Run) docSummary {
	in, out := run.Inputs, run.Outcome
	d := docSummary{
		Complete: len(run.Gaps) == 0, ExitCode: out.ExitCode, FailOn: out.FailOn.String(), Target: run.Target.String(),
		Version: run.Version, Command: run.Command,
		Inputs: docInputs{append([]string{}, in.Paths...), in.Cluster, in.Files, in.Objects, in.Workloads, in.Charts, in.Bases},
		Rules:  len(run.Rules), Findings: t.failed, Severities: map[string]int{},
		Passed: out.Passed, Failed: out.Failed, NotEvaluated: out.NotEvaluated,
		Suppressed: out.Suppressed, Baselined: out.Baselined,
		Skips: []docSkip{}, Notes: append([]string{}, out.Notes...),
	}
	if out.FailOn > bartizan.Critical {
		d.FailOn = "never"
	}
	for _, s := range worstFirst {
		d.Severities[s.String()] = t.severities[s]
	}
	for _, s := range run.Skips {
		d.Skips = append(d.Skips, docSkip(s))
	}
	return d
}

type docFramework struct {
	ID       string         `json:"id"`
	Title    string         `json:"title"`
	Version  string         `json:"version"`
	Controls []docControl   `json:"controls"`
	Summary  map[string]int `json:"summary"`
}

type docControl struct {
	ID      string   `json:"id"`
	Title   string   `json:"title"`
	Verdict string   `json:"verdict"`
	Reason  string   `json:"reason,omitempty"`
	Rules   []string `json:"rules"`
	Failed  int      `json:"failed"`
	Passed  int      `json:"passed"`
}

func frameworkDocument(fw *Framework) docFramework {
	d := docFramework{ID: fw.ID, Title: fw.Title, Version: fw.Version, Controls: []docControl{}}
	count := fw.count()
	d.Summary = map[string]int{"fail": count[bartizan.Fail], "pass": count[bartizan.Pass], "notEvaluated": count[bartizan.NotEvaluated]}
	for _, c := range fw.Controls {
		d.Controls = append(d.Controls, docControl{
			c.ID, c.Title, c.Verdict.String(), c.Reason, append([]string{}, c.Rules...), c.Failed, c.Passed,
		})
	}
	return d
}

// count says how many controls have each verdict.
func (fw *Framework) count() [3]int {
	var n [3]int
	for _, c := range fw.Controls {
		n[min(c.Verdict, bartizan.Fail)]++
	}
	return n
}

// counted tells how much was read: "2 files, 1 Helm chart, 14 objects".
func (in *Inputs) counted() string {
	var parts []string
	for _, p := range []struct {
		n    int
		noun string
	}{{in.Files, "file"}, {in.Charts, "Helm chart"}, {in.Bases, "kustomization"}, {in.Objects, "object"}, {in.Workloads, "workload"}} {
		if p.n > 0 || p.noun == "object" {
			parts = append(parts, count(p.n, p.noun))
		}
	}
	return strings.Join(parts, ", ")
}
