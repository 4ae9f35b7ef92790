package falco

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
)

const fieldsPage = "../../docs/falco-fields.md"

// TestFieldsPage keeps the page of fields as the tables have them.
func TestFieldsPage(t *testing.T) {
	var b strings.Builder
	b.WriteString("# Fields of Falco rules\n\nWritten by `go test ./internal/falco -run FieldsPage -update` from the tables in `internal/falco`. How rules are written and\n" +
		"tested is in [falco.md](falco.md). *List* fields are compared with `in`, `intersects` and `exists` only. In the column for the\nargument, *index* is a number from 0 that may follow in brackets, *key* a text.\n")
	for _, s := range Sources() {
		fmt.Fprintf(&b, "\n## %s\n\n%s.\n\n", s.Name, strings.ToUpper(s.Doc[:1])+s.Doc[1:])
		level := s.Name == "k8s_audit"
		if level {
			b.WriteString("| field | type | argument | audit level | |\n|---|---|---|---|---|\n")
		} else {
			b.WriteString("| field | type | argument | |\n|---|---|---|---|\n")
		}
		for _, f := range s.Fields {
			typ := f.Type.String()
			if f.List {
				typ = "list"
			}
			arg := [...]string{"", "index", "key", "key, needed"}[f.Arg]
			if level {
				fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", f.Name, typ, arg, f.Needs, f.Doc)
			} else {
				fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", f.Name, typ, arg, f.Doc)
			}
		}
	}
	if *rewrite {
		if err := os.WriteFile(fieldsPage, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(fieldsPage); err != nil || string(got) != b.String() {
		t.Errorf("docs/falco-fields.md is stale (%v): run go test ./internal/falco -run FieldsPage -update", err)
	}
}

// TestTables checks that every field has what a field needs.
func TestTables(t *testing.T) {
	name := regexp.MustCompile(`^[a-z0-9]+(\.[a-zA-Z0-9_]+)+$`)
	for _, s := range Sources() {
		seen := map[string]bool{}
		for _, f := range s.Fields {
			switch {
			case seen[f.Name]:
				t.Errorf("%s: %s is there twice", s.Name, f.Name)
			case !name.MatchString(f.Name) || f.Doc == "":
				t.Errorf("%s: %+v has no good name or no documentation", s.Name, f)
			case s.Name == "k8s_audit" && (f.get == nil || f.Needs == ""):
				t.Errorf("%s: %s has no extractor or audit level", s.Name, f.Name)
			case f.List && f.Type != StringType:
				t.Errorf("%s: %s is a list of what is no text", s.Name, f.Name)
			}
			seen[f.Name] = true
		}
	}
}

// TestRuleNeeds checks what rules say of their fields, audit levels and event types.
func TestRuleNeeds(t *testing.T) {
	rule := func(name, cond, output string) string {
		return fmt.Sprintf("- rule: %s\n  desc: d\n  priority: INFO\n  source: k8s_audit\n  condition: %s\n  output: got %s\n", name, cond, output)
	}
	s, notices := Load([]File{{"f", rule("a", "ka.verb in (get, list) and not ka.verb = list", "%ka.uri") +
		rule("b", "ka.verb = create and ka.req.pod.host_pid = true", "%ka.resp.name") + rule("c", "ka.user.name = x or ka.verb = get", "x") +
		rule("d", "(ka.verb = a or ka.verb = b) and ka.verb != a", "x")}}, Options{})
	if e := notices.Errors(); len(e) > 0 {
		t.Fatal(e)
	}
	for _, c := range []struct{ name, needs, withOutput, verbs string }{
		{"a", "Metadata", "Metadata", "[get list] true"}, {"b", "Request", "RequestResponse", "[create] true"},
		{"c", "Metadata", "Metadata", "[] false"}, {"d", "Metadata", "Metadata", "[a b] true"},
	} {
		r := s.Find(c.name)
		values, bounded := r.Values("ka.verb")
		if got := fmt.Sprint(values, " ", bounded); got != c.verbs || r.Needs(false) != c.needs || r.Needs(true) != c.withOutput {
			t.Errorf("%s: verbs %s, needs %s and %s; want %+v", c.name, got, r.Needs(false), r.Needs(true), c)
		}
	}
	if s.Find("none") != nil {
		t.Error("a rule that is not there is found")
	}
}

func TestAlertJSON(t *testing.T) {
	s, _ := Load([]File{{"f", "- rule: r\n  desc: d\n  priority: INFO\n  source: k8s_audit\n  tags: [a]\n  condition: ka.verb exists\n  output: <b> & %ka.verb %ka.impuser.name %ka.user.groups\n"}}, Options{})
	p, err := s.Plan("k8s_audit", RunOptions{})
	if err != nil {
		t.Fatal(err)
	}
	r := p.NewRunner()
	sub := parseSubject(t, `event {"verb":"get","stageTimestamp":"2026-11-21T03:37:26.950505Z","user":{"groups":["x","y"]}}`)
	matched := r.Audit(sub.audit)
	if len(matched) != 1 {
		t.Fatal("no match")
	}
	a := r.Alert(matched[0])
	got, err := a.JSON("node-1")
	want := `{"hostname":"node-1","output":"03:37:26.950505000: Informational <b> & get <NA> (x,y)","output_fields":{"ka.impuser.name":null,"ka.user.groups":["x","y"],"ka.verb":"get"},` +
		`"priority":"Informational","rule":"r","source":"k8s_audit","tags":["a"],"time":"2026-11-21T03:37:26.950505000Z"}`
	if err != nil || string(got) != want {
		t.Errorf("got  %s\nwant %s (%v)", got, want, err)
	}
}
