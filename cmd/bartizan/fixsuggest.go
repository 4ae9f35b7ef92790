package main

import (
	"fmt"
	"io"
	"strings"
	"unicode"

	"github.com/bartizan-dev/bartizan/internal/scan"
	"github.com/bartizan-dev/bartizan/internal/sink"
)

// tellSuggestions prints what is suggested for charts and kustomizations and was not written: a patch that
// "git apply" takes, with what it is for in the lines between. Each was tried.
func tellSuggestions(w io.Writer, plan *scan.FixPlan, f *fixFlags) {
	for _, s := range plan.Suggestions {
		if f.suggested && !s.ByHand && len(s.Files) > 0 {
			continue
		}
		rules := map[string]bool{}
		for _, x := range s.Findings {
			rules[x.Rule] = true
		}
		what := "kustomization"
		if s.Source == "helm" {
			what = "chart"
		}
		root := sink.Printable(s.Root)
		switch {
		case len(s.Findings) == 0:
		case s.ByHand:
			fmt.Fprintf(w, "# %s %s: no value mends %s (%s); this edit of the template does:\n", what, root, count(len(s.Findings), "finding"), some(rules))
		default:
			fmt.Fprintf(w, "# %s %s: mends %s (%s) and changes nothing else:\n", what, root, count(len(s.Findings), "finding"), some(rules))
		}
		if len(s.Set) > 0 {
			fmt.Fprintln(w, "#   helm ... "+sink.Printable(setFlags(s.Set)))
		}
		for _, file := range s.Files {
			fmt.Fprint(w, fileDiff(file))
		}
		if len(s.Hints) > 0 {
			fmt.Fprintf(w, "# %s %s: edit the template by hand, no change was found that could be tried:\n", what, root)
		}
		for _, h := range s.Hints {
			fmt.Fprintf(w, "#   %s:%d: %s\n", sink.Printable(h.File), h.Line, sink.Printable(h.Text))
		}
		fmt.Fprintln(w)
	}
}

// setFlags are flags of the helm program as a shell takes them.
func setFlags(flags []scan.SetFlag) string {
	parts := make([]string, 0, 2*len(flags))
	for _, f := range flags {
		parts = append(parts, f.Flag, quoted(f.Value))
	}
	return strings.Join(parts, " ")
}

// fileDiff is the unified diff of a file, or of a new one. Lines with control characters are escaped: such a
// diff cannot be applied, and does no harm on a terminal either.
func fileDiff(f scan.FixedFile) string {
	diff := unified(f.Name, f.Before, f.After)
	if f.Before == "" {
		diff = fmt.Sprintf("--- /dev/null\n+++ b/%s\n@@ -0,0 +1,%d @@\n%s", strings.TrimPrefix(f.Name, "/"), strings.Count(f.After, "\n"), onlyAdded(diff))
	}
	if !strings.ContainsFunc(diff, isControl) {
		return diff
	}
	var b strings.Builder
	for line := range strings.Lines(diff) {
		if text := strings.TrimSuffix(line, "\n"); strings.ContainsFunc(text, isControl) {
			line = sink.Printable(text) + "\n"
		}
		b.WriteString(line)
	}
	return b.String()
}

func isControl(r rune) bool {
	return unicode.IsControl(r) && r != '\n' && r != '\t' && r != '\r'
}

// onlyAdded leaves out what a diff says of the empty text.
func onlyAdded(hunk string) string {
	var b strings.Builder
	for line := range strings.Lines(hunk) {
		if strings.HasPrefix(line, "+") && !strings.HasPrefix(line, "+++ ") {
			b.WriteString(line)
		}
	}
	return b.String()
}
