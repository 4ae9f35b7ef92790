package receivers

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/go-openapi/strfmt"
	"github.com/leodido/go-syslog/v4"
	"github.com/leodido/go-syslog/v4/octetcounting"
	"github.com/leodido/go-syslog/v4/rfc5424"
	"github.com/prometheus/alertmanager/api/v2/models"
	"github.com/prometheus/common/model"
	logs "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	logsv1 "go.opentelemetry.io/proto/otlp/logs/v1"
	"google.golang.org/protobuf/encoding/protojson"
)

// TestReceivers replays one log to every sort of receiver, and decodes what each got as that receiver does.
func TestReceivers(t *testing.T) {
	box := &inbox{bodies: map[string][][]byte{}}
	url := box.serve(t)
	tcp, udp := box.syslog(t)
	config := fmt.Sprintf(`
outputs:
- {name: am, type: alertmanager, url: "%[1]s/am", labels: {team: "a \"b\""}}
- {name: otlp, type: otlp, url: "%[1]s/v1/logs"}
- {name: sidekick, type: webhook, url: "%[1]s/falco", form: falco}
- {name: own, type: webhook, url: "%[1]s/own"}
- {name: teams, type: teams, url: "%[1]s/teams"}
- {name: slack, type: slack, url: "%[1]s/slack"}
- {name: tcp, type: syslog, network: tcp, address: "%[2]s"}
- {name: udp, type: syslog, network: udp, address: "%[3]s", form: cef}
`, url, tcp, udp)
	got := replayed(t, config)
	shown := bytes.Count(got.Stdout, []byte("\n"))
	if shown < 6 {
		t.Fatalf("%d lines\n%s", shown, got.Stdout)
	}
	t.Run("falcosidekick", func(t *testing.T) {
		sidekick(t, bytes.Split(bytes.TrimSpace(got.Stdout), []byte("\n")), shown)
		sidekick(t, box.of("/falco"), shown)
	})
	t.Run("alertmanager", func(t *testing.T) { alertmanager(t, box.of("/am/api/v2/alerts")) })
	t.Run("otlp", func(t *testing.T) { otlp(t, box.of("/v1/logs"), shown) })
	t.Run("syslog", func(t *testing.T) {
		var messages []*rfc5424.SyslogMessage
		octetcounting.NewParser(syslog.WithListener(func(r *syslog.Result) {
			if r.Error != nil {
				t.Error(r.Error)
				return
			}
			messages = append(messages, r.Message.(*rfc5424.SyslogMessage))
		})).Parse(bytes.NewReader(bytes.Join(box.of("tcp"), nil)))
		checkSyslog(t, messages, shown)
		messages = nil
		for _, m := range box.of("udp") {
			parsed, err := rfc5424.NewParser().Parse(m)
			if err != nil {
				t.Fatalf("%v\n%q", err, m)
			}
			messages = append(messages, parsed.(*rfc5424.SyslogMessage))
		}
		checkSyslog(t, messages, shown)
	})
	t.Run("chats", func(t *testing.T) { chats(t, box, shown) })
}

// sidekick takes payloads as falcosidekick does: strictly typed keys, a priority that it knows, a rule, a time, fields, and
// an output; without those it answers 400. Values that are neither text nor number nor null it cannot pass on.
func sidekick(t *testing.T, bodies [][]byte, want int) {
	t.Helper()
	if len(bodies) != want {
		t.Errorf("%d payloads, want %d", len(bodies), want)
	}
	for _, body := range bodies {
		var p struct {
			UUID     string         `json:"uuid"`
			Output   string         `json:"output"`
			Priority string         `json:"priority"`
			Rule     string         `json:"rule"`
			Time     time.Time      `json:"time"`
			Fields   map[string]any `json:"output_fields"`
			Source   string         `json:"source"`
			Tags     []string       `json:"tags"`
			Hostname string         `json:"hostname"`
		}
		d := json.NewDecoder(bytes.NewReader(body))
		d.UseNumber()
		d.DisallowUnknownFields()
		if err := d.Decode(&p); err != nil {
			t.Fatalf("%v\n%s", err, body)
		}
		known := strings.Contains(" emergency alert critical error warning notice informational debug ", " "+strings.ToLower(p.Priority)+" ")
		if !known || p.Rule == "" || p.Time.IsZero() || len(p.Fields) == 0 || p.Output == "" || p.UUID == "" || p.Source == "" || p.Hostname == "" {
			t.Errorf("it would be refused, or lacks something: %s", body)
		}
		for name, v := range p.Fields {
			switch v.(type) {
			case string, json.Number, nil:
			default:
				t.Errorf("field %s is a %T", name, v)
			}
		}
		if !strings.HasPrefix(p.Output, p.Time.UTC().Format("15:04:05.000000000")+": "+p.Priority+" ") {
			t.Errorf("output %q does not begin with time and priority", p.Output)
		}
	}
}

// alertmanager reads alerts as its API does, and validates them as it does before it takes them.
func alertmanager(t *testing.T, bodies [][]byte) {
	t.Helper()
	names, ended := map[string]bool{}, false
	for _, body := range bodies {
		var alerts models.PostableAlerts
		d := json.NewDecoder(bytes.NewReader(body))
		d.DisallowUnknownFields()
		if err := d.Decode(&alerts); err != nil {
			t.Fatalf("%v\n%s", err, body)
		}
		if err := alerts.Validate(strfmt.Default); err != nil {
			t.Errorf("%v\n%s", err, body)
		}
		for _, a := range alerts {
			x := model.Alert{Labels: labels(a.Labels), Annotations: labels(a.Annotations), StartsAt: time.Time(a.StartsAt), EndsAt: time.Time(a.EndsAt)}
			if err := x.Validate(); err != nil {
				t.Errorf("%v\n%s", err, body)
			}
			if x.StartsAt.IsZero() || x.EndsAt.IsZero() || x.Labels["team"] != `a "b"` || x.Annotations["summary"] == "" || x.Annotations["description"] == "" {
				t.Errorf("something is missing: %+v", x)
			}
			names[x.Name()] = true
			ended = ended || x.Name() == "Bartizan incident" && !x.EndsAt.After(time.Now())
		}
	}
	if !names["Odd: everything"] || !names["audit-binding-cluster-admin"] || !names["Bartizan incident"] || !ended {
		t.Errorf("alerts: %v; an incident that ended: %v", names, ended)
	}
}

func labels(of models.LabelSet) model.LabelSet {
	set := model.LabelSet{}
	for name, value := range of {
		set[model.LabelName(name)] = model.LabelValue(value)
	}
	return set
}

// otlp reads log records by the protocol's own definition; a key that it does not know is an error.
func otlp(t *testing.T, bodies [][]byte, want int) {
	t.Helper()
	n, lists := 0, 0
	for _, body := range bodies {
		var request logs.ExportLogsServiceRequest
		if err := (protojson.UnmarshalOptions{DiscardUnknown: false}).Unmarshal(body, &request); err != nil {
			t.Fatalf("%v\n%s", err, body)
		}
		for _, r := range request.GetResourceLogs() {
			if value(r.GetResource().GetAttributes(), "service.name") != "bartizan" {
				t.Errorf("resource %v", r.GetResource())
			}
			for _, s := range r.GetScopeLogs() {
				for _, l := range s.GetLogRecords() {
					n++
					lists += checkRecord(t, l)
				}
			}
		}
	}
	if n != want || lists == 0 {
		t.Errorf("%d records, %d lists; want %d records", n, lists, want)
	}
}

// severities are the numbers that the data model of logs gives each name.
var severities = map[string]logsv1.SeverityNumber{
	"info": logsv1.SeverityNumber_SEVERITY_NUMBER_INFO, "low": logsv1.SeverityNumber_SEVERITY_NUMBER_INFO2, "medium": logsv1.SeverityNumber_SEVERITY_NUMBER_WARN,
	"high": logsv1.SeverityNumber_SEVERITY_NUMBER_ERROR, "critical": logsv1.SeverityNumber_SEVERITY_NUMBER_FATAL,
}

func checkRecord(t *testing.T, l *logsv1.LogRecord) (lists int) {
	t.Helper()
	at, seen := time.Unix(0, int64(l.GetTimeUnixNano())).UTC(), time.Unix(0, int64(l.GetObservedTimeUnixNano()))
	if at.Format(time.DateOnly) != "2026-11-21" || time.Since(seen) > time.Hour {
		t.Errorf("happened %s, seen %s", at, seen)
	}
	if l.GetSeverityNumber() != severities[l.GetSeverityText()] || l.GetBody().GetStringValue() == "" || !strings.HasPrefix(l.GetEventName(), "bartizan.") {
		t.Errorf("record %v", l)
	}
	keys := map[string]bool{}
	for _, a := range l.GetAttributes() {
		if keys[a.GetKey()] || a.GetKey() == "" || a.GetValue().GetValue() == nil {
			t.Errorf("attribute %q twice, or without a value", a.GetKey())
		}
		keys[a.GetKey()] = true
		if a.GetValue().GetArrayValue() != nil {
			lists++
		}
	}
	return lists
}

func value(attributes []*common.KeyValue, key string) string {
	for _, a := range attributes {
		if a.GetKey() == key {
			return a.GetValue().GetStringValue()
		}
	}
	return ""
}

// checkSyslog checks what a parser of RFC 5424 found: structured data comes back as it was before it was escaped.
func checkSyslog(t *testing.T, messages []*rfc5424.SyslogMessage, want int) {
	t.Helper()
	if len(messages) != want {
		t.Errorf("%d messages, want %d", len(messages), want)
	}
	found := false
	for _, m := range messages {
		if m.StructuredData == nil || m.Message == nil || m.Timestamp == nil || m.Appname == nil || *m.Appname != "bartizan" || *m.Facility != 10 {
			t.Fatalf("message %+v", m)
		}
		data := (*m.StructuredData)["bartizan@32473"]
		if data["id"] == "" || data["rule"] == "" || data["severity"] == "" {
			t.Errorf("structured data %v", data)
		}
		found = found || strings.HasPrefix(data["identity"], `mal"lory\]=[x] <b>*@all* ü`)
	}
	if !found {
		t.Error("no message has the identity as it is")
	}
}

// chats reads messages for chats: one document each, of the form that Teams' workflows and Slack's webhooks take.
func chats(t *testing.T, box *inbox, want int) {
	t.Helper()
	type card struct {
		Type    string           `json:"type"`
		Version string           `json:"version"`
		Schema  string           `json:"$schema"`
		Body    []map[string]any `json:"body"`
		Actions []map[string]any `json:"actions"`
	}
	for _, body := range box.of("/teams") {
		var m struct {
			Type        string `json:"type"`
			Attachments []struct {
				ContentType string `json:"contentType"`
				Content     card   `json:"content"`
			} `json:"attachments"`
		}
		strict(t, body, &m)
		if m.Type != "message" || len(m.Attachments) != 1 || m.Attachments[0].ContentType != "application/vnd.microsoft.card.adaptive" ||
			m.Attachments[0].Content.Type != "AdaptiveCard" || len(m.Attachments[0].Content.Body) < 2 {
			t.Errorf("no adaptive card: %s", body)
		}
		if bytes.Contains(body, []byte(`"value":""`)) {
			t.Errorf("a fact without a value: %s", body)
		}
		if len(body) > 28<<10 {
			t.Errorf("%d bytes: Teams takes 28 KB", len(body))
		}
	}
	for _, body := range box.of("/slack") {
		var m struct {
			Text string `json:"text"`
		}
		strict(t, body, &m)
		if m.Text == "" || strings.Contains(m.Text, "<b>") {
			t.Errorf("text %q", m.Text)
		}
	}
	if n, k := len(box.of("/teams")), len(box.of("/slack")); n != want || k != want {
		t.Errorf("%d messages to Teams, %d to Slack, want %d", n, k, want)
	}
	if len(box.of("/own")) == 0 {
		t.Error("the webhook got nothing")
	}
}

func strict(t *testing.T, body []byte, into any) {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		t.Fatalf("%v\n%s", err, body)
	}
	if _, err := d.Token(); err != io.EOF {
		t.Errorf("more than one document: %s", body)
	}
}
