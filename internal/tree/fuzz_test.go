package tree

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	sigs "sigs.k8s.io/yaml"
	goyaml "sigs.k8s.io/yaml/goyaml.v2"
)

// fixtures are small streams, each for one thing that YAML can do. They are fuzz seeds as well.
var fixtures = []string{
	"", "\n", "# only a comment\n", "---\n---\n", "---\n# nothing\n---\na: 1\n", "a: 1", "a: 1\r\nb:\r\n- c\r\n",
	"\ufeffa: 1\n", "# c\n---\na: 1\n...\n# d\n---\nb: 2\n...\n# end\n", "%YAML 1.1\n---\na: 1\n",
	"a:\n- b\n- c: d\n  e: f\n-\n  - g\n- - h\n  - i\nj:\n", "a:\n    b: 1\n    c:\n      - 2\n",
	"a: 'it''s'\nb: \"x\\ty\\u00e9\\x41\\\n  z\"\n'c d': e\n\"f\": g\n", "a: b\n  c\n\n  d\ne: 'f\n  g'\n",
	"a: |\n  x\n   y\n\n  z\nb: >-\n  x\n  y\n\n  z\nc: |+\n  k\n\n\nd: |2\n   x\n", "a: >\n  x\n\n    y\n  z\n",
	"a: [1, b, 'c', \"d\", {e: f, g}, [], {}]\nb: {x: 1,\n  y: [2,\n 3], # c\n }\n", "{a: b, c: , \"d\":e}",
	`{"a": 1, "b": [true, null, -1.5e3, "\u00e9\ud83d\ude00\/"], "c": {}}`, "[1, 2]\n", `{"a":1}{"b":2}` + "\n" + `[3]`,
	"a: &x 1\nb: *x\nc: &y {d: 1}\ne: {<<: *y, f: 2}\ng:\n  <<: [*y, {h: 1}]\n  d: 3\n", "? a\n: b\n", "? - a\n: b\n",
	"a: !!str 1\nb: !!int \"2\"\nc: !foo x\nd: !!binary aGk=\ne: !!float 3\nf: ! \"4\"\n", "--- |\n  a\n", "--- a\n",
	"a: yes\nb: NO\nc: on\nd: y\ne: ~\nf: Null\ng: 0644\nh: 0o17\ni: 0x1F\nj: 0b11\nk: 1_000\nl: 1e3\nm: 1.0\nn: 08\no: 1:30\n",
	"a: 2001-01-01\nb: 2001-12-14t21:59:43.10-05:00\nc: .5\nd: +1\ne: -0\nf: 18446744073709551615\ng: 0b-1\nh: 1.\ni: 1e400\n",
	"a: .inf\n", "1: a\n1.5: b\ntrue: c\nno: d\n0x10: e\n1e3: f\n", "~: a\n", "{{ x }}: y\n", "a: {{ x }}\n", "a: 1\na: 2\nb: 1\na: 3\n",
	"a: 'x # y' # z\nb: \"# n\" # bartizan:ignore\nc: | # h\n  # in\n", "a: 1\n---\nb: [\n---\nc: 3\n", "a:\n\tb: 1\n", "a: b: c\n",
	"a: 1\n b: 2\n", "a: 'x", "a: \"x", "- a\nb\n", "a\n", "- a\n-  b: 1\n   c: 2\n", "a: #x\n", "a: -\n", "a:\n  - b\n - c\n",
	"a: b #c\n  d\n", "\"a\" : b\n", "a : b\n", "a: @x\n", "a: `x\n", "a: %x\n", "a: b\t\nc:\td\n", "- |\n  x\n- >\n  y\n",
	"a: |\n\n   x\n  y\n", "a: |\n     \n  x\n", "a: |", "a: |\n", "a: |+\n\n", "a: x\n\n\nb:\n  c\n", "a: ?x\nb: :y\nc: -z\n",
	"[a: b]\n", "[? a]\n", "{a: [b, {c: d}]}\n# t\n", "a: \u00e9\u2028b\n", "a: x\rb: y\r", "a: \x00\n", "a: \xff\n", "...\na: 1\n",
	"a: !!timestamp 2001-01-01\nb: !!timestamp \"2001-12-14 21:59:43.1\"\n", "a: !!timestamp x\n", "a: !!bool \"on\"\nb: !!null ''\n", "a: !!int x\n",
	"a: !!int 1.5\n", "a: !!binary \"@\"\n", "a: \"\\0\\a\\b\\t\\n\\v\\f\\r\\e\\ \\\"\\'\\\\\\N\\_\\L\\P\\x4a\\u004B\\U0001F600\"\n", "a: \"\\z\"\n", "a: \"\\xg0\"\n",
	"&a a: *a\n", "a: &b [*b]\n", "{\"a\"\n: 1}\n", "{a\n: 1}\n", "a: {b: 1}\n  c: 2\n", "a: \"b\" c\n", "a: [b] c\n", "<<: {a: 1}\n",
}

func FuzzParse(f *testing.F) {
	for _, s := range fixtures {
		f.Add(s)
	}
	if root := filepath.Join(sharedData, "manifests"); isDir(root) {
		for _, src := range corpus(f, "manifests") {
			if len(src) < 3000 {
				f.Add(src)
			}
		}
	}
	f.Fuzz(func(t *testing.T, src string) {
		if len(src) > 1<<16 {
			return
		}
		watchdog := time.AfterFunc(5*time.Second, func() { panic(fmt.Sprintf("no end after 5 s: %q", src)) })
		defer watchdog.Stop()
		checkStream(t, src)
	})
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

func TestFixtures(t *testing.T) {
	for _, s := range fixtures {
		checkStream(t, s)
	}
}

// checkStream holds what is true of every stream.
func checkStream(t testing.TB, src string) {
	t.Helper()
	sameByBothReaders(t, "stream", src)
	p := newParser(src, DefaultLimits())
	for c, ok := p.split(chunk{}); ok; c, ok = p.split(c) {
		d, err := p.document(&c)
		text := src[c.start:c.stop]
		want, wantErr := asAPI(text)
		if err != nil {
			if wantErr == nil && !deliberate(text, err) {
				t.Errorf("refused what sigs takes: %v\n%q in %q", err, text, src)
			}
			continue
		}
		spansInside(t, d)
		if wantErr != nil {
			if !isJSON(text) && !lenient(text, wantErr) {
				t.Errorf("took what sigs refuses: %v\n%q", wantErr, text)
			}
			continue
		}
		var v any
		if err := goyaml.Unmarshal([]byte(text), &v); err == nil && ambiguous(v) {
			continue // keys like 1 and "1": sigs takes one of the two at random
		}
		if got := d.Root().Any(); !reflect.DeepEqual(got, want) {
			t.Errorf("differs:\n got %#v\nwant %#v\n%q", got, want, text)
		}
	}
}

// deliberate are the refusals that the package comment lists.
func deliberate(text string, err error) bool {
	reason := err.(*SyntaxError).Reason
	if _, strict := sigs.YAMLToJSONStrict([]byte(text)); strict != nil &&
		(strings.Contains(reason, "the key ") || strings.Contains(reason, "to JSON")) {
		return true // a fault in the value of a key that is written again: sigs drops it unseen
	}
	return strings.Contains(reason, "Limits.") || strings.Contains(reason, "UTF-16") ||
		strings.Contains(reason, "text follows a ... line") || trailing(text)
}

// lenient are the documents that the package comment lists as taken although sigs refuses them.
func lenient(text string, sigsErr error) bool {
	reason := sigsErr.Error()
	tabs := strings.Contains(text, "\t") && strings.Contains(text, "#") && strings.Contains(reason, "cannot start any token")
	return tabs || strings.Contains(reason, "excessive aliasing")
}

// trailing says whether something stands behind the first document, at which sigs does not look.
func trailing(text string) bool {
	d := goyaml.NewDecoder(strings.NewReader(text))
	var v any
	return d.Decode(&v) == nil && !errors.Is(d.Decode(&v), io.EOF)
}

func isJSON(text string) bool {
	text = strings.TrimLeft(text, " \t\r\n\ufeff")
	return strings.HasPrefix(text, "{") || strings.HasPrefix(text, "[")
}

func spansInside(t testing.TB, d *Doc) {
	t.Helper()
	for i := range d.nodes {
		n := &d.nodes[i]
		if n.off > n.end || int(n.end) > len(d.src) || n.key != noKey && n.keyOff > n.keyEnd || int(n.keyEnd) > len(d.src) {
			t.Errorf("value %d of %q: span %d:%d, key %d:%d", i, d.src, n.off, n.end, n.keyOff, n.keyEnd)
		}
	}
}

// ambiguous says whether a map has two keys that are the same text in JSON.
func ambiguous(v any) bool {
	switch v := v.(type) {
	case map[any]any:
		keys := map[string]bool{}
		for k, e := range v {
			text := fmt.Sprint(k)
			if f, ok := k.(float64); ok {
				text = floatKey(f)
			}
			if keys[text] || ambiguous(e) {
				return true
			}
			keys[text] = true
		}
	case []any:
		return slices.ContainsFunc(v, ambiguous)
	}
	return false
}
