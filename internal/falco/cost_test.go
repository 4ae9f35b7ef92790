package falco

import (
	"testing"

	"github.com/bartizan-dev/bartizan/internal/event"
)

const costRules = `
- macro: done
  condition: x.stage = ResponseComplete and x.user != ""
- rule: a
  desc: d
  condition: done and (x.user startswith a or x.user startswith b or x.user contains c or x.user = d) and not x.verb = get
  output: a %x.user
  priority: INFO
  source: counted
- rule: b
  desc: d
  condition: done and x.user endswith z and x.verb in (list, watch) and toupper(x.user) = Q
  output: b
  priority: INFO
  source: counted
- rule: c
  desc: d
  condition: x.verb = delete and x.rare exists
  output: c
  priority: INFO
  source: counted
`

// countingSource is a source that counts how often each field is looked for.
func countingSource(counts map[string]int) *Source {
	s := &Source{Name: "counted", keys: []string{"x.verb"}}
	for _, f := range []struct{ name, value string }{{"x.stage", "ResponseComplete"}, {"x.user", "abcz"}, {"x.verb", "list"}, {"x.rare", "y"}} {
		s.Fields = append(s.Fields, Field{Name: f.name, Doc: "d", get: func(_ *frame, _ *argument, v *Value) bool {
			counts[f.name]++
			v.Text = f.value
			return true
		}})
	}
	return s.index()
}

// TestFieldsAreFoundOnce checks that an event is asked for each field at most once, however many rules name it, and
// not at all for fields of rules in other buckets.
func TestFieldsAreFoundOnce(t *testing.T) {
	counts := map[string]int{}
	s, notices := Load([]File{{"f", costRules}}, Options{Sources: []*Source{countingSource(counts)}})
	if e := notices.Errors(); len(e) > 0 {
		t.Fatal(e)
	}
	p, err := s.Plan("counted", RunOptions{})
	if err != nil {
		t.Fatal(err)
	}
	r := p.NewRunner()
	for i := 1; i <= 3; i++ {
		matched := r.Audit(&event.Audit{})
		if len(matched) != 1 || matched[0].Name != "a" {
			t.Fatalf("matched %v", ruleNames(matched))
		}
		r.Alert(matched[0])
		if counts["x.stage"] != i || counts["x.user"] != i || counts["x.verb"] != i || counts["x.rare"] != 0 {
			t.Errorf("after %d events fields were looked for %v times", i, counts)
		}
	}
}

// TestQuietEventsCostNothing checks that an event that matches nothing takes no memory.
func TestQuietEventsCostNothing(t *testing.T) {
	s, notices := Load([]File{{"f", `
- list: known
  items: [jane, joe, jack, jill, jim, jo]
- macro: done
  condition: jevt.value[/stage] in (ResponseComplete)
- macro: never
  condition: (jevt.rawtime=0)
- rule: a
  desc: d
  condition: done and not ka.user.name in (known) and not never and ka.uri startswith /api
  output: a
  priority: INFO
  source: k8s_audit
- rule: b
  desc: d
  condition: done and ka.req.pod.containers.image intersects (bad:1) or done and ka.user.groups intersects (admins) or ka.uri contains "&x=" or never
  output: b
  priority: INFO
  source: k8s_audit
`}}, Options{})
	if e := notices.Errors(); len(e) > 0 {
		t.Fatal(e)
	}
	p, err := s.Plan("k8s_audit", RunOptions{})
	if err != nil {
		t.Fatal(err)
	}
	r := p.NewRunner()
	text := `{"stage":"ResponseComplete","verb":"create","requestURI":"/api/v1/pods?a=b\u0026c=d","user":{"username":"jane","groups":["a","b"]},"objectRef":{"resource":"pods"},` +
		`"requestObject":{"spec":{"containers":[{"image":"good:1"},{"image":"good:2"}]}},"stageTimestamp":"2026-11-21T03:37:26.950505Z"}`
	var a event.Audit
	if n := testing.AllocsPerRun(2000, func() {
		if a.Decode(text) != nil || len(r.Audit(&a)) != 0 {
			t.Fatal("it matches")
		}
	}); n != 0 {
		t.Errorf("%v allocations per event", n)
	}
}

// TestSubjectOfAlert finds what an alert is about.
func TestSubjectOfAlert(t *testing.T) {
	a := Alert{Fields: []OutputField{{"ka.target.namespace", "demo"}, {"ka.target.resource", "pods"}, {"ka.target.name", nil}}}
	if ns, resource, name := a.Subject(); ns != "demo" || resource != "pods" || name != "" {
		t.Errorf("got %q %q %q", ns, resource, name)
	}
}
