package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/bartizan-dev/bartizan/frameworks"
	"github.com/bartizan-dev/bartizan/internal/export"
	"github.com/bartizan-dev/bartizan/internal/sink"
	"github.com/bartizan-dev/bartizan/rule"
)

// exportFlags are the flags of rule export.
type exportFlags struct {
	rules     ruleFlags
	framework string
	as        string
	actions   []string
	exclude   []string
	namespace string
	unsafe    bool
	output    string
}

func newRuleExport() *cobra.Command {
	f := &exportFlags{}
	cmd := &cobra.Command{
		Use:   "export ID...",
		Short: "Turn rules into admission policies for the API server",
		Long: "Export writes a ValidatingAdmissionPolicy for each rule's test (--as vap) or a MutatingAdmissionPolicy for\n" +
			"its fix (--as map), with its binding and, for a rule with parameters, a ConfigMap. IDs may be globs. What\n" +
			"cannot be said in a policy exactly is not exported: for a rule named by its id that is an error, for a\n" +
			"glob or a framework a note. Parameters go to the namespace " + export.DefaultNamespace + " unless --namespace says\n" +
			"otherwise, which must then exist.\n\n" +
			"Exit codes: 0 done; 2 usage error, or a rule named by its id cannot be exported; 4 internal error.",
		Example: "  bartizan rule export --framework pss-restricted --action warn | kubectl apply -f -\n" +
			"  bartizan rule export pss-privileged 'pss-host-*' --exclude-namespace kube-system\n" +
			"  bartizan rule export pss-privilege-escalation --as map",
		RunE: func(cmd *cobra.Command, args []string) error {
			if f.as == "map" && cmd.Flags().Changed("action") {
				return usage("--action is for --as vap: a MutatingAdmissionPolicy changes objects and has no other action")
			}
			return f.run(cmd.OutOrStdout(), cmd.ErrOrStderr(), args)
		},
		ValidArgsFunction: completeRules,
	}
	fl := cmd.Flags()
	fl.StringVar(&f.framework, "framework", "", "export every rule that serves this framework")
	fl.StringVar(&f.as, "as", "vap", "what to make: vap (ValidatingAdmissionPolicy), map (MutatingAdmissionPolicy)")
	fl.StringSliceVar(&f.actions, "action", []string{"deny"}, "what a failing object meets, with --as vap: deny, warn, audit")
	fl.StringSliceVar(&f.exclude, "exclude-namespace", nil, "leave out the objects of these namespaces")
	fl.StringVar(&f.namespace, "namespace", "", "an existing namespace for the parameters of rules")
	fl.BoolVar(&f.unsafe, "unsafe", false, "with --as map, also export fixes that need knowledge of the application")
	fl.StringVarP(&f.output, "output", "o", "yaml", "format: yaml, json")
	fl.StringSliceVar(&f.rules.files, "rules", nil, "also export your own rules from these files or directories")
	fl.StringArrayVar(&f.rules.params, "param", nil, "set a rule's parameter: RULE.NAME=VALUE, lists with commas")
	fl.StringVar(&f.rules.version, "kube-version", "latest", "the Kubernetes version of the cluster")
	return cmd
}

func (f *exportFlags) run(out, notes io.Writer, args []string) error {
	config, err := f.config()
	if err != nil {
		return err
	}
	all, err := everyRule(f.rules.files)
	if err != nil {
		return err
	}
	chosen, named, err := f.choose(all, args)
	if err != nil {
		return err
	}
	if config.Params, err = f.rules.parseParams(chosen); err != nil {
		return err
	}
	convert := export.Validating
	if f.as == "map" {
		convert = export.Mutating
	}
	var objects []export.Object
	params, exported := false, 0
	for _, r := range chosen {
		p, err := convert(r, config)
		if err != nil {
			if slices.Contains(named, r.ID) {
				return usage("%w", err)
			}
			fmt.Fprintf(notes, "bartizan: note: %s\n", sink.Printable(err.Error()))
			continue
		}
		for _, note := range p.Notes {
			fmt.Fprintf(notes, "bartizan: note: rule %s: %s\n", r.ID, sink.Printable(note))
		}
		exported++
		params = params || p.Params
		objects = append(objects, p.Objects...)
	}
	if exported == 0 {
		return usage("export rules: none of the %s chosen can be exported as %s", count(len(chosen), "rule"), f.as)
	}
	if params && f.namespace == "" {
		objects = append([]export.Object{export.Namespace(export.DefaultNamespace)}, objects...)
	}
	return f.write(out, objects)
}

// config makes the flags' meaning.
func (f *exportFlags) config() (export.Config, error) {
	c := export.Config{ExcludeNamespaces: f.exclude, Namespace: f.namespace, Unsafe: f.unsafe}
	var err error
	if c.Version, err = rule.ParseVersion(f.rules.version); err != nil {
		return c, usage("--kube-version: %w", err)
	}
	if f.as != "vap" && f.as != "map" {
		return c, usage("--as %s: use vap or map", f.as)
	}
	if f.output != "yaml" && f.output != "json" {
		return c, usage("output format %q is unknown here: use yaml or json", f.output)
	}
	actions := map[string]string{"deny": "Deny", "warn": "Warn", "audit": "Audit"}
	for _, a := range f.actions {
		action, ok := actions[strings.ToLower(a)]
		if !ok {
			return c, usage("--action %s: use deny, warn or audit", a)
		}
		if !slices.Contains(c.Actions, action) {
			c.Actions = append(c.Actions, action)
		}
	}
	if slices.Contains(c.Actions, "Deny") && slices.Contains(c.Actions, "Warn") {
		return c, usage("--action deny and warn: the API server takes only one of them, since a denial says why by itself")
	}
	for _, ns := range append(slices.Clone(f.exclude), f.namespace) {
		if ns != "" && !isDNSLabel(ns) {
			return c, usage("%q is not the name of a namespace", ns)
		}
	}
	return c, nil
}

// choose picks rules by id, glob and framework, and says which were named by their id.
func (f *exportFlags) choose(all []*rule.Rule, args []string) (chosen []*rule.Rule, named []string, err error) {
	if len(args) == 0 && f.framework == "" {
		return nil, nil, usage("export rules: name rules by id or glob, or choose a --framework")
	}
	uses := func(*rule.Rule) bool { return false }
	if f.framework != "" {
		fw, err := frameworks.Find(f.framework)
		if err != nil {
			return nil, nil, usage("--framework: %w", err)
		}
		uses = fw.Uses
	}
	for _, pattern := range args {
		if !slices.ContainsFunc(all, func(r *rule.Rule) bool { return matches(pattern, r.ID) }) {
			return nil, nil, usage("no rule is called %s%s; bartizan rule list shows all", pattern, nearest(pattern, all))
		}
	}
	for _, r := range all {
		if slices.Contains(args, r.ID) {
			named = append(named, r.ID)
		}
		if uses(r) || slices.ContainsFunc(args, func(p string) bool { return matches(p, r.ID) }) {
			chosen = append(chosen, r)
		}
	}
	return chosen, named, nil
}

func (f *exportFlags) write(w io.Writer, objects []export.Object) error {
	if f.output == "json" {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		e.SetEscapeHTML(false)
		return e.Encode(export.List(objects))
	}
	text, err := export.YAML(objects)
	if err != nil {
		return &exitError{exitInternal, err}
	}
	_, err = w.Write(text)
	return err
}

// isDNSLabel says whether a text may be the name of a namespace.
func isDNSLabel(s string) bool {
	if s == "" || len(s) > 63 || s[0] == '-' || s[len(s)-1] == '-' {
		return false
	}
	return !strings.ContainsFunc(s, func(r rune) bool { return r != '-' && (r < '0' || r > '9') && (r < 'a' || r > 'z') })
}
