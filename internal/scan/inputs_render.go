package scan

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/internal/source/helm"
	"github.com/bartizan-dev/bartizan/internal/source/kustomize"
)

// rendering is a chart or kustomization that was read, with what is needed to render it again with other
// texts for some of its files.
type rendering struct {
	top    string // the directory it may read from, without links; "" for an archive that was named
	walked string // the part of it that the user named, as an absolute path
	kustom *kustomize.Kustomization
	chart  *helm.Chart
	items  []bartizan.Item // what it gave
	used   map[string]bool // absolute paths of the files that a build has read; of a chart nothing
}

// name is the kustomization's or chart's directory or archive, as to be shown.
func (r *rendering) name() string {
	if r.kustom != nil {
		return r.kustom.Name
	}
	return r.chart.Name
}

// objects are those that it gave, in order.
func (r *rendering) objects() []*kube.Object { return objectsOf(r.items) }

func objectsOf(items []bartizan.Item) []*kube.Object {
	var all []*kube.Object
	for _, it := range items {
		if it.Entity == nil {
			continue
		}
		if o, ok := it.Entity.Value.(*kube.Object); ok {
			all = append(all, o)
		}
	}
	return all
}

// remembering has every chart and kustomization kept for rendering again. It is to be called before Read.
func (s *InputSource) remembering() { s.keep = true }

// recorded reads a rendering through an emit that keeps what passes.
func (s *InputSource) recorded(r *rendering, emit func(bartizan.Item) error, read func(func(bartizan.Item) error) error) error {
	if !s.keep {
		return read(emit)
	}
	s.renderings = append(s.renderings, r)
	return read(func(it bartizan.Item) error {
		r.items = append(r.items, it)
		return emit(it)
	})
}

// again renders once more, with the texts of overlay (by absolute path) in the place of those on disk, and
// values over those that were given.
func (s *InputSource) again(ctx context.Context, r *rendering, overlay map[string]string, values []helm.ValuesFile) (*rendering, error) {
	fresh := &rendering{top: r.top, walked: r.walked, kustom: r.kustom, chart: r.chart, used: map[string]bool{}}
	fsys, done, err := r.open(overlay)
	if err != nil {
		return nil, err
	}
	defer done()
	keep := func(it bartizan.Item) error {
		fresh.items = append(fresh.items, it)
		return nil
	}
	if r.kustom != nil {
		k := *r.kustom
		k.FS = fsys
		builds := s.builds(k, func(file string) { fresh.used[filepath.Join(r.top, file)] = true })
		return fresh, builds.Read(ctx, keep)
	}
	c := *r.chart
	c.FS = fsys
	options := s.helm
	options.Values = append(slices.Clone(options.Values), values...)
	return fresh, (&helm.Charts{List: []helm.Chart{c}, Options: options, Process: s.process, Limits: s.limits}).Read(ctx, keep)
}

// open opens the file system that it may read from, with other texts for some of its files.
func (r *rendering) open(overlay map[string]string) (fs.FS, func(), error) {
	if r.top == "" {
		return anyFile{}, func() {}, nil
	}
	root, err := os.OpenRoot(r.top)
	if err != nil {
		return nil, nil, err
	}
	return &overlaid{root.FS(), r.top, overlay}, func() { _ = root.Close() }, nil
}

// broken says why a rendering gave less than it should; "" if it did not.
func (r *rendering) broken() string {
	for _, it := range r.items {
		if it.Gap != nil && !it.Gap.Skip {
			return it.Gap.Reason
		}
	}
	return ""
}

// overlaid is a file system with other texts for some of its files.
type overlaid struct {
	fs.FS
	top   string
	texts map[string]string // by absolute path
}

func (o *overlaid) text(name string) (string, bool) {
	text, ok := o.texts[filepath.Join(o.top, filepath.FromSlash(name))]
	return text, ok
}

// Open opens a file, or the text in its place.
func (o *overlaid) Open(name string) (fs.File, error) {
	if text, ok := o.text(name); ok {
		return &memoryFile{*strings.NewReader(text), memoryInfo{path.Base(name), int64(len(text))}}, nil
	}
	return o.FS.Open(name)
}

// Stat tells of a file, or of the text in its place.
func (o *overlaid) Stat(name string) (fs.FileInfo, error) {
	if text, ok := o.text(name); ok {
		return memoryInfo{path.Base(name), int64(len(text))}, nil
	}
	return fs.Stat(o.FS, name)
}

// ReadDir lists a directory, with the texts that are new there.
func (o *overlaid) ReadDir(name string) ([]fs.DirEntry, error) {
	entries, err := fs.ReadDir(o.FS, name)
	if err != nil {
		return nil, err
	}
	dir := filepath.Join(o.top, filepath.FromSlash(name))
	for _, full := range slices.Sorted(maps.Keys(o.texts)) {
		base := filepath.Base(full)
		known := func(e fs.DirEntry) bool { return e.Name() == base }
		if filepath.Dir(full) == dir && !slices.ContainsFunc(entries, known) {
			entries = append(entries, fs.FileInfoToDirEntry(memoryInfo{base, int64(len(o.texts[full]))}))
		}
	}
	return entries, nil
}

// memoryFile is a text as an open file.
type memoryFile struct {
	strings.Reader
	info memoryInfo
}

// Stat tells of the file.
func (m *memoryFile) Stat() (fs.FileInfo, error) { return m.info, nil }

// Close has nothing to do.
func (m *memoryFile) Close() error { return nil }

// memoryInfo describes a text as a regular file.
type memoryInfo struct {
	name string
	size int64
}

// Name is the file's name in its directory.
func (i memoryInfo) Name() string { return i.name }

// Size is the text's length.
func (i memoryInfo) Size() int64 { return i.size }

// Mode is that of a regular file.
func (i memoryInfo) Mode() fs.FileMode { return 0o644 }

// ModTime is unknown.
func (i memoryInfo) ModTime() time.Time { return time.Time{} }

// IsDir is false.
func (i memoryInfo) IsDir() bool { return false }

// Sys has nothing below it.
func (i memoryInfo) Sys() any { return nil }

// realPath is the absolute path of a file that is shown to the user, without links; the file need not exist.
func realPath(shown string) (string, error) {
	full, err := filepath.Abs(filepath.FromSlash(shown))
	if err != nil {
		return "", err
	}
	if real, err := filepath.EvalSymlinks(full); err == nil {
		return real, nil
	}
	dir, err := filepath.EvalSymlinks(filepath.Dir(full))
	return filepath.Join(dir, filepath.Base(full)), err
}

// unlinked says whether a file is itself what stands at its path, or does not exist yet: what a link leads to
// may be anyone's.
func unlinked(real string) bool {
	resolved, err := filepath.EvalSymlinks(real)
	if err != nil {
		_, err := os.Lstat(real)
		return errors.Is(err, fs.ErrNotExist)
	}
	return resolved == real
}
