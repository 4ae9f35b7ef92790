package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/path"
)

// newPathCut makes path cut.
func newPathCut() *cobra.Command {
	f := &pathFlags{}
	var keep []string
	formats := []string{"text", "json"}
	cmd := &cobra.Command{
		Use:   "cut [PATH...]",
		Short: "Find the smallest set of fixes that ends the attack paths, and prove that it does",
		Long: "Every fix has a cost: how much may break. The set that is told ends every path from the sources to the\n" +
			"targets, and it is told whether no cheaper set does. Attacks begin on the internet or in a workload unless\n" +
			"--from says otherwise; --keep names what must stay as it is.\n\n" +
			"Exit codes: 0 there is no path, 1 there are some, 3 something could not be read.",
		Example: "  bartizan path cut deploy/\n  bartizan path cut --to cluster-admin --keep clusterrolebinding/argocd --cluster -o json",
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(f.from) == 0 {
				f.from = []string{path.SourcesInternet, path.SourcesWorkloads}
			}
			w, err := f.read(cmd, args, formats...)
			if err != nil {
				return err
			}
			c, err := w.graph.Cut(w.sources, w.targets, keeper(keep))
			if err != nil {
				return err
			}
			chokes := w.graph.Chokes(w.sources, w.targets)
			if f.output == "json" {
				err = writeJSON(cmd.OutOrStdout(), w.cutDocument(c, chokes))
			} else {
				err = w.writeCut(cmd.OutOrStdout(), c, chokes)
			}
			if err != nil {
				return err
			}
			if err := w.incomplete(cmd); err != nil {
				return err
			}
			if c.Pairs+len(c.Uncut) > 0 {
				return &exitError{code: exitFindings}
			}
			return nil
		},
	}
	f.add(cmd, formats...)
	cmd.Flags().StringSliceVar(&keep, "keep", nil, "what no fix may touch: KIND/NAME, KIND/NAMESPACE/NAME or NAMESPACE; may be repeated")
	return cmd
}

// keeper makes a path.Keep of what the user names.
func keeper(names []string) path.Keep {
	return func(r bartizan.Ref) bool {
		for _, name := range names {
			if strings.EqualFold(name, r.Namespace) || strings.EqualFold(name, string(r.Kind)+"/"+r.Name) ||
				strings.EqualFold(name, string(r.Kind)+"/"+r.Namespace+"/"+r.Name) {
				return true
			}
		}
		return false
	}
}

func (w *pathWorld) writeCut(out io.Writer, c *path.Cut, chokes []path.Choke) error {
	var b strings.Builder
	switch {
	case c.Pairs+len(c.Uncut) == 0:
		fmt.Fprintf(&b, "Nothing to cut: none of %s reaches any of %s.\n", count(len(w.sources), "source"), count(len(w.targets), "target"))
	case c.Pairs > 0:
		w.wrap(&b, "", "", fmt.Sprintf("%s %s all attack paths: %s of a source and a target it reaches.",
			w.words(sgrBold, fixes(len(c.Fixes))), ends(len(c.Fixes)), count(c.Pairs, "pair")))
		if c.Optimal() {
			w.wrap(&b, "", "", fmt.Sprintf("Cost %d. It is the optimum: no set of fixes costs less.", c.Cost))
		} else {
			w.wrap(&b, "", "", fmt.Sprintf("Cost %d. No set of fixes costs less than %d: the gap is %d %%.", c.Cost, c.Bound, 100*(c.Cost-c.Bound)/c.Cost))
		}
		b.WriteByte('\n')
	}
	for i, x := range c.Fixes {
		left := ""
		if x.Left >= 0 {
			left = fmt.Sprintf(", %d of %d left", x.Left, c.Pairs)
		}
		w.wrap(&b, fmt.Sprintf("%2d. ", i+1), "    ", fmt.Sprintf("%s: %s %s", w.words(sgrBold, x.Target.String()), safe(x.Text),
			w.dim(fmt.Sprintf("(cost %d%s)", x.Cost, left))))
		if x.Unsafe != "" {
			w.wrap(&b, "    ", "      ", w.painter.paint(sgrYellow, "first")+" "+safe(x.Unsafe))
		}
	}
	w.writeChanges(&b, c)
	w.writeChokes(&b, chokes)
	for i, u := range c.Uncut {
		if i == 0 {
			b.WriteString("\nNo known fix ends:\n")
		}
		if i == maxSources {
			fmt.Fprintf(&b, "  and %d more; -o json has them\n", len(c.Uncut)-i)
			break
		}
		w.wrap(&b, "  - ", "    ", safe(path.Words(u.Source)+" -> "+u.Target+": "+u.Stages[len(u.Stages)-1].Text))
	}
	_, err := io.WriteString(out, b.String())
	return err
}

func ends(n int) string {
	if n == 1 {
		return "ends"
	}
	return "end"
}

// writeChanges shows the patches.
func (w *pathWorld) writeChanges(b *strings.Builder, c *path.Cut) {
	if len(c.Changes) > 0 {
		b.WriteString("\nAs patches (kubectl patch --type json):\n")
	}
	for _, x := range c.Changes {
		fmt.Fprintf(b, "  %s\n    %s\n", safe(x.Target.String()), safe(string(x.Do)))
	}
}

// writeChokes shows what most paths have in common, each thing once.
func (w *pathWorld) writeChokes(b *strings.Builder, chokes []path.Choke) {
	if len(chokes) > 0 {
		b.WriteString("\nWhat most ways have in common:\n")
	}
	var order []bartizan.Ref
	lines := map[bartizan.Ref][]string{}
	for _, c := range chokes {
		if lines[c.Thing] == nil {
			order = append(order, c.Thing)
		}
		lines[c.Thing] = append(lines[c.Thing], fmt.Sprintf("%d of %d to %s", c.Sources, c.Of, c.Target))
	}
	for _, thing := range order {
		w.wrap(b, "  ", "      ", safe(path.Words(thing)+": "+strings.Join(lines[thing], ", ")))
	}
}

func (w *pathWorld) cutDocument(c *path.Cut, chokes []path.Choke) pathCut {
	d := pathCut{
		Schema: schemaV1, Optimal: c.Optimal(), Cost: c.Cost, Bound: c.Bound, Pairs: c.Pairs,
		Fixes: []pathFix{}, Changes: []pathChange{}, Chokes: []pathChoke{}, Uncut: []pathUncut{}, Gaps: w.gapDocuments(),
	}
	for _, x := range c.Fixes {
		fix := pathFix{Target: refDocument(x.Target), Reason: x.Text, Unsafe: x.Unsafe, Cost: x.Cost}
		if x.Left >= 0 {
			fix.Left = &x.Left
		}
		d.Fixes = append(d.Fixes, fix)
	}
	for _, x := range c.Changes {
		d.Changes = append(d.Changes, pathChange{Target: refDocument(x.Target), Do: x.Do, Undo: x.Undo, Reason: x.Reason, Unsafe: x.Unsafe, File: w.graph.File(x.Target)})
	}
	for _, x := range chokes {
		d.Chokes = append(d.Chokes, pathChoke{refDocument(x.Thing), x.Sources, x.Of, x.Target})
	}
	for _, u := range c.Uncut {
		d.Uncut = append(d.Uncut, pathUncut{refDocument(u.Source), u.Target, stepDocuments(u.Stages)})
	}
	return d
}

// fixes counts fixes.
func fixes(n int) string {
	if n == 1 {
		return "1 fix"
	}
	return strconv.Itoa(n) + " fixes"
}
