package detect

import (
	"time"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/falco"
)

// Alert is what a detection says of an event, or of several. It holds nothing of the events' memory.
type Alert struct {
	// Rule is the rule's id: that of one of ours ("audit-secrets-swept") or the name of a Falco rule.
	Rule     string
	Title    string
	Source   string // "k8s_audit"
	Severity bartizan.Severity
	Priority falco.Priority
	Tags     []string // ATT&CK and MS-TA ids as the rule has them
	// Time is when the event happened, by its own clock; for several events the last one's.
	Time time.Time
	// Identity is who did it, as the API server authenticated it; empty if that is not known.
	Identity string
	// Addresses are where the requests came from, the nearest to the client first.
	Addresses []string
	// Subject is the object that it was done to.
	Subject bartizan.Ref
	Output  string // in words, on one line, with neither time nor priority
	Fields  []falco.OutputField
	// Evidence leads to the records: Origin.File and Origin.Line; Value is the record's audit id.
	Evidence []bartizan.Evidence
	// Folded is how many alerts like this one were held back since the last that was shown.
	Folded int
}

// Finding is the alert as every other sink takes it.
func (a *Alert) Finding() bartizan.Finding {
	return bartizan.Finding{
		Rule: a.Rule, Subject: a.Subject, Verdict: bartizan.Fail, Severity: a.Severity,
		Message: a.Output, Evidence: a.Evidence, Time: a.Time,
	}
}
