package document

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

var update = flag.Bool("update", false, "write what is read into the test files")

// show writes items one a line.
func show(items []bartizan.Item) string {
	var b strings.Builder
	for _, it := range items {
		switch {
		case it.Entity != nil:
			o := it.Entity.Origin
			fmt.Fprintf(&b, "%d:%d %s\n", o.Line, o.Column, it.Entity.Ref)
		case it.Gap.Skip:
			fmt.Fprintf(&b, "%d:%d skip: %s\n", it.Gap.Origin.Line, it.Gap.Origin.Column, it.Gap.Reason)
		default:
			fmt.Fprintf(&b, "%d:%d GAP: %s\n", it.Gap.Origin.Line, it.Gap.Origin.Column, it.Gap.Reason)
		}
	}
	return b.String()
}

// TestItems reads testdata/*.txtar: the input is in.yaml; want is what comes of it in a walk, named what
// comes of it when the user named the file, output when a renderer made it.
func TestItems(t *testing.T) {
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
			in := ""
			for i, f := range a.Files {
				s := Stream{Source: "manifest", File: "in.yaml"}
				switch f.Name {
				case "in.yaml":
					in = string(f.Data)
					continue
				case "named":
					s.Named = true
				case "output":
					s.Output = true
				}
				got := show(Items(in, s))
				if *update {
					a.Files[i].Data = []byte(got)
				} else if got != string(f.Data) {
					t.Errorf("%s:\n%s\nwant:\n%s", f.Name, got, f.Data)
				}
			}
			if *update {
				if err := os.WriteFile(name, txtar.Format(a), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// TestHostile reads what is made to hurt. What counts is that it ends, with a gap and not with silence.
func TestHostile(t *testing.T) {
	const pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: good}\n"
	bomb := "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: bomb}\na0: &a0 [x,x,x,x,x,x,x,x,x,x]\n"
	for i := 1; i < 12; i++ {
		bomb += fmt.Sprintf("a%d: &a%d [*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d]\n", i, i, i-1, i-1, i-1, i-1, i-1, i-1, i-1, i-1, i-1, i-1)
	}
	for name, bad := range map[string]string{
		"alias bomb":    bomb,
		"depth":         "apiVersion: v1\nkind: Pod\nspec: " + strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000) + "\n",
		"depth, json":   `{"apiVersion":"v1","kind":"Pod","spec":` + strings.Repeat(`{"a":`, 10_000) + "1" + strings.Repeat("}", 10_001) + "\n",
		"NUL":           "apiVersion: v1\nkind: Pod\nmetadata: {name: \"a\x00b\"}\n",
		"invalid UTF-8": "apiVersion: v1\nkind: Pod\nmetadata: {name: \"a\xff\xfeb\"}\n",
		"many values":   "apiVersion: v1\nkind: ConfigMap\ndata: [" + strings.Repeat("a,", 1_100_000) + "]\n",
		"self alias":    "apiVersion: v1\nkind: Pod\nspec: &s\n  a: *s\n",
	} {
		t.Run(name, func(t *testing.T) {
			items := Items(bad+"---\n"+pod, Stream{Source: "manifest", File: "in.yaml"})
			gaps, good := 0, false
			for _, it := range items {
				if it.Gap != nil && !it.Gap.Skip && it.Gap.Origin.Line > 0 {
					gaps++
				}
				good = good || it.Entity != nil && it.Entity.Ref.Name == "good"
			}
			if gaps == 0 || !good {
				t.Errorf("%d gaps; the document behind it was read: %v; %.300s", gaps, good, show(items))
			}
		})
	}
}

// TestManyValues: documents that each are within bounds must not fill the memory together.
func TestManyValues(t *testing.T) {
	one := "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: [" + strings.Repeat("a,", 300_000) + "]\n---\n"
	got := show(Items(strings.Repeat(one, 8), Stream{Source: "manifest", File: "in.yaml"}))
	want := "1:1 ConfigMap a\n6:1 ConfigMap a\n11:0 GAP: the file holds too many values for its size: the rest of it was not read; split it\n"
	if got != want {
		t.Errorf("%s", got)
	}
}

func TestManyErrors(t *testing.T) {
	items := Items(strings.Repeat("apiVersion: v1\nkind: [\n---\n", 1000), Stream{Source: "manifest", File: "in.yaml"})
	if len(items) != maxErrors+1 {
		t.Fatalf("%d items", len(items))
	}
	if last := items[maxErrors].Gap.Reason; last != "900 more documents could not be read" {
		t.Error(last)
	}
}

func FuzzItems(f *testing.F) {
	f.Add("apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n---\nx: [\n---\n{{ x }}\n", false, false)
	f.Add(`{"apiVersion":"v1","kind":"List","items":[{"apiVersion":"v1","kind":"Pod"}]}`, true, false)
	f.Add("kind: Pod\nmetadata: {}\nspec: {}\n", false, true)
	f.Fuzz(func(t *testing.T, text string, named, output bool) {
		items := Items(text, Stream{Source: "manifest", File: "f", Named: named, Output: output})
		if len(items) == 0 && !output {
			t.Error("nothing is told of the file")
		}
		for _, it := range items {
			if named && it.Gap != nil && it.Gap.Skip && len(items) == 1 {
				t.Errorf("a named file is skipped: %v", it.Gap)
			}
		}
	})
}
