package scan

import (
	"errors"
	"fmt"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/bartizan-dev/bartizan/internal/edit"
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/internal/tree"
)

// patch is a file that is added to a kustomization to change one of its objects.
type patch struct {
	file            string // name in the kustomization's directory
	group, version  string
	kind            string
	name, namespace string    // as kustomize knows the object before it renames it
	ops             []patchOp // settled
	next            []patchOp // being tried
	json            bool
}

// patchOp is an operation with the names of the list items on its way; "" where there is none.
type patchOp struct {
	edit.Op
	names []string // as many as the path has parts
}

// writePatches adds the patches of a step to a trial, and the lines that name them to the kustomization
// file. It returns the objects for which that cannot be done.
func (k *kustomizeFix) writePatches(st *step, t *trial, based map[int]bool) (wrong []int) {
	dir := filepath.Join(k.r.top, filepath.FromSlash(k.r.kustom.Dir))
	changed := false
	for _, i := range slices.Sorted(maps.Keys(st.wants)) {
		if based[i] {
			continue
		}
		p := k.patches[i]
		if p == nil {
			p = k.newPatch(st.objects[i], dir, t.texts)
			k.patches[i] = p
		}
		p.json = p.json || k.ways[st.keys[i]] == byJSON
		p.next = nil
		for _, w := range st.wants[i] {
			p.next = append(p.next, named(w.ops, st.objects[i].Root)...)
		}
		text, err := p.text()
		if err != nil {
			wrong = append(wrong, i)
			continue
		}
		real := filepath.Join(dir, p.file)
		t.texts[real], k.shown[real] = text, path.Join(k.r.name(), p.file)
		changed = true
	}
	if !changed || len(wrong) > 0 {
		return wrong
	}
	real := filepath.Join(dir, k.r.kustom.File)
	text, err := k.listPatches(real)
	if err != nil {
		for i := range st.wants {
			if !based[i] {
				wrong = append(wrong, i)
			}
		}
		return wrong
	}
	t.texts[real], k.shown[real] = text, path.Join(k.r.name(), k.r.kustom.File)
	return nil
}

// newPatch names a patch's file and its object.
func (k *kustomizeFix) newPatch(o *kube.Object, dir string, texts map[string]string) *patch {
	p := &patch{group: o.Group, version: o.Version, kind: o.Kind, name: o.Ref.Name, namespace: o.Ref.Namespace}
	if real, err := realPath(o.Origin.File); err == nil && k.current(k.r).used[real] {
		if text, ok := k.text(real, texts); ok {
			objects := objectsIn(text)
			i := slices.IndexFunc(objects, func(b *kube.Object) bool { return b.Origin.Line == o.Origin.Line && b.Kind == o.Kind })
			if i >= 0 {
				p.name, p.namespace = objects[i].Ref.Name, objects[i].Ref.Namespace
			}
		}
	}
	stem := "fix-" + fileWord(o.Kind) + "-" + fileWord(p.name)
	taken := func(name string) bool {
		_, exists := k.text(filepath.Join(dir, name), texts)
		return exists || slices.ContainsFunc(slices.Collect(maps.Values(k.patches)), func(q *patch) bool { return q.file == name })
	}
	p.file = stem + ".yaml"
	for n := 2; taken(p.file); n++ {
		p.file = fmt.Sprintf("%s-%d.yaml", stem, n)
	}
	return p
}

// fileWord is a name as part of a file's name.
func fileWord(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' || r == '.' {
			return r
		}
		return '-'
	}, strings.ToLower(s[:min(len(s), 60)]))
}

// named adds the names of list items to operations.
func named(ops []edit.Op, root tree.Node) []patchOp {
	out := make([]patchOp, len(ops))
	for i, op := range ops {
		out[i].Op = op
		at := root
		for part := range strings.SplitSeq(strings.TrimPrefix(op.Path, "/"), "/") {
			name := ""
			next := at.Lookup("/" + part)
			if at.Kind() == tree.List {
				name = next.Get("name").Str()
				if name == "" {
					name = "?" // an item that has no name
				}
			}
			out[i].names = append(out[i].names, name)
			at = next
		}
	}
	return out
}

// errNoMerge says that a change cannot be written as a strategic merge patch.
var errNoMerge = errors.New("a strategic merge patch cannot say this")

// text is the patch file.
func (p *patch) text() (string, error) {
	all := append(slices.Clone(p.ops), p.next...)
	var out []byte
	var err error
	if p.json {
		list := make([]map[string]any, len(all))
		for i, op := range all {
			list[i] = map[string]any{"op": op.Op.Op, "path": op.Path}
			if op.Op.Op != "remove" {
				list[i]["value"] = op.Value
			}
		}
		out, err = yaml.Marshal(list)
		return string(out), err
	}
	apiVersion := p.version
	if p.group != "" {
		apiVersion = p.group + "/" + p.version
	}
	meta := map[string]any{"name": p.name}
	if p.namespace != "" {
		meta["namespace"] = p.namespace
	}
	root := map[string]any{"apiVersion": apiVersion, "kind": p.kind, "metadata": meta}
	for _, op := range all {
		if err := merge(root, op); err != nil {
			return "", err
		}
	}
	out, err = yaml.Marshal(root)
	return string(out), err
}

// merge writes an operation into a strategic merge patch.
func merge(root map[string]any, op patchOp) error {
	parts := strings.Split(strings.TrimPrefix(op.Path, "/"), "/")
	at := root
	for i := 0; i < len(parts); i++ {
		key := strings.ReplaceAll(strings.ReplaceAll(parts[i], "~1", "/"), "~0", "~")
		switch {
		case op.names[i] != "": // an item itself, or a list in a list
			return errNoMerge
		case i == len(parts)-1:
			at[key] = op.Value
			if op.Op.Op == "remove" {
				at[key] = nil
			}
		case op.names[i+1] == "?" || parts[i+1] == "-":
			return errNoMerge
		case op.names[i+1] != "":
			if i+2 == len(parts) {
				return errNoMerge
			}
			list, _ := at[key].([]any)
			at[key], at = itemNamed(list, op.names[i+1])
			i++
		default:
			next, ok := at[key].(map[string]any)
			if !ok {
				next = map[string]any{}
				at[key] = next
			}
			at = next
		}
	}
	return nil
}

// itemNamed finds or adds the item of that name.
func itemNamed(list []any, name string) ([]any, map[string]any) {
	for _, item := range list {
		if m, ok := item.(map[string]any); ok && m["name"] == name {
			return list, m
		}
	}
	m := map[string]any{"name": name}
	return append(list, m), m
}

// listPatches is the kustomization file with all patches named in it.
func (k *kustomizeFix) listPatches(real string) (string, error) {
	b, ok := k.original(real)
	if !ok || !unlinked(real) {
		return "", errors.New("the kustomization file cannot be read again, or is a link")
	}
	var items []any
	for _, i := range slices.Sorted(maps.Keys(k.patches)) {
		p := k.patches[i]
		if len(p.ops)+len(p.next) == 0 {
			continue
		}
		item := map[string]any{"path": p.file}
		if p.json {
			target := map[string]any{"version": p.version, "kind": p.kind, "name": p.name}
			if p.group != "" {
				target["group"] = p.group
			}
			if p.namespace != "" {
				target["namespace"] = p.namespace
			}
			item["target"] = target
		}
		items = append(items, item)
	}
	root := firstRoot(b)
	if root.Kind() != tree.Map {
		return "", errors.New("the kustomization file is not a map")
	}
	ops := []edit.Op{{Op: "add", Path: "/patches", Value: items}}
	if root.Get("patches").Kind() == tree.List && root.Get("patches").Len() > 0 {
		ops = nil
		for _, item := range items {
			ops = append(ops, edit.Op{Op: "add", Path: "/patches/-", Value: item})
		}
	}
	patch, err := edit.Encode(ops)
	if err != nil {
		return "", err
	}
	splices, err := edit.Plan(root.Doc(), patch)
	return edit.Apply(b, 0, splices), err
}

// original is a file as it was before this kustomization was looked at. A kustomization file is changed by
// its own kustomization only.
func (k *kustomizeFix) original(real string) (string, bool) {
	if before, ok := k.before[real]; ok {
		return before, true
	}
	return k.text(real, nil)
}
