package notify

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/bartizan-dev/bartizan/internal/alert"
	"github.com/bartizan-dev/bartizan/internal/sink"
	"github.com/bartizan-dev/bartizan/internal/tree"
)

// alertmanager posts to /api/v2/alerts. An alert there is a state, not an event: it is active until endsAt, and told again
// until then, as one that an Alertmanager has not heard of for long is taken to be over. What happens once is active for
// a while after it happened; an incident is active until it has ended.
type alertmanager struct {
	places []*client
	place  *place
	hold   time.Duration
	resend time.Duration
	labels map[string]string
	active map[string]*active
}

// active is an alert that an Alertmanager should show.
type active struct {
	body amAlert
	ends time.Time
}

// maxActive bounds how many alerts are told again.
const maxActive = 10_000

type amAlert struct {
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
	StartsAt    string            `json:"startsAt"`
	EndsAt      string            `json:"endsAt"`
}

func alertmanagerKind(r *reader, n tree.Node, known fields, _ *Target) func() func(*place) (courier, error) {
	var e endpoint
	var more []Secret
	am := alertmanager{hold: time.Hour, resend: time.Minute, labels: map[string]string{}}
	r.endpointFields(known, &e)
	known["replicas"] = func(n tree.Node) {
		for item := range n.Items() {
			var s Secret
			r.secret(&s)(item)
			more = append(more, s)
		}
		if n.Kind() != tree.List {
			r.fault(n, "replicas must be a list of URLs")
		}
	}
	known["hold"] = r.span(&am.hold, time.Minute, 30*24*time.Hour)
	known["resend"] = r.span(&am.resend, time.Second, time.Hour)
	known["labels"] = func(n tree.Node) {
		for c := range n.Items() {
			value := ""
			r.text(&value)(c)
			if !labelName(c.Key()) {
				r.fault(c, "%q is no name of a label: use letters, digits and underscores", c.Key())
			}
			am.labels[c.Key()] = value
		}
	}
	return func() func(*place) (courier, error) {
		r.endpoint(n, &e)
		for i, u := range more {
			r.endpoint(n.Get("replicas").Index(i), &endpoint{url: u, plain: e.plain})
		}
		return func(p *place) (courier, error) {
			own := am
			own.place, own.active = p, map[string]*active{}
			for _, u := range append([]Secret{e.url}, more...) {
				one := e
				one.url = u
				c, err := one.client(p)
				if err != nil {
					return nil, err
				}
				own.places = append(own.places, c)
			}
			return &own, nil
		}
	}
}

func labelName(s string) bool {
	return s != "" && !(s[0] >= '0' && s[0] <= '9') && !strings.ContainsFunc(s, func(c rune) bool {
		return c != '_' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z')
	})
}

func (a *alertmanager) deliver(ctx context.Context, batch []alert.Shown) error {
	keys := make([]string, 0, len(batch))
	for i := range batch {
		key := a.note(&batch[i])
		if !slices.Contains(keys, key) {
			keys = append(keys, key)
		}
	}
	return a.send(ctx, keys)
}

// note makes what is shown an active alert, or brings the one that it belongs to up to date.
func (a *alertmanager) note(s *alert.Shown) string {
	now := a.place.now()
	body := a.alert(s)
	key := labelKey(body.Labels)
	ends := latest(now, s.Time()).Add(a.hold)
	if s.Incident != nil && s.Incident.State == alert.Ended {
		ends = now
	}
	if old := a.active[key]; old != nil && old.body.StartsAt < body.StartsAt {
		body.StartsAt = old.body.StartsAt
	}
	if len(a.active) >= maxActive && a.active[key] == nil {
		a.forget()
	}
	body.EndsAt = stamp(ends)
	a.active[key] = &active{body, ends}
	return key
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// alert is what is shown with labels, which say what it is, and annotations, which say the rest.
func (a *alertmanager) alert(s *alert.Shown) amAlert {
	labels := maps.Clone(a.labels)
	put := func(name, value string) {
		if value != "" {
			labels[name] = strings.ToValidUTF8(value, "�")
		}
	}
	x := &s.Alert
	put("alertname", x.Rule)
	put("severity", s.Severity().String())
	put("source", cmp.Or(x.Source, "bartizan"))
	put("hostname", a.place.hostname)
	if in := s.Incident; in != nil {
		put("alertname", ruleIncident)
		put("source", "bartizan")
		put("incident", in.ID)
		delete(labels, "severity") // it may change, and the incident stays the same
		return amAlert{labels, map[string]string{
			"summary": "incident " + in.ID + " " + in.State.String(), "description": sink.Printable(in.Text), "severity": in.Severity.String(),
			"techniques": strings.Join(in.Techniques, " "),
		}, stamp(in.First), ""}
	}
	if s.Kind == alert.KindAlert {
		put("identity", x.Identity)
		put("namespace", x.Subject.Namespace)
		put("kind", string(x.Subject.Kind))
		put("name", x.Subject.Name)
	}
	notes := map[string]string{"summary": sink.Printable(cmp.Or(x.Title, x.Rule)), "description": sink.Printable(x.Output)}
	for name, value := range map[string]string{
		"techniques": strings.Join(alert.Techniques(x.Tags), " "), "addresses": strings.Join(x.Addresses, " "), "incident": s.IncidentID,
		"audit_id": auditID(x.Evidence), "id": s.ID,
	} {
		if value != "" {
			notes[name] = strings.ToValidUTF8(value, "�")
		}
	}
	return amAlert{labels, notes, stamp(x.Time), ""}
}

func labelKey(labels map[string]string) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		b.WriteString(name + "\x00" + labels[name] + "\x00")
	}
	return b.String()
}

// send posts active alerts to every replica; one that takes them is enough.
func (a *alertmanager) send(ctx context.Context, keys []string) error {
	alerts := make([]amAlert, 0, len(keys))
	for _, key := range keys {
		alerts = append(alerts, a.active[key].body)
	}
	body, err := json.Marshal(alerts)
	if err != nil {
		return &refusal{err.Error()}
	}
	var errs []error
	for _, c := range a.places {
		if _, err := c.post(ctx, "api/v2/alerts", "application/json", body, nil); err != nil {
			errs = append(errs, err)
		}
	}
	if len(errs) < len(a.places) {
		return nil
	}
	return errors.Join(errs...)
}

func (a *alertmanager) every() time.Duration { return a.resend }

// remind tells again what is active, and forgets what is over.
func (a *alertmanager) remind(ctx context.Context) error {
	now := a.place.now()
	maps.DeleteFunc(a.active, func(_ string, x *active) bool { return !x.ends.After(now) })
	if len(a.active) == 0 {
		return nil
	}
	return a.send(ctx, slices.Sorted(maps.Keys(a.active)))
}

// forget makes room: what ends first is not told again.
func (a *alertmanager) forget() {
	first := ""
	for key, x := range a.active {
		if first == "" || x.ends.Before(a.active[first].ends) || x.ends.Equal(a.active[first].ends) && key < first {
			first = key
		}
	}
	delete(a.active, first)
}

func (a *alertmanager) close() error {
	for _, c := range a.places {
		c.http.CloseIdleConnections()
	}
	return nil
}
