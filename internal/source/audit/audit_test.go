package audit

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/bartizan-dev/bartizan/internal/event"
)

func record(i int) string {
	return fmt.Sprintf(`{"kind":"Event","auditID":"id-%d","stage":"ResponseComplete","verb":"get","requestURI":"/api/v1/pods?a={[\"","user":{"username":"u"},"responseObject":{"items":[{"a":1},{"b":"}"}]}}`, i)
}

// ids reads files and lists the records' ids and the gaps.
func ids(t testing.TB, workers int, stdin []byte, paths ...string) (out, gaps []string) {
	t.Helper()
	f := Files{Paths: paths, Stdin: bytes.NewReader(stdin), Workers: workers}
	var mu sync.Mutex
	counts, missing, err := f.Each(context.Background(), func(_ int, a *event.Audit) {
		id := new(event.Text).Of(a.Get(event.AuditID))
		mu.Lock()
		out = append(out, id)
		mu.Unlock()
	})
	if err != nil {
		t.Fatal(err)
	}
	if counts.Records != int64(len(out)) {
		t.Fatalf("%d records counted, %d seen", counts.Records, len(out))
	}
	for _, g := range missing {
		gaps = append(gaps, fmt.Sprintf("%d %s", g.Origin.Line, g.Reason))
	}
	slices.Sort(out)
	return out, gaps
}

func TestForms(t *testing.T) {
	var pretty bytes.Buffer
	list := `{"kind":"EventList","apiVersion":"audit.k8s.io/v1","metadata":{},"items":[` + record(1) + "," + record(2) + `]}`
	if err := json.Indent(&pretty, []byte(list), "", "  "); err != nil {
		t.Fatal(err)
	}
	var one bytes.Buffer
	if err := json.Indent(&one, []byte(record(1)), "", "\t"); err != nil {
		t.Fatal(err)
	}
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	_, _ = z.Write([]byte(record(1) + "\n" + record(2) + "\n"))
	_ = z.Close()
	for name, text := range map[string]string{
		"lines":               record(1) + "\n" + record(2) + "\n",
		"no last newline":     record(1) + "\r\n\n" + record(2),
		"byte order mark":     "\ufeff" + record(1) + "\n" + record(2),
		"list on a line":      list + "\n",
		"two lists":           strings.Replace(list, ","+record(2), "", 1) + "\n" + strings.Replace(list, record(1)+",", "", 1),
		"list over lines":     pretty.String(),
		"array":               "[" + record(1) + ",\n" + record(2) + "]",
		"record over lines":   one.String() + "\n" + record(2),
		"list and a record":   strings.Replace(list, ","+record(2), "", 1) + "\n" + record(2),
		"gzip":                zipped.String(),
		"gzip, twice":         zipped.String()[:0] + zipped.String(),
		"empty list as well":  `{"kind":"EventList","items":[]}` + "\n" + record(1) + "\n" + record(2),
		"empty list, printed": "{\n\"kind\":\"EventList\",\"items\":[\n]}\n" + record(1) + "\n" + record(2),
	} {
		t.Run(name, func(t *testing.T) {
			got, gaps := ids(t, 2, []byte(text), "-")
			if !slices.Equal(got, []string{"id-1", "id-2"}) || len(gaps) > 0 {
				t.Errorf("got %q and the gaps %q", got, gaps)
			}
		})
	}
}

// TestTornFirstLine: a torn line at the beginning does not make what follows one long object.
func TestTornFirstLine(t *testing.T) {
	got, gaps := ids(t, 2, []byte("{\n"+record(1)+"\n"+record(2)+"\n"), "-")
	if !slices.Equal(got, []string{"id-1", "id-2"}) || len(gaps) != 1 {
		t.Errorf("got %q and the gaps %q", got, gaps)
	}
}

// TestGaps: what is bad is told with line and byte, and what follows is read.
func TestGaps(t *testing.T) {
	good := record(1)
	text := good + "\n" + good[:40] + "\nnot json\n{\"a\":1}\n" + good + "\n"
	got, gaps := ids(t, 1, []byte(text), "-")
	if len(got) != 2 || len(gaps) != 3 {
		t.Fatalf("got %q and the gaps %q", got, gaps)
	}
	at := []int{len(good) + 1, len(good) + 42, len(good) + 51}
	for i, g := range gaps {
		if want := fmt.Sprintf("%d byte %d: ", i+2, at[i]); !strings.HasPrefix(g, want) {
			t.Errorf("gap %q, want it to begin with %q", g, want)
		}
	}
	list := "{\"items\":[\n" + good + ",\n{\"bad\":tru},\n" + good + "]}"
	if got, gaps = ids(t, 1, []byte(list), "-"); len(got) != 2 || len(gaps) != 1 || !strings.HasPrefix(gaps[0], "3 byte ") {
		t.Errorf("list: got %q and the gaps %q", got, gaps)
	}
	if got, gaps = ids(t, 1, []byte(list[:len(list)-20]), "-"); len(got) != 1 || len(gaps) != 2 {
		t.Errorf("list cut short: got %q and the gaps %q", got, gaps)
	}
	if got, gaps = ids(t, 1, nil, filepath.Join(t.TempDir(), "absent"), t.TempDir()); len(got) != 0 || len(gaps) != 2 {
		t.Errorf("absent file and directory: got %q and the gaps %q", got, gaps)
	}
}

func TestCutGzip(t *testing.T) {
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	for i := range 5000 {
		_, _ = z.Write([]byte(record(i) + "\n"))
	}
	_ = z.Close()
	got, gaps := ids(t, 2, zipped.Bytes()[:zipped.Len()/2], "-")
	if len(got) < 100 || len(got) >= 5000 || len(gaps) == 0 || !strings.Contains(gaps[len(gaps)-1], "unexpected EOF") {
		t.Errorf("%d records and the gaps %q", len(got), gaps)
	}
}

// TestBlocks: records and lists larger than a block, and a line beyond the bound.
func TestBlocks(t *testing.T) {
	var text bytes.Buffer
	for i := range 9000 {
		text.WriteString(record(i))
		if i%1000 == 0 {
			text.WriteString("\n{\"verb\":\"get\",\"auditID\":\"id-long\",\"x\":\"" + strings.Repeat("y", 2<<20) + "\"}")
		}
		text.WriteByte('\n')
	}
	text.WriteString(strings.Repeat("z", maxLine+maxLine/2) + "\n" + record(9000) + "\n")
	got, gaps := ids(t, 2, text.Bytes(), "-")
	if len(got) != 9001+9 || len(gaps) != 1 || !strings.Contains(gaps[0], "9010 byte") {
		t.Errorf("%d records and the gaps %q", len(got), gaps)
	}
	list := `{"kind":"EventList","items":[` + strings.Repeat(record(1)+",", 40000) + record(2) + `]}`
	if got, gaps := ids(t, 2, []byte(list), "-"); len(got) != 40001 || len(gaps) != 0 {
		t.Errorf("list: %d records and the gaps %q", len(got), gaps)
	}
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	f := Files{Paths: []string{"-"}, Stdin: strings.NewReader(strings.Repeat(record(1)+"\n", 50000))}
	if _, _, err := f.Each(ctx, func(int, *event.Audit) {}); err == nil {
		t.Error("no error")
	}
}

// TestReal: every record of real logs is read.
func TestReal(t *testing.T) {
	files, _ := filepath.Glob("/work/shared/data/audit/*.jsonl")
	if len(files) == 0 {
		t.Skip("no real audit logs here")
	}
	lines := 0
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Skip(err)
		}
		lines += bytes.Count(text, []byte("\n"))
	}
	if got, gaps := ids(t, 2, nil, files...); len(got) != lines || len(gaps) > 0 {
		t.Errorf("%d records of %d lines, gaps %q", len(got), lines, gaps)
	}
}

// FuzzFiles: nothing panics, and what encoding/json takes as an event on each line is found whatever stands around it.
func FuzzFiles(f *testing.F) {
	f.Add([]byte(record(1) + "\n" + record(2)))
	f.Add([]byte(`{"items":[` + record(1) + "]}"))
	f.Add([]byte("{\n\"items\": [\n" + record(1) + "]}"))
	f.Add([]byte("[{},{\"verb\":\"\\\"}\"}]"))
	f.Add([]byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255})
	f.Fuzz(func(t *testing.T, text []byte) {
		one, gaps := ids(t, 1, text, "-")
		two, gaps2 := ids(t, 3, text, "-")
		if !slices.Equal(one, two) || !slices.Equal(gaps, gaps2) {
			t.Fatalf("workers make a difference: %q %q, %q %q", one, gaps, two, gaps2)
		}
		if bytes.HasPrefix(text, []byte{0x1f, 0x8b}) || listed(text[:min(len(text), peekSize)]) {
			return
		}
		lines := append(text[:len(text):len(text)], '\n')
		lines = append(lines, record(77)...)
		more, _ := ids(t, 1, lines, "-")
		if !slices.Contains(more, "id-77") && !listed(lines[:min(len(lines), peekSize)]) {
			t.Fatalf("the record behind was not read: %q", more)
		}
	})
}
