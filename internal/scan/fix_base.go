package scan

import (
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/edit"
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/internal/source/kustomize"
	"github.com/bartizan-dev/bartizan/internal/tree"
)

// editBases edits the manifests that objects are made of, and returns those objects and those of which the
// base cannot be edited. Of two objects with one base the second waits.
func (k *kustomizeFix) editBases(st *step, t *trial) (based map[int]bool, wrong []int) {
	based = map[int]bool{}
	taken := map[string]bool{}
	for _, i := range slices.Sorted(maps.Keys(st.wants)) {
		o := st.objects[i]
		if k.ways[i] != inBase {
			continue
		}
		real, ok := k.baseFile(o)
		if !ok {
			wrong = append(wrong, i)
			continue
		}
		// A file that was edited for another object in this step has other lines by now: one object at a time.
		text, _ := k.text(real, t.texts)
		if taken[real] {
			text, ok = k.editAfter(text, real, o, st.wants[i])
		} else {
			text, ok = editBase(text, o.Origin.Line, o, st.wants[i])
		}
		if !ok {
			wrong = append(wrong, i)
			continue
		}
		taken[real], based[i] = true, true
		t.texts[real] = text
		k.shown[real] = o.Origin.File
	}
	return based, wrong
}

// editAfter edits a base in a file in which others were edited before: it is found by its place among the
// file's objects, which edits do not change.
func (k *kustomizeFix) editAfter(text, real string, o *kube.Object, wants []want) (string, bool) {
	old, ok := k.text(real, nil)
	if !ok {
		return "", false
	}
	was, is := objectsIn(old), objectsIn(text)
	i := slices.IndexFunc(was, func(b *kube.Object) bool { return b.Origin.Line == o.Origin.Line })
	if i < 0 || len(was) != len(is) {
		return "", false
	}
	return editBase(text, is[i].Origin.Line, o, wants)
}

// baseFile is the file of an object's base if it may be edited: it stands where the user said, and the
// object is not generated.
func (k *kustomizeFix) baseFile(o *kube.Object) (string, bool) {
	real, err := realPath(o.Origin.File)
	if err != nil || o.Origin.Line == 0 || slices.Contains(kustomize.FileNames(), path.Base(o.Origin.File)) {
		return "", false
	}
	inside := strings.HasPrefix(real, strings.TrimSuffix(k.r.walked, string(filepath.Separator))+string(filepath.Separator))
	return real, inside && !k.direct[real] && k.current(k.r).used[real]
}

// objectsIn are the objects of a manifest.
func objectsIn(text string) []*kube.Object {
	var all []*kube.Object
	for doc, err := range tree.Parse(text, tree.DefaultLimits()) {
		if err == nil {
			objects, _ := kube.Decode(doc, bartizan.Origin{})
			all = append(all, objects...)
		}
	}
	return all
}

// editBase makes the changes that are wanted of a built object in the object of the same kind that begins
// on a line of its base.
func editBase(text string, line int, o *kube.Object, wants []want) (string, bool) {
	objects := objectsIn(text)
	i := slices.IndexFunc(objects, func(b *kube.Object) bool { return b.Origin.Line == line && b.Kind == o.Kind })
	if i < 0 {
		return "", false
	}
	var list []placed
	for _, w := range wants {
		ops, ok := moved(w.ops, o.Root, objects[i].Root)
		if !ok {
			return "", false
		}
		patch, err := edit.Encode(ops)
		if err != nil {
			return "", false
		}
		fix := *w.finding.Fix
		fix.Do = patch
		w.finding.Fix = &fix
		list = append(list, placed{w.finding, objects[i]})
	}
	plan, mended := editDoc(objects[i].Root.Doc(), list, map[string]string{})
	return edit.Apply(text, 0, plan), len(mended) == len(wants)
}

// moved rewrites the paths of operations on one object for another, in which the items of lists may stand
// in other places: items are known by their names.
func moved(ops []edit.Op, from, to tree.Node) ([]edit.Op, bool) {
	out := slices.Clone(ops)
	for n := range out {
		parts := strings.Split(out[n].Path, "/")
		a, b := from, to
		for i := 1; i < len(parts); i++ {
			if name := a.Lookup("/" + parts[i]).Get("name").Text(); a.Kind() == tree.List && name != "" {
				at := ""
				for item := range b.Items() {
					if item.Get("name").Text() == name {
						at = item.Path()
					}
				}
				if at == "" {
					return nil, false
				}
				a = a.Lookup("/" + parts[i])
				parts[i] = at[strings.LastIndexByte(at, '/')+1:]
			} else {
				a = a.Lookup("/" + parts[i])
			}
			b = b.Lookup("/" + parts[i])
		}
		out[n].Path = strings.Join(parts, "/")
	}
	return out, true
}
