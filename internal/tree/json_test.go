package tree

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// asJSON is a JSON text as encoding/json decodes it into an API object.
func asJSON(t testing.TB, text string) any {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return numbers(v)
}

func TestJSON(t *testing.T) {
	long := strings.Repeat("k", 2000)
	for _, text := range []string{
		`{}`, `[]`, ` [ 1 , -2.5 , 1e-2 , true , false , null ] `, `{"a": {"b": [{"c": "d"}]}}`, "{\n\t\"a\"\n:\n\t1}",
		`["\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00\ud800x\udc00"]`, `{"\u0061": 1, "": 2, "<<": {"x": 1}, "yes": 3}`, `{"` + long + `": 1}`,
		`["yes", "1", "null", "é", "# no comment"]`, "[\"a\u2028b\"]",
	} {
		d := one(t, text)
		if got, want := d.Root().Any(), asJSON(t, text); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %#v, want %#v", text, got, want)
		}
	}
}

func TestJSONTextsWithoutSeparator(t *testing.T) {
	const src = "{\"a\": 1}{\"b\": 2}\n[3]\n---\nc: 4\n"
	var got []any
	for d, err := range Parse(src, Limits{}) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, d.Root().Any())
		if line, _ := d.Root().Pos(); line != [...]int{1, 1, 2, 4}[len(got)-1] {
			t.Errorf("text %d begins on line %d", len(got), line)
		}
	}
	want := []any{map[string]any{"a": int64(1)}, map[string]any{"b": int64(2)}, []any{int64(3)}, map[string]any{"c": int64(4)}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestAuditEventsDecodeLikeEncodingJSON(t *testing.T) {
	files, _ := filepath.Glob(filepath.Join(sharedData, "audit", "*.jsonl"))
	if len(files) == 0 {
		t.Skip("no shared data")
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(bytes.NewReader(text))
		lines.Buffer(nil, 1<<24)
		for d, err := range Parse(string(text), Limits{}) {
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if !lines.Scan() {
				if d.Root().Exists() {
					t.Fatalf("%s: more documents than lines", name)
				}
				break
			}
			if got, want := d.Root().Any(), asJSON(t, lines.Text()); !reflect.DeepEqual(got, want) {
				t.Fatalf("%s: got %.300v\nwant %.300v", name, got, want)
			}
		}
		if lines.Scan() {
			t.Errorf("%s: more lines than documents", name)
		}
	}
}
