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

// editBases edits the manifests that objects are made of, and the patches that findings point to. It returns
// the objects that were changed so, and those of which the file cannot be edited. Of two objects in one patch
// file the second waits.
func (k *kustomizeFix) editBases(st *step, t *trial) (based map[int]bool, wrong []int) {
	based = map[int]bool{}
	taken := map[string]bool{}
	for _, i := range slices.Sorted(maps.Keys(st.wants)) {
		o, key := st.objects[i], st.keys[i]
		if k.ways[key] != inPlace {
			continue
		}
		real, ok := k.editable(key.file)
		if !ok || key.file == o.Origin.File && o.Origin.Line == 0 {
			wrong = append(wrong, i)
			continue
		}
		text, _ := k.text(real, t.texts)
		switch {
		case key.file != o.Origin.File && taken[real]:
			st.drop(i)
			continue
		case key.file != o.Origin.File:
			text, ok = editBase(text, o, st.wants[i], func(b *kube.Object) bool { return holdsLine(b, st.wants[i][0].finding.Evidence[0].Origin.Line) })
		case taken[real]:
			text, ok = k.editAfter(text, real, o, st.wants[i])
		default:
			text, ok = editBase(text, o, st.wants[i], func(b *kube.Object) bool { return b.Origin.Line == o.Origin.Line })
		}
		if !ok {
			wrong = append(wrong, i)
			continue
		}
		taken[real], based[i] = true, true
		t.texts[real], k.shown[real] = text, key.file
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
	return editBase(text, o, wants, func(b *kube.Object) bool { return b.Origin.Line == is[i].Origin.Line })
}

// editable is the file of a base or a patch if it may be edited: it stands where the user said, is no
// kustomization file, and fix has nothing else to do with it.
func (k *kustomizeFix) editable(shown string) (string, bool) {
	real, err := realPath(shown)
	if err != nil || slices.Contains(kustomize.FileNames(), path.Base(shown)) {
		return "", false
	}
	inside := strings.HasPrefix(real, strings.TrimSuffix(k.r.walked, string(filepath.Separator))+string(filepath.Separator))
	return real, inside && !k.direct[real] && k.current(k.r).used[real]
}

// holdsLine says whether a line is one of an object's.
func holdsLine(o *kube.Object, line int) bool {
	first, _ := o.Root.Pos()
	_, end := o.Root.Span()
	last, _ := o.Root.Doc().Position(max(end-1, 0))
	return line >= first && line <= last
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

// editBase makes the changes that are wanted of a built object in an object of the same kind in a file.
func editBase(text string, o *kube.Object, wants []want, is func(*kube.Object) bool) (string, bool) {
	objects := objectsIn(text)
	i := slices.IndexFunc(objects, func(b *kube.Object) bool { return b.Kind == o.Kind && is(b) })
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
