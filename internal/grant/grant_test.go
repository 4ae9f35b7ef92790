package grant

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/bartizan-dev/bartizan"
)

var update = flag.Bool("update", false, "rewrite the answers in testdata")

// TestScripts answers the questions of testdata/*.txtar. The comment of each archive holds the questions, one a line:
//
//	can SUBJECT VERB TARGET [-n NS] [--group G] [complete]
//	bind SUBJECT ROLE [-n NS] ...    write SUBJECT ROLE       impersonate SUBJECT TARGET [VERB TARGET]
//	holders VERB TARGET              faults                   reads NODE
//
// "world.yaml" is what was read, "answers" what comes of it.
func TestScripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			s := script{files: map[string]string{}}
			for _, f := range archive.Files {
				s.files[f.Name] = string(f.Data)
			}
			got := s.run(t, string(archive.Comment))
			if *update {
				rest := archive.Files[:0]
				for _, f := range archive.Files {
					if f.Name != "answers" {
						rest = append(rest, f)
					}
				}
				archive.Files = append(rest, txtar.File{Name: "answers", Data: []byte(got)})
				if err := os.WriteFile(file, txtar.Format(archive), 0o600); err != nil {
					t.Fatal(err)
				}
				return
			}
			if want := s.files["answers"]; got != want {
				t.Errorf("got:\n%s\nwant:\n%s", got, want)
			}
		})
	}
}

// script is one archive.
type script struct {
	files map[string]string
}

func (s *script) run(t *testing.T, questions string) string {
	t.Helper()
	w, gaps := read(s.files["world.yaml"])
	names := NewResources(w)
	models := map[bool]*Model{}
	for _, complete := range []bool{false, true} {
		models[complete] = New(w, Options{Complete: complete, Pods: complete, Gaps: gaps})
	}
	var out strings.Builder
	for line := range strings.Lines(questions) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		fmt.Fprintf(&out, "%s\n", line)
		q := parseLine(line)
		s.answer(t, &out, models[q.complete], names, q)
	}
	return out.String()
}

// line is a question of a script.
type line struct {
	args      []string
	namespace string
	groups    []string
	complete  bool
}

func parseLine(text string) (q line) {
	fields := strings.Fields(text)
	for i := 0; i < len(fields); i++ {
		switch f := fields[i]; f {
		case "-n":
			i++
			q.namespace = fields[i]
		case "--group":
			i++
			q.groups = append(q.groups, fields[i])
		case "complete":
			q.complete = true
		default:
			q.args = append(q.args, f)
		}
	}
	return q
}

func (s *script) answer(t *testing.T, out *strings.Builder, m *Model, names *Resources, q line) {
	t.Helper()
	request := func(verb, target string) Request {
		if strings.HasPrefix(target, "/") {
			return Request{Verb: verb, Path: target}
		}
		return names.Parse(target).Request(verb, q.namespace)
	}
	subject := func(name string) Subject {
		if g, ok := strings.CutPrefix(name, "@"); ok {
			return Subject{Groups: append([]string{g}, q.groups...)}
		}
		return Subject{User: name, Groups: q.groups}
	}
	tell := func(a Answer) {
		fmt.Fprintf(out, "  %s: %s\n", a.Verdict, a.Reason)
		for _, g := range a.By {
			at := fmt.Sprintf("at line %d", g.Rule.Origin.Line)
			if g.Builtin {
				at = "built in"
			}
			fmt.Fprintf(out, "    %s, %s, rule %d %s\n", g.Binding, g.Role, g.Rule.Index+1, at)
		}
	}
	switch a := q.args; a[0] {
	case "can":
		tell(m.Can(subject(a[1]), request(a[2], a[3])))
	case "bind":
		tell(m.CanBind(subject(a[1]), q.namespace, roleRef(a[2], q.namespace)))
	case "write", "create":
		role := roleRef(a[2], q.namespace)
		rules, _ := m.Rules(role)
		tell(m.CanWriteRole(subject(a[1]), role, rules, a[0] == "create", len(a) > 3))
	case "impersonate":
		var on *Request
		if len(a) > 3 {
			r := request(a[3], a[4])
			on = &r
		}
		tell(m.CanImpersonate(subject(a[1]), Subject{User: a[2], Groups: q.groups}, on))
	case "holders":
		r := request(a[1], a[2])
		for _, h := range m.Holders(Capability{Verb: r.Verb, Group: r.Group, Resource: r.Resource, Subresource: r.Subresource}) {
			first := m.Identities()[m.Members(h.Class)[0]]
			fmt.Fprintf(out, "  %s and %d more, namespace %q, names %q\n", first.Ref, len(m.Members(h.Class))-1, h.Namespace, h.Names)
		}
	case "reads":
		for _, r := range m.NodeReads(a[1]) {
			fmt.Fprintf(out, "  %s\n", r)
		}
	case "faults":
		for _, f := range m.Faults() {
			fmt.Fprintf(out, "  %s at line %d: %s\n", f.Code, f.Origin.Line, f.Message)
		}
	default:
		t.Fatalf("unknown question %q", a[0])
	}
}

// roleRef reads "role/x" or "clusterrole/x".
func roleRef(text, namespace string) bartizan.Ref {
	kind, name, _ := strings.Cut(text, "/")
	if kind == "role" {
		return bartizan.Ref{Kind: "Role", Namespace: namespace, Name: name}
	}
	return bartizan.Ref{Kind: "ClusterRole", Name: name}
}
