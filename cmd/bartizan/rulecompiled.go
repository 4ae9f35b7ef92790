package main

import (
	"github.com/bartizan-dev/bartizan/internal/detect"
	"github.com/bartizan-dev/bartizan/internal/falco"
	"github.com/bartizan-dev/bartizan/internal/sink"
	"github.com/bartizan-dev/bartizan/internal/tree"
	"github.com/bartizan-dev/bartizan/rule"
)

// compiledRule is what a detection became once it was loaded with Falco's files, which may have changed it.
type compiledRule struct {
	own        *rule.Rule // nil for a rule of Falco
	conditions []*falco.Rule
}

// compile loads detections with Falco's files and finds one by its name; nil, and the names that there are, if there is none.
func compile(name string, own []*rule.Rule, files []falco.File) (*compiledRule, []string, error) {
	set, notices, err := detect.New(detect.Config{Rules: own, Falco: files, Keep: func(string, bool) bool { return true }})
	if faults := notices.Errors(); len(faults) > 0 {
		return nil, nil, usage("%s; bartizan rule lint checks Falco's files", sink.Printable(faults[0].String()))
	}
	if err != nil {
		return nil, nil, usage("%w", err)
	}
	var names []string
	for _, r := range set.Rules() {
		if r.ID == name {
			return &compiledRule{r.Own, r.Conditions}, nil, nil
		}
		names = append(names, r.ID)
	}
	loaded, _ := falco.Load(files, falco.Options{}) // those of other sources
	for _, r := range loaded.Rules {
		if r.Name == name {
			return &compiledRule{nil, []*falco.Rule{r}}, nil, nil
		}
		names = append(names, r.Name)
	}
	return nil, names, nil
}

// falcoAmong takes the Falco rule files out of a list of files: YAML files whose documents are lists of rules, macros or
// lists.
func falcoAmong(paths []string) (theirs, rest []string) {
	for _, p := range paths {
		text, err := readFile(p, maxFalcoFile)
		if err == nil && isYAML(p) && len(falcoItems(text)) > 0 {
			theirs = append(theirs, p)
		} else {
			rest = append(rest, p)
		}
	}
	return theirs, rest
}

// falcoItems are the kinds of the items of a rule file: rule, macro, list. What is no rule file has none.
func falcoItems(text string) (kinds []string) {
	for d, err := range tree.Parse(text, tree.DefaultLimits()) {
		if err != nil || d.Root().Kind() != tree.List {
			continue
		}
		for item := range d.Root().Items() {
			for _, kind := range [...]string{"rule", "macro", "list"} {
				if item.Get(kind).Exists() {
					kinds = append(kinds, kind)
				}
			}
		}
	}
	return kinds
}
