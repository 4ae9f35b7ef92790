package main

import (
	"fmt"
	"io"
	"net/netip"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/reach"
	"github.com/bartizan-dev/bartizan/internal/reach/suggest"
	"github.com/bartizan-dev/bartizan/internal/sink"
	"github.com/bartizan-dev/bartizan/rule"
)

// newReachSuggest makes reach suggest.
func newReachSuggest() *cobra.Command {
	f := &reachFlags{}
	var flows, dialect string
	cmd := &cobra.Command{
		Use:   "suggest --flows FILE [PATH...]",
		Short: "Write network policies that allow the flows observed",
		Long: "Suggest reads flows as JSON lines, ours or those of hubble observe -o json, and writes at most one NetworkPolicy for each\n" +
			"workload. Every observed flow is checked to stay allowed; what would be allowed besides is listed.\n\n" +
			"Exit codes: 0 done; 1 something is allowed that was not observed; 2 usage error; 3 something could not be\n" +
			"read; 4 internal error.",
		Example: "  hubble observe --since 168h -o json | bartizan reach suggest --cluster --flows - > policies.yaml\n" +
			"  bartizan reach suggest --flows flows.jsonl -o text deploy/",
		RunE: func(cmd *cobra.Command, args []string) error {
			r, err := f.suggest(cmd, flows, dialect, args)
			if err != nil {
				return err
			}
			switch f.output {
			case "json":
				err = writeJSON(r.w, r.document())
			case "yaml":
				err = r.yaml()
			default:
				err = r.text()
			}
			switch {
			case err != nil:
				return err
			case len(r.gaps) > 0:
				return &exitError{code: exitIncomplete}
			case r.result.Flows == 0: // as when the recorder ended early: no pass
				return &exitError{exitIncomplete, fmt.Errorf("%s holds no flow of what was read: nothing can be suggested", flows)}
			case len(r.result.Beyond) > 0:
				return &exitError{code: exitFindings}
			}
			return nil
		},
	}
	f.add(cmd, "yaml", "text", "json")
	f.output = "yaml"
	fl := cmd.Flags().Lookup("output")
	fl.DefValue = "yaml"
	cmd.Flags().StringVar(&flows, "flows", "", "file with observed flows as JSON lines; - for standard input")
	cmd.Flags().StringVar(&dialect, "dialect", "networkpolicy", "networkpolicy, which most network plugins enforce, or cilium: also by service account, domain name and request")
	_ = cmd.RegisterFlagCompletionFunc("dialect", cobra.FixedCompletions([]string{"networkpolicy", "cilium"}, cobra.ShellCompDirectiveNoFileComp))
	_ = cmd.MarkFlagFilename("flows", "json", "jsonl")
	return cmd
}

// suggested is what was suggested, and how it is shown.
type suggested struct {
	result *suggest.Result
	gaps   []bartizan.Gap
	painter
}

// suggest reads flows and objects and makes the policies.
func (f *reachFlags) suggest(cmd *cobra.Command, flows, as string, args []string) (*suggested, error) {
	switch {
	case !slices.Contains(f.formats, f.output):
		return nil, usage("--output %s: choose %s", f.output, strings.Join(f.formats, ", "))
	case flows == "":
		return nil, usage("--flows is missing: name a file of observed flows, or - for standard input")
	case f.cluster && f.options.Namespace != "":
		return nil, usage("--namespace leaves out pods that flows may come from: leave it out")
	case flows == "-" && slices.Contains(append(args, f.files...), "-"):
		return nil, usage("standard input cannot be both flows and objects: name a file for one of them")
	}
	dialects := map[string]suggest.Dialect{"networkpolicy": suggest.Kubernetes, "cilium": suggest.Cilium}
	dialect, known := dialects[as]
	if !known {
		return nil, usage("--dialect %s: choose networkpolicy or cilium", as)
	}
	options := reach.Options{}
	for _, s := range f.podCIDRs {
		p, err := netip.ParsePrefix(s)
		if err != nil {
			return nil, usage("--pod-cidr %s: write an address range such as 10.244.0.0/16", s)
		}
		options.PodCIDRs = append(options.PodCIDRs, p)
	}
	log, err := readFlows(cmd, flows)
	if err != nil {
		return nil, err
	}
	kinds := append(reach.Kinds(), "ValidatingWebhookConfiguration", "MutatingWebhookConfiguration")
	report, err := f.load(cmd, args, kinds, rule.Version{})
	if err != nil {
		return nil, err
	}
	gaps := append(slices.Clone(report.Gaps), log.Gaps...)
	options.Complete = f.cluster && f.options.Selector == "" && len(report.Gaps) == 0
	result, err := suggest.New(report.World, log, options, dialect)
	if err != nil {
		return nil, err
	}
	s := &suggested{result: result, gaps: gaps, painter: newPainter(cmd, f.colour)}
	s.w = cmd.OutOrStdout()
	return s, nil
}

func readFlows(cmd *cobra.Command, name string) (*suggest.Log, error) {
	in := cmd.InOrStdin()
	if name != "-" {
		file, err := os.Open(name)
		if err != nil {
			return nil, usage("--flows %s: %w", name, err)
		}
		defer func() { _ = file.Close() }()
		in = file
	}
	return suggest.Read(in, name), nil
}

// statement says what was proved.
func (s *suggested) statement() string {
	policies := count(len(s.result.Policies), "policy object")
	return policies + " for " + count(s.result.Flows, "observed flow") + "; " + s.proved()
}

func (s *suggested) proved() string {
	if len(s.result.Policies) == 0 {
		return "nothing to apply."
	}
	if len(s.result.Beyond) == 0 {
		return "each of them stays allowed, and nothing else is allowed to or from these workloads but names."
	}
	return "each of them stays allowed, and more is allowed than was observed."
}

// window is when the flows were seen.
func (s *suggested) window() string {
	if s.result.From.IsZero() {
		return "not known when"
	}
	return s.result.From.Format(time.RFC3339) + " to " + s.result.To.Format(time.RFC3339)
}

func excessText(x suggest.Excess) string {
	text := x.From + " → " + x.To + " : " + reach.PortsText(x.Ports)
	if !x.New {
		text += " (as before)"
	}
	return text
}

// yaml is for kubectl apply: what is to be known is in comments.
func (s *suggested) yaml() error {
	var b strings.Builder
	note := func(text string) { b.WriteString("# " + sink.Printable(strings.ReplaceAll(text, "\n", " ")) + "\n") }
	note("Network policies from observed flows, by bartizan reach suggest.")
	note(s.statement())
	note("Seen: " + s.window())
	for _, w := range s.result.Warnings {
		note("WARNING: " + w)
	}
	for _, x := range s.result.Beyond {
		note("NOT OBSERVED, yet allowed: " + excessText(x))
	}
	for _, l := range s.result.Left {
		note("No policy: " + l.Workload.String() + ": " + l.Reason)
	}
	for _, g := range s.gaps {
		if !g.Skip {
			note("NOT READ: " + origin(g.Origin, false) + " " + g.Reason)
		}
	}
	for i := range s.result.Policies {
		b.WriteString("---\n" + s.result.Policies[i].Text)
	}
	_, err := io.WriteString(s.w, b.String())
	return err
}

func (s *suggested) text() error {
	s.line("%s", s.bold("Suggested"))
	s.wrap(0, 0, s.statement())
	s.wrap(0, 0, "Seen: "+s.window())
	for i := range s.result.Policies {
		p := &s.result.Policies[i]
		names := make([]string, 0, len(p.Workloads))
		for _, w := range p.Workloads {
			names = append(names, w.String())
		}
		s.wrap(2, 4, sink.Printable(strings.Join(names, ", ")+": "+count(p.Flows, "flow")+", "+count(p.Seen, "connection")))
	}
	part := func(title string, lines []string) {
		if len(lines) == 0 {
			return
		}
		s.line("")
		s.line("%s", s.bold(title))
		for _, l := range lines {
			s.wrap(2, 4, sink.Printable(l))
		}
	}
	var beyond, left []string
	for _, x := range s.result.Beyond {
		beyond = append(beyond, excessText(x))
	}
	for _, l := range s.result.Left {
		left = append(left, l.Workload.String()+": "+l.Reason)
	}
	part("Allowed, and not observed", beyond)
	part("No policy for", left)
	part("Warnings", s.result.Warnings)
	s.painter.gaps(s.gaps)
	return s.err
}
