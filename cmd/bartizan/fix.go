package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/engine"
	"github.com/bartizan-dev/bartizan/internal/scan"
	"github.com/bartizan-dev/bartizan/internal/sink"
)

// fixFlags are the flags of fix as written.
type fixFlags struct {
	rules      ruleFlags
	exceptions string
	diff       bool
	unsafe     bool
	suggested  bool
}

func newFix() *cobra.Command {
	var f fixFlags
	cmd := &cobra.Command{
		Use:   "fix PATH...",
		Short: "Mend findings in the manifests themselves",
		Long: "Fix edits YAML and JSON manifests in place and leaves comments, order and layout as they are. It\n" +
			"makes the changes that cannot break an application that behaves; --unsafe makes those, too, that\n" +
			"need knowledge of the application.\n\n" +
			"Charts and kustomizations are left alone unless --suggested is given: fix prints the change to the\n" +
			"base, the patch, or the values that mends the finding and changes nothing else, as far as one is found.\n" +
			"Each suggestion was tried: built again with it, the findings are gone and no new one came. Templates\n" +
			"are never edited.\n\n" +
			"Exit codes: 0 nothing is left at or above high; 1 something is left that needs a person; 2 usage\n" +
			"error; 3 something could not be read; 4 internal error.",
		Example: "  bartizan fix deploy/ --diff\n  bartizan fix deploy/\n  bartizan fix deploy/ --rule 'pss-*' --unsafe",
		Args:    cobra.MinimumNArgs(1),
		RunE:    func(cmd *cobra.Command, args []string) error { return runFix(cmd, &f, args) },
	}
	f.rules.add(cmd)
	fl := cmd.Flags()
	fl.StringVar(&f.exceptions, "exceptions", "", "file of accepted findings (default: "+defaultExceptions+" if it exists)")
	fl.BoolVar(&f.diff, "diff", false, "print the changes as a unified diff and write nothing")
	fl.BoolVar(&f.suggested, "suggested", false, "also write what is suggested for kustomizations and the values of charts")
	fl.BoolVar(&f.unsafe, "unsafe", false, "also make changes that need knowledge of the application")
	return cmd
}

func runFix(cmd *cobra.Command, f *fixFlags, args []string) error {
	for _, p := range args {
		if p == "-" {
			return usage("fix edits files in place and cannot edit standard input: name files or directories")
		}
	}
	f.rules.fixes = engine.FixPatches
	rules, err := f.rules.load("")
	if err != nil {
		return err
	}
	exceptions, err := readExceptions(f.exceptions)
	if err != nil {
		return err
	}
	src, err := scan.Inputs{Paths: args, Lenient: true}.Source()
	if err != nil {
		return usage("%w", err)
	}
	defer src.Close()
	fixer := &scan.Fixer{
		Request: &scan.Request{Source: src, Engine: rules.engine, Exceptions: exceptions, Now: now()},
		Unsafe:  f.unsafe, Suggested: f.suggested,
	}
	plan, err := fixer.Plan(cmd.Context())
	if err != nil {
		return scanError(err)
	}
	out := cmd.OutOrStdout()
	if f.diff {
		for _, file := range plan.Files {
			fmt.Fprint(out, fileDiff(file))
		}
	} else if err := plan.Write(); err != nil {
		return usage("%w", err)
	}
	tellSuggestions(out, plan, f)
	tellFix(cmd.ErrOrStderr(), newPainter(cmd, "never").width, plan, f)
	switch {
	case len(plan.Report.Gaps) > 0:
		return &exitError{exitIncomplete, nil}
	case plan.Report.Worst(bartizan.High):
		return &exitError{exitFindings, nil}
	}
	return nil
}

// leftIndent is where the reasons begin for which findings are left, behind their number.
const leftIndent = 8

// tellFix says what was mended and what is left, and why.
func tellFix(w io.Writer, width int, plan *scan.FixPlan, f *fixFlags) {
	verb := "mended"
	if f.diff {
		verb = "would mend"
	}
	fmt.Fprintf(w, "bartizan: %s %s in %s", verb, count(len(plan.Applied), "finding"), count(len(plan.Files), "file"))
	if len(plan.Left) == 0 {
		fmt.Fprintln(w, "; nothing is left")
	} else {
		fmt.Fprintf(w, "; %s left:\n", count(len(plan.Left), "finding"))
	}
	var order []string
	counts, rules := map[string]int{}, map[string]map[string]bool{}
	for _, l := range plan.Left {
		why := strings.Join(strings.Fields(l.Reason), " ")
		if counts[why] == 0 {
			order = append(order, why)
			rules[why] = map[string]bool{}
		}
		counts[why]++
		rules[why][l.Finding.Rule] = true
	}
	for _, why := range order {
		for i, l := range brokenAt(why+" ("+some(rules[why])+")", 0, 0, width-leftIndent) {
			if i == 0 {
				fmt.Fprintf(w, "  %4d  %s\n", counts[why], l)
				continue
			}
			fmt.Fprintf(w, "%*s%s\n", leftIndent, "", l)
		}
	}
	for _, name := range plan.Late {
		fmt.Fprintf(w, "  the search for changes to %s took too long: what was found is shown; name one --rule at a time\n", sink.Printable(name))
	}
	for _, g := range plan.Report.Gaps {
		fmt.Fprintf(w, "  could not read %s:%d: %s\n", sink.Printable(g.Origin.File), g.Origin.Line, sink.Printable(g.Reason))
	}
}

func some(set map[string]bool) string {
	all := slices.Sorted(maps.Keys(set))
	if len(all) > 3 {
		return fmt.Sprintf("%s and %d more", strings.Join(all[:3], ", "), len(all)-3)
	}
	return strings.Join(all, ", ")
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
