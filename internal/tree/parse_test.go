package tree

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
)

// one parses a stream that must be one sound document.
func one(t testing.TB, src string) *Doc {
	t.Helper()
	var docs []*Doc
	for d, err := range Parse(src, Limits{}) {
		if err != nil {
			t.Fatalf("%q: %v", src, err)
		}
		docs = append(docs, d)
	}
	if len(docs) != 1 {
		t.Fatalf("%q: %d documents, want 1", src, len(docs))
	}
	return docs[0]
}

func TestSpans(t *testing.T) {
	const src = `# head
a:   plain text   # note
"b c" : 'it''s'
d: |  # literal
  one

  two  

e: >-
  folded
f:
- 1
-   g: h
    i:
j: {k: [x, "y"], l}
m: two
  lines
z: &anchor !!str 5
o: *anchor
p: !t
  q: r
`
	d := one(t, src)
	for _, c := range []struct{ path, key, value, place string }{
		{"", "", strings.TrimSuffix(src[strings.Index(src, "a:"):], "\n"), "2:1"},
		{"/a", "a", "plain text", "2:6"},
		{"/b c", `"b c"`, "'it''s'", "3:9"},
		{"/d", "d", "|  # literal\n  one\n\n  two  ", "4:4"},
		{"/e", "e", ">-\n  folded", "9:4"},
		{"/f", "f", "- 1\n-   g: h\n    i:", "12:1"},
		{"/f/1", "", "g: h\n    i:", "13:5"},
		{"/f/1/i", "i", "", "14:7"},
		{"/j", "j", `{k: [x, "y"], l}`, "15:4"},
		{"/j/k", "k", `[x, "y"]`, "15:8"},
		{"/j/l", "l", "", "15:19"},
		{"/m", "m", "two\n  lines", "16:4"},
		{"/z", "z", "5", "18:18"},
		{"/o", "o", "5", "18:18"},
		{"/p", "p", "q: r", "21:3"},
	} {
		n := d.Root().Lookup(c.path)
		if !n.Exists() {
			t.Errorf("nothing at %s", c.path)
			continue
		}
		from, to := n.Span()
		keyFrom, keyTo := n.KeySpan()
		line, column := n.Pos()
		if src[from:to] != c.value || src[keyFrom:keyTo] != c.key || fmt.Sprintf("%d:%d", line, column) != c.place {
			t.Errorf("%s: key %q, value %q at %d:%d; want key %q, value %q at %s", c.path, src[keyFrom:keyTo],
				src[from:to], line, column, c.key, c.value, c.place)
		}
		if n.Path() != c.path {
			t.Errorf("the path of %s is %s", c.path, n.Path())
		}
	}
	if line, column := d.Root().Get("j").KeyPos(); line != 15 || column != 1 {
		t.Errorf("the key j is at %d:%d", line, column)
	}
}

func TestBounds(t *testing.T) {
	const src = "# one\n%YAML 1.1\n---\na: 1\n# tail\n---  # two\n# in two\nb: 2\n...\n# three\n---\nc: 3\n...\n# end\n"
	var got []string
	for d, err := range Parse(src, Limits{}) {
		if err != nil {
			t.Fatal(err)
		}
		from, to := d.Bounds()
		got = append(got, src[from:to])
	}
	want := []string{"# one\n%YAML 1.1\n---\na: 1\n# tail\n", "---  # two\n# in two\nb: 2\n...\n", "# three\n---\nc: 3\n...\n# end\n"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
}

func TestByteOrderMarkAndLineEndings(t *testing.T) {
	d := one(t, "\ufeffa: 1\r\nb: |\r\n  x\r\n  y\r\nc: 'd\r\n  e'\r\n")
	if line, column := d.Root().Get("a").Pos(); line != 1 || column != 4 {
		t.Errorf("a is at %d:%d, want 1:4", line, column)
	}
	want := map[string]any{"a": int64(1), "b": "x\ny\n", "c": "d e"}
	if got := d.Root().Any(); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestReadingGoesOnBehindABrokenDocument(t *testing.T) {
	const src = "a: 1\n---\nb: [\nx\n---\n\tc: 2\n--- \nd: {e: 'f}\n---\ng: 4\n---\nh: \x01\n---\ni: 6"
	var values []any
	var places []string
	for d, err := range Parse(src, Limits{}) {
		if err == nil {
			values = append(values, d.Root().Any())
			continue
		}
		var e *SyntaxError
		if !errors.As(err, &e) || d != nil || e.Reason == "" {
			t.Fatalf("error %#v with document %v", err, d)
		}
		places = append(places, fmt.Sprintf("%d:%d", e.Line, e.Column))
	}
	if want := []any{map[string]any{"a": int64(1)}, map[string]any{"g": int64(4)}, map[string]any{"i": int64(6)}}; !reflect.DeepEqual(values, want) {
		t.Errorf("got %v, want %v", values, want)
	}
	if want := []string{"5:1", "6:1", "8:8", "12:4"}; !reflect.DeepEqual(places, want) {
		t.Errorf("errors at %v, want %v", places, want)
	}
}

func TestDuplicates(t *testing.T) {
	var many strings.Builder
	for i := range 40 {
		fmt.Fprintf(&many, "k%d: 1\n", i)
	}
	for _, c := range []struct {
		src  string
		want []Duplicate
		kept string
	}{
		{"a: 1\nb: 2\na: 3\n", []Duplicate{{"a", 1, 3}}, "map[a:3 b:2]"},
		{"a: 1\n'a': 2\n\"\\x61\": 3\n", []Duplicate{{"a", 1, 2}, {"a", 1, 3}}, "map[a:3]"},
		{"{\"a\": 1, \"b\": {\"c\": 1,\n \"c\": 2}}", []Duplicate{{"c", 1, 2}}, "map[a:1 b:map[c:2]]"},
		{"x: &x {a: 1}\nz: {a: 2, <<: *x}\n", nil, "map[x:map[a:1] z:map[a:1]]"},
		{many.String() + "k3: 2\n", []Duplicate{{"k3", 4, 41}}, ""},
	} {
		d := one(t, c.src)
		if !reflect.DeepEqual(d.Duplicates, c.want) {
			t.Errorf("%.40q: duplicates %v, want %v", c.src, d.Duplicates, c.want)
		}
		if got := fmt.Sprint(d.Root().Any()); c.kept != "" && got != c.kept {
			t.Errorf("%q: kept %s, want %s", c.src, got, c.kept)
		}
		if root := d.Root(); root.Len() != len(root.Any().(map[string]any)) {
			t.Errorf("%.40q: Len is %d, the map has %d keys", c.src, root.Len(), len(root.Any().(map[string]any)))
		}
	}
}

// TestPlainScalars compares every short text with what the API machinery makes of it, as a value and as a key.
func TestPlainScalars(t *testing.T) {
	const letters = "0178_.+-exXobnNyE"
	var texts []string
	for n := 1; n <= 4; n++ {
		for i := range pow(len(letters), n) {
			text := make([]byte, n)
			for k := range text {
				text[k] = letters[i%len(letters)]
				i /= len(letters)
			}
			texts = append(texts, string(text))
		}
	}
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 20000 {
		text := make([]byte, 5+rnd.IntN(20))
		for k := range text {
			text[k] = letters[rnd.IntN(len(letters))]
		}
		texts = append(texts, string(text))
	}
	texts = append(texts, "true", "True", "TRUE", "tRUE", "false", "False", "FALSE", "yes", "Yes", "YES", "no", "on", "On", "ON",
		"off", "Off", "OFF", "y", "Y", "n", "N", "null", "Null", "NULL", "nULL", "~", "9223372036854775807", "9223372036854775808",
		"-9223372036854775808", "-9223372036854775809", "18446744073709551615", "18446744073709551616", "4611686018427387904.0",
		"9223372036854774784.0", "9223372036854775807.0", "1e18", "1e19", "1e20", "1e21", "1e22", "-0.0", "1e308", "1e309",
		"0x7fffffffffffffff", "0xffffffffffffffff", "2001-01-01", "2001-1-1 1:1:1", "12:30:45", "1.2.3", "10.0.0.1", "100m", "1Gi")
	const batch = 500
	for len(texts) > 0 {
		n := min(batch, len(texts))
		src := "- " + strings.Join(texts[:n], "\n- ") + "\n"
		for _, text := range texts[:n] {
			if text == "-" || strings.HasPrefix(text, "---") {
				src = strings.Replace(src, "- "+text+"\n", "", 1)
			}
		}
		texts = texts[n:]
		want, err := asAPI(src)
		if err != nil {
			t.Fatalf("%v in %q", err, src)
		}
		got := one(t, src).Root().Any()
		if reflect.DeepEqual(got, want) {
			continue
		}
		for i, line := range strings.Split(strings.TrimSpace(src), "\n") {
			if a, b := got.([]any)[i], want.([]any)[i]; !reflect.DeepEqual(a, b) {
				t.Errorf("%s: got %#v, want %#v", line, a, b)
			}
		}
	}
}

func TestPlainKeys(t *testing.T) {
	for _, key := range []string{"1", "01", "08", "0x1F", "1_000", "1.0", "1.50", "1e3", "1e10", "0.1", "3.14159265358979", ".5", "yes",
		"n", "TRUE", "off", ".inf", "-.inf", ".nan", "2001-01-01", "123456789.5", "-0", "0b11", "0o17", "a b", "1:2"} {
		want, err := asAPI(key + ": x\n")
		if err != nil {
			t.Fatal(err)
		}
		for _, src := range []string{key + ": x\n", "{" + key + ": x}\n", "? " + key + "\n: x\n"} {
			if got := one(t, src).Root().Any(); !reflect.DeepEqual(got, want) {
				t.Errorf("%q: got %v, want %v", src, got, want)
			}
		}
	}
	for _, key := range []string{"~", "null", "18446744073709551615", "{a: b}", "[a, b]", "{{ .Values.x }}"} {
		if _, err := asAPI(key + ": x\n"); err == nil {
			t.Fatalf("sigs takes the key %s", key)
		}
		for d, err := range Parse(key+": x\n", Limits{}) {
			if err == nil {
				t.Errorf("the key %s was taken: %v", key, d.Root().Any())
			}
		}
	}
}

func pow(base, n int) int {
	p := 1
	for range n {
		p *= base
	}
	return p
}

func TestFindComment(t *testing.T) {
	const src = `# ignore: head
a: "x # ignore: in a string" # ignore: one
b: 'y #' #ignore: two
c: | # ignore: three
  # ignore: in a block
d: x#ignore
e: plain # other
# ignore: four
"f # ignore": [1, # ignore: five
 '# ignore']
g: &z
  h: 1 # ignore: six
i: *z
---
# ignore: next document
`
	var got []string
	for d, err := range Parse(src, Limits{}) {
		if err != nil {
			t.Fatal(err)
		}
		for line, text := range d.FindComment("ignore") {
			got = append(got, fmt.Sprintf("%d:%s", line, text))
		}
	}
	want := []string{"1: ignore: head", "2: ignore: one", "3:ignore: two", "4: ignore: three", "8: ignore: four", "9: ignore: five",
		"12: ignore: six", "15: ignore: next document"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}
