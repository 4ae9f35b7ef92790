package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/path"
	"github.com/bartizan-dev/bartizan/internal/sink"
)

// newPathList makes path list.
func newPathList() *cobra.Command {
	f := &pathFlags{}
	var limit int
	failOn := bartizan.High.String()
	formats := []string{"text", "json", "dot", "svg"}
	cmd := &cobra.Command{
		Use:   "list [PATH...]",
		Short: "List the attack paths that matter, step by step",
		Long: "Of every source only the likeliest way to each target is told. Sources that go the same way are told together,\n" +
			"and what matters most comes first: what is reached, how likely the way is, and how likely it is to begin.\n\n" +
			"Exit codes: 0 no path at or above --fail-on; 1 there are some; 2 usage error; 3 something could not be read;\n" +
			"4 internal error.",
		Example: "  bartizan path list deploy/\n  bartizan path list --cluster --from internet\n" +
			"  bartizan path list --from shop/web --to secret/payments/db deploy/ -o svg > paths.svg",
		RunE: func(cmd *cobra.Command, args []string) error {
			threshold, err := bartizan.ParseSeverity(failOn)
			if err != nil {
				return usage("--fail-on: %w", err)
			}
			w, err := f.read(cmd, args, formats...)
			if err != nil {
				return err
			}
			all := w.graph.List(w.sources, w.targets)
			shown := all
			if limit > 0 && f.output != "json" {
				shown = all[:min(limit, len(all))]
			}
			switch f.output {
			case "json":
				err = writeJSON(cmd.OutOrStdout(), w.listDocument(all))
			case "dot":
				_, err = io.WriteString(cmd.OutOrStdout(), path.Dot(shown))
			case "svg":
				_, err = io.WriteString(cmd.OutOrStdout(), path.SVG(shown))
			default:
				err = w.writeList(cmd.OutOrStdout(), shown, len(all))
			}
			if err != nil {
				return err
			}
			if err := w.incomplete(cmd); err != nil {
				return err
			}
			if err := w.unknown(cmd, len(all) > 0); err != nil {
				return err
			}
			return failing(all, threshold)
		},
	}
	f.add(cmd, "all three", formats...)
	cmd.Flags().IntVar(&limit, "limit", 10, "tell only that many; 0 is all (JSON always has all)")
	cmd.Flags().StringVar(&failOn, "fail-on", failOn, "exit with 1 for paths of this severity or worse")
	return cmd
}

// failing ends a sub-command with exit code 1 if a path is at or above a severity.
func failing(paths []path.Path, threshold bartizan.Severity) error {
	for i := range paths {
		if paths[i].Severity() >= threshold {
			return &exitError{code: exitFindings}
		}
	}
	return nil
}

// writeList tells paths.
func (w *pathWorld) writeList(out io.Writer, shown []path.Path, all int) error {
	var b strings.Builder
	for i := range shown {
		w.tell(&b, i+1, &shown[i])
	}
	reach := map[bartizan.Ref]bool{}
	for i := range shown {
		for _, s := range shown[i].Sources {
			reach[s] = true
		}
	}
	text := ""
	switch {
	case all == 0:
		text = fmt.Sprintf("No attack path found: %s, %s.", count(len(w.sources), "source"), count(len(w.targets), "target"))
	case len(shown) < all:
		text = fmt.Sprintf("%d of %s are told; --limit 0 tells all. bartizan path cut finds the smallest set of fixes.", len(shown), count(all, "attack path"))
	default:
		text = fmt.Sprintf("%s from %s. bartizan path cut finds the smallest set of fixes.", count(all, "attack path"), count(len(reach), "source"))
	}
	w.wrap(&b, "", "", text)
	if w.left > 0 {
		w.wrap(&b, "", "", fmt.Sprintf("Identities of the control plane (users, groups, controllers) are what attackers end up as, no sources: %d left out. --from user/NAME follows one.", w.left))
	}
	_, err := io.WriteString(out, b.String())
	return err
}

// severityColours are the colours of severities.
var severityColours = map[bartizan.Severity]string{
	bartizan.Critical: sgrRed, bartizan.High: sgrRed, bartizan.Medium: sgrYellow,
}

// tell tells one path.
func (w *pathWorld) tell(b *strings.Builder, n int, p *path.Path) {
	sev := strings.ToUpper(p.Severity().String())
	if c := severityColours[p.Severity()]; c != "" {
		sev = w.painter.paint(c, sev)
	}
	w.wrap(b, fmt.Sprintf("%d  ", n), "   ", sev+"  "+safe(pathOrigin(p)+" -> "+pathGoal(p)))
	w.wrap(b, "   ", "   ", w.dim(fmt.Sprintf("%s, %s", p.Likelihood(), count(len(p.Stages), "step"))))
	if len(p.Sources) > 1 {
		w.wrap(b, "   from ", "        ", safe(sourceNames(p)))
	}
	for i := range p.Stages {
		st := &p.Stages[i]
		w.wrap(b, fmt.Sprintf("   %d. ", i+1), "      ", safe(st.Text))
		for _, e := range st.Evidence {
			w.evidence(b, e)
		}
	}
	b.WriteByte('\n')
}

// safe makes a text from the input safe to print.
func safe(s string) string { return sink.Printable(s) }

// dim paints each word of a text, so that it can be wrapped.
func (w *pathWorld) dim(text string) string { return w.words(sgrDim, text) }

// words paints each word of a text that is made safe first.
func (w *pathWorld) words(code, text string) string {
	words := strings.Fields(safe(text))
	for i := range words {
		words[i] = w.painter.paint(code, words[i])
	}
	return strings.Join(words, " ")
}

// pathOrigin is where a path begins, for its headline.
func pathOrigin(p *path.Path) string {
	first := path.Words(p.Sources[0])
	if n := len(p.Sources); n > 1 {
		return fmt.Sprintf("any of %d %s", n, sortOf(p.Sources[0]))
	}
	return first
}

// sortOf says what sort of sources there are several of.
func sortOf(r bartizan.Ref) string {
	switch r.Kind {
	case "User":
		return "users"
	case "Group":
		return "groups"
	case "ServiceAccount":
		return "service accounts"
	}
	return "workloads"
}

// maxSources is how many sources of a path are named.
const maxSources = 6

func sourceNames(p *path.Path) string {
	var names []string
	for i, s := range p.Sources {
		if i == maxSources {
			names = append(names, fmt.Sprintf("and %d more", len(p.Sources)-i))
			break
		}
		names = append(names, path.Words(s))
	}
	return strings.Join(names, ", ")
}

// pathGoal is what a path leads to, for its headline.
func pathGoal(p *path.Path) string {
	if p.Target.Name == path.TargetAdmin {
		return "cluster-admin"
	}
	if p.Target.Name == path.TargetNode || p.Target.Name == path.TargetControlPlane {
		return "root on " + path.Words(p.Reached)
	}
	return path.Words(p.Reached)
}

// evidence writes the place that makes a step possible.
func (w *pathWorld) evidence(b *strings.Builder, e bartizan.Evidence) {
	if e.Origin.File == "" && e.Value == "" {
		return
	}
	place := e.Origin.File
	if e.Origin.Line > 0 {
		place += fmt.Sprintf(":%d", e.Origin.Line)
	}
	text := strings.TrimPrefix(e.Path[strings.LastIndex(e.Path, "/")+1:]+": "+e.Value, ": ")
	if e.Value == "" {
		text = strings.TrimPrefix(e.Path, "/")
	}
	if strings.Contains(e.Value, " ") {
		text = e.Value
	}
	if place == "" || e.Origin.Source == builtinSource {
		place = "built in"
	}
	w.wrap(b, "      ", "        ", w.dim(place)+"  "+safe(text))
}

// builtinSource is where the roles that every cluster is born with are from.
const builtinSource = "builtin"

// wrap writes a text, which is safe already, in lines of the terminal's width, each after an indent.
func (w *pathWorld) wrap(b *strings.Builder, first, rest, text string) {
	line, used := first, len(first)
	empty := true
	for _, word := range strings.Fields(text) {
		n := visible(word)
		if !empty && used+1+n > w.painter.width {
			b.WriteString(strings.TrimRight(line, " ") + "\n")
			line, used, empty = rest, len(rest), true
		}
		if !empty {
			line, used = line+" ", used+1
		}
		line, used, empty = line+word, used+n, false
	}
	b.WriteString(strings.TrimRight(line, " ") + "\n")
}

// visible is how many columns a word takes: without colours.
func visible(s string) int {
	n, in := 0, false
	for _, r := range s {
		switch {
		case r == '\x1b':
			in = true
		case in:
			in = r != 'm'
		default:
			n++
		}
	}
	return n
}
