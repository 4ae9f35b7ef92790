package main

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/bartizan-dev/bartizan/internal/reach"
)

// newReachDiff makes reach diff.
func newReachDiff() *cobra.Command {
	f := &reachFlags{}
	cmd := &cobra.Command{
		Use:   "diff OLD NEW",
		Short: "Compare two states: connections opened and closed",
		Long: "Diff compares what OLD and NEW, two files or directories, let through. With --cluster, OLD is the live cluster and\n" +
			"only NEW is named.\n\n" +
			"Exit codes: 0 nothing opened; 1 something opened; 2 usage error; 3 something could not be read; 4 internal error.",
		Example: "  bartizan reach diff main/deploy branch/deploy\n  bartizan reach diff --cluster deploy/",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 2 && !f.cluster || len(args) != 1 && f.cluster {
				return usage("reach diff compares two states: name OLD and NEW, or NEW alone with --cluster")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			var before []string
			if !f.cluster {
				before, args = args[:1], args[1:]
			}
			old, err := f.read(cmd, before)
			if err != nil {
				return err
			}
			f.cluster = false
			r, err := f.read(cmd, args)
			if err != nil {
				return err
			}
			r.gaps = append(old.gaps, r.gaps...)
			opened, closed := reach.Diff(old.model, r.model)
			if ns := f.options.Namespace; ns != "" {
				other := func(x reach.Flow) bool { return !x.From.Within(ns) && !x.To.Within(ns) }
				opened, closed = slices.DeleteFunc(opened, other), slices.DeleteFunc(closed, other)
			}
			if f.output == "json" {
				err = writeJSON(r.w, reachDiffDoc{grantHead{grantSchema}, reachChangesOf(opened), reachChangesOf(closed), gapsOf(r.gaps)})
			} else {
				err = r.diffText(opened, closed)
			}
			switch {
			case err != nil:
				return err
			case len(r.gaps) > 0:
				return &exitError{code: exitIncomplete}
			case len(opened) > 0:
				return &exitError{code: exitFindings}
			}
			return f.nothingRead(args, r.report) // a template that rendered to nothing closes everything
		},
	}
	f.add(cmd, "text", "json")
	return cmd
}

func (r *reached) diffText(opened, closed []reach.Flow) error {
	if len(opened)+len(closed) == 0 {
		r.line("Nothing opened, nothing closed.")
	}
	for _, part := range []struct {
		title, mark, sgr string
		flows            []reach.Flow
	}{{"Opened", "+", sgrRed, opened}, {"Closed", "-", sgrGreen, closed}} {
		if len(part.flows) == 0 {
			continue
		}
		if part.title == "Closed" && len(opened) > 0 {
			r.line("")
		}
		r.line("%s", r.bold(part.title))
		for i := range part.flows {
			f := &part.flows[i]
			text := strings.Join(f.From.Names(), ", ") + " → " + strings.Join(f.To.Names(), ", ") + " : " + reach.PortsText(f.Ports)
			if f.Old == reach.Unknown || f.New == reach.Unknown {
				text += " (" + f.Old.String() + " → " + f.New.String() + ")"
			}
			r.flowLine(part.mark, part.sgr, text)
		}
	}
	r.painter.gaps(r.gaps)
	return r.err
}

// flowLine writes a wrapped line with a coloured mark.
func (r *reached) flowLine(mark, sgr, text string) {
	for i, l := range brokenAt(text, 0, 4, r.width-2) {
		if i == 0 {
			r.line("%s %s", r.paint(sgr, mark), l)
			continue
		}
		r.line("  %s", l)
	}
}
