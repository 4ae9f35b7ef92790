package notify

import (
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"sync"
	"time"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/alert"
	"github.com/bartizan-dev/bartizan/internal/tree"
)

// Config is what an alerts file says: how alerts are limited and grouped, and where they go.
type Config struct {
	Limits    alert.Limits
	Incidents alert.Grouping
	// Spool is the directory under which outputs keep what is not delivered yet; empty to keep it in memory.
	Spool   string
	Targets []Target
}

// Target is one output of an alerts file.
type Target struct {
	Name, Kind string
	// What is sent: nothing lighter than Severity, rules that match one of the globs, and the kinds named.
	Severity bartizan.Severity
	Rules    []string
	Show     []string
	make     func(*place) (courier, error)
	sending  sending
}

// MaxConfig is how long an alerts file may be.
const MaxConfig = 1 << 20

// ReadConfig reads an alerts file strictly: what it does not know is an error, with the line.
func ReadConfig(file, text string) (*Config, error) {
	if len(text) > MaxConfig {
		return nil, fmt.Errorf("read alerts file %s: it has %d bytes, more than %d", file, len(text), MaxConfig)
	}
	c := &Config{Limits: alert.DefaultLimits()}
	r := &reader{file: file}
	documents := 0
	for d, err := range tree.Parse(text, tree.DefaultLimits()) {
		if err != nil {
			return nil, fmt.Errorf("read alerts file: %w", err)
		}
		for _, twice := range d.Duplicates {
			return nil, fmt.Errorf("read alerts file %s:%d: key %q was written on line %d already", file, twice.Line, twice.Key, twice.First)
		}
		if !d.Root().Exists() {
			continue
		}
		if documents++; documents > 1 {
			r.fault(d.Root(), "a second document: write everything in one")
		}
		r.config(c, d.Root())
	}
	if r.err != nil {
		return nil, fmt.Errorf("read alerts file %w", r.err)
	}
	return c, nil
}

func (r *reader) config(c *Config, root tree.Node) {
	list := func(n tree.Node) {
		if n.Kind() != tree.List {
			r.fault(n, "outputs must be a list")
			return
		}
		for item := range n.Items() {
			r.target(c, item)
		}
	}
	r.object(root, fields{
		"limits":    func(n tree.Node) { r.limits(&c.Limits, n) },
		"incidents": func(n tree.Node) { r.incidents(&c.Incidents, n) },
		"spool":     r.text(&c.Spool),
		"outputs":   list,
	})
}

func (r *reader) limits(l *alert.Limits, n tree.Node) {
	r.object(n, fields{
		"rule": r.limit(&l.Rule), "key": r.limit(&l.Key), "newcomer": r.limit(&l.Newcomer),
		"summary": r.span(&l.Summary, time.Second, 24*time.Hour),
		"rules": func(n tree.Node) {
			for item := range n.Items() {
				one := alert.RuleLimit{Rule: l.Rule, Key: l.Key}
				r.object(item, fields{"match": r.text(&one.Glob), "rule": r.limit(&one.Rule), "key": r.limit(&one.Key)})
				if one.Glob == "" {
					r.fault(item, "match is missing: name the rules as a glob")
				}
				l.Rules = append(l.Rules, one)
			}
			if n.Kind() != tree.List {
				r.fault(n, "rules must be a list")
			}
		},
	})
}

func (r *reader) limit(to *alert.Limit) func(tree.Node) {
	return func(n tree.Node) {
		r.object(n, fields{"burst": r.number(&to.Burst, 0, 1_000_000), "every": r.span(&to.Every, time.Millisecond, 24*time.Hour)})
	}
}

func (r *reader) incidents(g *alert.Grouping, n tree.Node) {
	r.object(n, fields{
		"idle": r.span(&g.Idle, time.Second, 7*24*time.Hour), "slack": r.span(&g.Slack, time.Millisecond, time.Hour),
		"open": r.number(&g.Open, 1, 100_000), "steps": r.number(&g.Steps, 1, 1000), "shared": r.number(&g.Shared, 1, 1000),
	})
}

// outputName is what the name of an output may look like: it is the name of a folder as well.
var outputName = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?$`) })

// target reads one output.
func (r *reader) target(c *Config, n tree.Node) {
	t := Target{sending: defaultSending()}
	kind := n.Get("type")
	names := make([]string, 0, len(kinds))
	for name := range kinds {
		names = append(names, name)
	}
	slices.Sort(names)
	if !kind.Exists() {
		r.fault(n, "an output must have a type")
		return
	}
	r.choice(&t.Kind, names...)(kind)
	if t.Kind == "" {
		return
	}
	severity := "info"
	known := fields{
		"type": func(tree.Node) {}, "name": r.text(&t.Name), "severity": r.choice(&severity, "info", "low", "medium", "high", "critical"),
		"rules": r.texts(&t.Rules), "show": r.texts(&t.Show), "batch": r.batch(&t.sending), "retry": r.retry(&t.sending),
		"queue": r.size(&t.sending.queue, 64<<10, 64<<30), "timeout": r.span(&t.sending.timeout, 100*time.Millisecond, 10*time.Minute),
	}
	finish := kinds[t.Kind](r, n, known, &t)
	r.object(n, known)
	t.Severity, _ = bartizan.ParseSeverity(severity)
	switch {
	case r.err != nil:
		return
	case !outputName().MatchString(t.Name):
		r.fault(n, "name is %q: name the output with lower-case letters, digits, dots and dashes", t.Name)
	case slices.ContainsFunc(c.Targets, func(o Target) bool { return o.Name == t.Name }):
		r.fault(n, "two outputs are named %q", t.Name)
	}
	for _, s := range t.Show {
		if s != "alert" && s != "summary" && s != "incident" {
			r.fault(n.Get("show"), "show names %q: use alert, summary, incident", s)
		}
	}
	t.make = finish()
	c.Targets = append(c.Targets, t)
}

// readBounded reads a file of a user's that should not be long.
func readBounded(file string, most int64) (string, error) {
	f, err := os.Open(file)
	if err != nil {
		return "", err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, most+1))
	switch {
	case err != nil:
		return "", err
	case int64(len(text)) > most:
		return "", fmt.Errorf("file %s has more than %d bytes", file, most)
	}
	return string(text), nil
}

// wants says whether what is shown goes to this output.
func (t *Target) wants(s *alert.Shown) bool {
	if s.Severity() < t.Severity || len(t.Show) > 0 && !slices.Contains(t.Show, s.Kind.String()) {
		return false
	}
	if len(t.Rules) == 0 || s.Incident != nil {
		return true
	}
	return slices.ContainsFunc(t.Rules, func(glob string) bool { return alert.Glob(glob, s.Alert.Rule) })
}
