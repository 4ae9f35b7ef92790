package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/alert"
	"github.com/bartizan-dev/bartizan/internal/detect"
	"github.com/bartizan-dev/bartizan/internal/sink/notify"
	"github.com/bartizan-dev/bartizan/internal/watch"
)

// watchFlags are the flags of watch.
type watchFlags struct {
	inputFlags
	detectFlags
	audit      []string
	replay     []string
	backfill   bool
	state      string
	webhook    webhookFlags
	world      []string
	alerts     string
	exceptions []string
	showAll    bool
	output     string
	colour     string
	failOn     string
	silence    time.Duration
}

var watchFormats = []string{"text", "json", "jsonl", "falco", "none"}

// newWatch makes watch.
func newWatch() *cobra.Command {
	f := &watchFlags{}
	cmd := &cobra.Command{
		Use:   "watch --audit [NAME=]FILE... | --audit-webhook ADDR | --replay FILE...",
		Short: "Run detections on the audit log, live or recorded",
		Long: "Watch follows the audit logs of API servers, or receives what they send, judges every record by the built-in\n" +
			"detections and by Falco's rule files, and shows alerts within a second. With --state it goes on where it stopped,\n" +
			"even after a crash: nothing is lost, and what was shown last may be shown again under the same id.\n\n" +
			"With --replay it reads recorded logs to their end at full speed; time is then that of the records, and the same\n" +
			"logs give the same output.\n\n" +
			"Exit codes: 0 stopped as asked, or with --replay nothing at or above --fail-on; 1 there was; 2 usage or\n" +
			"configuration error; 3 a log could not be read, or records are missing; 4 internal error.\n\ndocs/watch.md tells how to set up API servers.",
		Example: "  bartizan watch --audit /var/log/kubernetes/audit.log --state /var/lib/bartizan\n" +
			"  bartizan watch --audit-webhook :9443 --tls-cert tls.crt --tls-key tls.key --client-ca ca.crt --state /var/lib/bartizan\n" +
			"  bartizan watch --replay audit-2026-11-20T10-00-00.000.log.gz,audit.log --rules falco_rules.local.yaml -o jsonl\n" +
			"  bartizan watch --print-audit-policy > policy.yaml",
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, args) },
	}
	f.inputFlags.add(cmd)
	f.detectFlags.add(cmd)
	f.webhook.add(cmd)
	fl := cmd.Flags()
	_ = fl.MarkHidden("filename")
	_ = fl.MarkHidden("all-namespaces")
	fl.Lookup("cluster").Usage = "read the live cluster: alerts about what stands on an attack path weigh more"
	fl.StringSliceVar(&f.audit, "audit", nil, "follow this audit log, also through rotation: FILE, or NAME=FILE to name the API server; may be repeated")
	fl.StringSliceVar(&f.replay, "replay", nil, "read recorded audit logs to their end, merged by time: FILE, NAME=FILE, also gzipped, - for standard input")
	fl.BoolVar(&f.backfill, "backfill", false, "begin with the rotated files that are still there, where --state has no place to go on")
	fl.StringVar(&f.state, "state", "", "directory that keeps where watch stopped and what detections remember")
	fl.StringSliceVar(&f.world, "world", nil, "manifests, charts or kustomizations of the cluster: alerts about what stands on an attack path weigh more")
	fl.StringVar(&f.alerts, "alerts", "", "alerts file: where alerts go (webhook, Alertmanager, syslog, OTLP ...), limits and incidents")
	fl.StringSliceVar(&f.exceptions, "exceptions", nil, "file of exceptions: alerts that are accepted, why, and until when")
	fl.BoolVar(&f.showAll, "show-all", false, "show every alert: no exceptions, no limits")
	fl.StringVarP(&f.output, "output", "o", "text", "what is written on standard output: "+strings.Join(watchFormats, ", ")+" (json and jsonl are the same)")
	fl.StringVar(&f.colour, "color", "auto", "colour: auto, always, never")
	fl.StringVar(&f.failOn, "fail-on", bartizan.High.String(), "with --replay: exit with 1 for alerts of this severity or worse")
	fl.DurationVar(&f.silence, "silence", 10*time.Minute, "alert when an API server without a heartbeat records nothing for so long; 0 never")
	_ = cmd.MarkFlagFilename("audit", "log")
	_ = cmd.MarkFlagFilename("replay", "log", "json", "jsonl", "gz")
	_ = cmd.MarkFlagDirname("state")
	_ = cmd.MarkFlagFilename("alerts", "yaml", "yml")
	_ = cmd.MarkFlagFilename("exceptions", "yaml", "yml")
	return cmd
}

func (f *watchFlags) run(cmd *cobra.Command, args []string) error {
	threshold, err := f.check(args)
	if err != nil {
		return err
	}
	set, err := f.detectFlags.load(cmd, f.live())
	if err != nil {
		return err
	}
	if done, err := f.policy(cmd, set); done || err != nil {
		return err
	}
	report := reporter(cmd)
	desk, config, err := f.desk(cmd, set, report)
	if err != nil {
		return err
	}
	w := &watch.Watch{Judge: set.NewRunner(), Desk: desk, Live: f.live(), Silence: f.silence, Report: report}
	closing, err := f.inputs(cmd, w)
	defer closing()
	if err != nil {
		return err
	}
	if w.Outputs, err = f.outputs(cmd, config, report); err != nil {
		return err
	}
	began := time.Now()
	counts, err := w.Run(cmd.Context())
	patience := 10 * time.Second
	if cmd.Context().Err() != nil {
		patience = 4 * time.Second // asked to end: see giveUp
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(cmd.Context()), patience)
	defer cancel()
	for _, out := range w.Outputs {
		if closeErr := out.Close(last); err == nil && closeErr != nil {
			err = fmt.Errorf("deliver the last alerts: %w", closeErr)
		}
	}
	for _, note := range desk.Notes() {
		report(note)
	}
	f.summary(cmd, &counts, desk.Stats(), w.Outputs, time.Since(began))
	switch {
	case err != nil:
		return &exitError{exitIncomplete, err}
	case !f.live() && counts.Gaps > 0:
		return &exitError{exitIncomplete, fmt.Errorf("%s of the logs could not be read: the alerts above say which", count(int(counts.Gaps), "place"))}
	case !f.live() && counts.Shown > 0 && counts.Worst >= threshold:
		return &exitError{code: exitFindings}
	}
	return nil
}

func (f *watchFlags) live() bool { return len(f.replay) == 0 }

// check checks the flags.
func (f *watchFlags) check(args []string) (threshold bartizan.Severity, err error) {
	if len(args) > 0 && !f.live() { // --replay a.log b.log
		f.replay = append(f.replay, args...)
	} else if len(args) > 0 {
		return 0, usage("%s: name logs with --audit or --replay, and manifests of the cluster with --world", args[0])
	}
	if threshold, err = bartizan.ParseSeverity(f.failOn); err != nil {
		return 0, usage("--fail-on: %w", err)
	}
	following := len(f.audit) > 0 || f.webhook.address != ""
	switch {
	case !slices.Contains(watchFormats, f.output):
		return 0, usage("--output %s: choose %s", f.output, strings.Join(watchFormats, ", "))
	case !f.live() && following:
		return 0, usage("--replay reads recorded logs: leave out --audit and --audit-webhook, or leave out --replay")
	case !f.live() && (f.state != "" || f.backfill):
		return 0, usage("--state and --backfill are for logs that are followed: leave them out with --replay")
	case f.live() && !following && !f.print && f.against == "":
		return 0, usage("nothing to watch: name --audit FILE, --audit-webhook ADDR or --replay FILE")
	case f.output == "none" && f.alerts == "":
		return 0, usage("-o none shows nothing: name outputs with --alerts FILE")
	case f.cluster && len(f.world) > 0:
		return 0, usage("--cluster reads the live cluster: leave out --world, or leave out --cluster")
	}
	return threshold, nil
}

// reporter writes what people should know to standard error. Any goroutine may report.
func reporter(cmd *cobra.Command) func(string) {
	var mu sync.Mutex
	return func(text string) {
		mu.Lock()
		defer mu.Unlock()
		fmt.Fprintf(cmd.ErrOrStderr(), "bartizan: %s\n", safe(text))
	}
}

// desk makes what sorts alerts out.
func (f *watchFlags) desk(cmd *cobra.Command, set *detect.Set, report func(string)) (*alert.Desk, *notify.Config, error) {
	o := alert.Options{ShowAll: f.showAll}
	var err error
	if o.Exceptions, o.Rules, err = alertExceptions(f.exceptions, set); err != nil {
		return nil, nil, err
	}
	var config *notify.Config
	if f.alerts != "" {
		text, err := readFile(f.alerts, notify.MaxConfig)
		if err != nil {
			return nil, nil, usage("read the alerts file: %w", err)
		}
		if config, err = notify.ReadConfig(f.alerts, text); err != nil {
			return nil, nil, usage("%w", err)
		}
		o.Limits, o.Incidents = config.Limits, config.Incidents
	}
	if f.cluster || len(f.world) > 0 {
		known, err := f.surroundings(cmd, report)
		if err != nil {
			return nil, nil, err
		}
		o.Context = known
	}
	return alert.NewDesk(o), config, nil
}

// outputs opens what alerts are written to.
func (f *watchFlags) outputs(cmd *cobra.Command, config *notify.Config, report func(string)) (all []notify.Output, err error) {
	out := cmd.OutOrStdout()
	host, _ := os.Hostname()
	switch f.output {
	case "text":
		p := newPainter(cmd, f.colour)
		all = append(all, notify.NewText(out, notify.TextOptions{Width: p.width, Colour: p.colours}))
	case "json", "jsonl":
		all = append(all, notify.NewJSONL(out))
	case "falco":
		all = append(all, notify.NewFalco(out, cmp.Or(host, "localhost")))
	}
	if config != nil && len(config.Targets) > 0 {
		more, err := notify.Open(config, notify.Options{Hostname: host, Version: version, Report: report, Wait: !f.live()})
		if err != nil {
			return nil, usage("%w", err)
		}
		all = append(all, more)
	}
	return all, nil
}
