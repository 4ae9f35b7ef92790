package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"
	"unicode"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/engine"
	"github.com/bartizan-dev/bartizan/internal/scan"
	"github.com/bartizan-dev/bartizan/internal/sink"
	"github.com/bartizan-dev/bartizan/internal/triage"
	"github.com/bartizan-dev/bartizan/rule"
	"github.com/bartizan-dev/bartizan/rules"
)

// scanFlags are the flags of scan as written.
type scanFlags struct {
	input         inputFlags
	rules         ruleFlags
	output        string
	file          string
	failOn        string
	framework     string
	exceptions    string
	baseline      string
	writeBaseline string
	colour        string
	verbose       bool
	paths         string
}

func newScan() *cobra.Command {
	var f scanFlags
	cmd := &cobra.Command{
		Use:   "scan [PATH...|-]",
		Short: "Say what matters in manifests, charts or a live cluster",
		Long: "Scan reads manifests, directories, Helm charts and kustomizations (or a live cluster with\n" +
			"--cluster), judges everything by the rules, and prints what matters, the worst first.\n\n" +
			"Exit codes: 0 clean; 1 findings at or above --fail-on; 2 usage or configuration error;\n" +
			"3 something could not be read (what could be is printed); 4 internal error.",
		Example: "  bartizan scan deploy/\n" +
			"  helm template web ./chart | bartizan scan -\n" +
			"  bartizan scan . -o sarif > bartizan.sarif\n" +
			"  bartizan scan --cluster --namespace payments\n" +
			"  bartizan scan . --framework cis-1.12",
		RunE: func(cmd *cobra.Command, args []string) error { return runScan(cmd, &f, args) },
	}
	f.input.add(cmd)
	f.rules.add(cmd)
	fl := cmd.Flags()
	fl.StringVarP(&f.output, "output", "o", "text", "format: "+strings.Join(sink.Formats(), ", "))
	fl.StringVar(&f.file, "output-file", "", "write to this file instead of standard output")
	fl.StringVar(&f.failOn, "fail-on", "high", "exit with 1 if a finding is at least: info, low, medium, high, critical; or never")
	fl.StringVar(&f.framework, "framework", "", "report compliance with a framework: "+strings.Join(frameworkNames(), ", "))
	fl.StringVar(&f.exceptions, "exceptions", "", "file of accepted findings (default: "+defaultExceptions+" if it exists)")
	fl.StringVar(&f.baseline, "baseline", "", "show and fail on only what this file does not know yet")
	fl.StringVar(&f.writeBaseline, "write-baseline", "", "record all findings in this file and exit with 0")
	fl.StringVar(&f.colour, "color", "auto", "colour: auto, always, never")
	fl.StringVar(&f.paths, "paths", "auto", "look for attack paths and put the findings on one first: always, never, or auto (of a cluster, and of files with up to 500 objects)")
	fl.BoolVar(&f.input.lenient, "lenient", false, "pass over named files that hold nothing of Kubernetes, for hooks that name every file of a commit")
	fl.BoolVarP(&f.verbose, "verbose", "v", false, "show every finding, not the page of the worst")
	return cmd
}

// defaultExceptions is read when it stands in the working directory.
const defaultExceptions = ".bartizan-exceptions.yaml"

// autoPaths is up to how many objects in files --paths auto looks for attack paths: more of them are mostly many
// clusters' files, which are scanned for their findings.
const autoPaths = 500

// never is a severity above all others.
const never = bartizan.Critical + 1

func runScan(cmd *cobra.Command, f *scanFlags, args []string) error {
	req, rules, err := f.request(cmd)
	if err != nil {
		return err
	}
	src, counts, err := f.input.open(cmd, args, rules.kinds(), rules.engine.Version())
	if err != nil {
		return err
	}
	req.Source = src
	report, err := req.Run(cmd.Context())
	if err != nil {
		return scanError(err)
	}
	if f.writeBaseline != "" {
		return writeBaseline(cmd.ErrOrStderr(), f.writeBaseline, report)
	}
	code := exitCode(report, req.FailOn)
	out, done, err := openOutput(cmd, f.file)
	if err != nil {
		return err
	}
	run := f.describe(cmd, args, rules, report, counts())
	run.Outcome.FailOn, run.Outcome.ExitCode, run.Now = req.FailOn, code, req.Now
	to, err := sink.New(f.output, out, run)
	if err != nil {
		return usage("%w", err)
	}
	if err := report.Write(cmd.Context(), to); err != nil {
		return &exitError{exitInternal, err}
	}
	if err := done(); err != nil {
		return &exitError{exitInternal, fmt.Errorf("write %s: %w", f.file, err)}
	}
	if code != exitClean {
		return &exitError{code, nil}
	}
	return nil
}

// exitCode decides 0, 1 or 3. An incomplete run says so even where it has findings: more may be hidden in
// what could not be read.
func exitCode(report *scan.Report, failOn bartizan.Severity) int {
	switch {
	case len(report.Gaps) > 0:
		return exitIncomplete
	case report.Worst(failOn):
		return exitFindings
	}
	return exitClean
}

// request turns the flags into what a scan needs besides its source.
func (f *scanFlags) request(cmd *cobra.Command) (*scan.Request, *ruleSet, error) {
	req := &scan.Request{Now: now()}
	var err error
	if req.FailOn, err = failOn(f.failOn); err != nil {
		return nil, nil, err
	}
	if req.Exceptions, err = readExceptions(f.exceptions); err != nil {
		return nil, nil, err
	}
	if f.baseline != "" {
		data, err := os.ReadFile(f.baseline)
		if err != nil {
			return nil, nil, usage("read baseline: %w; write it with --write-baseline", err)
		}
		b, err := triage.ParseBaseline(data)
		if err != nil {
			return nil, nil, usage("%s: %w", f.baseline, err)
		}
		req.Baseline = &b
	}
	f.rules.fixes = engine.FixPatches
	if f.output == "text" && !f.input.cluster {
		f.rules.fixes = engine.FixHints // the command to make the fix is all that is shown
	}
	set, err := f.rules.load(f.framework)
	if err != nil {
		return nil, nil, err
	}
	req.Complete = f.input.whole()
	switch f.paths {
	case "never":
	case "auto", "always":
		req.Edges = rules.Edges()
		if f.paths == "auto" && !f.input.cluster {
			req.PathsUpTo = autoPaths
		}
	default:
		return nil, nil, usage("--paths %s: use auto, always or never", f.paths)
	}
	req.Engine, req.Also, req.Known = set.engine, set.policies, set.known
	if len(req.Exceptions) > 0 { // the file is that of watch as well
		alerts, err := alertRules()
		if err != nil {
			return nil, nil, err
		}
		req.Known = append(req.Known, alerts...)
	}
	return req, set, nil
}

func failOn(s string) (bartizan.Severity, error) {
	if s == "never" {
		return never, nil
	}
	v, err := bartizan.ParseSeverity(s)
	if err != nil {
		return v, usage("--fail-on: %w, or never", err)
	}
	return v, nil
}

func writeBaseline(stderr io.Writer, file string, report *scan.Report) error {
	all := append(append([]bartizan.Finding(nil), report.Findings...), report.Known...)
	triage.Sort(all)
	data, err := triage.NewBaseline(all).Encode()
	if err == nil {
		err = os.WriteFile(file, data, 0o644)
	}
	if err != nil {
		return usage("write baseline: %w", err)
	}
	fmt.Fprintf(stderr, "bartizan: recorded %d findings in %s; scan with --baseline %s to see only new ones\n", len(all), file, file)
	if len(report.Gaps) > 0 {
		return &exitError{exitIncomplete, fmt.Errorf("the baseline is incomplete: %d things could not be read", len(report.Gaps))}
	}
	return nil
}

// describe tells the sink about the run.
func (f *scanFlags) describe(cmd *cobra.Command, args []string, rules *ruleSet, report *scan.Report, in sink.Inputs) *sink.Run {
	byID := map[string]*rule.Rule{}
	for _, r := range rules.all() {
		byID[r.ID] = r
	}
	total := report.Tally.Total()
	run := &sink.Run{
		Version: version, Command: commandLine(cmd, args), Target: rules.target, Rules: byID,
		Judged: map[string]bool{}, Gaps: report.Gaps, Skips: report.Skips, Inputs: in,
		Outcome: sink.Outcome{
			Passed: total.Passed, Failed: total.Failed, NotEvaluated: total.NotEvaluated,
			Suppressed: len(report.Accepted), Baselined: len(report.Known), Notes: report.Notes,
		},
		Source: f.input.text, Fingerprint: triage.Fingerprint, Verbose: f.verbose,
	}
	if in.Charts == 0 && in.Cluster == "" && len(f.input.values)+len(f.input.set)+len(f.input.setString) > 0 {
		run.Outcome.Notes = append(run.Outcome.Notes, "--values and --set changed nothing: no Helm chart was read")
	}
	if report.Standings != nil {
		run.Standing = report.Standings.Standing
	}
	run.Framework = rules.project(report)
	for id := range report.Tally {
		run.Judged[id] = true
	}
	for _, h := range report.Accepted {
		run.Held = append(run.Held, sink.Held{Finding: h.Finding, Reason: h.Reason, InSource: h.InSource})
	}
	for _, k := range report.Known {
		run.Held = append(run.Held, sink.Held{Finding: k, Reason: "known from the baseline"})
	}
	terminal(cmd, f, run)
	return run
}

// commandLine is the command as the user could type it again, without what only says where and how to print.
func commandLine(cmd *cobra.Command, args []string) string {
	parts := []string{"bartizan", cmd.Name()}
	for _, a := range args {
		parts = append(parts, quoted(a))
	}
	cmd.Flags().Visit(func(f *pflag.Flag) {
		switch f.Name {
		case "output", "output-file", "color", "verbose", "help":
			return
		}
		if f.Value.Type() == "bool" {
			parts = append(parts, "--"+f.Name)
			return
		}
		value := f.Value.String()
		if list, ok := f.Value.(pflag.SliceValue); ok {
			value = strings.Join(list.GetSlice(), ",")
		}
		parts = append(parts, "--"+f.Name, quoted(value))
	})
	return strings.Join(parts, " ")
}

// quoted writes a word so that a shell reads it as one.
func quoted(s string) string {
	if s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("-_./=:,@%+", r)
	}) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// now is the clock, or SOURCE_DATE_EPOCH where output must not change from run to run.
func now() time.Time {
	var seconds int64
	if _, err := fmt.Sscanf(os.Getenv("SOURCE_DATE_EPOCH"), "%d", &seconds); err == nil {
		return time.Unix(seconds, 0).UTC()
	}
	return time.Now().UTC()
}

func openOutput(cmd *cobra.Command, file string) (io.Writer, func() error, error) {
	if file == "" {
		return cmd.OutOrStdout(), func() error { return nil }, nil
	}
	out, err := os.Create(file)
	if err != nil {
		return nil, nil, usage("write results: %w", err)
	}
	return out, out.Close, nil
}

func scanError(err error) error {
	return &exitError{exitUsage, err}
}
