package scan

import (
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/bartizan-dev/bartizan/internal/source/kustomize"
)

// kustomization is one that a walk has found.
type kustomization struct {
	file string // its name
	refs kustomize.References
}

func isKustomizationName(name string) bool { return slices.Contains(kustomize.FileNames(), name) }

// maxKustomizationBytes bounds a kustomization file.
const maxKustomizationBytes = 4 << 20

// kustomization takes in a kustomization file. One that cannot be read has no references: building it says
// why.
func (w *walker) kustomization(dir, file string) {
	k := w.kustomizations[dir]
	if k == nil {
		k = &kustomization{file: file}
		w.kustomizations[dir] = k
	}
	if text, err := readText(w.fsys, path.Join(dir, file)); err == nil {
		k.refs, _ = kustomize.ReferencesOf(text)
	}
}

func readText(fsys fs.FS, name string) (string, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxKustomizationBytes))
	return string(b), err
}

// roots are the kustomizations to be built: those that no other one of the walk takes in. Components are
// none. Of kustomizations that only refer to one another in a circle the first is built, so that they do
// not vanish without a word.
func (w *walked) roots() []string {
	dirs := slices.Sorted(maps.Keys(w.kustomizations))
	taken := map[string]bool{}
	for _, dir := range dirs {
		for _, ref := range w.kustomizations[dir].refs.Resources {
			if to := path.Join(dir, ref); to != dir && w.kustomizations[to] != nil {
				taken[to] = true
			}
		}
	}
	var roots []string
	reached := map[string]bool{}
	for _, free := range []bool{true, false} {
		for _, dir := range dirs {
			if !w.kustomizations[dir].refs.Component && !reached[dir] && (!free || !taken[dir]) {
				roots = append(roots, dir)
				w.reach(dir, reached)
			}
		}
	}
	slices.Sort(roots)
	return roots
}

// reach marks a kustomization and all it takes in.
func (w *walked) reach(dir string, reached map[string]bool) {
	todo := []string{dir}
	for len(todo) > 0 {
		dir := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		k := w.kustomizations[dir]
		if k == nil || reached[dir] {
			continue
		}
		reached[dir] = true
		for _, ref := range k.refs.Resources {
			todo = append(todo, path.Join(dir, ref))
		}
	}
}

// kustomizeParts are the files of the walk that mean something only to a kustomization.
func (w *walked) kustomizeParts() map[string]bool {
	parts := map[string]bool{}
	for dir, k := range w.kustomizations {
		for _, ref := range k.refs.Parts {
			parts[path.Join(dir, ref)] = true
		}
	}
	return parts
}

// baseDir is the directory that charts and kustomizations of a walk may read from: the repository around
// the path if there is one, else the path itself, or as far above it as its kustomizations reach.
type baseDir struct {
	*os.Root
	prefix string // of the walk in it; "." if it is the walk itself
}

// path is a path of the walk as one of the base.
func (b *baseDir) path(at string) string { return path.Join(b.prefix, at) }

// inWalk is a path of the base as one of the walk.
func (b *baseDir) inWalk(at string) (string, bool) {
	if b.prefix == "." {
		return at, true
	}
	return strings.CutPrefix(at, b.prefix+"/")
}

func openBase(p *inputPart, found map[string]*kustomization) (*baseDir, error) {
	top := repository(p.real)
	if top == "" {
		top = p.real
		for range levelsAbove(p.real, found) {
			top = filepath.Dir(top)
		}
	}
	prefix, err := filepath.Rel(top, p.real)
	if err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(top)
	if err != nil {
		return nil, pathError(p.name, err)
	}
	return &baseDir{root, filepath.ToSlash(prefix)}, nil
}

// repository is the nearest directory upwards that is a Git work tree; "" if there is none.
func repository(dir string) string {
	for {
		if _, err := os.Lstat(filepath.Join(dir, ".git")); err == nil {
			return dir
		}
		up := filepath.Dir(dir)
		if up == dir {
			return ""
		}
		dir = up
	}
}

// Limits on following references out of the walk.
const (
	maxLevels  = 12
	maxOutside = 1000
)

// levelsAbove is how many directories up the kustomizations of a walk reach, with those they take in. Only
// kustomization files are looked at, as kustomize itself would.
func levelsAbove(dir string, found map[string]*kustomization) int {
	levels := 0
	seen := map[string]bool{}
	todo := slices.Sorted(maps.Keys(found))
	for len(todo) > 0 && len(seen) < maxOutside+len(found) {
		at := todo[0]
		todo = todo[1:]
		if seen[at] {
			continue
		}
		seen[at] = true
		up := strings.Count(at+"/", "../")
		if up > maxLevels {
			continue
		}
		k := found[at]
		if k == nil && up > 0 {
			k = outside(filepath.Join(dir, filepath.FromSlash(at)))
		}
		if k == nil {
			continue
		}
		levels = max(levels, up)
		for _, ref := range k.refs.Resources {
			todo = append(todo, path.Join(at, ref))
		}
	}
	return levels
}

// outside reads the kustomization of a directory that is not in the walk; nil if it has none.
func outside(dir string) *kustomization {
	for _, name := range kustomize.FileNames() {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil || !info.Mode().IsRegular() {
			continue
		}
		if text, err := readText(anyFile{}, filepath.Join(dir, name)); err == nil {
			refs, _ := kustomize.ReferencesOf(text)
			return &kustomization{file: name, refs: refs}
		}
	}
	return nil
}
