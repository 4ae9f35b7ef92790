package falco

import (
	"bytes"
	"encoding/json"
	"strings"
	"time"
)

// Alert is what a rule says of an event that it matched. It holds nothing of the event's memory.
type Alert struct {
	Rule     string
	Priority Priority
	Source   string
	Tags     []string
	Time     time.Time
	Output   string // without time and priority
	Fields   []OutputField
}

// Line is the alert as Falco prints it: time of day, priority, output.
func (a *Alert) Line() string {
	return a.Time.UTC().Format("15:04:05.000000000") + ": " + a.Priority.String() + " " + a.Output
}

// JSON is the alert with the keys that Falco and falcosidekick use. Fields that the event did not have are null.
func (a *Alert) JSON(hostname string) ([]byte, error) {
	fields := make(map[string]any, len(a.Fields))
	for _, f := range a.Fields {
		fields[f.Name] = f.Value
	}
	tags := a.Tags
	if tags == nil {
		tags = []string{}
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(struct {
		Hostname string         `json:"hostname"`
		Output   string         `json:"output"`
		Fields   map[string]any `json:"output_fields"`
		Priority string         `json:"priority"`
		Rule     string         `json:"rule"`
		Source   string         `json:"source"`
		Tags     []string       `json:"tags"`
		Time     string         `json:"time"`
	}{hostname, a.Line(), fields, a.Priority.String(), a.Rule, a.Source, tags, a.Time.UTC().Format("2006-01-02T15:04:05.000000000Z")})
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

// field is a value of the alert as a text.
func (a *Alert) field(name string) string {
	for _, f := range a.Fields {
		if f.Name == name {
			if s, ok := f.Value.(string); ok {
				return s
			}
		}
	}
	return ""
}

// Subject is the object that the alert is about, as far as the output's fields name it: namespace, resource and name.
func (a *Alert) Subject() (namespace, resource, name string) {
	return a.field("ka.target.namespace"), a.field("ka.target.resource"), strings.TrimSpace(a.field("ka.target.name"))
}
