package main

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/internal/path"
	"github.com/bartizan-dev/bartizan/internal/reach"
	"github.com/bartizan-dev/bartizan/rule"
	"github.com/bartizan-dev/bartizan/rules"
)

// newPath makes the command that tells attack paths.
func newPath() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "path",
		Short: "Tell how an attacker would get from here to there",
		Long: "Path joins rights, pods, admission and the network into one graph of attack steps and follows it: from the internet,\n" +
			"from code running in a workload or from a stolen identity to the whole cluster, its nodes and its Secrets.",
		Example: "  bartizan path list deploy/\n  bartizan path list --from shop/web --to secret/payments/db deploy/\n" +
			"  bartizan path cut --cluster\n  bartizan path diff main/ branch/",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newPathList(), newPathCut(), newPathDiff())
	return cmd
}

// pathKinds are the kinds that attack paths depend on.
var pathKinds = slices.Concat(grantKinds, reach.Kinds(), []string{
	"Secret", "ConfigMap", "RuntimeClass", "PersistentVolumeClaim", "CertificateSigningRequest", "APIService",
	"ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding", "MutatingAdmissionPolicy", "MutatingAdmissionPolicyBinding",
	"MutatingWebhookConfiguration", "ValidatingWebhookConfiguration",
	"AppProject.argoproj.io", "ClusterSecretStore.external-secrets.io", "SealedSecret.bitnami.com",
})

// pathFlags are the flags that the sub-commands of path share.
type pathFlags struct {
	inputFlags
	output  string
	colour  string
	from    []string
	to      []string
	version string
	// lenient says that --from and --to may name what was not read: of two states one may lack it.
	lenient bool
}

func (f *pathFlags) add(cmd *cobra.Command, sources string, formats ...string) {
	f.inputFlags.add(cmd)
	fl := cmd.Flags()
	fl.StringVarP(&f.output, "output", "o", "text", "format: "+strings.Join(formats, ", "))
	fl.StringVar(&f.colour, "color", "auto", "colour: auto, always, never")
	fl.StringSliceVar(&f.from, "from", nil, "where attacks begin: internet, workloads, identities, or a thing such as shop/web, sa/ci/builder, user/jane (default: "+sources+")")
	fl.StringSliceVar(&f.to, "to", nil, "what they are after: cluster-admin, control-plane, secrets, node-root, or a thing such as secret/shop/db (default: all four)")
	fl.StringVar(&f.version, "kube-version", "latest", "the Kubernetes version of the cluster")
	_ = cmd.RegisterFlagCompletionFunc("output", cobra.FixedCompletions(formats, cobra.ShellCompDirectiveNoFileComp))
	_ = cmd.RegisterFlagCompletionFunc("from", cobra.FixedCompletions([]string{path.SourcesInternet, path.SourcesWorkloads, path.SourcesIdentities}, cobra.ShellCompDirectiveNoFileComp))
	_ = cmd.RegisterFlagCompletionFunc("to", cobra.FixedCompletions([]string{path.TargetAdmin, path.TargetControlPlane, path.TargetSecrets, path.TargetNode}, cobra.ShellCompDirectiveNoFileComp))
}

// pathWorld is a graph and what is asked of it.
type pathWorld struct {
	graph   *path.Graph
	world   bartizan.World
	gaps    []bartizan.Gap
	objects []*kube.Object
	sources []path.Source
	targets []path.Target
	painter painter
	left    int     // identities of the control plane, which are no sources unless they are named
	missing []error // what --from and --to name and was not read, where that is allowed
	nothing error   // nothing was read, where that is allowed
}

// read builds the graph of some paths and resolves what --from and --to name.
func (f *pathFlags) read(cmd *cobra.Command, args []string, formats ...string) (*pathWorld, error) {
	if !slices.Contains(formats, f.output) {
		return nil, usage("--output %s: choose %s", f.output, strings.Join(formats, ", "))
	}
	version, err := rule.ParseVersion(f.version)
	if err != nil {
		return nil, usage("--kube-version: %w", err)
	}
	report, err := f.load(cmd, args, pathKinds, version)
	if err != nil {
		return nil, err
	}
	nothing := f.nothingRead(args, report)
	if nothing != nil && !f.lenient {
		return nil, nothing
	}
	if ns := f.options.Namespace; ns != "" && !f.cluster {
		place(report, ns)
		if !f.lenient && !holdsNamespace(report, ns) {
			return nil, usage("-n %s: nothing that was read is in that namespace, and everything in another", ns)
		}
	}
	w := &pathWorld{world: report.World, gaps: report.Gaps, painter: newPainter(cmd, f.colour), objects: report.Objects, nothing: nothing}
	in := path.Input{
		World: report.World, Objects: report.Objects, Edges: rules.Edges(), Version: version,
		Complete: f.cluster && f.options.Selector == "" && f.options.Namespace == "", Gaps: bearing(report.Gaps),
	}
	for _, to := range f.to {
		if kind, rest, ok := strings.Cut(to, "/"); ok && strings.EqualFold(kind, "secret") {
			ns, name, _ := strings.Cut(rest, "/")
			in.Targets = append(in.Targets, bartizan.Ref{Kind: "Secret", Namespace: ns, Name: name})
		}
	}
	w.graph = path.Build(in)
	if w.graph.Full() {
		w.gaps = append(w.gaps, bartizan.Gap{Reason: "there are more attack steps than can be followed: paths may be missing; read less, as with -n"})
	}
	if err := w.resolveFrom(f.from, f.lenient); err != nil {
		return nil, err
	}
	return w, w.resolveTo(f.to, f.lenient)
}

func (w *pathWorld) resolveFrom(from []string, lenient bool) error {
	if len(from) == 0 {
		from = []string{path.SourcesInternet, path.SourcesWorkloads, path.SourcesIdentities}
	}
	for _, name := range from {
		switch name {
		case path.SourcesInternet, path.SourcesWorkloads, path.SourcesIdentities:
			w.sources = append(w.sources, w.graph.Sources(name)...)
			if name == path.SourcesIdentities {
				w.left = w.graph.ControlPlane()
			}
			continue
		}
		refs, err := w.graph.Resolve(name)
		if err != nil && lenient {
			w.missing = append(w.missing, usage("--from: %w", err))
			continue
		}
		if err != nil {
			return usage("--from: %w", err)
		}
		for _, r := range refs {
			w.sources = append(w.sources, path.Source{Ref: r})
		}
	}
	return nil
}

func (w *pathWorld) resolveTo(to []string, lenient bool) error {
	known := w.graph.Targets()
	if len(to) == 0 {
		w.targets = known
		return nil
	}
	for _, name := range to {
		if i := slices.IndexFunc(known, func(t path.Target) bool { return t.Name == name }); i >= 0 {
			w.targets = append(w.targets, known[i])
			continue
		}
		refs, err := w.graph.Resolve(name)
		if err != nil && lenient {
			w.missing = append(w.missing, usage("--to: %w", err))
			continue
		}
		if err != nil {
			return usage("--to: %w", err)
		}
		w.targets = append(w.targets, path.NamedTarget(name, refs...))
	}
	return nil
}

// incomplete ends a sub-command: what could not be read may hide a path.
func (w *pathWorld) incomplete(cmd *cobra.Command) error {
	for i, g := range w.gaps {
		if i == 5 {
			note(cmd, count(len(w.gaps)-i, "more file or object")+" could not be read")
			break
		}
		note(cmd, "not read: "+g.Origin.File+": "+g.Reason)
	}
	if len(w.gaps) > 0 {
		return &exitError{code: exitIncomplete}
	}
	return nil
}

// maxUnknown is how many things that are not known are told one by one.
const maxUnknown = 3

// unknown tells what was not read and may hide a path. Where none was found, nothing can be said: that is no pass.
func (w *pathWorld) unknown(cmd *cobra.Command, found bool) error {
	all := w.graph.Unknown()
	for i, text := range all {
		if i == maxUnknown {
			note(cmd, count(len(all)-i, "more binding")+" to roles that were not read")
			break
		}
		note(cmd, "not known: "+safe(text))
	}
	if len(all) > 0 && !found {
		return &exitError{code: exitIncomplete}
	}
	return nil
}
