package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/bartizan-dev/bartizan/internal/detect"
	"github.com/bartizan-dev/bartizan/internal/sink"
	"github.com/bartizan-dev/bartizan/rule"
)

// showRule writes the page on a rule; more writes what else there is to say of how it finds, or is nil.
func showRule(w io.Writer, r *rule.Rule, more func()) {
	p := func(format string, args ...any) {
		for i, a := range args {
			if s, ok := a.(string); ok {
				args[i] = sink.Printable(s)
			}
		}
		fmt.Fprintf(w, format, args...)
	}
	p("%s: %s\n", r.ID, r.Title)
	p("%s severity, on %s", r.Severity.String(), strings.Join(r.On, ", "))
	if len(r.Needs) > 0 {
		p(", judged by what stands around it")
	}
	if r.Group != rule.Security {
		p(", in the group %s", r.Group)
	}
	p("\n\nWhy\n")
	block(w, r.Why)
	switch fixKind(r) {
	case "safe":
		p("\nFix: bartizan fix PATH --rule %s\n", r.ID)
	case "unsafe":
		p("\nFix: bartizan fix PATH --rule %s --unsafe, when you know this of the application:\n", r.ID)
		block(w, r.Unsafe)
	default:
		if !r.Detects() {
			p("\nFix: none that a program could make; it needs a person\n")
		}
	}
	showTest(w, r)
	if more != nil {
		more()
	}
	if len(r.Params) > 0 {
		p("\nParameters\n")
		for _, q := range r.Params {
			p("  --param %s.%s=%s  %s\n", r.ID, q.Name, strings.Trim(fmt.Sprint(q.Default), "[]"), q.Doc)
		}
	}
	if len(r.Maps) > 0 {
		p("\nFrameworks\n")
		for _, m := range r.Maps {
			p("  %s %s\n", m.Framework, m.Control)
		}
	}
	if len(r.References) > 0 {
		p("\nReferences\n")
	}
	for _, ref := range r.References {
		p("  %s\n", ref)
	}
	for _, e := range r.Examples() {
		p("\n%s\n", exampleTitle(r, e))
		block(w, e.Text)
	}
}

func exampleTitle(r *rule.Rule, e rule.Example) string {
	switch e.Want() {
	case "fail":
		if r.Detects() {
			return "Raises an alert (" + e.Name + ")"
		}
		return "Fails (" + e.Name + ")"
	case "pass":
		if r.Detects() {
			return "Raises none (" + e.Name + ")"
		}
		return "Passes (" + e.Name + ")"
	}
	return "Fixed (" + e.Name + ")"
}

// showTest shows how the rule finds, for each version in which that differs.
func showTest(w io.Writer, r *rule.Rule) {
	if r.Check != nil {
		return
	}
	fmt.Fprintln(w, "\nFinds")
	for _, v := range r.Variants {
		if len(r.Variants) > 1 {
			fmt.Fprintf(w, "  since Kubernetes %s:\n", v.Since)
		}
		if v.Gone {
			fmt.Fprintln(w, "    nothing: the requirement is gone")
			continue
		}
		block(w, v.Find)
	}
	if r.Over != nil {
		block(w, detect.Describe(r.Over))
	}
	if r.Detects() {
		fmt.Fprintln(w, "\nSays")
		block(w, r.Message)
	}
}

// block writes a text of several lines, indented.
func block(w io.Writer, text string) {
	for line := range strings.SplitSeq(strings.TrimRight(text, "\n"), "\n") {
		fmt.Fprintf(w, "  %s\n", sink.Printable(line))
	}
}
