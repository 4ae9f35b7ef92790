package scan

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"github.com/bartizan-dev/bartizan"
)

var updateInputs = flag.Bool("update-inputs", false, "write what is read into testdata/inputs")

// TestMain lets the test binary be its own sandbox.
func TestMain(m *testing.M) {
	if handled, code := Sandbox(os.Args); handled {
		os.Exit(code)
	}
	os.Exit(m.Run())
}

// TestInputs unpacks each of testdata/inputs/*.txtar into an empty directory and reads the paths in args
// from there. A file whose text is "-> X" is made a symbolic link to X.
func TestInputs(t *testing.T) {
	files, err := filepath.Glob("testdata/inputs/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no test files", err)
	}
	for _, name := range files {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			file, err := filepath.Abs(name)
			if err != nil {
				t.Fatal(err)
			}
			a, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			want := &a.Files[len(a.Files)-1]
			in := Inputs{Paths: []string{"."}}
			t.Chdir(t.TempDir())
			for _, f := range a.Files[:len(a.Files)-1] {
				switch f.Name {
				case "args":
					in.Paths = strings.Fields(string(f.Data))
				case "stdin":
					in.Stdin = strings.NewReader(string(f.Data))
				default:
					place(t, f)
				}
			}
			got := listing(t, in)
			if *updateInputs {
				want.Data = []byte(got)
				if err := os.WriteFile(file, txtar.Format(a), 0o644); err != nil {
					t.Fatal(err)
				}
			} else if got != string(want.Data) {
				t.Errorf("%s\nwant:\n%s", got, want.Data)
			}
		})
	}
}

func place(t *testing.T, f txtar.File) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(f.Name), 0o755); err != nil {
		t.Fatal(err)
	}
	var err error
	if to, ok := strings.CutPrefix(string(f.Data), "-> "); ok {
		err = os.Symlink(strings.TrimSpace(to), f.Name)
	} else {
		err = os.WriteFile(f.Name, f.Data, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// listing is everything that inputs give, one a line, and the counts.
func listing(t testing.TB, in Inputs) string {
	t.Helper()
	s, err := in.Source()
	if err != nil {
		var bad *InputError
		if !errors.As(err, &bad) {
			t.Errorf("%T is not an InputError", err)
		}
		return "error: " + err.Error() + "\n"
	}
	defer s.Close()
	var b strings.Builder
	err = s.Read(context.Background(), func(it bartizan.Item) error {
		if it.Gap != nil {
			kind := "GAP"
			if it.Gap.Skip {
				kind = "skip"
			}
			fmt.Fprintf(&b, "%s:%d %s: %s\n", it.Gap.Origin.File, it.Gap.Origin.Line, kind, it.Gap.Reason)
			return nil
		}
		o := it.Entity.Origin
		fmt.Fprintf(&b, "%s:%d %s %s\n", o.File, o.Line, o.Source, it.Entity.Ref)
		if text, ok := s.Text(o.File); !ok || o.Line > strings.Count(text, "\n")+1 {
			t.Errorf("no text of %s", o.File)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	c := s.Counts()
	fmt.Fprintf(&b, "%d files, %d objects, %d workloads, %d charts, %d kustomizations", c.Files, c.Objects, c.Workloads, c.Charts, c.Kustomizations)
	for _, r := range c.SkipReasons() {
		fmt.Fprintf(&b, ", %d %s", c.Skipped[r], r)
	}
	return b.String() + "\n"
}

func TestURLs(t *testing.T) {
	for _, p := range []string{"https://example.com/x.yaml", "oci://example.com/chart", "git@example.com:a/b.git"} {
		_, err := Inputs{Paths: []string{p}}.Source()
		if err == nil || !strings.Contains(err.Error(), "URLs are not read") {
			t.Errorf("%s: %v", p, err)
		}
	}
}

// TestHostileWalk walks trees that are made to hurt. In each there is one pod, which must be found.
func TestHostileWalk(t *testing.T) {
	pod := []byte("apiVersion: v1\nkind: Pod\nmetadata: {name: good}\n")
	write := func(t *testing.T, name string, data []byte) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		make func(t *testing.T)
		gap  string
	}{
		"link loops": {func(t *testing.T) {
			os.Symlink(".", "self")
			os.Symlink("b.yaml", "a.yaml")
			os.Symlink("a.yaml", "b.yaml")
			os.MkdirAll("d/e", 0o755)
			os.Symlink("../..", "d/e/up")
		}, "a.yaml: the symbolic link is not followed"},
		"link out": {func(t *testing.T) { os.Symlink("/etc/hostname", "host.yaml") }, "host.yaml: the symbolic link is not followed"},
		"deep": {func(t *testing.T) {
			at := strings.Repeat("d/", maxDepth+50)
			write(t, at+"x.yaml", pod)
		}, "nested more than"},
		"huge file": {func(t *testing.T) {
			f, err := os.Create("huge.yaml")
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			if err := f.Truncate(100 << 20); err != nil {
				t.Fatal(err)
			}
		}, "huge.yaml: cannot be read: it has 100 MiB"},
		"looping chart": {func(t *testing.T) {
			write(t, "c/Chart.yaml", []byte("apiVersion: v2\nname: c\nversion: 1.0.0\n"))
			write(t, "c/templates/a.yaml", []byte("{{ range until 100000 }}{{ range until 100000 }}{{ end }}{{ end }}"))
		}, "c: the chart was not rendered: it "}, // needed too much processor time, or too much time on a busy machine
		"no permission": {func(t *testing.T) {
			if os.Geteuid() == 0 {
				t.Skip("root may read everything")
			}
			write(t, "secret.yaml", pod)
			os.Chmod("secret.yaml", 0)
		}, "secret.yaml: cannot be read: permission denied"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			write(t, "zz.yaml", pod)
			c.make(t)
			start := time.Now()
			got := listing(t, Inputs{Paths: []string{"."}})
			if !strings.Contains(strings.ReplaceAll(got, ":0 GAP", ""), c.gap) || !strings.Contains(got, "zz.yaml:1 manifest Pod good") {
				t.Errorf("want %q and the pod:\n%.1000s", c.gap, got)
			}
			if took := time.Since(start); took > 60*time.Second {
				t.Errorf("took %v", took)
			}
		})
	}
}

// TestSharedManifests reads public manifests, if they are at hand: all of them, and the same each time.
func TestSharedManifests(t *testing.T) {
	const dir = "/work/shared/data/manifests"
	if _, err := os.Stat(dir); err != nil {
		t.Skip(err)
	}
	first := listing(t, Inputs{Paths: []string{dir}})
	if again := listing(t, Inputs{Paths: []string{dir}}); again != first {
		t.Error("two readings differ")
	}
	if !strings.Contains(first, "\n507 files, 915 objects, 250 workloads, 0 charts, 0 kustomizations, 1 template\n") {
		t.Error(first[strings.LastIndex(strings.TrimSpace(first), "\n"):])
	}
	for line := range strings.Lines(first) {
		if strings.Contains(line, " GAP: ") && !strings.Contains(line, "is set twice") {
			t.Error(line)
		}
	}
}

func BenchmarkWalk(b *testing.B) {
	const dir = "/work/shared/data/manifests"
	if _, err := os.Stat(dir); err != nil {
		b.Skip(err)
	}
	var objects int
	for range b.N {
		s, err := Inputs{Paths: []string{dir}}.Source()
		if err != nil {
			b.Fatal(err)
		}
		if err := s.Read(b.Context(), func(bartizan.Item) error { return nil }); err != nil {
			b.Fatal(err)
		}
		objects += s.Counts().Objects
		s.Close()
	}
	b.ReportMetric(float64(objects)/b.Elapsed().Seconds(), "objects/s")
}
