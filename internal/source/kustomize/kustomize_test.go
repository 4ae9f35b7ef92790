package kustomize

import (
	"context"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"golang.org/x/tools/txtar"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/internal/sandbox"
)

var update = flag.Bool("update", false, "write what is read into the test files")

// TestMain lets the test binary be its own sandbox.
func TestMain(m *testing.M) {
	if handled, code := sandbox.Main(os.Args, map[string]sandbox.Job{Job: Build}); handled {
		os.Exit(code)
	}
	os.Exit(m.Run())
}

// build builds one kustomization and says which files it took in.
func build(t testing.TB, p *sandbox.Process, fsys fs.FS, dir string) (items []bartizan.Item, used []string) {
	t.Helper()
	b := &Builds{Process: p, List: []Kustomization{{FS: fsys, Dir: dir, File: "kustomization.yaml", Name: "repo/" + dir}},
		Used: func(_ Kustomization, file string) { used = append(used, file) }}
	if err := b.Read(context.Background(), func(it bartizan.Item) error { items = append(items, it); return nil }); err != nil {
		t.Fatal(err)
	}
	slices.Sort(used)
	return items, used
}

// TestBuild builds the kustomization in the folder "it" of each of testdata/*.txtar. In want, each line of
// what was built follows the line of the base it was traced to.
func TestBuild(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no test files", err)
	}
	p := &sandbox.Process{}
	defer p.Close()
	for _, name := range files {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			a, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			m := fstest.MapFS{}
			want := &a.Files[len(a.Files)-1]
			for _, f := range a.Files[:len(a.Files)-1] {
				m[f.Name] = &fstest.MapFile{Data: f.Data}
			}
			items, used := build(t, p, m, "it")
			got := show(items) + "used " + strings.Join(used, " ") + "\n"
			if *update {
				want.Data = []byte(got)
				if err := os.WriteFile(name, txtar.Format(a), 0o644); err != nil {
					t.Fatal(err)
				}
			} else if got != string(want.Data) {
				t.Errorf("%s\nwant:\n%s", got, want.Data)
			}
		})
	}
}

func show(items []bartizan.Item) string {
	var b strings.Builder
	for _, it := range items {
		if it.Gap != nil {
			fmt.Fprintf(&b, "%s:%d GAP: %s\n", it.Gap.Origin.File, it.Gap.Origin.Line, it.Gap.Reason)
			continue
		}
		o := it.Entity.Value.(*kube.Object)
		fmt.Fprintf(&b, "== %s:%d:%d %s\n", o.Origin.File, o.Origin.Line, o.Origin.Column, o.Ref)
		start, end := o.Root.Span()
		for i, line := range strings.Split(strings.TrimRight(o.Root.Doc().Source()[start:end], "\n"), "\n") {
			file, at := o.Provenance.At(o.Origin.Rendered + i)
			if file == o.Origin.File {
				file = ""
			}
			fmt.Fprintln(&b, strings.TrimRight(fmt.Sprintf("%3d | %-44s %s", at, line, file), " "))
		}
	}
	return b.String()
}

// TestHostile builds kustomizations that are made to hurt, each followed by one that is not.
func TestHostile(t *testing.T) {
	many := "resources:\n"
	wide := fstest.MapFS{}
	for i := range 1000 {
		many += fmt.Sprintf("- r%d.yaml\n", i)
		wide[fmt.Sprintf("it/r%d.yaml", i)] = &fstest.MapFile{Data: fmt.Appendf(nil, "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c%d}\n", i)}
	}
	wide["it/kustomization.yaml"] = &fstest.MapFile{Data: []byte("namePrefix: a-\n" + many)}
	chain := fstest.MapFS{}
	for i := range 500 {
		chain[fmt.Sprintf("d%d/kustomization.yaml", i)] = &fstest.MapFile{Data: fmt.Appendf(nil, "namePrefix: x\nresources: [../d%d]\n", i+1)}
	}
	chain["it/kustomization.yaml"] = &fstest.MapFile{Data: []byte("resources: [../d0]\n")}
	one := func(text string) fs.FS { return fstest.MapFS{"it/kustomization.yaml": {Data: []byte(text)}} }
	aliases := "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n"
	for i := 1; i < 12; i++ {
		aliases += fmt.Sprintf("a%d: &a%d [%s*a%d]\n", i, i, strings.Repeat(fmt.Sprintf("*a%d,", i-1), 9), i-1)
	}
	for name, c := range map[string]struct {
		fs     fs.FS
		reason string
	}{
		"itself":          {one("resources: [.]\n"), ""},
		"circle":          {fstest.MapFS{"it/kustomization.yaml": {Data: []byte("resources: [../b]\n")}, "b/kustomization.yaml": {Data: []byte("resources: [../it]\n")}}, "cycle"},
		"above the root":  {one("resources: [../../../../../../etc]\n"), ""},
		"file above":      {one("resources: [../../../../../../etc/passwd]\n"), ""},
		"absolute":        {one("resources: [/etc/passwd]\n"), ""},
		"URL":             {one("resources: ['https://example.com/x.yaml']\n"), "https://example.com/x.yaml, which is not fetched"},
		"repository":      {one("resources: ['github.com/a/b//c?ref=v1']\n"), "which is not fetched"},
		"scp":             {one("bases: ['git@example.com:a/b.git']\n"), "which is not fetched"},
		"base's URL":      {fstest.MapFS{"it/kustomization.yaml": {Data: []byte("resources: [../b]\n")}, "b/kustomization.yaml": {Data: []byte("components: ['https://example.com/x']\n")}}, "b/kustomization.yaml refers to https://example.com/x, which"},
		"URL of a CRD":    {one("crds: ['https://127.0.0.1:1/x.yaml']\nresources: []\n"), "not fetched"},
		"exec plugin":     {fstest.MapFS{"it/kustomization.yaml": {Data: []byte("generators: [g.yaml]\n")}, "it/g.yaml": {Data: []byte("apiVersion: v1\nkind: X\nmetadata:\n  name: x\n  annotations:\n    config.kubernetes.io/function: |\n      exec: {path: /bin/true}\n")}}, ""},
		"Helm chart":      {one("helmCharts: [{name: x, repo: 'https://example.com'}]\n"), ""},
		"aliases":         {one(aliases), ""},
		"deep":            {one("x: " + strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000)), ""},
		"not a map":       {one("[]"), ""},
		"nothing":         {one(""), ""},
		"NUL":             {one("resources: [\"a\x00\"]\n"), ""},
		"missing file":    {one("resources: [a.yaml]\n"), ""},
		"large file":      {fstest.MapFS{"it/kustomization.yaml": {Data: []byte("resources: [a.yaml]\n")}, "it/a.yaml": {Data: make([]byte, maxFileBytes+1)}}, "more than 16 MiB"},
		"long chain":      {chain, ""},
		"many, with time": {wide, "\x00"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := &sandbox.Process{}
			defer p.Close()
			start := time.Now()
			items, used := build(t, p, c.fs, "it")
			if took := time.Since(start); took > 20*time.Second {
				t.Errorf("took %v", took)
			}
			if c.reason == "\x00" { // may well be built
				return
			}
			if len(items) != 1 || items[0].Gap == nil || items[0].Gap.Skip || !strings.Contains(items[0].Gap.Reason, c.reason) {
				t.Fatalf("want one gap with %q:\n%.600s", c.reason, show(items))
			}
			if len(used) > 0 {
				t.Errorf("used %q", used)
			}
			t.Logf("%.300s", items[0].Gap.Reason)
			good := fstest.MapFS{"it/kustomization.yaml": {Data: []byte("configMapGenerator: [{name: good, literals: [a=b]}]\n")}}
			if items, _ := build(t, p, good, "it"); len(items) != 1 || items[0].Entity == nil {
				t.Errorf("the one behind it: %s", show(items))
			}
		})
	}
}

func TestReferences(t *testing.T) {
	r, err := ReferencesOf(`
kind: Component
resources: [a.yaml, ../b, https://example.com/c]
bases: [d]
components: [e]
patchesStrategicMerge: [p.yaml, "kind: X\nmetadata: {}"]
patches: [{path: q.yaml}, {patch: "- op: remove"}]
configMapGenerator: [{files: [f.txt, "key=g.txt"], envs: [h.env], env: i.env}]
openapi: {path: o.json}
replacements: [{path: r.yaml}]
`)
	if err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprintf("%v %q %q %q", r.Component, r.Resources, r.Parts, r.Remote)
	want := `true ["a.yaml" "../b" "d" "e"] ["p.yaml" "q.yaml" "r.yaml" "i.env" "h.env" "f.txt" "g.txt" "o.json"] ["https://example.com/c"]`
	if got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	for name, remote := range map[string]bool{
		"base": false, "../base": false, "a.b/c": false, "git/x": false, "github.company/x": false, "user@host": false,
		"https://x": true, "ssh://git@x/y": true, "git::https://x": true, "git@github.com:a/b": true, "GITHUB.com/a/b": true, "gh:a/b": true,
		"file:///tmp/x": true, "github.com:a/b": true,
	} {
		if isRemote(name) != remote {
			t.Errorf("%q remote: %v", name, !remote)
		}
	}
}

func FuzzReferences(f *testing.F) {
	f.Add("resources: [a]\nconfigMapGenerator: [{files: [a=b]}]\n")
	f.Add("kind: Component\nhelmCharts: [{valuesFile: v}]\n---\n[]")
	f.Fuzz(func(t *testing.T, text string) {
		r, err := ReferencesOf(text)
		if err == nil && slices.Contains(r.Resources, "") {
			t.Error("an empty reference")
		}
		withOrigins([]byte(text))
	})
}

// TestShared builds a public tree, if it is at hand.
func TestShared(t *testing.T) {
	const dir = "/work/shared/data/kustomize"
	if _, err := os.Stat(dir); err != nil {
		t.Skip(err)
	}
	p := &sandbox.Process{}
	defer p.Close()
	for sub, n := range map[string]int{".": 35, "tests/spanner-with-all-components": 49} {
		items, _ := build(t, p, os.DirFS(dir), sub)
		traced := 0
		for _, it := range items {
			if it.Gap != nil {
				t.Error(it.Gap)
				continue
			}
			o := it.Entity.Value.(*kube.Object)
			if o.Origin.Line == 0 {
				t.Errorf("%s has no line in %s", o.Ref, o.Origin.File)
				continue
			}
			text, err := os.ReadFile(filepath.Join(dir, strings.TrimPrefix(o.Origin.File, "repo/")))
			if err != nil {
				t.Error(err)
				continue
			}
			if line := strings.Split(string(text), "\n")[o.Origin.Line-1]; !strings.HasPrefix(line, "apiVersion:") {
				t.Errorf("%s begins at %q", o.Ref, line)
			}
			traced++
		}
		if traced != n {
			t.Errorf("%s: %d objects traced, want %d", sub, traced, n)
		}
	}
}

// TestCache builds what refers to remote bases and files: from a cache where they are there, else not at all.
func TestCache(t *testing.T) {
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	pod := "apiVersion: v1\nkind: Pod\nmetadata: {name: %s}\n"
	cache := fstest.MapFS{
		"github.com/a/b/v1/k/kustomization.yaml": file("resources: ['https://raw.example.com/d/e.yaml', ../c]\n"),
		"github.com/a/b/v1/c/kustomization.yaml": file("resources: [pod.yaml]\n"),
		"github.com/a/b/v1/c/pod.yaml":           file(fmt.Sprintf(pod, "c")),
		"raw.example.com/d/e.yaml":               file("# one\n" + fmt.Sprintf(pod, "e")),
		"github.com/a/b/v2/kustomization.yaml":   file("resources: [pod.yaml, 'https://example.com/gone?ref=v3']\n"),
		"github.com/a/b/v2/pod.yaml":             file(fmt.Sprintf(pod, "v2")),
	}
	p := &sandbox.Process{}
	defer p.Close()
	for ref, want := range map[string]string{
		"https://github.com/a/b//k?ref=v1":         "/cache/raw.example.com/d/e.yaml:2 Pod e\n/cache/github.com/a/b/v1/c/pod.yaml:1 Pod c\n",
		"git::https://github.com/a/b//c?ref=v1":    "/cache/github.com/a/b/v1/c/pod.yaml:1 Pod c\n",
		"git@github.com:a/b.git//c?ref=v1":         "/cache/github.com/a/b/v1/c/pod.yaml:1 Pod c\n",
		"ssh://git@github.com:22/a/b.git/c?ref=v1": "/cache/github.com/a/b/v1/c/pod.yaml:1 Pod c\n",
		"github.com/a/b/c?ref=v1":                  "/cache/github.com/a/b/v1/c/pod.yaml:1 Pod c\n",
		"https://raw.example.com/d/e.yaml":         "/cache/raw.example.com/d/e.yaml:2 Pod e\n",
		"github.com/a/b/c":                         "GAP: the kustomization was not built: it/kustomization.yaml refers to github.com/a/b/c, which is not fetched: a scan uses no network; copy it into the repository (kustomize localize does that), or put a copy of it at github.com/a/b/c in the cache directory\n",
		"github.com/a/b/?ref=v2":                   "GAP: the kustomization was not built: the cached github.com/a/b/v2/kustomization.yaml refers to https://example.com/gone?ref=v3, which is not fetched: a scan uses no network; copy it into the repository (kustomize localize does that), or put a copy of it at example.com/gone/v3 in the cache directory\n",
		"https://x/../../etc?ref=../..":            "GAP: the kustomization was not built: it/kustomization.yaml refers to https://x/../../etc?ref=../.., which is not fetched: a scan uses no network; copy it into the repository (kustomize localize does that), or put a copy of it at x/etc in the cache directory\n",
	} {
		text := fmt.Sprintf("resources: ['%s']\n", ref)
		b := &Builds{Process: p, Cache: cache, CacheName: "/cache",
			List: []Kustomization{{FS: fstest.MapFS{"it/kustomization.yaml": file(text)}, Dir: "it", File: "kustomization.yaml", Name: "it"}},
			Used: func(_ Kustomization, file string) {
				if file != "it/kustomization.yaml" {
					t.Errorf("%s: %s is told to be used", ref, file)
				}
			}}
		got := ""
		if err := b.Read(context.Background(), func(it bartizan.Item) error {
			if it.Gap != nil {
				got += "GAP: " + it.Gap.Reason + "\n"
				return nil
			}
			got += fmt.Sprintf("%s:%d %s\n", it.Entity.Origin.File, it.Entity.Origin.Line, it.Entity.Ref)
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if got != want {
			t.Errorf("%s:\n%s\nwant:\n%s", ref, got, want)
		}
	}
}
