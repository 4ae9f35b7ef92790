package manifest

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/bartizan-dev/bartizan"
)

func readAll(t testing.TB, s bartizan.Source) []string {
	t.Helper()
	var got []string
	err := s.Read(context.Background(), func(it bartizan.Item) error {
		if it.Gap != nil {
			got = append(got, fmt.Sprintf("%s:%d %v %s", it.Gap.Origin.File, it.Gap.Origin.Line, it.Gap.Skip, it.Gap.Reason))
		} else {
			o := it.Entity.Origin
			got = append(got, fmt.Sprintf("%s:%d:%d %s", o.File, o.Line, o.Column, it.Entity.Ref))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func pod(name string) string { return "apiVersion: v1\nkind: Pod\nmetadata: {name: " + name + "}\n" }

func equal(t *testing.T, got, want []string) {
	t.Helper()
	if g, w := strings.Join(got, "\n"), strings.Join(want, "\n"); g != w {
		t.Errorf("got:\n%s\nwant:\n%s", g, w)
	}
}

// TestOrder: whatever the workers do, files come in the order given, and a bad one harms no other.
func TestOrder(t *testing.T) {
	m := fstest.MapFS{"bad.yaml": {Data: []byte("apiVersion: [\n")}, "values.yaml": {Data: []byte("a: b\n")}}
	f := &Files{FS: m, Workers: 3, List: []File{{Path: "bad.yaml", Name: "d/bad.yaml"}, {Path: "gone.yaml", Name: "d/gone.yaml"}}}
	want := []string{
		"d/bad.yaml:1 false cannot be parsed: a list in [ ] is not closed: add the ]",
		"d/gone.yaml:0 false cannot be read: file does not exist",
	}
	for i := range 200 {
		name := fmt.Sprintf("p%d.yaml", i)
		m[name] = &fstest.MapFile{Data: []byte(strings.Repeat("# x\n", (i*7919)%1000) + pod(fmt.Sprint("p", i)))}
		f.List = append(f.List, File{Path: name, Name: name})
		want = append(want, fmt.Sprintf("%s:%d:1 Pod p%d", name, (i*7919)%1000+1, i))
	}
	f.List = append(f.List, File{Path: "values.yaml", Name: "values.yaml"}, File{Path: "values.yaml", Name: "values.yaml", Named: true})
	want = append(want, "values.yaml:0 true not Kubernetes",
		"values.yaml:0 false no Kubernetes object in it: no document has both apiVersion and kind")
	got := readAll(t, f)
	// The parser's wording is not this test's business.
	if len(got) > 0 && strings.HasPrefix(got[0], "d/bad.yaml:") && strings.Contains(got[0], "false cannot be parsed: ") {
		want[0] = got[0]
	}
	equal(t, got, want)
}

func TestStop(t *testing.T) {
	m := fstest.MapFS{}
	f := &Files{FS: m, Workers: 2}
	for i := range 100 {
		name := fmt.Sprint(i, ".yaml")
		m[name] = &fstest.MapFile{Data: []byte(pod("x"))}
		f.List = append(f.List, File{Path: name, Name: name})
	}
	stop := errors.New("enough")
	n := 0
	if err := f.Read(t.Context(), func(bartizan.Item) error { n++; return stop }); !errors.Is(err, stop) || n != 1 {
		t.Errorf("%d items, %v", n, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := f.Read(ctx, func(bartizan.Item) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// endless never ends.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = '#'
	}
	return len(p), nil
}

func TestTooLarge(t *testing.T) {
	equal(t, readAll(t, Stream("stdin", endless{})), []string{"stdin:0 false cannot be read: it has more than the limit of 32 MiB: split it"})
	f := &Files{FS: sized{100 << 20}, List: []File{{Path: "a", Name: "a.yaml"}}}
	equal(t, readAll(t, f), []string{"a.yaml:0 false cannot be read: it has 100 MiB, more than the limit of 32 MiB: split it"})
}

// sized is a file system of one file that must not be read, only measured.
type sized struct{ n int64 }

func (s sized) Open(string) (fs.File, error) {
	m := fstest.MapFS{"a": {Data: []byte("x")}}
	f, err := m.Open("a")
	return sizedFile{f, s.n}, err
}

type sizedFile struct {
	fs.File
	n int64
}

func (f sizedFile) Read([]byte) (int, error) { return 0, errors.New("it was read") }
func (f sizedFile) Stat() (fs.FileInfo, error) {
	i, err := f.File.Stat()
	return sizedInfo{i, f.n}, err
}

type sizedInfo struct {
	fs.FileInfo
	n int64
}

func (i sizedInfo) Size() int64 { return i.n }

func TestStreamAndArchive(t *testing.T) {
	equal(t, readAll(t, Stream("stdin", strings.NewReader("---\n"+pod("a")))), []string{"stdin:2:1 Pod a"})
	equal(t, readAll(t, Stream("stdin", strings.NewReader(""))), []string{"stdin:0 false the file is empty"})
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	for _, f := range []struct{ name, data string }{{"d/a.yaml", pod("a")}, {"d/README", "apiVersion: x"}, {"d/b.json", `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"b"}}`}} {
		if err := w.WriteHeader(&tar.Header{Name: f.name, Size: int64(len(f.data)), Mode: 0o644}); err != nil {
			t.Fatal(err)
		}
		io.WriteString(w, f.data)
	}
	w.Close()
	z.Close()
	whole := b.Bytes()
	equal(t, readAll(t, Stream("stdin", bytes.NewReader(whole))), []string{"stdin!/d/a.yaml:1:1 Pod a", "stdin!/d/b.json:1:1 Pod b"})
	equal(t, readAll(t, Stream("stdin", bytes.NewReader(whole[:40]))), []string{"stdin:0 false cannot be read: unexpected EOF"})
	equal(t, readAll(t, Stream("stdin", strings.NewReader("PK\x03\x04..."))), []string{"stdin:0 false cannot be read: it is a zip archive: unpack it first"})
}
