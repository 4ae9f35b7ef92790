package main

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/alert"
	"github.com/bartizan-dev/bartizan/internal/detect"
)

// exceptFlags are the flags of except.
type exceptFlags struct {
	reason, until, who, id, against, output string
	broad                                   bool
}

func newExcept() *cobra.Command {
	f := &exceptFlags{}
	cmd := &cobra.Command{
		Use:   "except ALERT-FILE|-",
		Short: "Write the exception for an alert or a finding",
		Long: "Except reads an alert, as watch writes it with -o jsonl or -o falco, or a finding of scan -o json, and prints the\n" +
			"narrowest exception that covers it, as YAML for a file of exceptions. Comments say what it covers besides, and, with\n" +
			"--against, what it would have held back of the alerts of the past.\n\n" +
			"Exit codes: 0 the exception is printed; 2 the alert cannot be read, or reason or date are missing;\n" +
			"4 internal error.",
		Example: "  bartizan except alert.json --reason 'nightly backup reads them all' --until 2027-01-31\n" +
			"  bartizan except alerts.jsonl --id 0169 --broad --reason 'load test' --until 2026-12-24 --against alerts.jsonl",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, args[0]) },
	}
	fl := cmd.Flags()
	fl.StringVar(&f.reason, "reason", "", "why it is acceptable (required)")
	fl.StringVar(&f.until, "until", "", "the last day on which it is: YYYY-MM-DD (required)")
	fl.StringVar(&f.who, "who", "", "who answers for it")
	fl.StringVar(&f.id, "id", "", "which alert of the file: its id, or how that begins")
	fl.BoolVar(&f.broad, "broad", false, "cover every object of the kind in the namespace, from every address")
	fl.StringVar(&f.against, "against", "", "file of past alerts to try the exception on")
	fl.StringVarP(&f.output, "output", "o", "text", "format: text (YAML with comments), json")
	_ = cmd.MarkFlagFilename("against", "jsonl", "json")
	return cmd
}

func (f *exceptFlags) run(cmd *cobra.Command, file string) error {
	until, err := f.check()
	if err != nil {
		return err
	}
	from, err := f.pick(cmd, file)
	if err != nil {
		return err
	}
	x, notes := alert.Propose(&from.Alert, f.broad)
	x.Reason, x.Until, x.Who = strings.TrimSpace(f.reason), until, f.who
	if from.Finding {
		notes = nil
		if len(from.Alert.Evidence) > 0 && !f.broad {
			x.File = alert.Literal(from.Alert.Evidence[0].Origin.File)
		}
	}
	d := exceptDocument{Schema: schemaV1, YAML: x.YAML(), Notes: append([]string{}, notes...)}
	if f.against != "" {
		history, err := readAlerts(cmd, f.against)
		if err != nil {
			return err
		}
		d.weigh(&x, &from.Alert, history)
	}
	if f.output == "json" {
		return writeJSON(cmd.OutOrStdout(), &d)
	}
	return d.write(cmd.OutOrStdout(), from)
}

// check checks the flags.
func (f *exceptFlags) check() (until time.Time, err error) {
	switch {
	case f.output != "text" && f.output != "json":
		return until, usage("output format %q is unknown: use text or json", f.output)
	case strings.TrimSpace(f.reason) == "":
		return until, usage("--reason is missing: say why the alert is acceptable, for who reads the exception in a year")
	case f.until == "":
		return until, usage("--until is missing: say for how long: YYYY-MM-DD")
	}
	until, err = time.Parse(time.DateOnly, f.until)
	if err != nil {
		return until, usage("--until is %q, which is not a date: write YYYY-MM-DD", f.until)
	}
	if now := time.Now(); until.AddDate(0, 0, 1).Before(now) {
		return until, usage("--until %s is past: the exception would cover nothing", f.until)
	}
	return until, nil
}

// pick reads the alert.
func (f *exceptFlags) pick(cmd *cobra.Command, file string) (*alert.Written, error) {
	all, err := readAlerts(cmd, file)
	if err != nil {
		return nil, err
	}
	var found []*alert.Written
	for i := range all {
		if strings.HasPrefix(all[i].ID, f.id) && (f.id == "" || len(found) == 0 || found[0].ID != all[i].ID) {
			found = append(found, &all[i])
		}
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(all) == 0:
		return nil, usage("read alert from %s: there is none", file)
	case len(found) == 0:
		return nil, usage("read alert from %s: none of %s has an id that begins with %q", file, count(len(all), "alert"), f.id)
	}
	var list strings.Builder
	for _, w := range found[:min(len(found), 5)] {
		fmt.Fprintf(&list, "\n  --id %s  %s: %s", cmp.Or(w.ID, "(none)"), safe(w.Alert.Rule), safe(cmp.Or(w.Alert.Identity, w.Alert.Subject.String())))
	}
	return nil, usage("read alert from %s: there are %d: name one%s", file, len(found), list.String())
}

// readAlerts reads the alerts of a file or of standard input.
func readAlerts(cmd *cobra.Command, file string) ([]alert.Written, error) {
	in := cmd.InOrStdin()
	if file != "-" {
		opened, err := os.Open(file)
		if err != nil {
			return nil, usage("read alerts: %w", err)
		}
		defer opened.Close()
		in = opened
	}
	all, err := alert.Read(file, in)
	if err != nil {
		return nil, usage("%w", err)
	}
	return all, nil
}

// exceptDocument is what except says.
type exceptDocument struct {
	Schema  string         `json:"schema"`
	YAML    string         `json:"yaml"`
	Notes   []string       `json:"notes"`
	Against *exceptAgainst `json:"against,omitempty"`
}

// exceptAgainst is what an exception would have held back.
type exceptAgainst struct {
	Alerts   int            `json:"alerts"`
	SameRule int            `json:"sameRule"`
	Covered  int            `json:"covered"`
	Severity map[string]int `json:"severity"`
	Others   []exceptOther  `json:"others"`
	More     int            `json:"moreOthers"`
}

type exceptOther struct {
	Rule     string       `json:"rule"`
	Identity string       `json:"identity"`
	Subject  bartizan.Ref `json:"subject"`
	Severity string       `json:"severity"`
	Count    int          `json:"count"`
}

func (d *exceptDocument) weigh(x *alert.Exception, from *detect.Alert, history []alert.Written) {
	in := x.Weigh(from, history)
	d.Against = &exceptAgainst{in.Alerts, in.SameRule, in.Covered, map[string]int{}, []exceptOther{}, in.More}
	for severity, n := range in.Severity {
		d.Against.Severity[severity.String()] = n
	}
	for _, o := range in.Others {
		d.Against.Others = append(d.Against.Others, exceptOther{o.Rule, o.Identity, o.Subject, o.Severity.String(), o.Count})
	}
}

// write writes the YAML, with what is to be known about it as comments.
func (d *exceptDocument) write(out io.Writer, from *alert.Written) error {
	var b strings.Builder
	comment := func(format string, args ...any) {
		fmt.Fprintf(&b, "# %s\n", safe(fmt.Sprintf(format, args...)))
	}
	what := "alert"
	if from.Finding {
		what = "finding"
	}
	comment("For the %s %s: %s", what, from.ID, cmp.Or(from.Alert.Output, from.Alert.Title, from.Alert.Rule))
	for _, n := range d.Notes {
		comment("Note: %s.", n)
	}
	if a := d.Against; a != nil {
		comment("Of %s of the past, %d of this rule, it covers %d%s.", count(a.Alerts, "alert"), a.SameRule, a.Covered, a.severities())
		if a.Covered > 0 && len(a.Others) == 0 {
			comment("All of them are this identity and this object.")
		}
		for _, o := range a.Others {
			comment("  besides: %s, %s, %s: %s (%s)", o.Rule, cmp.Or(o.Identity, "nobody known"), o.Subject, count(o.Count, "time"), o.Severity)
		}
		if a.More > 0 {
			comment("  and %d more", a.More)
		}
	}
	b.WriteString(d.YAML)
	_, err := io.WriteString(out, b.String())
	return err
}

// severities tells how grave what is covered is, the gravest first.
func (a *exceptAgainst) severities() string {
	var parts []string
	for s := bartizan.Critical; ; s-- {
		if n := a.Severity[s.String()]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, s))
		}
		if s == bartizan.Info {
			break
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return ": " + strings.Join(parts, ", ")
}
