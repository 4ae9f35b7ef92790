package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/bartizan-dev/bartizan/frameworks"
	"github.com/bartizan-dev/bartizan/internal/detect"
	"github.com/bartizan-dev/bartizan/internal/sink"
	"github.com/bartizan-dev/bartizan/rule"
	"github.com/bartizan-dev/bartizan/rules"
)

// coverageFlags are the flags of rule coverage.
type coverageFlags struct {
	files  []string
	falco  []string
	only   bool
	policy string
	output string
}

func newRuleCoverage() *cobra.Command {
	f := &coverageFlags{}
	cmd := &cobra.Command{
		Use:   "coverage",
		Short: "Show which techniques of attackers the detections see",
		Long: "Coverage lists the techniques of MITRE ATT&CK (containers) and of Microsoft's threat matrix for Kubernetes, each with\n" +
			"the detections that see it. A detection counts as tested if its examples were played and hold; rules of Falco files\n" +
			"carry no examples. With --audit-policy it also says which detections can never alert under that policy of the API\n" +
			"server, or only in part, and why.\n\n" +
			"Exit codes: 0 done; 1 with --audit-policy, some detection can never alert; 2 a file is faulty;\n" +
			"4 internal error.",
		Example: "  bartizan rule coverage\n  bartizan rule coverage --rules k8s_audit_rules.yaml -o markdown\n" +
			"  bartizan rule coverage --audit-policy /etc/kubernetes/audit-policy.yaml\n  bartizan rule coverage -o navigator > layer.json",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd.OutOrStdout()) },
	}
	fl := cmd.Flags()
	fl.StringVarP(&f.output, "output", "o", "text", "format: text, json, markdown, navigator (a layer for the ATT&CK Navigator)")
	fl.StringSliceVar(&f.files, "rules", nil, "also these: Falco rule files, .rule files, or directories of them, later ones on top of earlier ones")
	fl.StringSliceVar(&f.falco, "falco", nil, "the same as --rules")
	fl.BoolVar(&f.only, "no-builtin", false, "without the built-in detections")
	fl.StringVar(&f.policy, "audit-policy", "", "the audit.k8s.io/v1 Policy file under which detections must work")
	return cmd
}

func (f *coverageFlags) run(w io.Writer) error {
	write := coverageWriters[f.output]
	if write == nil {
		return usage("output format %q is unknown here: use text, json, markdown or navigator", f.output)
	}
	set, own, err := f.load()
	if err != nil {
		return err
	}
	c := &coverage{}
	if err := c.collect(set, own); err != nil {
		return err
	}
	if f.policy != "" {
		text, err := readFile(f.policy, maxFalcoFile)
		if err != nil {
			return usage("read audit policy: %w", err)
		}
		p, err := detect.ParseAuditPolicy(f.policy, text)
		if err != nil {
			return usage("%w", err)
		}
		c.Policy, c.verdicts = f.policy, set.Under(p)
	}
	if err := write(w, c); err != nil {
		return err
	}
	if slices.ContainsFunc(c.verdicts, func(v detect.Verdict) bool { return v.Working == detect.Never }) {
		return &exitError{exitFindings, nil}
	}
	return nil
}

// load makes the set of detections, and gives those of .rule files.
func (f *coverageFlags) load() (*detect.Set, []*rule.Rule, error) {
	var own []*rule.Rule
	if !f.only {
		builtin, err := rules.Detections()
		if err != nil {
			return nil, nil, &exitError{exitInternal, err}
		}
		own = builtin
	}
	config := detect.Config{Rules: own}
	more := detectFlags{rules: slices.Concat(f.files, f.falco)}
	if err := more.read(&config); err != nil {
		return nil, nil, err
	}
	set, notices, err := detect.New(config)
	if faults := notices.Errors(); len(faults) > 0 {
		return nil, nil, usage("%s", sink.Printable(faults[0].String()))
	}
	if err != nil {
		return nil, nil, usage("%w", err)
	}
	return set, config.Rules, nil
}

// coverage is what the command shows.
type coverage struct {
	Frameworks []coveredFramework
	Policy     string
	verdicts   []detect.Verdict
	rules      int
	tested     int
}

type coveredFramework struct {
	ID         string             `json:"id"`
	Title      string             `json:"title"`
	Version    string             `json:"version"`
	Techniques []coveredTechnique `json:"techniques"`
}

type coveredTechnique struct {
	ID    string        `json:"id"`
	Title string        `json:"title"`
	Rules []coveredRule `json:"rules"`
}

type coveredRule struct {
	ID     string `json:"id"`
	Tested bool   `json:"tested"`
}

// tested is how many of the rules are tested.
func (t *coveredTechnique) tested() (n int) {
	for _, r := range t.Rules {
		if r.Tested {
			n++
		}
	}
	return n
}

// collect finds the rules of each technique.
func (c *coverage) collect(set *detect.Set, own []*rule.Rule) error {
	tested, err := playAll(set, own)
	if err != nil {
		return err
	}
	c.rules, c.tested = len(set.Rules()), len(tested)
	for _, id := range []string{detect.Attack, detect.Matrix} {
		fw, err := frameworks.Find(id)
		if err != nil {
			return &exitError{exitInternal, err}
		}
		covered := coveredFramework{ID: id, Title: fw.Title, Version: fw.Version}
		for _, control := range fw.Controls {
			t := coveredTechnique{ID: control.ID, Title: control.Title, Rules: []coveredRule{}}
			for _, d := range set.Rules() {
				if slices.Contains(d.Tags, control.ID) {
					t.Rules = append(t.Rules, coveredRule{d.ID, tested[d.ID]})
				}
			}
			covered.Techniques = append(covered.Techniques, t)
		}
		c.Frameworks = append(c.Frameworks, covered)
	}
	return nil
}

// playAll plays the examples of detections. It is true for those of which examples of both sorts hold.
func playAll(set *detect.Set, own []*rule.Rule) (map[string]bool, error) {
	tested := map[string]bool{}
	for _, r := range own {
		wants := map[string]bool{}
		holds := true
		for _, e := range r.Examples() {
			moments, err := detect.ParseExample(e.Text)
			if err != nil {
				return nil, usage("play example %s of %s: %w", e.Name, r.ID, err)
			}
			alerts, err := set.Play(e.Name, moments)
			if err != nil {
				return nil, usage("play example %s of %s: %w", e.Name, r.ID, err)
			}
			raised := slices.ContainsFunc(alerts, func(a *detect.Alert) bool { return a.Rule == r.ID })
			wants[e.Want()] = true
			holds = holds && raised == (e.Want() == "fail")
		}
		if holds && wants["fail"] && wants["pass"] {
			tested[r.ID] = true
		}
	}
	return tested, nil
}

func ruleNames(list []coveredRule) string {
	names := make([]string, len(list))
	for i, r := range list {
		names[i] = r.ID
		if !r.Tested {
			names[i] += " (not tested)"
		}
	}
	return strings.Join(names, ", ")
}

func policyCounts(verdicts []detect.Verdict) string {
	n := [3]int{}
	for _, v := range verdicts {
		n[v.Working]++
	}
	return fmt.Sprintf("%s in full, %d in part, %d never", count(n[detect.InFull], "rule"), n[detect.InPart], n[detect.Never])
}
