package main

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/path"
)

// pathCutFlags are the flags of path cut.
type pathCutFlags struct {
	pathFlags
	keep       []string
	audit      []string
	flows      string
	farFetched bool
}

// newPathCut makes path cut.
func newPathCut() *cobra.Command {
	f := &pathCutFlags{}
	formats := []string{"text", "json"}
	cmd := &cobra.Command{
		Use:   "cut [PATH...]",
		Short: "Find the smallest set of fixes that ends the attack paths",
		Long: "Every fix has a cost: how much may break. The set that is told ends every path from the sources to the\n" +
			"targets, and it is told whether no cheaper set does. Attacks begin on the internet or in a workload unless\n" +
			"--from says otherwise; --keep names what must stay as it is.\n\n" +
			"With an audit log or recorded flows, fixes that take away what was seen in use are avoided where another set\n" +
			"ends the paths as well, and flagged with who used it, how often and when, where none does. Ways that\n" +
			"succeed less than one time in ten do not count, unless --far-fetched asks for them.\n\n" +
			"Exit codes: 0 there is no path; 1 there are some; 2 usage error; 3 something could not be read; 4 internal error.",
		Example: "  bartizan path cut deploy/\n  bartizan path cut --to cluster-admin --keep clusterrolebinding/argocd --cluster -o json\n" +
			"  bartizan path cut --audit audit.log --flows flows.jsonl --cluster",
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, args, formats) },
	}
	f.add(cmd, "the first two", formats...)
	fl := cmd.Flags()
	fl.StringSliceVar(&f.keep, "keep", nil, "what no fix may touch: KIND/NAME, KIND/NAMESPACE/NAME or NAMESPACE; may be repeated")
	fl.StringSliceVar(&f.audit, "audit", nil, "audit log that shows which rights are used: JSON lines or EventLists, also gzipped, - for standard input; may be repeated")
	fl.StringVar(&f.flows, "flows", "", "recorded flows that show which connections are used: JSON lines, ours or those of hubble observe -o json; - for standard input")
	fl.BoolVar(&f.farFetched, "far-fetched", false, "end ways that succeed less than one time in ten, too")
	_ = cmd.MarkFlagFilename("audit", "log", "json", "jsonl", "gz")
	_ = cmd.MarkFlagFilename("flows", "json", "jsonl")
	return cmd
}

func (f *pathCutFlags) run(cmd *cobra.Command, args, formats []string) error {
	if err := f.oneInput(args); err != nil {
		return err
	}
	usual := len(f.from) == 0
	if usual {
		f.from = []string{path.SourcesInternet, path.SourcesWorkloads}
	}
	w, err := f.read(cmd, args, formats...)
	if err != nil {
		return err
	}
	options := path.CutOptions{Keep: keeper(f.keep), FarFetched: path.FarFetched}
	if f.farFetched {
		options.FarFetched = 0
	}
	w.strangers(cmd, f.keep)
	if options.Uses, err = f.uses(cmd, w); err != nil {
		return err
	}
	c, err := w.graph.CutWith(w.sources, w.targets, options)
	if err != nil {
		return err
	}
	x := cutAnswer{pathWorld: w, Cut: c, uses: options.Uses}
	if usual {
		x.identities = w.graph.Reaching(w.graph.Sources(path.SourcesIdentities), w.targets)
	}
	if c.Pairs+len(c.Uncut) > 0 {
		x.chokes = w.graph.Chokes(w.sources, w.targets)
	}
	if f.output == "json" {
		err = writeJSON(cmd.OutOrStdout(), x.document())
	} else {
		err = x.write(cmd.OutOrStdout())
	}
	if err != nil {
		return err
	}
	if err := w.incomplete(cmd); err != nil {
		return err
	}
	if err := w.unknown(cmd, c.Pairs+len(c.Uncut) > 0); err != nil {
		return err
	}
	if c.Pairs+len(c.Uncut) > 0 {
		return &exitError{code: exitFindings}
	}
	return nil
}

// cutAnswer is a cut and what it was made with.
type cutAnswer struct {
	*pathWorld
	*path.Cut
	uses   *path.Uses
	chokes []path.Choke
	// identities reach a target and were not asked about.
	identities int
}

// strangers tells of names in --keep that nothing has: a misspelt one would keep nothing.
func (w *pathWorld) strangers(cmd *cobra.Command, names []string) {
	for _, name := range names {
		keep, found := keeper([]string{name}), false
		for _, o := range w.objects {
			r := o.Ref
			if r.Namespace == "" {
				r.Namespace = "default"
			}
			found = found || keep(o.Ref) || keep(r) || r.Kind == "Namespace" && strings.EqualFold(r.Name, name)
		}
		if !found {
			note(cmd, "--keep "+name+": nothing that was read goes by that name or is in such a namespace")
		}
	}
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

func (w *cutAnswer) write(out io.Writer) error {
	var b strings.Builder
	w.head(&b)
	for i := range w.Fixes {
		w.fix(&b, i)
	}
	w.writeTogether(&b)
	w.writeChanges(&b)
	w.writeChokes(&b, w.chokes)
	for i, u := range w.Uncut {
		if i == 0 {
			b.WriteString("\nNo known fix ends:\n")
		}
		if i == maxSources {
			fmt.Fprintf(&b, "  and %d more; -o json has them\n", len(w.Uncut)-i)
			break
		}
		w.wrap(&b, "  - ", "    ", safe(path.Words(u.Source)+" -> "+u.Target+": "+u.Stages[len(u.Stages)-1].Text))
	}
	w.foot(&b)
	_, err := io.WriteString(out, b.String())
	return err
}

// head says what is ended and at what cost.
func (w *cutAnswer) head(b *strings.Builder) {
	switch {
	case w.Pairs+len(w.Uncut) == 0 && w.LeftOut > 0:
		w.wrap(b, "", "", fmt.Sprintf("Nothing to cut, as far as it is likely: of %s and %s, %s joined by far-fetched ways only, which succeed less than one time in ten. "+
			"--far-fetched ends them.", count(len(w.sources), "source"), count(len(w.targets), "target"), count(w.LeftOut, "pair")+" "+are(w.LeftOut)))
	case w.Pairs+len(w.Uncut) == 0:
		fmt.Fprintf(b, "Nothing to cut: none of %s reaches any of %s.\n", count(len(w.sources), "source"), count(len(w.targets), "target"))
	case w.Pairs > 0:
		all := "all attack paths"
		if w.LeftOut > 0 {
			all += " but the far-fetched ones"
		}
		w.wrap(b, "", "", fmt.Sprintf("%s %s %s: %s of a source and a target it reaches.",
			w.words(sgrBold, fixes(len(w.Fixes))), ends(len(w.Fixes)), all, count(w.Pairs, "pair")))
		less, cost := "no set of fixes costs less", fmt.Sprintf("Cost %d. ", w.Cost)
		if w.Lost > 0 {
			less = "no set takes away less that is in use, and none that takes as little costs less"
			cost = fmt.Sprintf("Cost %d, and it takes away %s that %s seen in use. ", w.Cost, count(w.Lost, "right or connection"), were(w.Lost))
		} else if w.uses != nil {
			cost = fmt.Sprintf("Cost %d; nothing that was seen in use is taken away. ", w.Cost)
		}
		switch {
		case w.Optimal():
			w.wrap(b, "", "", cost+"It is the optimum: "+less+".")
		default:
			w.wrap(b, "", "", cost+fmt.Sprintf("No set that takes away as little costs less than %d: the gap is %d %%.", w.Bound, 100*(w.Cost-w.Bound)/w.Cost))
		}
		b.WriteByte('\n')
	}
}

// fix tells one fix.
func (w *cutAnswer) fix(b *strings.Builder, i int) {
	x, left := &w.Fixes[i], ""
	if x.Left >= 0 {
		left = fmt.Sprintf(", %d of %d left", x.Left, w.Pairs)
	}
	w.wrap(b, fmt.Sprintf("%2d. ", i+1), "    ", fmt.Sprintf("%s: %s %s", w.words(sgrBold, x.Target.String()), safe(x.Text),
		w.dim(fmt.Sprintf("(cost %d%s)", x.Cost, left))))
	if x.Unsafe != "" {
		w.wrap(b, "    ", "      ", w.painter.paint(sgrYellow, "first")+" "+safe(x.Unsafe))
	}
	w.inUse(b, x.InUse)
}

func are(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

func ends(n int) string {
	if n == 1 {
		return "ends"
	}
	return "end"
}

// writeChanges shows the patches.
func (w *cutAnswer) writeChanges(b *strings.Builder) {
	if len(w.Changes) > 0 {
		b.WriteString("\nAs patches (kubectl patch --type json):\n")
	}
	for _, x := range w.Changes {
		fmt.Fprintf(b, "  %s\n    %s\n", safe(x.Target.String()), safe(string(x.Do)))
		if (x.Target.Kind == "Pod" || x.Target.Kind == "Job") && bytes.Contains(x.Do, []byte(`"/spec/`)) {
			fmt.Fprintf(b, "    in the manifest: the API server refuses it on a %s that exists, which is to be made anew\n", x.Target.Kind)
		}
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

func (w *cutAnswer) document() pathCut {
	c := w.Cut
	d := pathCut{
		Schema: schemaV1, Optimal: c.Optimal(), Cost: c.Cost, Bound: c.Bound, Pairs: c.Pairs, LeftOut: c.LeftOut, Others: w.identities, Lost: c.Lost, Together: useDocuments(c.Together),
		Fixes: []pathFix{}, Changes: []pathChange{}, Chokes: []pathChoke{}, Uncut: []pathUncut{}, Gaps: w.gapDocuments(), Unknown: w.unknownDocuments(),
	}
	if w.uses != nil {
		d.Seen = &pathSeen{w.uses.Rights, w.uses.Flows, w.uses.Strange, timeText(w.uses.First), timeText(w.uses.Last)}
	}
	for _, x := range c.Fixes {
		fix := pathFix{Target: refDocument(x.Target), Reason: x.Text, Unsafe: x.Unsafe, Cost: x.Cost, InUse: useDocuments(x.InUse)}
		if x.Left >= 0 {
			fix.Left = &x.Left
		}
		d.Fixes = append(d.Fixes, fix)
	}
	for _, x := range c.Changes {
		d.Changes = append(d.Changes, pathChange{Target: refDocument(x.Target), Do: x.Do, Undo: x.Undo, Reason: x.Reason, Unsafe: x.Unsafe, File: w.graph.File(x.Target)})
	}
	for _, x := range w.chokes {
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
