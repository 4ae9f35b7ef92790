package falco

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bartizan-dev/bartizan/internal/event"
)

// seeds are the conditions of the suite.
func seeds(f *testing.F) {
	files, err := filepath.Glob("testdata/*/*.txt")
	if err != nil || len(files) == 0 {
		f.Fatalf("no seeds: %v", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			word, rest, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
			switch word {
			case "ok", "no", "true", "false":
				f.Add(rest)
			}
		}
	}
}

// FuzzCondition parses, checks and runs any text as a condition: it must end, not panic, name a place within the text
// for a fault, and judge an event as a walk of the tree does.
func FuzzCondition(f *testing.F) {
	seeds(f)
	var a event.Audit
	if err := a.Decode(`{"auditID":"a","stage":"ResponseComplete","verb":"create","requestURI":"/a?b=c","user":{"username":"jane","groups":["a","b"]},"objectRef":{"resource":"pods","name":"x"},"requestObject":{"spec":{"containers":[{"image":"a:1"}]}}}`); err != nil {
		f.Fatal(err)
	}
	subjects := []subject{{source: Audit(), audit: &a}, {source: Syscall(), record: Record{"proc.name": "sh", "evt.type": "open", "evt.rawres": -1, "fd.sip": "10.0.0.1", "fd.types": []any{"file"}}}}
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Contains(text, "glob") && strings.Contains(text, "[") {
			return // the walk knows sets of bytes less well than the globs do
		}
		for _, s := range subjects {
			_, fault := s.holds(t, text)
			if fault != nil && (fault.message == "" || fault.code == "") {
				t.Errorf("%q: a fault that says nothing: %+v", text, fault)
			}
		}
	})
}

// FuzzOutput reads any text as an output and writes it.
func FuzzOutput(f *testing.F) {
	for _, s := range []string{"%ka.user.name", "%{toupper(ka.verb)}", "100%%", "%5ka.verb", "%", "%{", "a%ka.uri.param[x]b"} {
		f.Add(s)
	}
	s := subject{source: Audit(), audit: &event.Audit{}}
	f.Fuzz(func(t *testing.T, text string) {
		if out := written(s, text); out == "" {
			t.Errorf("%q becomes nothing", text)
		}
	})
}

// FuzzLoad reads any text as a rule file, and runs the rules in it.
func FuzzLoad(f *testing.F) {
	files, err := filepath.Glob("testdata/load/*.txtar")
	if err != nil || len(files) == 0 {
		f.Fatalf("no seeds: %v", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		_, body, _ := strings.Cut(string(text), "-- base.yaml --\n")
		body, _, _ = strings.Cut(body, "\n-- ")
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, text string) {
		start := time.Now()
		s, notices := Load([]File{{"f", text}}, Options{})
		lines := strings.Count(text, "\n") + strings.Count(text, "\r") + 1 // YAML ends a line at either
		for _, n := range notices {
			if n.Line > lines || n.Line < 0 || n.Message == "" {
				t.Errorf("a notice that is nowhere: %s", n)
			}
		}
		for _, source := range []string{"k8s_audit", "syscall"} {
			p, err := s.Plan(source, RunOptions{})
			if err != nil {
				continue
			}
			r := p.NewRunner()
			for _, m := range r.Record(Record{"proc.name": "x", "ka.verb": "create"}, start) {
				a := r.Alert(m)
				if _, err := a.JSON("host"); err != nil {
					t.Error(err)
				}
			}
		}
		if d := time.Since(start); d > 10*time.Second {
			t.Errorf("%d bytes took %v", len(text), d)
		}
	})
}
