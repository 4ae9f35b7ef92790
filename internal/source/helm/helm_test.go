package helm

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"golang.org/x/tools/txtar"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/internal/sandbox"
)

var update = flag.Bool("update", false, "write what is read into the test files")

// TestMain lets the test binary be its own sandbox.
func TestMain(m *testing.M) {
	if handled, code := sandbox.Main(os.Args, map[string]sandbox.Job{Job: Render}); handled {
		os.Exit(code)
	}
	os.Exit(m.Run())
}

// readChart renders the chart in the folder "chart" of an archive.
func readChart(t testing.TB, a *txtar.Archive, opt Options, lim sandbox.Limits) []bartizan.Item {
	t.Helper()
	m := fstest.MapFS{}
	for _, f := range a.Files {
		m[f.Name] = &fstest.MapFile{Data: f.Data}
	}
	return readFS(t, Chart{FS: m, Path: "chart", Name: "deploy/chart"}, opt, lim)
}

func readFS(t testing.TB, c Chart, opt Options, lim sandbox.Limits) []bartizan.Item {
	t.Helper()
	p := &sandbox.Process{}
	defer p.Close()
	var items []bartizan.Item
	charts := &Charts{List: []Chart{c}, Options: opt, Process: p, Limits: lim}
	if err := charts.Read(context.Background(), func(it bartizan.Item) error { items = append(items, it); return nil }); err != nil {
		t.Fatal(err)
	}
	return items
}

// show writes items one a line: where from, and what.
func show(items []bartizan.Item) string {
	var b strings.Builder
	for _, it := range items {
		switch {
		case it.Entity != nil:
			o := it.Entity.Origin
			fmt.Fprintf(&b, "%s:%d:%d (%d) %s\n", o.File, o.Line, o.Column, o.Rendered, it.Entity.Ref)
		case it.Gap.Skip:
			fmt.Fprintf(&b, "%s:%d skip: %s\n", it.Gap.Origin.File, it.Gap.Origin.Line, it.Gap.Reason)
		default:
			fmt.Fprintf(&b, "%s:%d GAP: %s\n", it.Gap.Origin.File, it.Gap.Origin.Line, it.Gap.Reason)
		}
	}
	return b.String()
}

// TestCharts renders testdata/*.txtar: a chart in the folder chart, perhaps options in args, and in want
// what comes of it.
func TestCharts(t *testing.T) {
	archives(t, "testdata/*.txtar", func(t *testing.T, a *txtar.Archive, have map[string]string) string {
		var opt Options
		for i, arg := range strings.Fields(have["args"]) {
			key, value, _ := strings.Cut(arg, ":")
			switch key {
			case "set":
				opt.Set = append(opt.Set, value)
			case "set-string":
				opt.SetString = append(opt.SetString, value)
			case "set-json":
				opt.SetJSON = append(opt.SetJSON, value)
			case "values":
				opt.Values = append(opt.Values, ValuesFile{Name: value, Data: []byte(have[value])})
			case "kube":
				opt.KubeVersion = value
			case "release":
				opt.Release = value
			case "namespace":
				opt.Namespace = value
			case "api":
				opt.APIVersions = append(opt.APIVersions, value)
			default:
				t.Fatalf("args: %d: %q", i, arg)
			}
		}
		return show(readChart(t, a, opt, sandbox.Limits{}))
	})
}

// TestLines renders testdata/lines/*.txtar and shows each rendered line with the template's line it was
// traced to.
func TestLines(t *testing.T) {
	archives(t, "testdata/lines/*.txtar", func(t *testing.T, a *txtar.Archive, _ map[string]string) string {
		var b strings.Builder
		for _, it := range readChart(t, a, Options{}, sandbox.Limits{}) {
			if it.Gap != nil {
				t.Fatal(it.Gap)
			}
			o := it.Entity.Value.(*kube.Object)
			src := strings.Split(strings.TrimSuffix(o.Root.Doc().Source(), "\n"), "\n")
			if o.Origin.Rendered > 4 {
				continue // the whole text is shown once
			}
			for i, line := range src {
				fmt.Fprintf(&b, "%3d | %s\n", o.Provenance.Lines[i+1], line)
			}
		}
		return b.String()
	})
}

func archives(t *testing.T, pattern string, run func(*testing.T, *txtar.Archive, map[string]string) string) {
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatal("no test files", err)
	}
	for _, name := range files {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			a, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			have := map[string]string{}
			for _, f := range a.Files {
				have[f.Name] = string(f.Data)
			}
			got := run(t, a, have)
			if *update {
				last := &a.Files[len(a.Files)-1]
				if last.Name != "want" {
					t.Fatal("want must be the last file")
				}
				last.Data = []byte(got)
				if err := os.WriteFile(name, txtar.Format(a), 0o644); err != nil {
					t.Fatal(err)
				}
			} else if got != have["want"] {
				t.Errorf("%s\nwant:\n%s", got, have["want"])
			}
		})
	}
}
