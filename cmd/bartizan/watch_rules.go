package main

import (
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/bartizan-dev/bartizan/internal/alert"
	"github.com/bartizan-dev/bartizan/internal/detect"
	"github.com/bartizan-dev/bartizan/internal/falco"
	"github.com/bartizan-dev/bartizan/internal/scan"
	"github.com/bartizan-dev/bartizan/internal/spell"
	"github.com/bartizan-dev/bartizan/rule"
	"github.com/bartizan-dev/bartizan/rules"
)

// detectFlags choose the detections of a run.
type detectFlags struct {
	rules   []string
	alone   bool
	only    []string
	skip    []string
	first   bool
	called  string // the cluster
	against string // an audit policy
	print   bool
}

// lateness is how far records of several API servers may be out of the order of their time when they are followed.
const lateness = 2 * time.Second

func (f *detectFlags) add(cmd *cobra.Command) {
	fl := cmd.Flags()
	fl.StringSliceVar(&f.rules, "rules", nil, "also run these: Falco rule files, .rule files, or directories of them, later ones on top of earlier ones")
	fl.BoolVar(&f.alone, "no-builtin", false, "run only what --rules names, not the built-in detections")
	fl.StringSliceVar(&f.only, "rule", nil, "run only these rules (ids, names or globs)")
	fl.StringSliceVar(&f.skip, "skip-rule", nil, "do not run these rules (ids, names or globs)")
	fl.BoolVar(&f.first, "first-match", false, "of Falco's rules let only the first that matches a record alert, as Falco does by default")
	fl.StringVar(&f.called, "cluster-name", "", "the cluster's name in alerts (ka.cluster.name)")
	fl.StringVar(&f.against, "audit-policy", "", "the API servers' audit policy: say which rules cannot work under it")
	fl.BoolVar(&f.print, "print-audit-policy", false, "print the smallest audit policy that the rules need, and end")
	_ = cmd.MarkFlagFilename("rules", "yaml", "yml", "rule")
	_ = cmd.MarkFlagFilename("audit-policy", "yaml", "yml")
}

// load reads the detections.
func (f *detectFlags) load(cmd *cobra.Command, live bool) (*detect.Set, error) {
	c := detect.Config{Cluster: f.called}
	if f.first {
		c.Matching = falco.First
	}
	if live {
		c.Slack = lateness
	}
	var names []string
	if len(f.only)+len(f.skip) > 0 {
		c.Keep = func(name string, enabled bool) bool {
			names = append(names, name)
			if len(f.only) > 0 {
				enabled = named(f.only, name)
			}
			return enabled && !named(f.skip, name)
		}
	}
	if f.alone && len(f.rules) == 0 {
		return nil, usage("--no-builtin leaves no rules: name some with --rules")
	}
	if !f.alone {
		own, err := rules.Detections()
		if err != nil {
			return nil, &exitError{exitInternal, err}
		}
		c.Rules = own
	}
	if err := f.read(&c); err != nil {
		return nil, err
	}
	set, notices, err := detect.New(c)
	if faults := notices.Errors(); len(faults) > 0 {
		for _, n := range faults {
			fmt.Fprintf(cmd.ErrOrStderr(), "bartizan: %s\n", safe(n.String()))
		}
		return nil, usage("%s in rules: correct what is named above; bartizan rule lint checks Falco's files", count(len(faults), "fault"))
	}
	if fault := unknownRule(f.only, names); fault != nil {
		return nil, fault
	}
	if err != nil {
		return nil, usage("%w", err)
	}
	for _, r := range set.Others() {
		names = append(names, r.Name)
	}
	if fault := unknownRule(f.skip, names); fault != nil {
		return nil, fault
	}
	f.idle(cmd, set, notices)
	return set, nil
}

// unknownRule says which name or glob is that of no rule.
func unknownRule(globs, names []string) error {
	for _, glob := range globs {
		if !slices.ContainsFunc(names, func(name string) bool { return alert.Glob(glob, name) }) {
			return usage("no rule for audit logs is called %s%s", safe(glob), spell.DidYouMean(glob, names))
		}
	}
	return nil
}

// idle tells of rules that were read and will not run, though nobody asked for that.
func (f *detectFlags) idle(cmd *cobra.Command, set *detect.Set, notices falco.Notices) {
	for _, n := range notices {
		if n.Level == falco.Warning && slices.Contains([]string{"unknown-source", "unknown-field", "unknown-item"}, n.Code) {
			fmt.Fprintf(cmd.ErrOrStderr(), "bartizan: %s\n", safe(n.String()))
		}
	}
	sources := map[string]int{}
	for _, r := range set.Others() {
		if r.Enabled && !named(f.skip, r.Name) {
			sources[r.Source]++
		}
	}
	for _, source := range slices.Sorted(maps.Keys(sources)) {
		fmt.Fprintf(cmd.ErrOrStderr(), "bartizan: %s for source %s will not run: what is watched is audit logs (%s)\n", count(sources[source], "rule"), safe(source), set.Source())
	}
}

// read reads the user's own rules.
func (f *detectFlags) read(c *detect.Config) error {
	var written, yaml []string
	for _, p := range f.rules {
		before := len(written) + len(yaml)
		err := filepath.WalkDir(p, func(file string, d fs.DirEntry, err error) error {
			switch {
			case err != nil || d.IsDir():
				return err
			case filepath.Ext(file) == ".rule":
				written = append(written, file)
			case isYAML(file) && p == file:
				yaml = append(yaml, file)
			case isYAML(file) && !slices.Contains(yaml, p):
				yaml = append(yaml, p)
			}
			return nil
		})
		if err != nil {
			return usage("read rules: %w", err)
		}
		if len(written)+len(yaml) == before {
			return usage("read rules: there is no rule file (.yaml, .yml, .rule) in %s", p)
		}
	}
	if len(written) > 0 {
		own, err := scan.LoadDetections(written)
		if err != nil {
			return usage("%w", err)
		}
		if len(own) == 0 {
			return usage("read rules: the .rule files judge objects, not events: run them with bartizan scan")
		}
		c.Rules = append(slices.Clone[[]*rule.Rule](c.Rules), own...)
	}
	if len(yaml) > 0 {
		files, err := falcoFiles(yaml)
		if err != nil {
			return err
		}
		c.Falco = files
	}
	return nil
}

func named(globs []string, name string) bool {
	return slices.ContainsFunc(globs, func(g string) bool { return alert.Glob(g, name) })
}

// policyHead says, as comments of the audit policy, where it belongs.
const policyHead = "# Put this on every control-plane node, name it with kube-apiserver's --audit-policy-file, and set --audit-log-path=FILE;\n" +
	"# bartizan watch --audit FILE follows that log. Check it: bartizan watch --audit-policy THIS-FILE\n"

// policy says what audit policy the rules need, and how far they work under the one there is. It is done if nothing is
// to be watched.
func (f *watchFlags) policy(cmd *cobra.Command, set *detect.Set) (done bool, err error) {
	if f.print {
		_, err := fmt.Fprint(cmd.OutOrStdout(), policyHead+detect.SmallestPolicy(set))
		return true, err
	}
	if f.against == "" {
		return false, nil
	}
	text, err := readFile(f.against, maxFalcoFile)
	if err != nil {
		return false, usage("read the audit policy: %w", err)
	}
	p, err := detect.ParseAuditPolicy(f.against, text)
	if err != nil {
		return false, usage("%w", err)
	}
	all := set.Under(p)
	weak := 0
	for _, v := range all {
		if v.Working == detect.InFull {
			continue
		}
		weak++
		fmt.Fprintf(cmd.ErrOrStderr(), "bartizan: under %s rule %s works %s\n", safe(f.against), safe(v.Rule.ID), v.Working)
		for _, reason := range v.Reasons {
			fmt.Fprintf(cmd.ErrOrStderr(), "  %s\n", safe(reason))
		}
	}
	if weak > 0 {
		fmt.Fprintf(cmd.ErrOrStderr(), "bartizan: %d of %s do not work in full under %s; --print-audit-policy prints one under which all do\n", weak, count(len(all), "rule"), safe(f.against))
	}
	if weak == 0 {
		fmt.Fprintf(cmd.ErrOrStderr(), "bartizan: under %s all %s work in full\n", safe(f.against), count(len(all), "rule"))
	}
	watching := !f.live() || len(f.audit) > 0 || f.webhook.address != ""
	if !watching && weak > 0 {
		return true, &exitError{code: exitFindings}
	}
	return !watching, nil
}
