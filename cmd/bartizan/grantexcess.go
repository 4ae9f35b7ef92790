package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/event"
	"github.com/bartizan-dev/bartizan/internal/grant"
	"github.com/bartizan-dev/bartizan/internal/grant/excess"
	"github.com/bartizan-dev/bartizan/internal/source/audit"
	"github.com/bartizan-dev/bartizan/rule"
)

// excessFlags are the flags of grant excess.
type excessFlags struct {
	grantFlags
	audit         []string
	write         string
	maxNames      int
	maxNamespaces int
	enough        time.Duration
	all           bool
}

// excessAnswer is a report with what was read for it.
type excessAnswer struct {
	asked
	report *excess.Report
	counts audit.Counts
	gaps   []bartizan.Gap // in the audit log
	all    bool
}

// newGrantExcess makes grant excess.
func newGrantExcess() *cobra.Command {
	f := &excessFlags{}
	cmd := &cobra.Command{
		Use:   "excess --audit FILE... [PATH...]",
		Short: "Compare rights with an audit log: what nobody uses",
		Long: "Excess says of every binding whether to keep, narrow or drop it, going by what the audit log shows in use, and writes\n" +
			"the roles and bindings that would replace it (-o yaml, or --write DIR). Every request of the log is replayed\n" +
			"against them: what was allowed stays allowed, and no new role goes beyond the one it replaces.\n\n" +
			"What a log does not show it cannot know: requests that the audit policy leaves out, yearly jobs, emergencies.\n" +
			"The report says how long it looked and how many requests of a new kind are still to be expected.\n\n" +
			"Exit codes: 0 nothing to narrow or drop, or objects were written; 1 there is;\n" +
			"2 usage error; 3 something that decides was not read; 4 internal error.",
		Example: "  bartizan grant excess --audit audit.log,audit-1.log.gz rbac/\n" +
			"  bartizan grant excess --audit audit.log --cluster -n shop\n  bartizan grant excess --audit audit.log rbac/ --write right-sized/",
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, args) },
	}
	f.add(cmd)
	fl := cmd.Flags()
	fl.StringSliceVar(&f.audit, "audit", nil, "audit log: JSON lines or EventLists, also gzipped, - for standard input; may be repeated")
	fl.StringVar(&f.write, "write", "", "write what is to be applied and what is to be deleted into this empty directory")
	fl.IntVar(&f.maxNames, "max-names", 8, "narrow a rule to at most that many objects by name; 0 never")
	fl.IntVar(&f.maxNamespaces, "max-namespaces", 3, "replace a ClusterRoleBinding by RoleBindings in at most that many namespaces; 0 never")
	fl.DurationVar(&f.enough, "enough", 7*24*time.Hour, "a log that covers less is called too short")
	fl.BoolVar(&f.all, "all", false, "list all identities and rights instead of the first ones")
	fl.Lookup("output").Usage = "format: text, json, yaml (the objects that would replace what is too much)"
	fl.Lookup("namespace").Usage = "tell only of bindings in this namespace (default: all)"
	_ = cmd.MarkFlagFilename("audit", "log", "json", "jsonl", "gz")
	return cmd
}

func (f *excessFlags) run(cmd *cobra.Command, args []string) error {
	switch {
	case f.output != "text" && f.output != "json" && f.output != "yaml":
		return usage("--output %s: choose text, json or yaml", f.output)
	case len(f.audit) == 0:
		return usage("no audit log: name files with --audit (- for standard input)")
	case f.maxNames < 0 || f.maxNamespaces < 0:
		return usage("--max-names and --max-namespaces are 0 or more")
	}
	if err := vacant(f.write); err != nil {
		return err
	}
	x := &excessAnswer{asked: asked{namespace: f.options.Namespace, painter: newPainter(cmd, f.colour)}, all: f.all}
	f.options.Namespace = ""
	read, err := f.load(cmd, args, grantKinds, rule.Version{})
	if err != nil {
		return err
	}
	x.asked.gaps = slices.Concat(read.Gaps, misnamed(read.Objects))
	usage, err := x.collect(cmd.Context(), &audit.Files{Paths: f.audit, Stdin: cmd.InOrStdin()}, excess.Named(read.World))
	if err != nil {
		return err
	}
	x.report, err = excess.New(read.World, usage, excess.Options{
		Grant: grant.Options{
			Complete: f.cluster && f.options.Selector == "", Gaps: hiding(x.asked.gaps, read.Objects), NoBootstrap: f.noBootstrap,
		},
		MaxNames: f.maxNames, MaxNamespaces: f.maxNamespaces, Enough: f.enough,
	})
	if err != nil {
		return err
	}
	x.model = x.report.Model
	x.asked.gaps = append(x.asked.gaps, faultGaps(x.model.Faults())...)
	x.inNamespace()
	return f.answer(cmd, x)
}

// collect streams the audit log, with a Usage for each goroutine.
func (x *excessAnswer) collect(ctx context.Context, files *audit.Files, names []string) (*excess.Usage, error) {
	shards := make([]*excess.Usage, files.Parallel())
	for i := range shards {
		shards[i] = excess.NewUsage(names)
	}
	var err error
	x.counts, x.gaps, err = files.Each(ctx, func(worker int, a *event.Audit) { shards[worker].Add(a) })
	if err != nil {
		return nil, &exitError{exitIncomplete, err}
	}
	for _, s := range shards[1:] {
		shards[0].Merge(s)
	}
	return shards[0], nil
}

// inNamespace leaves only the bindings of the namespace asked for, if one was.
func (x *excessAnswer) inNamespace() {
	if x.namespace == "" {
		return
	}
	kept := x.report.Bindings[:0]
	for _, b := range x.report.Bindings {
		if b.Ref.Namespace == x.namespace {
			kept = append(kept, b)
		}
	}
	x.report.Bindings = kept
}

// answer writes the report and ends with the exit code it asks for.
func (f *excessFlags) answer(cmd *cobra.Command, x *excessAnswer) (err error) {
	if f.write != "" {
		if err := x.writeFiles(f.write); err != nil {
			return err
		}
		note(cmd, fmt.Sprintf("wrote %s; review, then: kubectl apply -f %s && kubectl delete -f %s (which also brings them back: kubectl apply -f)",
			f.write, shellWord(f.write+"/apply"), shellWord(f.write+"/delete")))
	}
	out := cmd.OutOrStdout()
	switch f.output {
	case "json":
		err = writeJSON(out, x.document())
	case "yaml":
		_, err = io.WriteString(out, x.yaml())
	default:
		err = x.tell(out)
	}
	if err != nil {
		return err
	}
	var incomplete, found bool
	for _, b := range x.report.Bindings {
		incomplete = incomplete || b.Verdict == excess.Unknown
		found = found || b.Verdict == excess.Narrow || b.Verdict == excess.Drop
	}
	incomplete = incomplete || len(x.gaps) > 0 || len(bearing(x.asked.gaps)) > 0 || x.report.Usage.Full()
	switch {
	case incomplete:
		return &exitError{code: exitIncomplete}
	case x.report.Usage.Records == 0:
		return &exitError{exitIncomplete, errors.New("the audit log holds no record: nothing can be said of what is used")}
	case found && f.output != "yaml" && f.write == "":
		return &exitError{code: exitFindings}
	}
	return nil
}
