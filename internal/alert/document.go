package alert

import (
	"maps"
	"slices"
	"time"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/falco"
)

// Schema names the form of every JSON document; docs/alerts.md lists the fields.
const Schema = "bartizan.dev/v1"

// document is a Shown as JSON.
type document struct {
	Schema    string         `json:"schema"`
	Type      string         `json:"type"`
	ID        string         `json:"id"`
	Time      time.Time      `json:"time"`
	Rule      string         `json:"rule"`
	Title     string         `json:"title"`
	Severity  string         `json:"severity"`
	Priority  string         `json:"priority"`
	Source    string         `json:"source"`
	Tags      []string       `json:"tags"`
	Identity  string         `json:"identity"`
	Addresses []string       `json:"addresses"`
	Subject   docRef         `json:"subject"`
	Message   string         `json:"message"`
	Fields    map[string]any `json:"fields"`
	Evidence  []docEvidence  `json:"evidence"`
	Folded    int            `json:"folded,omitempty"`
	Raised    *docRaised     `json:"raised,omitempty"`
	Expired   string         `json:"expired,omitempty"`
	InID      string         `json:"incidentId,omitempty"`
	Summary   *docSummary    `json:"summary,omitempty"`
	Incident  *docIncident   `json:"incident,omitempty"`
}

type docRef struct {
	Kind      bartizan.Kind `json:"kind"`
	Namespace string        `json:"namespace"`
	Name      string        `json:"name"`
}

type docEvidence struct {
	Path   string `json:"path"`
	Value  string `json:"value"`
	File   string `json:"file"`
	Line   int    `json:"line"`
	Column int    `json:"column"`
}

type docRaised struct {
	From   string `json:"from"`
	Thing  docRef `json:"thing"`
	Target string `json:"target"`
	To     string `json:"to"`
}

type docSummary struct {
	Folded         int       `json:"folded"`
	First          time.Time `json:"first"`
	Last           time.Time `json:"last"`
	Identities     []string  `json:"identities"`
	MoreIdentities int       `json:"moreIdentities,omitempty"`
	Subjects       []string  `json:"subjects"`
	MoreSubjects   int       `json:"moreSubjects,omitempty"`
}

type docIncident struct {
	ID         string     `json:"id"`
	State      string     `json:"state"`
	Severity   string     `json:"severity"`
	First      time.Time  `json:"first"`
	Last       time.Time  `json:"last"`
	Alerts     int        `json:"alerts"`
	Rules      int        `json:"rules"`
	Identities []string   `json:"identities"`
	Addresses  []string   `json:"addresses"`
	Subjects   []docRef   `json:"subjects"`
	More       int        `json:"more,omitempty"`
	Tactics    []string   `json:"tactics"`
	Techniques []string   `json:"techniques"`
	Timeline   []docStep  `json:"timeline"`
	MoreAlerts int        `json:"moreAlerts,omitempty"`
	Joined     []string   `json:"joined,omitempty"`
	New        []string   `json:"new,omitempty"`
	Raised     *docRaised `json:"raised,omitempty"`
	Message    string     `json:"message"`
}

type docStep struct {
	First    time.Time `json:"first"`
	Last     time.Time `json:"last"`
	Count    int       `json:"count"`
	Rule     string    `json:"rule"`
	Title    string    `json:"title"`
	Severity string    `json:"severity"`
	Identity string    `json:"identity"`
	Subject  docRef    `json:"subject"`
	Message  string    `json:"message"`
	Tactics  []string  `json:"tactics"`
	Alert    string    `json:"alert"`
}

func documentOf(s *Shown) *document {
	a := &s.Alert
	d := &document{
		Schema: Schema, Type: s.Kind.String(), ID: s.ID, Time: s.Time().UTC(), Rule: a.Rule, Title: a.Title, Severity: s.Severity().String(),
		Priority: a.Priority.String(), Source: a.Source, Tags: full(a.Tags), Identity: a.Identity, Addresses: full(a.Addresses), Subject: docRef(a.Subject),
		Message: a.Output, Fields: make(map[string]any, len(a.Fields)), Evidence: make([]docEvidence, 0, len(a.Evidence)), Folded: a.Folded,
		Raised: raisedDocument(s.Raised), Expired: s.Expired, InID: s.IncidentID,
	}
	for _, f := range a.Fields {
		d.Fields[f.Name] = f.Value
	}
	for _, e := range a.Evidence {
		d.Evidence = append(d.Evidence, docEvidence{e.Path, e.Value, e.Origin.File, e.Origin.Line, e.Origin.Column})
	}
	if m := s.Summary; m != nil {
		d.Summary = &docSummary{m.Folded, m.First.UTC(), m.Last.UTC(), full(m.Identities), m.MoreIdentities, full(m.Subjects), m.MoreSubjects}
	}
	if s.Incident != nil {
		d.Incident = incidentDocument(s.Incident)
		d.Message = s.Incident.Text
		d.Priority = PriorityOf(s.Incident.Severity).String()
	}
	return d
}

func raisedDocument(r *Raised) *docRaised {
	if r == nil {
		return nil
	}
	return &docRaised{r.From.String(), docRef(r.Thing), r.Standing.Target, r.Standing.To}
}

func incidentDocument(in *Incident) *docIncident {
	d := &docIncident{
		ID: in.ID, State: in.State.String(), Severity: in.Severity.String(), First: in.First.UTC(), Last: in.Last.UTC(), Alerts: in.Alerts,
		Rules: in.Rules, Identities: full(in.Identities), Addresses: full(in.Addresses), Subjects: make([]docRef, 0, len(in.Subjects)), More: in.More,
		Tactics: full(in.Tactics), Techniques: full(in.Techniques), Timeline: make([]docStep, 0, len(in.Steps)), MoreAlerts: in.MoreAlerts,
		Joined: in.Joined, New: in.New, Raised: raisedDocument(in.Raised), Message: in.Text,
	}
	for _, r := range in.Subjects {
		d.Subjects = append(d.Subjects, docRef(r))
	}
	for _, s := range in.Steps {
		d.Timeline = append(d.Timeline, docStep{
			s.First.UTC(), s.Last.UTC(), s.Count, s.Rule, s.Title, s.Severity.String(), s.Identity, docRef(s.Subject), s.Output, full(s.Tactics), s.Alert,
		})
	}
	return d
}

// full is a list that JSON writes as one even if it is empty.
func full(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

// shown is the document as a Shown.
func (d *document) shown() (*Shown, error) {
	kind, err := position("type", d.Type, kindNames[:])
	if err != nil {
		return nil, err
	}
	s := &Shown{Kind: Kind(kind), ID: d.ID, Expired: d.Expired, IncidentID: d.InID}
	a := &s.Alert
	a.Rule, a.Title, a.Source, a.Tags, a.Time, a.Identity = d.Rule, d.Title, d.Source, some(d.Tags), d.Time, d.Identity
	a.Addresses, a.Subject, a.Output, a.Folded = some(d.Addresses), bartizan.Ref(d.Subject), d.Message, d.Folded
	if a.Severity, err = bartizan.ParseSeverity(d.Severity); err != nil {
		return nil, err
	}
	a.Priority = PriorityOf(a.Severity)
	if p, ok := falco.ParsePriority(d.Priority); ok {
		a.Priority = p
	}
	for _, name := range slices.Sorted(maps.Keys(d.Fields)) {
		a.Fields = append(a.Fields, falco.OutputField{Name: name, Value: fieldValue(d.Fields[name])})
	}
	for _, e := range d.Evidence {
		a.Evidence = append(a.Evidence, bartizan.Evidence{Path: e.Path, Value: e.Value, Origin: bartizan.Origin{File: e.File, Line: e.Line, Column: e.Column}})
	}
	if s.Raised, err = d.Raised.raised(); err != nil {
		return nil, err
	}
	if m := d.Summary; m != nil {
		s.Summary = &Summary{m.Folded, m.First, m.Last, some(m.Identities), some(m.Subjects), m.MoreIdentities, m.MoreSubjects}
	}
	if d.Incident != nil {
		s.Incident, err = d.Incident.incident()
	}
	if (s.Kind == KindSummary) != (s.Summary != nil) || (s.Kind == KindIncident) != (s.Incident != nil) {
		return nil, errKind(d.Type)
	}
	return s, err
}

func (d *docRaised) raised() (*Raised, error) {
	if d == nil {
		return nil, nil
	}
	from, err := bartizan.ParseSeverity(d.From)
	return &Raised{from, bartizan.Ref(d.Thing), Standing{d.Target, d.To}}, err
}

func (d *docIncident) incident() (*Incident, error) {
	state, err := position("state", d.State, stateNames[:])
	if err != nil {
		return nil, err
	}
	in := &Incident{
		ID: d.ID, State: State(state), First: d.First, Last: d.Last, Alerts: d.Alerts, Rules: d.Rules, Identities: some(d.Identities),
		Addresses: some(d.Addresses), More: d.More, Tactics: some(d.Tactics), Techniques: some(d.Techniques), MoreAlerts: d.MoreAlerts,
		Joined: d.Joined, New: d.New, Text: d.Message,
	}
	if in.Severity, err = bartizan.ParseSeverity(d.Severity); err != nil {
		return nil, err
	}
	if in.Raised, err = d.Raised.raised(); err != nil {
		return nil, err
	}
	for _, r := range d.Subjects {
		in.Subjects = append(in.Subjects, bartizan.Ref(r))
	}
	for _, s := range d.Timeline {
		severity, err := bartizan.ParseSeverity(s.Severity)
		if err != nil {
			return nil, err
		}
		in.Steps = append(in.Steps, Step{s.First, s.Last, s.Count, s.Rule, s.Title, severity, s.Identity, bartizan.Ref(s.Subject), s.Message, some(s.Tactics), s.Alert})
	}
	return in, nil
}

// some is a list that is nil if it is empty.
func some(list []string) []string {
	if len(list) == 0 {
		return nil
	}
	return list
}
