package alert

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"time"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/detect"
)

// Kind says what is shown.
type Kind uint8

// The kinds of what is shown.
const (
	// KindAlert is one alert.
	KindAlert Kind = iota
	// KindSummary stands for alerts of one rule that were held back because there were too many.
	KindSummary
	// KindIncident tells of alerts that belong together: that there are some, that it got worse, that it is over.
	KindIncident
)

var kindNames = [...]string{"alert", "summary", "incident"}

// String is the kind as JSON has it.
func (k Kind) String() string { return kindNames[k] }

// Shown is one thing that a Desk gives to be shown.
type Shown struct {
	Kind Kind
	// ID names it: 32 hex digits made of what was seen, so that who gets it twice can tell.
	ID string
	// Alert is the alert, or what stands for those held back; of an incident, the alert for which it is told.
	Alert detect.Alert
	// Raised is set if the severity is higher than the rule's.
	Raised *Raised
	// Expired names the exception that would have covered the alert, had it not expired; else empty.
	Expired string
	// IncidentID is the incident that the alert belongs to.
	IncidentID string
	Summary    *Summary  // of KindSummary
	Incident   *Incident // of KindIncident
}

// Severity is how much it matters.
func (s *Shown) Severity() bartizan.Severity {
	if s.Incident != nil {
		return s.Incident.Severity
	}
	return s.Alert.Severity
}

// Time is when it happened; for several alerts, when the last did.
func (s *Shown) Time() time.Time {
	if s.Incident != nil {
		return s.Incident.Last
	}
	return s.Alert.Time
}

// Raised says why an alert weighs more than its rule says.
type Raised struct {
	From bartizan.Severity
	// Thing is what stands on an attack path: the identity or the object.
	Thing    bartizan.Ref
	Standing Standing
}

// Standing is where a thing stands on attack paths.
type Standing struct {
	Target string // "cluster-admin", "control-plane", "secrets", "node-root"
	To     string // the target in words: "do everything in the cluster"
}

// Context knows what alerts happen to. It is asked for identities (User, ServiceAccount) and for objects.
type Context interface {
	// Standing is where a thing stands on the attack path that matters most; false if it stands on none.
	Standing(bartizan.Ref) (Standing, bool)
}

// Summary counts alerts of one rule that were held back. The lists are short; the counts are of all, as far as the
// desk told them apart.
type Summary struct {
	Folded                       int
	First, Last                  time.Time
	Identities, Subjects         []string
	MoreIdentities, MoreSubjects int
}

// identify makes the ID of an alert. Records that were read twice give the same.
func identify(a *detect.Alert) string {
	text := make([]byte, 0, 512)
	add := func(s string) { text = append(append(text, s...), 0) }
	add(a.Rule)
	add(a.Identity)
	add(string(a.Subject.Kind))
	add(a.Subject.Namespace)
	add(a.Subject.Name)
	// Clients choose audit ids: the time, which they do not choose, keeps two requests with the same one apart.
	add(a.Time.UTC().Format(time.RFC3339Nano))
	records := 0
	for _, e := range a.Evidence {
		if e.Value != "" {
			add(e.Value)
			records++
		}
	}
	if records == 0 {
		add(a.Output)
	}
	return digest(text)
}

func digest(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:16])
}

// identifyNth is the ID of what is told for the n-th time of something.
func identifyNth(id string, n int) string { return digest([]byte(id + "\x00" + strconv.Itoa(n))) }
