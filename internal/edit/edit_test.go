package edit_test

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/bartizan-dev/bartizan/internal/edit"
	"github.com/bartizan-dev/bartizan/internal/tree"
)

var update = flag.Bool("update", false, "rewrite the expected texts in testdata")

func first(text string) (*tree.Doc, error) {
	for doc, err := range tree.Parse(text, tree.DefaultLimits()) {
		if err != nil {
			return nil, err
		}
		if doc.Root().Exists() {
			return doc, nil
		}
	}
	return nil, errors.New("no document")
}

// TestFiles runs testdata/*.txtar: "in" and a patch make "out", byte for byte; an "out" that begins with
// "error: " is the error that the editor must refuse with.
func TestFiles(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no testdata: %v", err)
	}
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; i+2 < len(archive.Files); i += 3 {
			in, patch, out := archive.Files[i], archive.Files[i+1], &archive.Files[i+2]
			name := strings.TrimSuffix(in.Name, "/in")
			t.Run(name, func(t *testing.T) {
				got := apply(string(in.Data), patch.Data)
				if *update {
					out.Data = []byte(got)
					return
				}
				if got != string(out.Data) {
					t.Errorf("got:\n%s\nwant:\n%s", got, out.Data)
				}
			})
		}
		if *update {
			if err := os.WriteFile(file, txtar.Format(archive), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func apply(text string, patch []byte) string {
	doc, err := first(text)
	if err != nil {
		return "error: " + err.Error() + "\n"
	}
	splices, err := edit.Plan(doc, patch)
	if err != nil {
		return "error: " + err.Error() + "\n"
	}
	return edit.Apply(text, 0, splices)
}

// TestRealManifests removes, replaces and adds at every place of real manifests. Each edit that is not refused
// must mean what the patch means (Plan checks that itself) and must leave every other line as it is.
func TestRealManifests(t *testing.T) {
	root := "../../../shared/data/manifests"
	if _, err := os.Stat(root); err != nil {
		t.Skipf("real manifests are not here: %v", err)
	}
	done, refused := 0, 0
	err := filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".yaml") || done+refused > 20_000 {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil || len(text) > 8_000 {
			return err
		}
		for doc, err := range tree.Parse(string(text), tree.DefaultLimits()) {
			if err != nil || !doc.Root().Exists() {
				continue
			}
			for _, patch := range patches(doc.Root()) {
				start, end := doc.Bounds()
				splices, err := edit.Plan(doc, []byte(patch))
				if err != nil {
					refused++
					continue
				}
				done++
				checkLines(t, path, patch, doc.Source()[start:end], edit.Apply(doc.Source()[start:end], start, splices))
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d edits, %d refused", done, refused)
	if done == 0 || refused*20 > done {
		t.Errorf("%d edits were refused of %d: the editor has become too careful", refused, done+refused)
	}
}

// patches makes a patch of each sort for every value below a node.
func patches(n tree.Node) []string {
	var all []string
	var walk func(tree.Node)
	walk = func(n tree.Node) {
		for c := range n.Items() {
			path, _ := json.Marshal(c.Path())
			all = append(all, fmt.Sprintf(`[{"op":"remove","path":%s}]`, path))
			switch c.Kind() {
			case tree.Map:
				add, _ := json.Marshal(c.Path() + "/bartizanTest")
				all = append(all, fmt.Sprintf(`[{"op":"add","path":%s,"value":{"a":{"b":[1,"x"]},"c":true}}]`, add))
			case tree.List:
				add, _ := json.Marshal(c.Path() + "/-")
				all = append(all, fmt.Sprintf(`[{"op":"add","path":%s,"value":{"name":"bartizan","on":"yes"}}]`, add))
			default:
				all = append(all, fmt.Sprintf(`[{"op":"replace","path":%s,"value":"no"}]`, path))
			}
			walk(c)
		}
	}
	walk(n)
	return all
}

// checkLines checks that an edit took out or put in lines at one place only.
func checkLines(t *testing.T, path, patch, before, after string) {
	t.Helper()
	a, b := strings.Split(before, "\n"), strings.Split(after, "\n")
	for len(a) > 0 && len(b) > 0 && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	for len(a) > 0 && len(b) > 0 && a[len(a)-1] == b[len(b)-1] {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	if strings.Contains(patch, `"add"`) && len(a) > 1 || strings.Contains(patch, `"replace"`) && len(b) > 1 {
		t.Errorf("%s: %s rewrote more than it had to:\n- %s\n+ %s", path, patch, strings.Join(a, "\n- "), strings.Join(b, "\n+ "))
	}
}

// TestPatchRoundTrip checks that Encode writes what ParsePatch reads.
func TestPatchRoundTrip(t *testing.T) {
	ops := []edit.Op{{Op: "add", Path: "/a~1b/0", Value: map[string]any{"n": int64(1), "f": 1.5, "l": []any{nil, false}}}, {Op: "remove", Path: "/x"}}
	text, err := edit.Encode(ops)
	if err != nil {
		t.Fatal(err)
	}
	got, err := edit.ParsePatch(text)
	if err != nil || !reflect.DeepEqual(got, ops) {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := edit.ParsePatch([]byte("{")); err == nil {
		t.Error("half a patch was read")
	}
}

// FuzzPlan looks for panics; that an edit means what it should is checked by Plan.
func FuzzPlan(f *testing.F) {
	f.Add("a: {b: [1, 2]}\n", `[{"op":"remove","path":"/a/b/0"}]`)
	f.Add("a:\n- x: 1 # c\n  y: |+\n    t\n\n", `[{"op":"add","path":"/a/0/z","value":{"k":[]}}]`)
	f.Add("{\"a\": [\n 1\n]}", `[{"op":"add","path":"/a/-","value":"s"}]`)
	f.Add("a:\n", `[{"op":"replace","path":"/a","value":{"b":{"c":null}}}]`)
	f.Fuzz(func(t *testing.T, text, patch string) {
		doc, err := first(text)
		if err != nil {
			return
		}
		splices, err := edit.Plan(doc, []byte(patch))
		if err != nil {
			return
		}
		start, end := doc.Bounds()
		edit.Apply(text[start:end], start, splices)
	})
}

// FuzzEverywhere edits every place of a text: patches that a fuzzer makes seldom point at something.
func FuzzEverywhere(f *testing.F) {
	for _, text := range []string{
		"a: &x\n  p: true\nb: *x\nc:\n  <<: *x\n  q: 1\n", "a: [&l [1, {b: 2}], *l]\n", "- &a {b: c}\n- *a\n- ? k\n  : v\n",
		"a:\n- x: 1 # c\n  y: |+\n    t\n\n- {}\nb: 'it''s'\n", "{\"a\": [1, {\"b\": null}]}", "a: !!str 1\nb: &c\n  - d\ne: *c\n", "k: >-\n  folded\n  text\nl: []\n",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		doc, err := first(text)
		if err != nil || len(text) > 1<<12 {
			return
		}
		start, end := doc.Bounds()
		left := 200
		var visit func(n tree.Node)
		visit = func(n tree.Node) {
			for _, op := range []edit.Op{{Op: "remove"}, {Op: "replace", Value: int64(7)}, {Op: "replace", Value: map[string]any{"k": "v"}}} {
				op.Path = n.Path()
				if n.Kind() == tree.Map || n.Kind() == tree.List {
					add := edit.Op{Op: "add", Path: n.Path() + "/-", Value: "new"}
					plan(t, doc, add, text[start:end], start)
				}
				plan(t, doc, op, text[start:end], start)
			}
			for c := range n.Items() {
				if left--; left > 0 {
					visit(c)
				}
			}
		}
		visit(doc.Root())
	})
}

func plan(t *testing.T, doc *tree.Doc, op edit.Op, text string, start int) {
	patch, err := edit.Encode([]edit.Op{op})
	if err != nil {
		t.Fatal(err)
	}
	if splices, err := edit.Plan(doc, patch); err == nil {
		edit.Apply(text, start, splices)
	}
}
