package main

import (
	"errors"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/bartizan-dev/bartizan/frameworks"
	"github.com/bartizan-dev/bartizan/internal/engine"
	"github.com/bartizan-dev/bartizan/internal/policy"
	"github.com/bartizan-dev/bartizan/internal/scan"
	"github.com/bartizan-dev/bartizan/internal/sink"
	"github.com/bartizan-dev/bartizan/internal/spell"
	"github.com/bartizan-dev/bartizan/rule"
	"github.com/bartizan-dev/bartizan/rules"
)

// ruleFlags choose the rules of a run.
type ruleFlags struct {
	files   []string // the user's own
	only    []string
	skip    []string
	groups  []string
	params  []string
	version string
	fixes   engine.FixDetail
}

func (f *ruleFlags) add(cmd *cobra.Command) {
	fl := cmd.Flags()
	fl.StringSliceVar(&f.files, "rules", nil, "also run your own rules: .rule files, ValidatingAdmissionPolicies, or directories of them")
	fl.StringSliceVar(&f.only, "rule", nil, "run only these rules (ids or globs)")
	fl.StringSliceVar(&f.skip, "skip-rule", nil, "do not run these rules (ids or globs)")
	fl.StringSliceVar(&f.groups, "group", []string{rule.Security}, "groups of rules to run: security, reliability")
	fl.StringArrayVar(&f.params, "param", nil, "set a rule's parameter: RULE.NAME=VALUE, lists with commas")
	fl.StringVar(&f.version, "kube-version", "latest", "the Kubernetes version to judge against")
}

// ruleSet is the rules of a run, ready.
type ruleSet struct {
	engine    *engine.Engine
	policies  []scan.Judgement
	written   *policy.Set  // the policies of rule files, those that do not run included until they are chosen
	own       []*rule.Rule // what describes the policies
	known     []string     // the ids of all rules, those included that do not run
	target    rule.Version
	framework *frameworks.Framework
}

func (s *ruleSet) all() []*rule.Rule { return append(s.engine.Rules(), s.own...) }

// project makes the compliance report, if one was asked for.
func (s *ruleSet) project(report *scan.Report) *sink.Framework {
	if s.framework == nil {
		return nil
	}
	return scan.Comply(s.framework, s.all(), report.Tally, report.Findings)
}

// load reads, chooses and plans the rules; framework is the id of the framework to report on, or "".
func (f *ruleFlags) load(framework string) (*ruleSet, error) {
	set := &ruleSet{}
	var err error
	if set.target, err = rule.ParseVersion(f.version); err != nil {
		return nil, usage("--kube-version: %w", err)
	}
	all, err := rules.Builtin()
	if err != nil {
		return nil, &exitError{exitInternal, err}
	}
	own, files, err := scan.LoadRules(f.files)
	if err != nil {
		return nil, usage("%w", err)
	}
	if err := set.addPolicies(files); err != nil {
		return nil, usage("%w", err)
	}
	if framework != "" {
		if set.framework, err = frameworks.Find(framework); err != nil {
			return nil, usage("--framework: %w", err)
		}
	}
	everything := slices.Concat(all, own, set.own)
	for _, r := range everything {
		set.known = append(set.known, r.ID)
	}
	chosen, err := f.choose(everything, set.framework)
	if err != nil {
		return nil, err
	}
	set.choosePolicies(chosen)
	chosen = slices.DeleteFunc(chosen, func(r *rule.Rule) bool { return strings.HasPrefix(r.ID, policy.Prefix) })
	params, err := f.parseParams(chosen)
	if err != nil {
		return nil, err
	}
	set.engine, err = engine.New(chosen, engine.Config{Version: set.target, Params: params, Fixes: f.fixes})
	if err == nil {
		err = set.engine.Check(own)
	}
	if err != nil {
		return nil, usage("%w", err)
	}
	return set, nil
}

// choose picks the rules that --rule, --skip-rule, --group and --framework name.
func (f *ruleFlags) choose(all []*rule.Rule, fw *frameworks.Framework) ([]*rule.Rule, error) {
	for _, pattern := range slices.Concat(f.only, f.skip) {
		if !slices.ContainsFunc(all, func(r *rule.Rule) bool { return matches(pattern, r.ID) }) {
			return nil, usage("no rule is called %s%s; bartizan rule list shows all", pattern, nearest(pattern, all))
		}
	}
	for _, g := range f.groups {
		if g != rule.Security && g != rule.Reliability {
			return nil, usage("--group %s: use security or reliability", g)
		}
	}
	var chosen []*rule.Rule
	for _, r := range all {
		named := slices.ContainsFunc(f.only, func(p string) bool { return matches(p, r.ID) })
		switch {
		case len(f.only) > 0 && !named,
			slices.ContainsFunc(f.skip, func(p string) bool { return matches(p, r.ID) }),
			fw != nil && !fw.Uses(r),
			fw == nil && !named && !slices.Contains(f.groups, r.Group):
			continue
		}
		chosen = append(chosen, r)
	}
	return chosen, nil
}

func matches(pattern, id string) bool {
	ok, err := path.Match(pattern, id)
	return ok && err == nil
}

// nearest suggests a rule for a misspelt id.
func nearest(id string, all []*rule.Rule) string {
	ids := make([]string, len(all))
	for i, r := range all {
		ids[i] = r.ID
	}
	return spell.DidYouMean(id, ids)
}

// parseParams reads --param flags into values of the parameters' types.
func (f *ruleFlags) parseParams(chosen []*rule.Rule) (map[string]any, error) {
	values := map[string]any{}
	for _, text := range f.params {
		name, value, ok := strings.Cut(text, "=")
		p := findParam(chosen, name)
		if !ok || p == nil {
			return nil, usage("--param %s: write RULE.NAME=VALUE with a parameter that bartizan rule show RULE lists", text)
		}
		v, err := parseParam(p.Default, value)
		if err != nil {
			return nil, usage("--param %s: %w", text, err)
		}
		values[name] = v
	}
	return values, nil
}

func findParam(chosen []*rule.Rule, name string) *rule.Param {
	for _, r := range chosen {
		for i := range r.Params {
			if r.ID+"."+r.Params[i].Name == name {
				return &r.Params[i]
			}
		}
	}
	return nil
}

func parseParam(like any, value string) (any, error) {
	switch like.(type) {
	case bool:
		return strconv.ParseBool(value)
	case int64:
		return strconv.ParseInt(value, 10, 64)
	case []string:
		if value == "" {
			return []string{}, nil
		}
		return strings.Split(value, ","), nil
	case string:
		return value, nil
	}
	return nil, errors.New("the parameter has no default to tell its type")
}

func frameworkNames() []string { return frameworks.Names() }
