package cluster

import (
	"context"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
	"k8s.io/client-go/rest"

	"github.com/bartizan-dev/bartizan"
)

var update = flag.Bool("update", false, "write what is read into the test files")

// TestRead serves testdata/*.txtar as an API server: each file is what a path answers, one that begins with a
// number is an error with that status. The file "kinds" are the kinds to read, "namespace" and "want" are
// what their names say.
func TestRead(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no test files", err)
	}
	for _, name := range files {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			a, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			options, want := Options{}, ""
			answers := map[string]string{}
			for _, f := range a.Files {
				switch f.Name {
				case "kinds":
					options.Kinds = strings.Fields(string(f.Data))
				case "namespace":
					options.Namespace = strings.TrimSpace(string(f.Data))
				case "want":
					want = string(f.Data)
				default:
					answers["/"+f.Name] = string(f.Data)
				}
			}
			got := read(t, options, answers)
			if *update {
				a.Files[len(a.Files)-1].Data = []byte(got)
				if err := os.WriteFile(name, txtar.Format(a), 0o644); err != nil {
					t.Fatal(err)
				}
			} else if got != want {
				t.Errorf("%s\nwant:\n%s", got, want)
			}
		})
	}
}

// read reads a server and writes what it gave, one thing a line, with the requests that were made for it.
func read(t *testing.T, options Options, answers map[string]string) string {
	t.Helper()
	var b strings.Builder
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		text, ok := answers[r.URL.Path]
		if !ok {
			text = "404"
		}
		if limit := r.URL.Query().Get("limit"); limit != "" {
			fmt.Fprintf(&b, "GET %s limit %s\n", r.URL.Path, limit)
		}
		if r.URL.Path == "/api" || r.URL.Path == "/apis" || !strings.HasPrefix(text, "4") {
			fmt.Fprint(w, text)
			return
		}
		var code int
		fmt.Sscan(text, &code)
		reason := map[int]string{403: "Forbidden", 404: "NotFound"}[code]
		w.WriteHeader(code)
		fmt.Fprintf(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","code":%d,"reason":%q}`, code, reason)
	}))
	defer server.Close()
	s, err := connect(options, "test", &rest.Config{Host: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	err = s.Read(context.Background(), func(it bartizan.Item) error {
		switch {
		case it.Entity != nil:
			fmt.Fprintf(&b, "%s\n", it.Entity.Ref)
		case it.Gap.Skip:
			fmt.Fprintf(&b, "skip: %s\n", it.Gap.Reason)
		default:
			fmt.Fprintf(&b, "GAP: %s\n", it.Gap.Reason)
		}
		return nil
	})
	if err != nil {
		fmt.Fprintf(&b, "error: %v\n", err)
	}
	c := s.Counts()
	return b.String() + fmt.Sprintf("%d objects, %d workloads\n", c.Objects, c.Workloads)
}
