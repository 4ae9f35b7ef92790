package main

import (
	"os"

	"github.com/bartizan-dev/bartizan/internal/alert"
	"github.com/bartizan-dev/bartizan/internal/detect"
	"github.com/bartizan-dev/bartizan/internal/triage"
	"github.com/bartizan-dev/bartizan/internal/watch"
	"github.com/bartizan-dev/bartizan/rules"
)

// maxExceptions bounds a file of exceptions, in bytes.
const maxExceptions = 16 << 20

// readExceptions reads the exceptions of a scan: those of a file, or, if none is named, those of the default file, if
// there is one.
func readExceptions(file string) ([]triage.Exception, error) {
	name := file
	if name == "" {
		name = defaultExceptions
	}
	text, err := readFile(name, maxExceptions)
	switch {
	case err != nil && file == "" && os.IsNotExist(err):
		return nil, nil
	case err != nil:
		return nil, usage("read exceptions: %w", err)
	}
	found, err := triage.FromFile(name, text)
	if err != nil {
		return nil, usage("%w", err)
	}
	return found, nil
}

// alertExceptions reads the exceptions for alerts, and says which rules there are that they may be for.
func alertExceptions(files []string, set *detect.Set) (all []alert.Exception, known triage.Rules, err error) {
	for _, file := range files {
		text, err := readFile(file, maxExceptions)
		if err != nil {
			return nil, known, usage("read exceptions: %w", err)
		}
		some, err := alert.ReadExceptions(file, text)
		if err != nil {
			return nil, known, usage("%w", err)
		}
		all = append(all, some...)
	}
	if len(all) == 0 {
		return nil, known, nil
	}
	for _, r := range set.Rules() {
		known.Ran = append(known.Ran, r.ID)
	}
	if known.Known, err = alertRules(); err != nil {
		return nil, known, err
	}
	checks, err := rules.Builtin()
	if err != nil {
		return nil, known, &exitError{exitInternal, err}
	}
	for _, r := range checks {
		known.Known = append(known.Known, r.ID)
	}
	known.Known = append(known.Known, known.Ran...)
	return all, known, nil
}

// alertRules are the names of the built-in rules that alert.
func alertRules() ([]string, error) {
	detections, err := rules.Detections()
	if err != nil {
		return nil, &exitError{exitInternal, err}
	}
	names := []string{
		watch.RuleSilent, watch.RuleBack, watch.RuleClock, watch.RuleRestart, watch.RuleLevel, watch.RuleTruncated, watch.RuleUnreadable, watch.RuleLost,
	}
	for _, r := range detections {
		names = append(names, r.ID)
	}
	return names, nil
}
