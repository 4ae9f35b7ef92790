// Package sink writes findings in the formats people and machines read: text, JSON, SARIF and so on, one
// file each. A sink gets findings that are already sorted and triaged (internal/triage) and decides nothing
// about them. It writes to one io.Writer and opens no files of its own.
package sink

import (
	"encoding/json"
	"fmt"
	"io"
	"sort"
	"strings"
	"time"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/rule"
)

// Run is what a sink may know of the run besides the findings themselves.
type Run struct {
	Version   string                // of Bartizan
	Command   string                // as the user could type it again, "bartizan scan deploy/"
	Target    rule.Version          // the Kubernetes version judged against
	Rules     map[string]*rule.Rule // every rule that ran
	Judged    map[string]bool       // the rules that judged something; nil if that is not known
	Gaps      []bartizan.Gap        // what could not be read, without the skips
	Skips     []Skip                // what was passed over on purpose, counted by reason
	Inputs    Inputs
	Outcome   Outcome
	Framework *Framework // compliance report asked for; else nil
	Held      []Held     // findings held back by exceptions or the baseline, for formats that can say so

	// Now is the time of the run, from SOURCE_DATE_EPOCH or the clock. Only oscal shows it.
	Now time.Time

	// Source gives the text of a file that was read, for excerpts; false if it is not at hand.
	Source func(file string) (string, bool)
	// Fingerprint identifies a finding across runs (triage.Fingerprint).
	Fingerprint func(bartizan.Finding) string

	// Standing gives where a finding stands on attack paths; nil, or a nil result, where it stands on none.
	Standing func(*bartizan.Finding) *Standing

	// For sinks that people read on a terminal.
	Width   int // columns; 0 means 80
	Colour  bool
	Verbose bool // show every finding, not a page

	controlsJSON map[string]json.RawMessage // what mapsJSON made, by rule
}

// Standing is where a finding stands on attack paths: on one from From to Target.
type Standing struct {
	From   string // in words: "the internet", "Deployment shop/web and 3 more"
	To     string // in words: "become cluster-admin"
	Target string // "cluster-admin", "control-plane", "secrets", "node-root"
	Score  int    // how much the path matters
}

func (run *Run) standing(f *bartizan.Finding) *Standing {
	if run.Standing == nil {
		return nil
	}
	return run.Standing(f)
}

// Held is a finding that was not reported, and why.
type Held struct {
	Finding  bartizan.Finding
	Reason   string // as the exception gives it
	InSource bool   // the exception stands in the scanned files: an annotation or a comment
}

// Skip counts what was passed over for one reason.
type Skip struct {
	Reason string
	Count  int
}

// Inputs counts what was read.
type Inputs struct {
	Paths                                    []string
	Files, Objects, Workloads, Charts, Bases int
	Cluster                                  string // context name for a live cluster, or where a hunt was
	Hunted                                   bool   // the objects are services that answered
}

// nothing says what was not there to be judged.
func (in Inputs) nothing() string {
	if in.Hunted {
		return "no service answered."
	}
	return "no Kubernetes object was found."
}

// Outcome is the run in numbers.
type Outcome struct {
	Passed, Failed, NotEvaluated int // rule x object
	FailOn                       bartizan.Severity
	Suppressed                   int      // by exceptions
	Baselined                    int      // known from the baseline file
	Notes                        []string // unused or expired exceptions and the like
	ExitCode                     int
}

// Framework is a compliance report: the projection of findings through a framework's table.
type Framework struct {
	ID, Title, Version string
	Controls           []Control
}

// Control is one requirement of a framework with its verdict.
type Control struct {
	ID, Title string
	Verdict   bartizan.Verdict
	Reason    string   // why it was not evaluated
	Rules     []string // the rules that judge it
	Failed    int      // findings
	Passed    int
}

// Maker builds a sink.
type Maker func(io.Writer, *Run) bartizan.Sink

// New builds the sink of a format.
func New(format string, w io.Writer, run *Run) (bartizan.Sink, error) {
	mk, ok := formats[format]
	if !ok {
		return nil, fmt.Errorf("output format %q is unknown: use one of %s", format, strings.Join(Formats(), ", "))
	}
	if format == "oscal" && run.Framework == nil {
		return nil, fmt.Errorf("output format oscal is for compliance reports: name a framework, or use json for findings")
	}
	return mk(w, run), nil
}

// Formats lists the names of the formats, sorted.
func Formats() []string {
	names := make([]string, 0, len(formats))
	for n := range formats {
		names = append(names, n)
	}
	sort.Strings(names)
	return names
}
