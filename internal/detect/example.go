package detect

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/event"
	"github.com/bartizan-dev/bartizan/internal/tree"
)

// Moment is a step of an example: a record, or the passing of time in which nothing happens.
type Moment struct {
	Line   int
	Time   time.Time
	Record string // an audit record as JSON; empty if only time passes
}

// The bounds of an example.
const (
	maxExampleBytes = 1 << 20
	maxMoments      = 20_000
)

// ParseExample reads an example of a detection: audit records, shortened as docs/detections.md says, in a YAML list, in
// documents or in lines of JSON.
func ParseExample(text string) ([]Moment, error) {
	e := exampleReader{now: time.Date(2026, 1, 5, 10, 0, 0, 0, time.UTC)}
	for doc, err := range tree.Parse(text, tree.Limits{Bytes: maxExampleBytes}) {
		if err != nil {
			return e.lines(text, err)
		}
		root := doc.Root()
		if root.Kind() != tree.List {
			if err := e.node(root); err != nil {
				return nil, err
			}
			continue
		}
		for n := range root.Items() {
			if err := e.node(n); err != nil {
				return nil, err
			}
		}
	}
	return e.moments, nil
}

// lines reads a record from each line, which is no YAML.
func (e *exampleReader) lines(text string, notYAML error) ([]Moment, error) {
	*e = exampleReader{now: time.Date(2026, 1, 5, 10, 0, 0, 0, time.UTC)}
	i := 0
	for line := range strings.Lines(text) {
		i++
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		var m map[string]any
		if json.Unmarshal([]byte(line), &m) != nil {
			return nil, notYAML
		}
		if err := e.add(i, m); err != nil {
			return nil, err
		}
	}
	return e.moments, nil
}

type exampleReader struct {
	now     time.Time
	number  int
	moments []Moment
}

func (e *exampleReader) node(n tree.Node) error {
	if !n.Exists() || n.Kind() == tree.Null {
		return nil
	}
	line, _ := n.Pos()
	m, ok := n.Any().(map[string]any)
	if !ok {
		return fmt.Errorf("line %d: a %s is no audit record", line, n.Kind())
	}
	return e.add(line, m)
}

// add takes one item: after and repeat are the example's own, the rest is the record.
func (e *exampleReader) add(line int, m map[string]any) error {
	times := 1
	if x, ok := m["repeat"]; ok {
		n, err := strconv.Atoi(fmt.Sprint(x))
		if err != nil || n < 1 || n > maxMoments {
			return fmt.Errorf("line %d: repeat is %v: write how often, from 1 to %d", line, x, maxMoments)
		}
		times = n
	}
	after := time.Second
	if x, ok := m["after"]; ok {
		d, err := duration(fmt.Sprint(x))
		if err != nil {
			return fmt.Errorf("line %d: after is %v: write a time such as 30s, 10m or 8d", line, x)
		}
		after = d
	}
	delete(m, "repeat")
	delete(m, "after")
	for i := range times {
		e.now = e.now.Add(after)
		if len(e.moments) >= maxMoments {
			return fmt.Errorf("line %d: the example has more than %d records", line, maxMoments)
		}
		moment := Moment{Line: line, Time: e.now}
		if len(m) > 0 {
			e.number++
			x := counted(m, i+1).(map[string]any)
			data, err := json.Marshal(e.record(x))
			if err != nil {
				return fmt.Errorf("line %d: %w", line, err)
			}
			moment.Record = string(data)
		}
		e.moments = append(e.moments, moment)
	}
	return nil
}

func duration(text string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(text, "d"); ok {
		n, err := strconv.Atoi(days)
		if err != nil || n < -1000 || n > 1000 {
			return 0, errors.New("no number of days")
		}
		return time.Duration(n) * 24 * time.Hour, nil
	}
	return time.ParseDuration(text)
}

// counted puts the number of a repetition where {n} stands.
func counted(x any, n int) any {
	switch x := x.(type) {
	case string:
		return strings.ReplaceAll(x, "{n}", strconv.Itoa(n))
	case []any:
		out := make([]any, len(x))
		for i := range x {
			out[i] = counted(x[i], n)
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(x))
		for k, v := range x {
			out[k] = counted(v, n)
		}
		return out
	}
	return x
}

// record fills in what a shortened record leaves out.
func (e *exampleReader) record(m map[string]any) map[string]any {
	out := map[string]any{
		"kind": "Event", "apiVersion": "audit.k8s.io/v1", "level": "Metadata", "stage": "ResponseComplete",
		"auditID":                  fmt.Sprintf("00000000-0000-4000-8000-%012d", e.number),
		"sourceIPs":                []any{"10.0.0.9"},
		"userAgent":                "kubectl/v1.36.0 (linux/amd64) kubernetes/0000000",
		"verb":                     "get",
		"user":                     person(m["user"], m["groups"]),
		"annotations":              map[string]any{"authorization.k8s.io/decision": "allow", "authorization.k8s.io/reason": ""},
		"requestReceivedTimestamp": e.now.Format(time.RFC3339Nano), "stageTimestamp": e.now.Format(time.RFC3339Nano),
	}
	if x, ok := m["as"]; ok {
		out["impersonatedUser"] = person(x, m["asGroups"])
	}
	object(out, m)
	code := int64(200)
	if m["verb"] == "create" {
		code = 201
	}
	for short, long := range map[string]string{"request": "requestObject", "response": "responseObject", "agent": "userAgent", "uri": "requestURI", "id": "auditID"} {
		if x, ok := m[short]; ok {
			out[long] = x
		}
	}
	if x, ok := m["from"]; ok {
		out["sourceIPs"] = []any{x}
	}
	level(out)
	if n, ok := m["code"].(int64); ok {
		code = n
	}
	if n, ok := m["code"].(float64); ok {
		code = int64(n)
	}
	if code == 403 {
		out["annotations"].(map[string]any)["authorization.k8s.io/decision"] = "forbid"
	}
	out["responseStatus"] = map[string]any{"metadata": map[string]any{}, "code": code}
	for k, v := range m {
		if !slices.Contains(shortened, k) {
			out[k] = v
		}
	}
	return out
}

// shortened are the keys of an example's record that an audit record does not have in this form.
var shortened = []string{"user", "groups", "as", "asGroups", "resource", "group", "namespace", "name", "code", "request", "response", "agent", "uri", "from", "id"}

func level(out map[string]any) {
	if out["requestObject"] != nil {
		out["level"] = "Request"
	}
	if out["responseObject"] != nil {
		out["level"] = "RequestResponse"
	}
}

// person is a user by name or as a record has it, with the groups that the name alone implies.
func person(user, groups any) map[string]any {
	if m, ok := user.(map[string]any); ok {
		return m
	}
	name := "jane"
	if user != nil {
		name = fmt.Sprint(user)
	}
	all := []any{"system:authenticated"}
	if rest, ok := strings.CutPrefix(name, "system:serviceaccount:"); ok {
		ns, _, _ := strings.Cut(rest, ":")
		all = []any{"system:serviceaccounts", "system:serviceaccounts:" + ns, "system:authenticated"}
	}
	if strings.HasPrefix(name, "system:node:") {
		all = []any{"system:nodes", "system:authenticated"}
	}
	if name == "system:anonymous" {
		all = []any{"system:unauthenticated"}
	}
	if list, ok := groups.([]any); ok {
		all = list
	}
	return map[string]any{"username": name, "groups": all}
}

// object fills in the object asked for, and a URI that fits.
func object(out, m map[string]any) {
	name, ok := m["resource"].(string)
	if !ok {
		out["requestURI"] = "/"
		return
	}
	name, sub, _ := strings.Cut(name, "/")
	group := knownResources[name].group
	if g, ok := m["group"].(string); ok {
		group = g
	}
	ref := map[string]any{"resource": name, "apiVersion": "v1"}
	uri := "/api/v1"
	if group != "" {
		ref["apiGroup"], uri = group, "/apis/"+group+"/v1"
	}
	if ns, ok := m["namespace"].(string); ok {
		ref["namespace"] = ns
		uri += "/namespaces/" + ns
	}
	uri += "/" + name
	if n, ok := m["name"]; ok {
		ref["name"] = n
		if m["verb"] != "create" || sub != "" {
			uri += "/" + fmt.Sprint(n)
		}
	}
	if sub != "" {
		ref["subresource"] = sub
		uri += "/" + sub
	}
	out["objectRef"], out["requestURI"] = ref, uri
}

// Play runs an example and gives the alerts; file names it as their evidence does. At its end time stands still.
func (s *Set) Play(file string, moments []Moment) ([]*Alert, error) {
	r := s.NewRunner()
	var alerts []*Alert
	emit := func(a *Alert) { alerts = append(alerts, a) }
	var a event.Audit
	for _, m := range moments {
		if m.Record == "" {
			r.Advance(m.Time, emit)
			continue
		}
		if err := a.Decode(m.Record); err != nil {
			return nil, fmt.Errorf("line %d: %w", m.Line, err)
		}
		r.Audit(&a, bartizan.Origin{Source: "example", File: file, Line: m.Line}, emit)
	}
	return alerts, nil
}
