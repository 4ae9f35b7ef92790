package notify

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/bartizan-dev/bartizan/internal/alert"
	"github.com/bartizan-dev/bartizan/internal/sink"
	"github.com/bartizan-dev/bartizan/internal/tree"
)

// templated posts one message for each alert, in the form that a chat expects. The body is a document whose texts are
// templates: what an alert holds can fill a text, and can never become part of the document around it.
type templated struct {
	*client
	hostname string
	body     any // maps, lists, *template.Template for texts, and other scalars
	escape   func(string) string
}

// templateData is what a template may say. Every value is a text, escaped for the chat.
type templateData struct {
	Kind, ID, Rule, Title, Severity, SEVERITY, Sign, Priority, Source, Time, Identity, Addresses, Output, Incident, State, Folded, Raised string
	SubjectKind, Namespace, Name, Subject, Techniques, Tactics, Tags, AuditID, Hostname                                                   string
}

// presets are the bodies of known chats.
var presets = map[string]string{
	"slack":      `{text: "{{.Sign}} *{{.SEVERITY}}* {{.Title}}\n{{.Output}}\n{{with .Raised}}{{.}}\n{{end}}{{with .Identity}}by {{.}} {{end}}{{with .Addresses}}from {{.}} {{end}}{{with .Subject}}on {{.}} {{end}}{{with .Techniques}}({{.}}) {{end}}{{with .Incident}}incident {{.}}{{end}}"}`,
	"mattermost": `{text: "{{.Sign}} **{{.SEVERITY}}** {{.Title}}\n{{.Output}}\n{{with .Raised}}{{.}}\n{{end}}{{with .Identity}}by {{.}} {{end}}{{with .Addresses}}from {{.}} {{end}}{{with .Subject}}on {{.}} {{end}}{{with .Techniques}}({{.}}) {{end}}{{with .Incident}}incident {{.}}{{end}}"}`,
	"teams": `
type: message
attachments:
- contentType: application/vnd.microsoft.card.adaptive
  content:
    type: AdaptiveCard
    version: "1.4"
    body:
    - {type: TextBlock, weight: Bolder, wrap: true, text: "{{.Sign}} {{.SEVERITY}}: {{.Title}}"}
    - {type: TextBlock, wrap: true, text: "{{.Output}}"}
    - type: FactSet
      facts:
      - {title: identity, value: "{{.Identity}}"}
      - {title: from, value: "{{.Addresses}}"}
      - {title: object, value: "{{.Subject}}"}
      - {title: techniques, value: "{{.Techniques}}"}
      - {title: incident, value: "{{.Incident}}"}
`,
}

// escapes make a text plain for a chat: what would be a link, a mention or a heading there.
var escapes = map[string]func(string) string{
	"slack":      strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "*", "∗", "`", "ˋ").Replace,
	"mattermost": markdown,
	"teams":      markdown,
	"none":       func(s string) string { return s },
}

// markdown escapes what has a meaning in Markdown, and breaks mentions.
func markdown(s string) string {
	var b strings.Builder
	for _, c := range s {
		if strings.ContainsRune("\\`*_{}[]<>()#+!|~", c) {
			b.WriteByte('\\')
		}
		b.WriteRune(c)
		if c == '@' {
			b.WriteRune('\u200b')
		}
	}
	return b.String()
}

func templateKind(preset string) kind {
	return func(r *reader, n tree.Node, known fields, t *Target) func() func(*place) (courier, error) {
		var e endpoint
		escape := cmp.Or(preset, "none")
		var body any
		r.endpointFields(known, &e)
		known["body"] = func(b tree.Node) { body = r.template(b) }
		known["escape"] = r.choice(&escape, "none", "slack", "mattermost", "teams")
		return func() func(*place) (courier, error) {
			r.endpoint(n, &e)
			t.sending.items = 1
			if body == nil && preset != "" {
				body = readPreset(r, n, preset)
			}
			if body == nil {
				r.fault(n, "body is missing: write the document to send, with texts such as \"{{.Title}}\"")
				return nil
			}
			return func(p *place) (courier, error) {
				c, err := e.client(p)
				return &templated{c, p.hostname, body, escapes[escape]}, err
			}
		}
	}
}

// readPreset reads the body of a chat.
func readPreset(r *reader, n tree.Node, preset string) (body any) {
	for d, err := range tree.Parse(presets[preset], tree.DefaultLimits()) {
		if err != nil {
			r.fault(n, "the body of %s: %s", preset, err)
			return nil
		}
		body = r.template(d.Root())
	}
	return body
}

func (t *templated) deliver(ctx context.Context, batch []alert.Shown) error {
	for i := range batch {
		filled, err := fillAll(t.body, t.data(&batch[i]))
		if err != nil {
			return &refusal{err.Error()}
		}
		body, err := json.Marshal(filled)
		if err != nil {
			return &refusal{err.Error()}
		}
		if _, err := t.post(ctx, "", "application/json", body, nil); err != nil {
			return err
		}
	}
	return nil
}

// data is what is shown as templates see it.
func (t *templated) data(s *alert.Shown) *templateData {
	a := falcoAlert(s)
	safe := func(text string) string { return t.escape(sink.Printable(clip(text, 4096))) }
	d := &templateData{
		Kind: s.Kind.String(), ID: s.ID, Rule: safe(a.Rule), Title: safe(title(s)), Severity: s.Severity().String(),
		SEVERITY: strings.ToUpper(s.Severity().String()), Sign: marks[min(int(s.Severity()), len(marks)-1)].sign, Priority: a.Priority.String(), Source: safe(a.Source),
		Time: s.Time().UTC().Format("2006-01-02 15:04:05 MST"), Output: safe(a.Output), Incident: s.IncidentID, Hostname: safe(t.hostname),
		Identity: safe(s.Alert.Identity), Addresses: safe(strings.Join(s.Alert.Addresses, ", ")), SubjectKind: safe(string(s.Alert.Subject.Kind)),
		Namespace: safe(s.Alert.Subject.Namespace), Name: safe(s.Alert.Subject.Name), Subject: safe(subjectText(s)),
		Techniques: safe(strings.Join(alert.Techniques(a.Tags), " ")), Tactics: safe(strings.Join(alert.Tactics(a.Tags), ", ")),
		Tags: safe(strings.Join(a.Tags, " ")), AuditID: safe(auditID(s.Alert.Evidence)),
	}
	if s.Alert.Folded > 0 {
		d.Folded = fmt.Sprint(s.Alert.Folded)
	}
	if r := s.Raised; r != nil {
		d.Raised = safe(fmt.Sprintf("raised from %s: %s is on an attack path to %s", r.From, r.Thing, r.Standing.Target))
	}
	if in := s.Incident; in != nil {
		d.State = in.State.String()
		d.Identity, d.Addresses, d.Subject = safe(strings.Join(in.Identities, ", ")), safe(strings.Join(in.Addresses, ", ")), ""
		d.Techniques, d.Tactics = safe(strings.Join(in.Techniques, " ")), safe(strings.Join(in.Tactics, ", "))
	}
	return d
}

func (t *templated) close() error { t.http.CloseIdleConnections(); return nil }
