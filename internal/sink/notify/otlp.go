package notify

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/alert"
	"github.com/bartizan-dev/bartizan/internal/tree"
)

// otlp posts log records of OpenTelemetry, in the JSON form of OTLP over HTTP, to /v1/logs.
type otlp struct {
	*client
	place   *place
	service string
}

func otlpKind(r *reader, n tree.Node, known fields, _ *Target) func() func(*place) (courier, error) {
	var e endpoint
	o := otlp{service: "bartizan"}
	r.endpointFields(known, &e)
	known["service"] = r.text(&o.service)
	return func() func(*place) (courier, error) {
		r.endpoint(n, &e)
		return func(p *place) (courier, error) {
			c, err := e.client(p)
			if err != nil {
				return nil, err
			}
			own := o
			own.client, own.place = c, p
			return &own, nil
		}
	}
}

// The JSON form of OTLP: field names in lower camel case, 64-bit numbers as texts.
type (
	otlpValue struct {
		String *string    `json:"stringValue,omitempty"`
		Bool   *bool      `json:"boolValue,omitempty"`
		Int    *string    `json:"intValue,omitempty"`
		Array  *otlpArray `json:"arrayValue,omitempty"`
	}
	otlpArray struct {
		Values []otlpValue `json:"values"`
	}
	otlpAttribute struct {
		Key   string    `json:"key"`
		Value otlpValue `json:"value"`
	}
	otlpRecord struct {
		Time           string          `json:"timeUnixNano"`
		Observed       string          `json:"observedTimeUnixNano"`
		SeverityNumber int             `json:"severityNumber"`
		SeverityText   string          `json:"severityText"`
		EventName      string          `json:"eventName,omitempty"`
		Body           otlpValue       `json:"body"`
		Attributes     []otlpAttribute `json:"attributes"`
	}
	otlpNamed struct {
		Name    string `json:"name"`
		Version string `json:"version"`
	}
	otlpScope struct {
		Scope   otlpNamed    `json:"scope"`
		Records []otlpRecord `json:"logRecords"`
	}
	otlpAttributes struct {
		Attributes []otlpAttribute `json:"attributes"`
	}
	otlpResource struct {
		Resource otlpAttributes `json:"resource"`
		Scopes   []otlpScope    `json:"scopeLogs"`
	}
	otlpDocument struct {
		Resources []otlpResource `json:"resourceLogs"`
	}
	otlpAnswer struct {
		Partial struct {
			Rejected json.RawMessage `json:"rejectedLogRecords"`
			Message  string          `json:"errorMessage"`
		} `json:"partialSuccess"`
	}
)

// otlpSeverity gives the severity numbers: INFO, INFO2, WARN, ERROR, FATAL.
var otlpSeverity = [...]int{bartizan.Info: 9, bartizan.Low: 10, bartizan.Medium: 13, bartizan.High: 17, bartizan.Critical: 21}

func otlpText(s string) otlpValue { return otlpValue{String: &s} }

func (o *otlp) deliver(ctx context.Context, batch []alert.Shown) error {
	body, err := json.Marshal(o.document(batch))
	if err != nil {
		return &refusal{err.Error()}
	}
	answer, err := o.post(ctx, "", "application/json", body, nil)
	if err != nil {
		return err
	}
	var a otlpAnswer
	_ = json.Unmarshal(answer, &a) // it was taken; what more is said may be anything
	if n := string(a.Partial.Rejected); n != "" && n != "0" && n != `"0"` && n != "null" {
		count, _ := strconv.Atoi(strings.Trim(n, `"`))
		return &partial{min(max(count, 1), len(batch)), fmt.Sprintf("the collector rejected %d of %d records%s", count, len(batch), excerpt([]byte(a.Partial.Message), nil))}
	}
	return nil
}

func (o *otlp) document(batch []alert.Shown) *otlpDocument {
	records := make([]otlpRecord, 0, len(batch))
	for i := range batch {
		records = append(records, o.record(&batch[i]))
	}
	return &otlpDocument{[]otlpResource{{
		otlpAttributes{[]otlpAttribute{
			{"service.name", otlpText(o.service)}, {"service.version", otlpText(o.place.version)}, {"host.name", otlpText(o.place.hostname)},
		}},
		[]otlpScope{{otlpNamed{"github.com/bartizan-dev/bartizan", o.place.version}, records}},
	}}}
}

func (o *otlp) record(s *alert.Shown) otlpRecord {
	a := falcoAlert(s)
	r := otlpRecord{
		Time: strconv.FormatInt(s.Time().UnixNano(), 10), Observed: strconv.FormatInt(o.place.now().UnixNano(), 10),
		SeverityNumber: otlpSeverity[min(s.Severity(), bartizan.Critical)], SeverityText: s.Severity().String(),
		EventName: "bartizan." + s.Kind.String(), Body: otlpText(a.Output),
		Attributes: []otlpAttribute{{"bartizan.rule", otlpText(a.Rule)}, {"bartizan.title", otlpText(s.Alert.Title)}, {"bartizan.source", otlpText(a.Source)}},
	}
	if len(a.Tags) > 0 {
		r.Attributes = append(r.Attributes, otlpAttribute{"bartizan.tags", otlpOf(a.Tags)})
	}
	for _, f := range a.Fields {
		if f.Value != nil {
			r.Attributes = append(r.Attributes, otlpAttribute{f.Name, otlpOf(f.Value)})
		}
	}
	return r
}

func otlpOf(v any) otlpValue {
	switch v := v.(type) {
	case bool:
		return otlpValue{Bool: &v}
	case int64:
		n := strconv.FormatInt(v, 10)
		return otlpValue{Int: &n}
	case uint64:
		n := strconv.FormatUint(v, 10)
		if v > 1<<63-1 {
			return otlpText(n)
		}
		return otlpValue{Int: &n}
	case []string:
		list := &otlpArray{Values: make([]otlpValue, 0, len(v))}
		for _, s := range v {
			list.Values = append(list.Values, otlpText(s))
		}
		return otlpValue{Array: list}
	}
	return otlpText(alert.FieldText(v))
}

func (o *otlp) close() error { o.http.CloseIdleConnections(); return nil }
