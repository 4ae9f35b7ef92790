package alert

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/detect"
	"github.com/bartizan-dev/bartizan/internal/falco"
)

// Written is an alert, or a finding of a scan, as it was read from a file.
type Written struct {
	ID      string // of an alert; the fingerprint of a finding; empty for one of Falco's without uuid
	Alert   detect.Alert
	Finding bool // it is a finding: no identity, no address, but a file
	Count   int  // how many alerts it stands for
}

// maxWritten bounds how many are read.
const maxWritten = 1_000_000

const byteOrderMark = "\ufeff"

// Read reads alerts in any form in which they are written: documents of bartizan.dev/v1 (alerts and summaries as lines,
// findings as lines or as a whole report) and Falco's JSON, one after another. Incidents and what else such files hold
// is passed over.
func Read(file string, in io.Reader) ([]Written, error) {
	var all []Written
	text := bufio.NewReader(in)
	if head, _ := text.Peek(len(byteOrderMark)); string(head) == byteOrderMark { // as some shells write it
		_, _ = text.Discard(len(byteOrderMark))
	}
	decoder := json.NewDecoder(text)
	decoder.UseNumber()
	for n := 1; ; n++ {
		var raw json.RawMessage
		err := decoder.Decode(&raw)
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read alerts from %s: document %d is no JSON: %w", file, n, err)
		}
		more, err := readDocument(raw)
		if err != nil {
			return nil, fmt.Errorf("read alerts from %s: document %d: %w", file, n, err)
		}
		if all = append(all, more...); len(all) > maxWritten {
			return nil, fmt.Errorf("read alerts from %s: more than %d", file, maxWritten)
		}
	}
}

// form tells the forms of documents apart.
type form struct {
	Schema   string            `json:"schema"`
	Type     string            `json:"type"`
	Rule     *string           `json:"rule"`
	Output   *string           `json:"output"`
	Findings []json.RawMessage `json:"findings"`
	Alerts   []json.RawMessage `json:"alerts"`
}

func readDocument(raw []byte) (all []Written, err error) {
	var f form
	if err := json.Unmarshal(raw, &f); err != nil {
		return nil, fmt.Errorf("expected an alert: %w", err)
	}
	switch {
	case f.Findings != nil || f.Alerts != nil: // a report of scan, or the body of a webhook
		for i, item := range append(f.Findings, f.Alerts...) {
			more, err := readItem(item, i < len(f.Findings))
			if err != nil {
				return nil, err
			}
			all = append(all, more...)
		}
		return all, nil
	case f.Schema == Schema && f.Type == KindIncident.String(), f.Type == "gap", f.Type == "summary" && f.Rule == nil, f.Type == "framework":
		return nil, nil
	case f.Type == "finding":
		return readItem(raw, true)
	case f.Schema == Schema:
		return readItem(raw, false)
	case f.Rule != nil && f.Output != nil:
		return readFalco(raw)
	}
	return nil, fmt.Errorf("it is neither an alert of bartizan.dev/v1, nor a finding, nor an alert of Falco")
}

func readItem(raw []byte, finding bool) ([]Written, error) {
	if finding {
		return readFinding(raw)
	}
	var s Shown
	if err := s.UnmarshalJSON(raw); err != nil {
		return nil, err
	}
	if s.Incident != nil {
		return nil, nil
	}
	n := s.Alert.Folded
	if s.Kind == KindAlert {
		n++
	}
	return []Written{{ID: s.ID, Alert: s.Alert, Count: n}}, nil
}

func readFinding(raw []byte) ([]Written, error) {
	var d struct {
		Rule, Title, Severity, Message, Fingerprint string
		Subject                                     docRef
		Evidence                                    []docEvidence
	}
	if err := json.Unmarshal(raw, &d); err != nil {
		return nil, fmt.Errorf("expected a finding: %w", err)
	}
	severity, err := bartizan.ParseSeverity(d.Severity)
	if err != nil || d.Rule == "" {
		return nil, fmt.Errorf("expected a finding with rule and severity")
	}
	w := Written{ID: d.Fingerprint, Finding: true, Count: 1}
	w.Alert = detect.Alert{Rule: d.Rule, Title: d.Title, Severity: severity, Output: d.Message, Subject: bartizan.Ref(d.Subject)}
	for _, e := range d.Evidence {
		w.Alert.Evidence = append(w.Alert.Evidence, bartizan.Evidence{Path: e.Path, Value: e.Value, Origin: bartizan.Origin{File: e.File, Line: e.Line}})
	}
	return []Written{w}, nil
}

// readFalco reads an alert of Falco: of one that Bartizan wrote, identity, addresses and object stand in fields of ours;
// otherwise in those of k8s_audit.
func readFalco(raw []byte) ([]Written, error) {
	var d struct {
		UUID, Output, Priority, Rule, Source string
		Time                                 string
		Tags                                 []string
		Fields                               map[string]any `json:"output_fields"`
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	if err := decoder.Decode(&d); err != nil {
		return nil, fmt.Errorf("expected an alert of Falco: %w", err)
	}
	priority, ok := falco.ParsePriority(d.Priority)
	if !ok {
		return nil, fmt.Errorf("priority %q is none of Falco's", d.Priority)
	}
	at, err := time.Parse(time.RFC3339Nano, d.Time)
	if err != nil {
		at = time.Time{} // what is written without a time is an alert all the same
	}
	a := detect.Alert{Rule: d.Rule, Source: d.Source, Priority: priority, Severity: severityOf(priority), Tags: d.Tags, Time: at, Output: d.Output}
	field := func(names ...string) string {
		for _, name := range names {
			if v, ok := d.Fields[name].(string); ok && v != "" && v != "<NA>" {
				return strings.TrimSpace(v)
			}
		}
		return ""
	}
	a.Identity = field("bartizan.identity", "ka.user.name")
	a.Subject = singular(bartizan.Ref{
		Kind: bartizan.Kind(field("bartizan.kind", "ka.target.resource")), Namespace: field("bartizan.namespace", "ka.target.namespace"),
		Name: field("bartizan.name", "ka.target.name"),
	})
	if list := strings.Trim(field("bartizan.addresses", "ka.sourceips"), "()"); list != "" {
		a.Addresses = strings.Split(list, ",")
	}
	for _, name := range slices.Sorted(maps.Keys(d.Fields)) {
		if !strings.HasPrefix(name, "bartizan.") {
			a.Fields = append(a.Fields, falco.OutputField{Name: name, Value: fieldValue(d.Fields[name])})
		}
	}
	if a.Rule == "Bartizan incident" {
		return nil, nil
	}
	folded, _ := fieldValue(d.Fields["bartizan.folded"]).(uint64)
	n := int(min(folded, maxWritten))
	if field("bartizan.type") != KindSummary.String() {
		n++
	}
	return []Written{{ID: d.UUID, Alert: a, Count: n}}, nil
}

// severityOf is a priority in our words.
func severityOf(p falco.Priority) bartizan.Severity {
	switch {
	case p <= falco.PriorityCritical:
		return bartizan.Critical
	case p == falco.PriorityError:
		return bartizan.High
	case p == falco.PriorityWarning:
		return bartizan.Medium
	case p == falco.PriorityNotice:
		return bartizan.Low
	}
	return bartizan.Info
}
