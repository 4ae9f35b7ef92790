package main

import (
	"github.com/spf13/cobra"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/joined"
	"github.com/bartizan-dev/bartizan/internal/scan"
	"github.com/bartizan-dev/bartizan/internal/sink"
	"github.com/bartizan-dev/bartizan/internal/source/cluster"
	"github.com/bartizan-dev/bartizan/rule"
)

// inputFlags say what is read.
type inputFlags struct {
	files     []string
	cluster   bool
	lenient   bool
	options   cluster.Options
	values    []string
	set       []string
	setString []string
	text      func(string) (string, bool)
}

func (f *inputFlags) add(cmd *cobra.Command) {
	fl := cmd.Flags()
	fl.StringSliceVarP(&f.files, "filename", "f", nil, "file or directory to read; the same as naming it as PATH")
	fl.StringSliceVar(&f.values, "values", nil, "values files for Helm charts")
	fl.StringArrayVar(&f.set, "set", nil, "value for Helm charts: KEY=VALUE")
	fl.StringArrayVar(&f.setString, "set-string", nil, "text value for Helm charts: KEY=VALUE")
	fl.BoolVar(&f.cluster, "cluster", false, "read the live cluster of the kubeconfig")
	fl.StringVar(&f.options.Kubeconfig, "kubeconfig", "", "kubeconfig file (default: $KUBECONFIG or ~/.kube/config)")
	fl.StringVar(&f.options.Context, "context", "", "context of the kubeconfig")
	fl.StringVarP(&f.options.Namespace, "namespace", "n", "", "read only this namespace of the cluster, and what is outside namespaces; for charts: the release's")
	fl.BoolP("all-namespaces", "A", true, "read every namespace")
	fl.StringVarP(&f.options.Selector, "selector", "l", "", "read only objects with these labels")
	fl.StringVar(&f.options.As, "as", "", "user to impersonate")
	fl.StringSliceVar(&f.options.AsGroups, "as-group", nil, "group to impersonate; may be repeated")
	_ = cmd.MarkFlagFilename("filename", "yaml", "yml", "json")
	_ = cmd.MarkFlagFilename("values", "yaml", "yml")
}

// open makes the source that the flags and arguments name. The second result counts what was read, after it was.
// Of a live cluster it reads the kinds given.
func (f *inputFlags) open(cmd *cobra.Command, args, kinds []string, target rule.Version) (bartizan.Source, func() sink.Inputs, error) {
	paths := append(append([]string(nil), args...), f.files...)
	f.text = func(string) (string, bool) { return "", false }
	if f.cluster {
		if len(paths) > 0 {
			return nil, nil, usage("--cluster reads the live cluster: leave out %s, or leave out --cluster", paths[0])
		}
		return f.openCluster(kinds)
	}
	if len(paths) == 0 {
		return nil, nil, usage("nothing to read: name files or directories, - for standard input, or --cluster")
	}
	for _, name := range []string{"selector", "context", "as", "as-group"} {
		if cmd.Flags().Changed(name) {
			return nil, nil, usage("--%s is for a live cluster: add --cluster instead of naming paths, or leave it out", name)
		}
	}
	in := scan.Inputs{
		Lenient: f.lenient, Paths: paths, Stdin: cmd.InOrStdin(), KubeVersion: target.String(),
		Helm: scan.HelmInputs{Values: f.values, Set: f.set, SetString: f.setString, Namespace: f.options.Namespace},
	}
	src, err := in.Source()
	if err != nil {
		return nil, nil, usage("%w", err)
	}
	f.text = src.Text
	return src, func() sink.Inputs {
		c := src.Counts()
		return sink.Inputs{Paths: paths, Files: c.Files, Objects: c.Objects, Workloads: c.Workloads, Charts: c.Charts, Bases: c.Kustomizations}
	}, nil
}

func (f *inputFlags) openCluster(kinds []string) (bartizan.Source, func() sink.Inputs, error) {
	f.options.Kinds = append(f.options.Kinds, kinds...)
	src, err := cluster.Open(f.options)
	if err != nil {
		return nil, nil, usage("%w", err)
	}
	return src, func() sink.Inputs {
		c := src.Counts()
		return sink.Inputs{Cluster: src.Name(), Objects: c.Objects, Workloads: c.Workloads}
	}, nil
}

// whole says that everything of a cluster is read.
func (f *inputFlags) whole() bool {
	return f.cluster && f.options.Selector == "" && f.options.Namespace == ""
}

// kinds are the kinds that the rules ask for. A policy may speak of any.
func (s *ruleSet) kinds() (kinds []string) {
	for _, r := range s.engine.Rules() {
		kinds = append(append(kinds, r.On...), joined.Kinds(r.Needs...)...)
	}
	if len(s.policies) > 0 {
		kinds = append(kinds, rule.AnyKind)
	}
	return kinds
}

// load reads everything that the flags and arguments name, for the sub-commands that run no rules: the World,
// the objects and what could not be read. Of a live cluster it reads the kinds given.
func (f *inputFlags) load(cmd *cobra.Command, args, kinds []string, target rule.Version) (*scan.Report, error) {
	src, _, err := f.open(cmd, args, kinds, target)
	if err != nil {
		return nil, err
	}
	report, err := scan.Read(cmd.Context(), src)
	if err != nil {
		return nil, scanError(err)
	}
	return report, nil
}
