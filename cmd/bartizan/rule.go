package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/bartizan-dev/bartizan/frameworks"
	"github.com/bartizan-dev/bartizan/internal/falco"
	"github.com/bartizan-dev/bartizan/internal/scan"
	"github.com/bartizan-dev/bartizan/internal/sink"
	"github.com/bartizan-dev/bartizan/internal/spell"
	"github.com/bartizan-dev/bartizan/rule"
	"github.com/bartizan-dev/bartizan/rule/ruletest"
	"github.com/bartizan-dev/bartizan/rules"
	hunting "github.com/bartizan-dev/bartizan/rules/hunt"
)

func newRule() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "rule",
		Short: "List, explain, test and export rules",
		Long: "Rule shows the rules that judge manifests and clusters (scan), records of the audit log (watch) and running services\n" +
			"(hunt); tests rules of your own, and Falco's rule files; and exports rules as admission policies.",
		Example: "  bartizan rule list\n  bartizan rule show pss-privileged\n  bartizan rule test policies/",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newRuleList(), newRuleShow(), newRuleLint(), newRuleTest(), newRuleCoverage(), newRuleExport())
	return cmd
}

// everyRule is the built-in rules and the user's own.
func everyRule(files []string) ([]*rule.Rule, error) {
	all, err := rules.Builtin()
	if err != nil {
		return nil, &exitError{exitInternal, err}
	}
	own, policies, err := scan.LoadRules(files)
	if err != nil {
		return nil, usage("%w", err)
	}
	var set ruleSet
	if err := set.addPolicies(policies); err != nil {
		return nil, usage("%w", err)
	}
	return slices.Concat(all, own, set.own), nil
}

// everything is every rule, with every detection and every rule of hunting.
func everything(files []string) ([]*rule.Rule, error) {
	all, err := everyRule(files)
	if err != nil {
		return nil, err
	}
	detections, err := rules.Detections()
	if err != nil {
		return nil, &exitError{exitInternal, err}
	}
	own, err := scan.LoadDetections(files)
	if err != nil {
		return nil, usage("%w", err)
	}
	hunts, err := hunting.Rules()
	if err != nil {
		return nil, &exitError{exitInternal, err}
	}
	return slices.Concat(all, detections, hunts, own), nil
}

func newRuleList() *cobra.Command {
	var output, framework, severity string
	var files, groups []string
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List the rules",
		Long:    "List shows each rule with its severity, the kind of its fix (safe, unsafe, none) and its title.",
		Example: "  bartizan rule list\n  bartizan rule list --framework cis-1.12 --severity high\n  bartizan rule list -o json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			all, err := everything(files)
			if err != nil {
				return err
			}
			keep, err := listFilter(framework, severity, groups)
			if err != nil {
				return err
			}
			all = slices.DeleteFunc(all, func(r *rule.Rule) bool { return !keep(r) })
			return writeRules(cmd.OutOrStdout(), all, output)
		},
	}
	fl := cmd.Flags()
	fl.StringVarP(&output, "output", "o", "text", "format: text, json")
	fl.StringVar(&framework, "framework", "", "only rules that serve this framework")
	fl.StringVar(&severity, "severity", "", "only rules of at least this severity")
	fl.StringSliceVar(&groups, "group", nil, "only rules of these groups: security, reliability")
	fl.StringSliceVar(&files, "rules", nil, "also list your own rules from these files or directories")
	return cmd
}

func listFilter(framework, severity string, groups []string) (func(*rule.Rule) bool, error) {
	least, err := failOn("info")
	if severity != "" {
		least, err = failOn(severity)
	}
	if err != nil {
		return nil, err
	}
	var fw *frameworks.Framework
	if framework != "" {
		if fw, err = frameworks.Find(framework); err != nil {
			return nil, usage("--framework: %w", err)
		}
	}
	return func(r *rule.Rule) bool {
		return r.Severity >= least && (fw == nil || fw.Uses(r)) && (len(groups) == 0 || slices.Contains(groups, r.Group))
	}, nil
}

// listed is a rule in rule list -o json.
type listed struct {
	ID       string              `json:"id"`
	Title    string              `json:"title"`
	Severity string              `json:"severity"`
	Group    string              `json:"group"`
	On       []string            `json:"on"`
	Fix      string              `json:"fix"` // "safe", "unsafe" or "none"
	Maps     map[string][]string `json:"maps"`
	File     string              `json:"file"`
}

func describeRule(r *rule.Rule) listed {
	l := listed{ID: r.ID, Title: r.Title, Severity: r.Severity.String(), Group: r.Group, On: r.On, Fix: fixKind(r), File: r.File, Maps: map[string][]string{}}
	for _, m := range r.Maps {
		l.Maps[m.Framework] = append(l.Maps[m.Framework], m.Control)
	}
	return l
}

func fixKind(r *rule.Rule) string {
	switch {
	case len(r.Fix) == 0:
		return "none"
	case r.Unsafe != "":
		return "unsafe"
	}
	return "safe"
}

func writeRules(w io.Writer, all []*rule.Rule, output string) error {
	switch output {
	case "json":
		list := make([]listed, len(all))
		for i, r := range all {
			list[i] = describeRule(r)
		}
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		e.SetEscapeHTML(false)
		return e.Encode(map[string]any{"schema": "bartizan.dev/v1", "rules": list})
	case "text":
	default:
		return usage("output format %q is unknown here: use text or json", output)
	}
	width := 0
	for _, r := range all {
		width = max(width, len(r.ID))
	}
	for _, r := range all {
		fmt.Fprintf(w, "%-*s  %-8s  %-6s  %s\n", width, sink.Printable(r.ID), r.Severity, fixKind(r), sink.Printable(r.Title))
	}
	fmt.Fprintf(w, "\n%d rules. The third column is the kind of fix. bartizan rule show ID explains one.\n", len(all))
	return nil
}

func newRuleShow() *cobra.Command {
	var files, theirs []string
	cmd := &cobra.Command{
		Use:   "show ID|NAME",
		Short: "Explain a rule: why, how it finds, how to mend, examples",
		Long: "Show explains a rule. Of a detection, and of a rule in Falco's files, it also shows the condition with macros and lists\n" +
			"put in for their names, as the files left it that were loaded on top, the fields that it reads, and what the audit\n" +
			"policy must record for it.",
		Example: "  bartizan rule show pss-privileged\n  bartizan rule show audit-secrets-swept\n" +
			"  bartizan rule show 'Create Privileged Pod' --rules k8s_audit_rules.yaml",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			more, rest := falcoAmong(files)
			return explain(cmd, args[0], rest, append(theirs, more...))
		},
		ValidArgsFunction: completeRules,
	}
	fl := cmd.Flags()
	fl.StringSliceVar(&files, "rules", nil, "also look in these files or directories: your own rules, Falco rule files")
	fl.StringSliceVar(&theirs, "falco", nil, "also look in these Falco rule files, or directories of them, in this order")
	return cmd
}

// explain writes the page on the rule of a name.
func explain(cmd *cobra.Command, name string, files, theirs []string) error {
	all, err := everything(files)
	if err != nil {
		return err
	}
	loaded := []falco.File{}
	if len(theirs) > 0 {
		if loaded, err = falcoFiles(theirs); err != nil {
			return err
		}
	}
	p := page{cmd.OutOrStdout(), newPainter(cmd, "never").width}
	var found *rule.Rule
	if i := slices.IndexFunc(all, func(r *rule.Rule) bool { return r.ID == name }); i >= 0 {
		found = all[i]
	}
	if found != nil && !found.Detects() {
		showRule(p.out, found, nil)
		return nil
	}
	own := slices.DeleteFunc(slices.Clone(all), func(r *rule.Rule) bool { return !r.Detects() })
	compiled, names, err := compile(name, own, loaded)
	switch {
	case err != nil:
		return err
	case compiled == nil:
		for _, r := range all {
			names = append(names, r.ID)
		}
		hint := "; bartizan rule list shows all"
		if len(loaded) == 0 {
			hint += ", and --rules loads Falco's files"
		}
		return usage("no rule is called %s%s%s", name, spell.DidYouMean(name, names), hint)
	case found == nil:
		p.falcoRule(compiled.conditions[0])
		return nil
	}
	showRule(p.out, found, func() { p.expanded(compiled.conditions) })
	return nil
}

func completeRules(_ *cobra.Command, _ []string, prefix string) ([]string, cobra.ShellCompDirective) {
	all, err := everything(nil)
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	var ids []string
	for _, r := range all {
		if strings.HasPrefix(r.ID, prefix) {
			ids = append(ids, r.ID+"\t"+r.Title)
		}
	}
	return ids, cobra.ShellCompDirectiveNoFileComp
}

func newRuleTest() *cobra.Command {
	var version string
	cmd := &cobra.Command{
		Use:   "test PATH...",
		Short: "Run the examples in your own rule files",
		Long: "Test compiles the rules in .rule files or directories, checks the types of their expressions as the\n" +
			"API server would, and runs their examples. Of YAML files it runs the tests for Falco rules: docs/falco.md\n" +
			"says how they are written.\n\nExit codes: 0 all hold; 1 an example does not; 2 a file is faulty; 4 internal error.",
		Example: "  bartizan rule test policies/\n  bartizan rule test falco-tests.yaml",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			target, err := rule.ParseVersion(version)
			if err != nil {
				return usage("--kube-version: %w", err)
			}
			tests, rest, err := falcoTests(args)
			if err != nil {
				return err
			}
			own, _, err := scan.LoadRules(rest)
			if err != nil {
				return usage("%w", err)
			}
			detections, err := scan.LoadDetections(rest)
			if err != nil {
				return usage("%w", err)
			}
			own = append(own, detections...)
			if len(own) == 0 && len(tests) == 0 {
				return usage("test rules: there is neither a .rule file nor a file of tests for Falco rules in %s", strings.Join(args, ", "))
			}
			return errors.Join(testRules(cmd.OutOrStdout(), own, target), runFalcoTests(cmd.OutOrStdout(), tests))
		},
	}
	cmd.Flags().StringVar(&version, "kube-version", "latest", "the Kubernetes version to judge against")
	return cmd
}

func testRules(w io.Writer, own []*rule.Rule, target rule.Version) error {
	failed := 0
	for _, r := range own {
		faults := ruletest.Run(r, target)
		if len(faults) == 0 {
			fmt.Fprintf(w, "ok    %s (%d examples)\n", sink.Printable(r.ID), len(r.Examples()))
			continue
		}
		failed++
		fmt.Fprintf(w, "FAIL  %s (%s)\n", sink.Printable(r.ID), sink.Printable(r.File))
		for _, f := range faults {
			fmt.Fprintf(w, "      %s: %s\n", sink.Printable(f.Example), sink.Printable(f.Reason))
		}
	}
	if failed > 0 {
		return &exitError{exitFindings, fmt.Errorf("%s of %d failed", count(failed, "rule"), len(own))}
	}
	return nil
}
