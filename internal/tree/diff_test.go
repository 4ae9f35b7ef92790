package tree

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	sigs "sigs.k8s.io/yaml"
)

const sharedData = "../../../shared/data"

// corpus is every YAML and JSON file of the shared data, by name.
func corpus(tb testing.TB, dir string) map[string]string {
	tb.Helper()
	files := map[string]string{}
	root := filepath.Join(sharedData, dir)
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		switch filepath.Ext(path) {
		case ".yaml", ".yml", ".json":
			text, err := os.ReadFile(path)
			files[path] = string(text)
			return err
		}
		return nil
	})
	if err != nil || len(files) == 0 {
		tb.Skipf("no shared data at %s", root)
	}
	return files
}

// asAPI is a text as sigs.k8s.io/yaml makes it, decoded like an API object: numbers are int64 or float64.
func asAPI(text string) (any, error) {
	j, err := sigs.YAMLToJSON([]byte(text))
	if err != nil {
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(j))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, fmt.Errorf("its JSON: %w", err)
	}
	return numbers(v), nil
}

func numbers(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			v[k] = numbers(e)
		}
	case []any:
		for i, e := range v {
			v[i] = numbers(e)
		}
	case json.Number:
		if i, err := v.Int64(); err == nil {
			return i
		}
		f, _ := v.Float64()
		return f
	}
	return v
}

// parseWith runs one of the two readers over a stream.
func parseWith(src string, slowOnly bool) (docs []*Doc, errs []error, slow int, json bool) {
	p := newParser(src, DefaultLimits())
	p.slowOnly = slowOnly
	for c, ok := p.split(chunk{}); ok; c, ok = p.split(c) {
		d, err := p.document(&c)
		docs, errs, json = append(docs, d), append(errs, err), json || c.json
	}
	return docs, errs, p.slowDocs, json
}

// equalToAPI compares each document of a stream with what the API machinery makes of it.
func equalToAPI(t testing.TB, name, src string) {
	t.Helper()
	for d, err := range Parse(src, Limits{}) {
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		from, to := d.Bounds()
		want, err := asAPI(src[from:to])
		if err != nil {
			t.Errorf("%s: accepted a document at %d that sigs refuses: %v", name, from, err)
			continue
		}
		if got := d.Root().Any(); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: document at %d differs:\n got %.400v\nwant %.400v", name, from, got, want)
		}
	}
}

func TestSharedDataDecodesLikeTheAPIMachinery(t *testing.T) {
	for name, src := range corpus(t, ".") {
		equalToAPI(t, name, src)
	}
}

// describe lists every value of a document with its place.
func describe(d *Doc) []string {
	if d == nil {
		return nil
	}
	var lines []string
	var walk func(n Node)
	walk = func(n Node) {
		from, to := n.Span()
		keyFrom, keyTo := n.KeySpan()
		line, column := n.Pos()
		lines = append(lines, fmt.Sprintf("%s %s %q [%d:%d] key %q [%d:%d] at %d:%d len %d",
			n.Path(), n.Kind(), n.Text(), from, to, n.Key(), keyFrom, keyTo, line, column, n.Len()))
		for c := range n.Items() {
			walk(c)
		}
	}
	if d.Root().Exists() {
		walk(d.Root())
	}
	from, to := d.Bounds()
	return append(lines, fmt.Sprintf("bounds %d:%d, duplicates %v", from, to, d.Duplicates))
}

// sameByBothReaders runs both readers over a stream and compares what they say of every value.
func sameByBothReaders(t testing.TB, name, src string) {
	t.Helper()
	fast, fastErrs, slowDocs, json := parseWith(src, false)
	slow, slowErrs, _, _ := parseWith(src, true)
	if json && (len(fast) != len(slow) || slowErrs[0] != nil) {
		return // JSON that is not YAML
	}
	if len(fast) != len(slow) {
		t.Errorf("%s: the fast reader sees %d documents, the slow one %d", name, len(fast), len(slow))
		return
	}
	if slowDocs == len(fast) {
		return // the fast reader gave up on all of them
	}
	for i := range fast {
		if (fastErrs[i] == nil) != (slowErrs[i] == nil) {
			t.Errorf("%s: document %d: fast error %v, slow error %v", name, i, fastErrs[i], slowErrs[i])
			continue
		}
		a, b := describe(fast[i]), describe(slow[i])
		if len(a) != len(b) {
			t.Errorf("%s: document %d: %d values by the fast reader, %d by the slow one\n%.300v\n%.300v", name, i, len(a), len(b), a, b)
		}
		for j := range min(len(a), len(b)) {
			if a[j] != b[j] {
				t.Errorf("%s: document %d:\nfast %.300s\nslow %.300s", name, i, a[j], b[j])
				break
			}
		}
	}
}

func TestBothReadersAgreeOnSharedData(t *testing.T) {
	docs, slow := 0, 0
	for name, src := range corpus(t, ".") {
		sameByBothReaders(t, name, src)
		d, _, s, _ := parseWith(src, false)
		if docs += len(d); s > 0 && testing.Verbose() {
			t.Logf("%s: %d of %d documents by the slow reader", name, s, len(d))
		}
		slow += s
	}
	if share := 1 - float64(slow)/float64(docs); share < 0.98 {
		t.Errorf("the fast reader took %.1f %% of %d documents, want 98 %%", 100*share, docs)
	}
	t.Logf("%d documents, %d by the slow reader", docs, slow)
}
