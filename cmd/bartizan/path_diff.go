package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/path"
)

// pathDiff is the document of path diff -o json.
type pathDiff struct {
	Schema string    `json:"schema"`
	Opened []pathOne `json:"opened"`
	Easier []pathOne `json:"easier"`
	Closed []pathOne `json:"closed"`
	Gaps   []pathGap `json:"gaps"`
}

// newPathDiff makes path diff.
func newPathDiff() *cobra.Command {
	f := &pathFlags{}
	failOn := bartizan.High.String()
	formats := []string{"text", "json"}
	cmd := &cobra.Command{
		Use:   "diff OLD NEW",
		Short: "Tell which attack paths a change opens and closes",
		Long: "Diff reads two directories or files, the state before and after a change. A path counts as opened when a source\n" +
			"reaches a target that it did not reach before, and as easier when the way has become likelier.\n\n" +
			"Exit codes: 0 no path at or above --fail-on is opened; 1 there are some; 2 usage error; 3 something could not\n" +
			"be read; 4 internal error.",
		Example: "  bartizan path diff main/deploy branch/deploy\n  bartizan path diff old.yaml new.yaml --fail-on critical -o json",
		Args:    cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			threshold, err := bartizan.ParseSeverity(failOn)
			if err != nil {
				return usage("--fail-on: %w", err)
			}
			if f.cluster || len(f.files) > 0 {
				return usage("path diff compares two directories or files: name them as OLD and NEW")
			}
			f.lenient = true
			before, err := f.read(cmd, args[:1], formats...)
			if err != nil {
				return err
			}
			after, err := f.read(cmd, args[1:], formats...)
			if err != nil {
				return err
			}
			if len(before.missing) > 0 && len(after.missing) > 0 {
				return after.missing[0]
			}
			d := path.Compare(before.graph, after.graph,
				func(g *path.Graph) []path.Source { return pick(g, before, after).sources },
				func(g *path.Graph) []path.Target { return pick(g, before, after).targets })
			after.gaps = append(before.gaps, after.gaps...)
			if f.output == "json" {
				err = writeJSON(cmd.OutOrStdout(), diffDocument(after, &d))
			} else {
				err = after.writeDiff(cmd.OutOrStdout(), &d)
			}
			if err != nil {
				return err
			}
			if err := after.incomplete(cmd); err != nil {
				return err
			}
			if after.nothing != nil { // a template that rendered to nothing closes everything
				return after.nothing
			}
			return failing(append(append([]path.Path(nil), d.Opened...), d.Easier...), threshold)
		},
	}
	f.add(cmd, "all three", formats...)
	cmd.Flags().StringVar(&failOn, "fail-on", failOn, "exit with 1 for opened paths of this severity or worse")
	return cmd
}

func pick(g *path.Graph, before, after *pathWorld) *pathWorld {
	if g == before.graph {
		return before
	}
	return after
}

func diffDocument(w *pathWorld, d *path.Diff) pathDiff {
	return pathDiff{Schema: schemaV1, Opened: pathDocuments(d.Opened), Easier: pathDocuments(d.Easier), Closed: pathDocuments(d.Closed), Gaps: w.gapDocuments()}
}

func pathDocuments(paths []path.Path) []pathOne {
	out := []pathOne{}
	for i := range paths {
		out = append(out, pathDocument(&paths[i]))
	}
	return out
}

func (w *pathWorld) writeDiff(out io.Writer, d *path.Diff) error {
	var b strings.Builder
	for _, part := range []struct {
		title string
		paths []path.Path
	}{{"Opened", d.Opened}, {"Easier than before", d.Easier}} {
		if len(part.paths) == 0 {
			continue
		}
		fmt.Fprintf(&b, "%s\n\n", w.painter.bold(part.title))
		for i := range part.paths {
			w.tell(&b, i+1, &part.paths[i])
		}
	}
	if len(d.Closed) > 0 {
		fmt.Fprintf(&b, "%s\n\n", w.painter.bold("Closed"))
		for i := range d.Closed {
			p := &d.Closed[i]
			w.wrap(&b, fmt.Sprintf("%d  ", i+1), "   ", safe(fmt.Sprintf("%s  %s -> %s", strings.ToUpper(p.Severity().String()), pathOrigin(p), pathGoal(p))))
		}
		b.WriteByte('\n')
	}
	fmt.Fprintf(&b, "%s opened, %d easier, %d closed.\n", count(len(d.Opened), "attack path"), len(d.Easier), len(d.Closed))
	_, err := io.WriteString(out, b.String())
	return err
}
