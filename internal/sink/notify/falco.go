package notify

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/alert"
	"github.com/bartizan-dev/bartizan/internal/falco"
)

// NewFalco writes each on a line with the keys that Falco writes and falcosidekick reads.
func NewFalco(w io.Writer, hostname string) Output {
	return &stream{bufio.NewWriterSize(w, 1<<16), func(s *alert.Shown) ([]byte, error) { return falcoJSON(s, hostname) }}
}

// falcoDocument has the keys of Falco's JSON output.
type falcoDocument struct {
	UUID     string         `json:"uuid"`
	Output   string         `json:"output"`
	Priority string         `json:"priority"`
	Rule     string         `json:"rule"`
	Time     string         `json:"time"`
	Source   string         `json:"source"`
	Hostname string         `json:"hostname"`
	Tags     []string       `json:"tags"`
	Fields   map[string]any `json:"output_fields"`
}

// The rules under which receivers that know only alerts get the rest.
const (
	ruleIncident = "Bartizan incident"
	falcoTime    = "2006-01-02T15:04:05.000000000Z"
)

// falcoJSON is what is shown as Falco would write it. What Falco has no key for stands among the fields, under
// bartizan.*; their values are texts and numbers, as falcosidekick expects.
func falcoJSON(s *alert.Shown, hostname string) ([]byte, error) {
	a := falcoAlert(s)
	d := falcoDocument{
		UUID: uuid(s.ID), Output: a.Line(), Priority: a.Priority.String(), Rule: a.Rule, Time: a.Time.UTC().Format(falcoTime),
		Source: a.Source, Hostname: hostname, Tags: a.Tags, Fields: make(map[string]any, len(a.Fields)+8),
	}
	for _, f := range a.Fields {
		d.Fields[f.Name] = f.Value
		if list, ok := f.Value.([]string); ok {
			d.Fields[f.Name] = alert.FieldText(list)
		}
	}
	if d.Tags == nil {
		d.Tags = []string{}
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(d); err != nil {
		return nil, fmt.Errorf("write alert as Falco does: %w", err)
	}
	return alert.EscapeJSON(bytes.TrimSuffix(b.Bytes(), []byte("\n"))), nil
}

// falcoAlert is what is shown as one of Falco's alerts.
func falcoAlert(s *alert.Shown) falco.Alert {
	a := falco.Alert{
		Rule: s.Alert.Rule, Priority: s.Alert.Priority, Source: s.Alert.Source, Tags: s.Alert.Tags, Time: s.Time(), Output: s.Alert.Output,
		Fields: append([]falco.OutputField(nil), s.Alert.Fields...),
	}
	field := func(name, value string) {
		if value != "" {
			a.Fields = append(a.Fields, falco.OutputField{Name: "bartizan." + name, Value: value})
		}
	}
	if in := s.Incident; in != nil {
		a.Rule, a.Output, a.Fields, a.Tags = ruleIncident, in.Text, nil, append(append([]string{"bartizan_incident"}, in.Techniques...), in.Tactics...)
		a.Priority, a.Source = alert.PriorityOf(in.Severity), "bartizan"
		field("state", in.State.String())
		field("identities", strings.Join(in.Identities, ","))
		field("addresses", strings.Join(in.Addresses, ","))
		a.Fields = append(a.Fields, falco.OutputField{Name: "bartizan.alerts", Value: int64(in.Alerts)})
	} else {
		field("identity", s.Alert.Identity)
		field("addresses", strings.Join(s.Alert.Addresses, ","))
		field("kind", string(s.Alert.Subject.Kind))
		field("namespace", s.Alert.Subject.Namespace)
		field("name", s.Alert.Subject.Name)
		field("audit_id", auditID(s.Alert.Evidence))
	}
	field("id", s.ID)
	field("type", s.Kind.String())
	field("severity", s.Severity().String())
	field("incident", s.IncidentID)
	if s.Alert.Folded > 0 && s.Incident == nil {
		a.Fields = append(a.Fields, falco.OutputField{Name: "bartizan.folded", Value: int64(s.Alert.Folded)})
	}
	if r := s.Raised; r != nil {
		field("raised", fmt.Sprintf("from %s: %s stands on an attack path to %s", r.From, r.Thing, r.Standing.Target))
	}
	return a
}

func auditID(evidence []bartizan.Evidence) string {
	for _, e := range evidence {
		if e.Value != "" {
			return e.Value
		}
	}
	return ""
}

// uuid writes an ID of 32 hex digits as a UUID of version 8, which is for values that an application makes its own way.
func uuid(id string) string {
	if len(id) != 32 {
		return id
	}
	return id[:8] + "-" + id[8:12] + "-8" + id[13:16] + "-8" + id[17:20] + "-" + id[20:]
}
