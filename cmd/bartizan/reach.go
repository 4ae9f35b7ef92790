package main

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/reach"
	"github.com/bartizan-dev/bartizan/internal/scan"
	"github.com/bartizan-dev/bartizan/rule"
)

// newReach makes the command that answers who can reach whom on the network.
func newReach() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "reach",
		Short: "Say who can reach whom on the network, and which policy decides",
		Long: "Reach evaluates NetworkPolicy, ClusterNetworkPolicy and AdminNetworkPolicy exactly as the API defines them, for\n" +
			"pods, workloads, nodes and outside addresses. What was not read makes an answer unknown, with the reason.",
		Example: "  bartizan reach list deploy/\n  bartizan reach can shop/web payments/db 5432 deploy/\n" +
			"  bartizan reach diff main/ branch/\n  bartizan reach exposure --cluster",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newReachList(), newReachCan(), newReachDiff(), newReachExposure(), newReachCheck(), newReachSuggest())
	return cmd
}

// reachFlags are the flags that the sub-commands of reach share.
type reachFlags struct {
	inputFlags
	output   string
	formats  []string
	colour   string
	podCIDRs []string
}

func (f *reachFlags) add(cmd *cobra.Command, formats ...string) {
	f.inputFlags.add(cmd)
	f.formats = formats
	fl := cmd.Flags()
	fl.StringVarP(&f.output, "output", "o", "text", "format: "+strings.Join(formats, ", "))
	fl.StringVar(&f.colour, "color", "auto", "colour: auto, always, never")
	fl.StringSliceVar(&f.podCIDRs, "pod-cidr", nil, "address range of the pods, where their addresses are not read; may be repeated")
	_ = cmd.RegisterFlagCompletionFunc("output", cobra.FixedCompletions(formats, cobra.ShellCompDirectiveNoFileComp))
}

// reached is a Model with what the answers need besides.
type reached struct {
	model  *reach.Model
	report *scan.Report
	gaps   []bartizan.Gap
	painter
}

// read reads the input and builds the Model.
func (f *reachFlags) read(cmd *cobra.Command, paths []string) (*reached, error) {
	if !slices.Contains(f.formats, f.output) {
		return nil, usage("--output %s: choose %s", f.output, strings.Join(f.formats, ", "))
	}
	options := reach.Options{}
	for _, s := range f.podCIDRs {
		p, err := netip.ParsePrefix(s)
		if err != nil {
			return nil, usage("--pod-cidr %s: write an address range such as 10.244.0.0/16", s)
		}
		options.PodCIDRs = append(options.PodCIDRs, p)
	}
	namespace := f.options.Namespace
	if f.cluster {
		f.options.Namespace = "" // a peer may be in any namespace
	}
	report, err := f.load(cmd, paths, reach.Kinds(), rule.Version{})
	f.options.Namespace = namespace
	if err != nil {
		return nil, err
	}
	options.Complete = f.cluster && f.options.Selector == "" && len(report.Gaps) == 0
	r := &reached{model: reach.New(report.World, options), report: report, gaps: report.Gaps, painter: newPainter(cmd, f.colour)}
	r.w = cmd.OutOrStdout()
	return r, nil
}

// readSome is read for the answers about all that was read, which say nothing where that is nothing.
func (f *reachFlags) readSome(cmd *cobra.Command, paths []string) (*reached, error) {
	r, err := f.read(cmd, paths)
	if err != nil {
		return nil, err
	}
	if err := f.nothingRead(paths, r.report); err != nil {
		return nil, err
	}
	if ns := f.options.Namespace; ns != "" && !f.cluster && !holdsNamespace(r.report, ns) {
		return nil, usage("-n %s: nothing that was read is in that namespace; objects without a namespace count as default", ns)
	}
	return r, nil
}

// incomplete is the exit code of an answer from input that could not all be read.
func (r *reached) incomplete() error {
	if len(r.gaps) > 0 {
		return &exitError{code: exitIncomplete}
	}
	return nil
}

// reachPeer reads an end of a connection as it is written; a name alone is one of the namespace.
func reachPeer(text, namespace string) (reach.Peer, error) {
	if text == "internet" {
		return reach.Internet(), nil
	}
	if a, err := netip.ParseAddr(text); err == nil {
		return reach.Host(a.Unmap()), nil
	}
	if p, err := netip.ParsePrefix(text); err == nil {
		return reach.Address(p), nil
	}
	parts := strings.Split(text, "/")
	if _, err := netip.ParseAddr(parts[0]); err == nil { // no namespace is called so
		return reach.Peer{}, usage("%s: write an address as 10.1.2.3 and a range as 10.1.0.0/16", text)
	}
	if slices.Contains(parts, "") || len(parts) > 3 {
		return reach.Peer{}, usage("%s: name a pod or workload as NAMESPACE/NAME or NAMESPACE/KIND/NAME, a node as node/NAME, an address, a range, or internet", text)
	}
	switch {
	case len(parts) == 2 && strings.EqualFold(parts[0], "node"):
		return reach.Node(parts[1]), nil
	case len(parts) == 2:
		return reach.Workload(bartizan.Ref{Namespace: parts[0], Name: parts[1]}), nil
	case len(parts) == 3:
		return reach.Workload(bartizan.Ref{Kind: kindNamed(parts[1]), Namespace: parts[0], Name: parts[2]}), nil
	}
	return reach.Workload(bartizan.Ref{Namespace: cmp.Or(namespace, "default"), Name: text}), nil
}

// kindNamed reads a kind, in any case and with the abbreviations that kubectl knows.
func kindNamed(s string) bartizan.Kind {
	for _, k := range []struct {
		kind  string
		names []string
	}{
		{"Pod", []string{"po", "pods"}}, {"Deployment", []string{"deploy", "deployments"}}, {"StatefulSet", []string{"sts", "statefulsets"}},
		{"DaemonSet", []string{"ds", "daemonsets"}}, {"ReplicaSet", []string{"rs", "replicasets"}}, {"CronJob", []string{"cj", "cronjobs"}},
		{"Job", []string{"jobs"}}, {"Service", []string{"svc", "services"}}, {"ReplicationController", []string{"rc"}},
	} {
		if strings.EqualFold(s, k.kind) || slices.Contains(k.names, strings.ToLower(s)) {
			return bartizan.Kind(k.kind)
		}
	}
	return bartizan.Kind(s)
}
