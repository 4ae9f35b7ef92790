package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/engine"
	"github.com/bartizan-dev/bartizan/internal/hunt"
	"github.com/bartizan-dev/bartizan/internal/scan"
	"github.com/bartizan-dev/bartizan/internal/sink"
	"github.com/bartizan-dev/bartizan/internal/triage"
	"github.com/bartizan-dev/bartizan/rule"
	"github.com/bartizan-dev/bartizan/rules"
	hunting "github.com/bartizan-dev/bartizan/rules/hunt"
)

// huntFlags are the flags of hunt as written.
type huntFlags struct {
	scanFlags
	targets     []string
	ports       []uint
	inPod       string
	metadata    bool
	timeout     time.Duration
	rate        int
	concurrency int
	active      bool
	scope       string
	trail       string
	revert      string
	nodePorts   string
	sweepTime   time.Duration
	kubectl     string
}

func newHunt() *cobra.Command {
	var f huntFlags
	cmd := &cobra.Command{
		Use:   "hunt [TARGET...]",
		Short: "Look at a running cluster as an attacker would",
		Long: "Hunt asks the services that it finds at the targets what they tell strangers, and says what an attacker\n" +
			"would make of it. A TARGET is HOST, IP or CIDR, HOST:PORT or [IPv6]:PORT, each optionally as SERVICE=TARGET\n" +
			"(kubelet=192.0.2.7:10250). In a pod it looks at the pod as well, and at its API server.\n\n" +
			"It only asks: nothing is changed, no container is entered, no redirect is followed. --active takes the steps\n" +
			"that a scope file allows (docs/hunt.md), takes them back, and keeps a trail; --revert takes back what a hunt\n" +
			"that was killed has left. Hunt only in clusters that are yours, or whose owner has agreed.\n\n" +
			"Exit codes: 0 clean; 1 findings at or above --fail-on; 2 usage or configuration error;\n" +
			"3 something did not answer (what did is printed); 4 internal error.",
		Example: "  bartizan hunt 192.0.2.7\n" +
			"  bartizan hunt 192.0.2.0/26 --rate 20 -o json\n" +
			"  bartizan hunt --cluster\n" +
			"  bartizan hunt kubelet=[2001:db8::7]:10250 etcd=192.0.2.8:2379\n" +
			"  bartizan hunt 192.0.2.7 --active --scope scope.yaml --trail hunt.jsonl\n" +
			"  bartizan hunt --revert hunt.jsonl",
		RunE: func(cmd *cobra.Command, args []string) error {
			if cmd.Flags().Changed("revert") {
				return runRevert(cmd, &f, args)
			}
			return runHunt(cmd, &f, args)
		},
	}
	f.add(cmd)
	return cmd
}

func (f *huntFlags) add(cmd *cobra.Command) {
	fl := cmd.Flags()
	fl.StringSliceVar(&f.targets, "target", nil, "where to look; the same as naming it as TARGET")
	fl.UintSliceVar(&f.ports, "ports", nil, "the ports of targets that name none (default: those of Kubernetes)")
	fl.Lookup("ports").DefValue = "" // its empty list needs no telling
	fl.StringVar(&f.nodePorts, "node-ports", "", "also look for what listens in this range, as FIRST-LAST (alone: "+hunt.DefaultNodePorts+")")
	fl.Lookup("node-ports").NoOptDefVal = hunt.DefaultNodePorts
	fl.DurationVar(&f.sweepTime, "node-ports-time", 2*time.Minute, "how long --node-ports may take")
	fl.BoolVar(&f.input.cluster, "cluster", false, "look at the nodes, the API server and the webhooks of the cluster of the kubeconfig")
	fl.StringVar(&f.input.options.Kubeconfig, "kubeconfig", "", "kubeconfig file (default: $KUBECONFIG or ~/.kube/config)")
	fl.StringVar(&f.input.options.Context, "context", "", "context of the kubeconfig")
	fl.StringVar(&f.inPod, "in-pod", "auto", "look at the pod that this runs in: always, never, or auto (where it is one)")
	fl.StringVar(&f.kubectl, "kubectl", "", "also judge the version of a kubectl, as PATH (alone: the one of this machine)")
	fl.Lookup("kubectl").NoOptDefVal = "kubectl"
	fl.BoolVar(&f.metadata, "metadata", false, "also look whether a cloud's metadata service answers from here")
	fl.DurationVar(&f.timeout, "timeout", 3*time.Second, "how long to wait for a connection and for an answer")
	fl.IntVar(&f.rate, "rate", 50, "at most so many connections and requests a second")
	fl.IntVar(&f.concurrency, "concurrency", 16, "look at so many ports at once")
	fl.BoolVar(&f.active, "active", false, "also take the steps that --scope allows, and take them back")
	fl.StringVar(&f.scope, "scope", "", "file that says what --active may do, where, until when, and who agreed")
	fl.StringVar(&f.trail, "trail", "", "file to which every step of --active is added before it is taken")
	fl.StringVar(&f.revert, "revert", "", "take back what the killed hunt of this TRAIL has left, and do nothing else")
	fl.StringSliceVar(&f.rules.files, "rules", nil, "also hunt by your own rules: .rule files or directories of them")
	fl.StringSliceVar(&f.rules.only, "rule", nil, "hunt only by these rules (ids or globs)")
	fl.StringSliceVar(&f.rules.skip, "skip-rule", nil, "do not hunt by these rules (ids or globs)")
	fl.StringVarP(&f.output, "output", "o", "text", "format: "+strings.Join(sink.Formats(), ", "))
	fl.StringVar(&f.file, "output-file", "", "write to this file instead of standard output")
	fl.StringVar(&f.failOn, "fail-on", "high", "exit with 1 if a finding is at least: info, low, medium, high, critical; or never")
	fl.StringVar(&f.exceptions, "exceptions", "", "file of accepted findings (default: "+defaultExceptions+" if it exists)")
	fl.StringVar(&f.baseline, "baseline", "", "show and fail on only what this file does not know yet")
	fl.StringVar(&f.writeBaseline, "write-baseline", "", "record all findings in this file and exit with 0")
	fl.StringVar(&f.colour, "color", "auto", "colour: auto, always, never")
	fl.BoolVarP(&f.verbose, "verbose", "v", false, "show every finding, not the page of the worst")
}

func runHunt(cmd *cobra.Command, f *huntFlags, args []string) error {
	set, known, err := f.huntRules()
	if err != nil {
		return err
	}
	req := &scan.Request{Engine: set.engine, Known: known, Now: now()}
	if req.FailOn, err = failOn(f.failOn); err != nil {
		return err
	}
	if req.Exceptions, err = readExceptions(f.exceptions); err != nil {
		return err
	}
	if req.Baseline, err = readBaseline(f.baseline); err != nil {
		return err
	}
	options, where, err := f.options(cmd, args, set.engine.Rules())
	if err != nil {
		return err
	}
	if options.Active, err = f.activity(); err != nil {
		return err
	}
	if options.Active != nil {
		defer func() { _ = options.Active.Trail.Close() }()
	}
	src, err := hunt.New(options)
	if err != nil {
		return usage("hunt: %w", err)
	}
	req.Source = src
	report, err := req.Run(cmd.Context())
	if err != nil {
		return &exitError{exitIncomplete, fmt.Errorf("hunt: %w", err)}
	}
	// The source has told which answers are missing, and why; that rules lack them follows.
	report.Gaps = slices.DeleteFunc(report.Gaps, func(g bartizan.Gap) bool { return src.Explained(g) })
	if f.writeBaseline != "" {
		return writeBaseline(cmd.ErrOrStderr(), f.writeBaseline, report)
	}
	return f.print(cmd, args, set, report, req, where)
}

// huntRules are the rules to hunt by, and the ids of all that there are.
func (f *huntFlags) huntRules() (*ruleSet, []string, error) {
	all, err := hunting.Rules()
	if err != nil {
		return nil, nil, &exitError{exitInternal, err}
	}
	own, policies, err := scan.LoadRules(f.rules.files)
	if err != nil {
		return nil, nil, usage("%w", err)
	}
	if len(policies) > 0 {
		return nil, nil, usage("--rules: a hunt is judged by .rule files: leave the ValidatingAdmissionPolicies to bartizan scan")
	}
	all = append(all, own...)
	builtin, err := rules.Builtin()
	if err != nil {
		return nil, nil, &exitError{exitInternal, err}
	}
	var known []string // exceptions for a scan are no mistakes here
	for _, r := range slices.Concat(all, builtin) {
		known = append(known, r.ID)
	}
	f.rules.groups = []string{rule.Security}
	chosen, err := f.rules.choose(all, nil)
	if err != nil {
		return nil, nil, err
	}
	set := &ruleSet{target: rule.Latest}
	set.engine, err = engine.New(chosen, engine.Config{Version: rule.Latest})
	if err == nil {
		err = set.engine.Check(own)
	}
	if err != nil {
		return nil, nil, usage("%w", err)
	}
	return set, known, nil
}

func readBaseline(file string) (*triage.Baseline, error) {
	if file == "" {
		return nil, nil
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, usage("read baseline: %w; write it with --write-baseline", err)
	}
	b, err := triage.ParseBaseline(data)
	if err != nil {
		return nil, usage("%s: %w", file, err)
	}
	return &b, nil
}

// options turn the flags into what a hunt needs; the second result names the targets in a few words.
func (f *huntFlags) options(cmd *cobra.Command, args []string, all []*rule.Rule) (hunt.Options, string, error) {
	dialer := &net.Dialer{Timeout: f.timeout, KeepAlive: -1}
	o := hunt.Options{Rules: all, Timeout: f.timeout, Rate: f.rate, Workers: f.concurrency, Now: now(), Dialer: dialer}
	for _, p := range f.ports {
		if p == 0 || p > 65535 {
			return o, "", usage("--ports %d: give numbers from 1 to 65535", p)
		}
		o.Ports = append(o.Ports, uint16(p))
	}
	if err := f.local(cmd, &o); err != nil {
		return o, "", err
	}
	named := slices.Concat(f.targets, args)
	var err error
	if o.Targets, err = hunt.ParseTargets(cmd.Context(), net.DefaultResolver, named); err != nil {
		return o, "", usage("%w", err)
	}
	if f.input.cluster {
		report, err := f.input.load(cmd, nil, hunt.ClusterKinds(), rule.Latest)
		if err != nil {
			return o, "", err
		}
		o.Gaps = report.Gaps
		o.Targets = append(o.Targets, hunt.TargetsIn(report.Objects)...)
		named = append(named, "those of the kubeconfig")
	}
	if o.Pod, err = f.pod(); err != nil {
		return o, "", err
	}
	if o.Pod != nil {
		named = append(named, "this pod")
		if server, err := o.Pod.Server(); err == nil {
			o.Targets = append(o.Targets, server)
		}
	}
	if f.metadata {
		o.Targets = append(o.Targets, hunt.MetadataTargets()...)
	}
	if len(o.Targets) == 0 && o.Pod == nil && !f.input.cluster && o.Kubectl == "" {
		return o, "", usage("nothing to hunt: name hosts, addresses or networks, or --cluster; without any it looks at the pod that it runs in, and this is none")
	}
	return o, strings.Join(named[:min(len(named), 4)], ", "), nil
}

// local are the options about ports to look for and about programs of this machine.
func (f *huntFlags) local(cmd *cobra.Command, o *hunt.Options) error {
	if cmd.Flags().Changed("node-ports") {
		if f.sweepTime <= 0 || f.sweepTime > time.Hour {
			return usage("--node-ports-time %s: give up to an hour", f.sweepTime)
		}
		var err error
		if o.Sweep, err = hunt.ParseSweep(f.nodePorts, f.sweepTime); err != nil {
			return usage("--node-ports: %w", err)
		}
	}
	if f.kubectl == "" {
		return nil
	}
	found, err := exec.LookPath(f.kubectl)
	if err != nil {
		return usage("--kubectl=%s: %w; give its path", f.kubectl, err)
	}
	o.Kubectl = found
	return nil
}

// pod is the pod that this runs in, if it is to be looked at.
func (f *huntFlags) pod() (*hunt.Pod, error) {
	p := &hunt.Pod{Root: "/", Environ: os.Environ(), Look: net.DefaultResolver}
	switch f.inPod {
	case "always":
		return p, nil
	case "auto":
		if p.InPod() {
			return p, nil
		}
	case "never":
	default:
		return nil, usage("--in-pod %s: use auto, always or never", f.inPod)
	}
	return nil, nil
}

func (f *huntFlags) print(cmd *cobra.Command, args []string, set *ruleSet, report *scan.Report, req *scan.Request, where string) error {
	code := exitCode(report, req.FailOn)
	out, done, err := openOutput(cmd, f.file)
	if err != nil {
		return err
	}
	in := sink.Inputs{Cluster: where, Hunted: true, Objects: len(report.Objects)}
	run := f.describe(cmd, args, set, report, in)
	run.Outcome.FailOn, run.Outcome.ExitCode, run.Now = req.FailOn, code, req.Now
	run.Source = func(string) (string, bool) { return "", false }
	to, err := sink.New(f.output, out, run)
	if err != nil {
		return usage("%w", err)
	}
	if err := report.Write(cmd.Context(), to); err != nil {
		return &exitError{exitInternal, err}
	}
	if err := done(); err != nil {
		return &exitError{exitInternal, fmt.Errorf("write %s: %w", f.file, err)}
	}
	if code != exitClean {
		return &exitError{code, nil}
	}
	return nil
}
