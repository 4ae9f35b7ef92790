// Package edit changes YAML and JSON text in place: it turns a JSON Patch on an object into splices of the
// text that leave comments, order, quoting and layout of everything else as they are. Every plan is checked
// before it is handed out: the edited text must mean exactly what the patch makes of the object. It opens no
// files; internal/scan decides which changes to make and writes them.
package edit

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"sort"
	"strings"

	"github.com/bartizan-dev/bartizan/internal/tree"
)

// Splice replaces the bytes from Start to End of a text.
type Splice struct {
	Start, End int
	Text       string
}

// ErrUnsupported says that a patch cannot be written into this text without changing more than it should.
var ErrUnsupported = errors.New("cannot be edited in place")

// Op is one operation of a JSON Patch (RFC 6902): "add", "replace" or "remove".
type Op struct {
	Op    string `json:"op"`
	Path  string `json:"path"`
	Value any    `json:"value"`
}

// ParsePatch reads a JSON Patch; numbers without a fraction become int64.
func ParsePatch(patch []byte) ([]Op, error) {
	d := json.NewDecoder(strings.NewReader(string(patch)))
	d.UseNumber()
	var ops []Op
	if err := d.Decode(&ops); err != nil {
		return nil, fmt.Errorf("read JSON Patch: %w", err)
	}
	for i := range ops {
		ops[i].Value = plain(ops[i].Value)
	}
	return ops, nil
}

// Encode writes a JSON Patch.
func Encode(ops []Op) ([]byte, error) {
	list := make([]map[string]any, len(ops))
	for i, op := range ops {
		list[i] = map[string]any{"op": op.Op, "path": op.Path}
		if op.Op != "remove" {
			list[i]["value"] = op.Value
		}
	}
	return json.Marshal(list)
}

func plain(v any) any {
	switch v := v.(type) {
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n
		}
		f, _ := v.Float64()
		return f
	case []any:
		for i := range v {
			v[i] = plain(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = plain(v[k])
		}
	}
	return v
}

// Plan finds the splices of the document's source that carry out a JSON Patch. The patch's paths start at the
// document's root. An error wraps ErrUnsupported where the text is written in a way that the editor will not touch.
func Plan(d *tree.Doc, patch []byte) ([]Splice, error) {
	ops, err := ParsePatch(patch)
	if err != nil {
		return nil, err
	}
	var plan []Splice
	for _, op := range ops {
		s, err := splice(d.Root(), op)
		if err != nil {
			return nil, fmt.Errorf("%s %s: %w", op.Op, op.Path, err)
		}
		plan = append(plan, s)
	}
	if plan, err = Merge(plan); err != nil {
		return nil, err
	}
	return plan, Verify(d, ops, plan)
}

// Merge orders splices and refuses those that touch the same text, but for insertions at one place.
func Merge(splices []Splice) ([]Splice, error) {
	sort.SliceStable(splices, func(i, j int) bool { return splices[i].Start < splices[j].Start })
	for i := 1; i < len(splices); i++ {
		a, b := splices[i-1], splices[i]
		insertions := a.Start == a.End && b.Start == b.End && a.Start == b.Start
		if !insertions && b.Start <= a.End {
			return nil, fmt.Errorf("two changes touch the same text: %w at once", ErrUnsupported)
		}
	}
	return splices, nil
}

// Apply carries out ordered splices on the part of a text that begins at an offset.
func Apply(text string, offset int, splices []Splice) string {
	var b strings.Builder
	at := 0
	for _, s := range splices {
		b.WriteString(text[at : s.Start-offset])
		b.WriteString(s.Text)
		at = s.End - offset
	}
	b.WriteString(text[at:])
	return b.String()
}

// Verify checks that the spliced text of a document means what the operations, one after the other, make of
// its value.
func Verify(d *tree.Doc, ops []Op, plan []Splice) error {
	want := d.Root().Any()
	var err error
	for _, op := range ops {
		if want, err = patched(want, op); err != nil {
			return err
		}
	}
	start, end := d.Bounds()
	text := Apply(d.Source()[start:end], start, plan)
	var got *tree.Doc
	for doc, err := range tree.Parse(text, tree.DefaultLimits()) {
		if err != nil {
			return fmt.Errorf("the edited text does not parse (%w): %w", err, ErrUnsupported)
		}
		if !doc.Root().Exists() {
			continue
		}
		if got != nil {
			return fmt.Errorf("the edit would part the document: %w", ErrUnsupported)
		}
		got = doc
	}
	if got == nil || !reflect.DeepEqual(got.Root().Any(), want) {
		return fmt.Errorf("the edited text would mean something else: %w", ErrUnsupported)
	}
	return nil
}

// splice plans one operation.
func splice(root tree.Node, op Op) (Splice, error) {
	at := root.Lookup(op.Path)
	cut := strings.LastIndexByte(op.Path, '/')
	if cut < 0 {
		return Splice{}, fmt.Errorf("the whole object: %w", ErrUnsupported)
	}
	parent := root.Lookup(op.Path[:cut])
	if aliased(at) || aliased(parent) {
		return Splice{}, fmt.Errorf("it stands elsewhere in the file, by an alias or a merge key: %w", ErrUnsupported)
	}
	key := unescape(op.Path[cut+1:])
	switch {
	case op.Op == "remove" && at.Exists():
		return remove(at)
	case op.Op == "replace" && at.Exists(), op.Op == "add" && at.Exists() && parent.Kind() == tree.Map:
		return replace(at, op.Value)
	case op.Op == "add" && parent.Kind() == tree.Map:
		return addKey(parent, key, op.Value)
	case op.Op == "add" && parent.Kind() == tree.List && key == "-":
		return appendItem(parent, op.Value)
	}
	return Splice{}, fmt.Errorf("nothing stands there: %w", ErrUnsupported)
}

// aliased says whether a value, or one that it stands in, is written somewhere else: behind an anchor.
func aliased(n tree.Node) bool {
	for n.Exists() {
		up := n.Parent()
		if !up.Exists() {
			return false
		}
		start, end := n.Span()
		if n.HasKey() {
			start, _ = n.KeySpan()
			if value, _ := n.Span(); value < start {
				return true
			}
		}
		if from, to := up.Span(); start < from || end > to {
			return true
		}
		n = up
	}
	return false
}

func unescape(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(s, "~1", "/"), "~0", "~")
}
