package scan_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bartizan-dev/bartizan/internal/engine"
	"github.com/bartizan-dev/bartizan/internal/scan"
	"github.com/bartizan-dev/bartizan/rules"
)

// plan works out what fix would do in a directory, with every change allowed and everything suggested taken.
func plan(t *testing.T, dir string) *scan.FixPlan {
	t.Helper()
	all, err := rules.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	e, err := engine.New(all, engine.Config{Fixes: engine.FixPatches})
	if err != nil {
		t.Fatal(err)
	}
	src, err := scan.Inputs{Paths: []string{dir}, Lenient: true}.Source()
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	f := &scan.Fixer{Request: &scan.Request{Source: src, Engine: e}, Unsafe: true, Suggested: true}
	p, err := f.Plan(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func write(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// TestFixRealKustomizations mends public kustomizations, if they are at hand: everything that has a fix is
// mended, and then there is nothing more to do.
func TestFixRealKustomizations(t *testing.T) {
	const real = "/work/shared/data/kustomize"
	if _, err := os.Stat(real); err != nil {
		t.Skip(err)
	}
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(real)); err != nil {
		t.Fatal(err)
	}
	p := plan(t, dir)
	if len(p.Suggestions) == 0 || len(p.Applied) < 30 || len(p.Late) > 0 {
		t.Errorf("%d suggestions, %d findings mended, late: %v", len(p.Suggestions), len(p.Applied), p.Late)
	}
	for _, l := range p.Left {
		if l.Finding.Fix != nil {
			t.Errorf("%s %s is left: %s", l.Finding.Rule, l.Finding.Subject, l.Reason)
		}
	}
	if err := p.Write(); err != nil {
		t.Fatal(err)
	}
	if p := plan(t, dir); len(p.Files) != 0 || len(p.Report.Gaps) != 0 {
		t.Errorf("a second time %d files change: %v", len(p.Files), p.Report.Gaps)
	}
}

const podTemplate = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n    - name: a\n      image: a\n      securityContext:\n        privileged: %s\n"

// TestFixHostile looks for changes to charts and kustomizations that are made to hurt: it ends in bounded time,
// and writes nothing through a link.
func TestFixHostile(t *testing.T) {
	many := strings.Builder{}
	for i := range 6000 {
		fmt.Fprintf(&many, "k%d: {a: x, b: {}}\n", i)
	}
	chart := "apiVersion: v2\nname: c\nversion: 1.0.0\n"
	for name, files := range map[string]map[string]string{
		"many values":       {"Chart.yaml": chart, "values.yaml": many.String(), "templates/p.yaml": fmt.Sprintf(podTemplate, "{{ .Values.missing | default true }}")},
		"marks break it":    {"Chart.yaml": chart, "values.yaml": "a: 1\nb: [1]\nc: {d: 2}\n", "templates/p.yaml": fmt.Sprintf(podTemplate, "true") + "{{ if gt .Values.a 0 }}{{ end }}{{ if gt .Values.c.d 0 }}{{ end }}"},
		"slow template":     {"Chart.yaml": chart, "values.yaml": "n: 3\n", "templates/p.yaml": fmt.Sprintf(podTemplate, "true") + "{{ range until 2000000 }}{{ end }}"},
		"values no map":     {"Chart.yaml": chart, "values.yaml": "[]\n", "templates/p.yaml": fmt.Sprintf(podTemplate, "true")},
		"patches no list":   {"kustomization.yaml": "resources: [p.yaml]\npatches: {}\n", "p.yaml": fmt.Sprintf(podTemplate, "true")},
		"two kustomization": {"kustomization.yaml": "resources: [p.yaml]\n---\nresources: []\n", "p.yaml": fmt.Sprintf(podTemplate, "true")},
		"odd name":          {"kustomization.yaml": "resources: [p.yaml]\nnamePrefix: a-\n", "p.yaml": strings.Replace(fmt.Sprintf(podTemplate, "true"), "name: p", "name: '../../x'", 1)},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, dir, files)
			start := time.Now()
			p := plan(t, dir)
			if took := time.Since(start); took > 80*time.Second {
				t.Errorf("took %v", took)
			}
			for _, f := range p.Files {
				if filepath.Dir(f.Name) != dir {
					t.Errorf("%s would be written", f.Name)
				}
			}
		})
	}
}

// TestFixLinks leaves alone what a link leads to.
func TestFixLinks(t *testing.T) {
	outside, dir := t.TempDir(), t.TempDir()
	write(t, outside, map[string]string{"values.yaml": "privileged: true\n", "kustomization.yaml": "resources: [p.yaml]\n"})
	write(t, dir, map[string]string{
		"c/Chart.yaml": "apiVersion: v2\nname: c\nversion: 1.0.0\n", "c/templates/p.yaml": fmt.Sprintf(podTemplate, "{{ hasKey .Values \"privileged\" | ternary .Values.privileged true }}"),
		"k/p.yaml": fmt.Sprintf(podTemplate, "true"),
	})
	for link, to := range map[string]string{"c/values.yaml": "values.yaml", "k/kustomization.yaml": "kustomization.yaml"} {
		if err := os.Symlink(filepath.Join(outside, to), filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	if err := plan(t, dir).Write(); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"values.yaml": "privileged: true\n", "kustomization.yaml": "resources: [p.yaml]\n"} {
		if got, err := os.ReadFile(filepath.Join(outside, name)); err != nil || string(got) != want {
			t.Errorf("%s: %q %v", name, got, err)
		}
	}
}
