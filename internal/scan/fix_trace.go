package scan

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/internal/source/helm"
	"github.com/bartizan-dev/bartizan/internal/tree"
)

// maxProbes bounds how often a chart is rendered to find out which values show where.
const maxProbes = 40

// shownKey says that a value of a chart shows at a place of an object.
type shownKey struct {
	key   helm.Key
	whole bool // the value is a map that is shown there; else a scalar
}

// tracer finds out which values of a chart show where: it renders the chart with marks in the values' place
// and looks where the marks come out.
type tracer struct {
	in       *InputSource
	r        *rendering
	texts    map[string]string
	keys     []helm.Key
	rendered int
	// found is by object and JSON Pointer.
	found map[string]map[string][]shownKey
}

// mark is one value with a mark in its place.
type mark struct {
	key   int
	whole bool
}

const markWord = "bartizanmark"

var markPattern = regexp.MustCompile(markWord + `([0-9]+)x`)

func trace(ctx context.Context, in *InputSource, r *rendering, texts map[string]string, keys []helm.Key) (*tracer, error) {
	t := &tracer{in: in, r: r, texts: texts, keys: keys, found: map[string]map[string][]shownKey{}}
	// Marks are as true as what they replace, so that the same parts of templates are rendered; what is false
	// or missing comes in turns of its own.
	var maps, present, absent, other []mark
	for i, k := range keys {
		switch {
		case k.Kind == tree.Map:
			maps = append(maps, mark{i, true})
		case k.Kind == tree.List:
		case k.Kind == tree.Invalid || k.Kind == tree.Null:
			absent = append(absent, mark{i, true})
			other = append(other, mark{i, false})
		case k.Kind == tree.Bool && !k.True:
			other = append(other, mark{i, false})
		default:
			present = append(present, mark{i, false})
		}
	}
	for _, marks := range [][]mark{maps, present, absent, other} {
		if err := t.probe(ctx, marks); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// probe renders with marks. Where that fails for some of them, halves are tried.
func (t *tracer) probe(ctx context.Context, marks []mark) error {
	if len(marks) == 0 || t.rendered >= maxProbes {
		return ctx.Err()
	}
	t.rendered++
	values := map[string]any{}
	for _, m := range marks {
		word := fmt.Sprintf("%s%dx", markWord, m.key)
		if m.whole {
			set(values, append(append([]string(nil), t.keys[m.key].Path...), word), word)
		} else {
			set(values, t.keys[m.key].Path, word)
		}
	}
	data, err := json.Marshal(values)
	if err != nil {
		return err
	}
	fresh, err := t.in.again(ctx, t.r, t.texts, []helm.ValuesFile{{Name: "probe", Data: data}})
	if err != nil {
		return err
	}
	objects := fresh.objects()
	for id, o := range identities(objects) {
		t.look(id, o.Root, o.Root)
	}
	if fresh.broken() == "" && len(objects) > 0 || len(marks) == 1 {
		return nil
	}
	half := len(marks) / 2
	if err := t.probe(ctx, marks[:half]); err != nil {
		return err
	}
	return t.probe(ctx, marks[half:])
}

// set sets a nested value; a scalar on the way is left alone.
func set(values map[string]any, path []string, v any) {
	for _, p := range path[:len(path)-1] {
		next, ok := values[p].(map[string]any)
		if !ok {
			if _, taken := values[p]; taken {
				return
			}
			next = map[string]any{}
			values[p] = next
		}
		values = next
	}
	last := path[len(path)-1]
	if _, taken := values[last]; !taken {
		values[last] = v
	}
}

// look notes the marks below a node.
func (t *tracer) look(id string, root, n tree.Node) {
	for c := range n.Items() {
		if n.Kind() == tree.Map {
			if k, ok := t.marked(c.Key()); ok {
				t.note(id, n.Path()[len(root.Path()):], shownKey{k, true})
				continue
			}
		}
		switch c.Kind() {
		case tree.Map, tree.List:
			t.look(id, root, c)
		case tree.String:
			if k, ok := t.marked(c.Str()); ok {
				t.note(id, c.Path()[len(root.Path()):], shownKey{k, false})
			}
		}
	}
}

// marked is the key whose mark a text is, and nothing but that.
func (t *tracer) marked(s string) (helm.Key, bool) {
	if !strings.HasPrefix(s, markWord) {
		return helm.Key{}, false
	}
	m := markPattern.FindStringSubmatch(s)
	if m == nil || m[0] != s {
		return helm.Key{}, false
	}
	i, err := strconv.Atoi(m[1])
	if err != nil || i >= len(t.keys) {
		return helm.Key{}, false
	}
	return t.keys[i], true
}

func (t *tracer) note(id, pointer string, c shownKey) {
	if t.found[id] == nil {
		t.found[id] = map[string][]shownKey{}
	}
	t.found[id][pointer] = append(t.found[id][pointer], c)
}

// identities names each object of a chart by its template, its kind and its place among those: marks may
// stand in names.
func identities(objects []*kube.Object) map[string]*kube.Object {
	count, out := map[string]int{}, map[string]*kube.Object{}
	for _, o := range objects {
		id := o.Origin.File + "\x00" + o.Kind
		count[id]++
		out[fmt.Sprintf("%s\x00%d", id, count[id])] = o
	}
	return out
}
