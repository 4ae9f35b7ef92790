package scan

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/archive"
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/internal/sandbox"
	"github.com/bartizan-dev/bartizan/internal/source/helm"
	"github.com/bartizan-dev/bartizan/internal/source/kustomize"
	"github.com/bartizan-dev/bartizan/internal/source/manifest"
)

// Counts is what an InputSource has read so far.
type Counts struct {
	Files, Objects, Workloads, Charts, Kustomizations int
	// Skipped counts what was passed over on purpose, by reason.
	Skipped map[string]int
}

// SkipReasons lists the reasons of Skipped in a stable order.
func (c Counts) SkipReasons() []string {
	reasons := make([]string, 0, len(c.Skipped))
	for r := range c.Skipped {
		reasons = append(reasons, r)
	}
	slices.Sort(reasons)
	return reasons
}

// InputSource is the Source of everything that Inputs names: for each path its kustomizations, then its
// charts, then the manifests that are neither's.
type InputSource struct {
	parts     []*inputPart
	helm      helm.Options
	limits    sandbox.Limits
	process   *sandbox.Process
	cache     *os.Root // of remote bases of kustomizations; nil if there is none
	counts    Counts
	texts     map[string]string // of what was not rendered, by Origin.File
	sources   map[string]bool   // templates and bases
	cacheName string
	seen      map[string]bool // real paths of plain files: two PATHs may overlap
	lenient   bool
	foreign   []foreignFile
	// keep has the charts and kustomizations noted in renderings.
	keep       bool
	renderings []*rendering
}

var _ bartizan.Source = (*InputSource)(nil)

// Read emits everything, in an order that depends on the paths and on the files only.
func (s *InputSource) Read(ctx context.Context, emit func(bartizan.Item) error) error {
	emit = s.counting(emit)
	for _, p := range s.parts {
		var err error
		switch {
		case p.stdin != nil:
			s.counts.Files++
			err = manifest.Stream("stdin", p.stdin).Read(ctx, emit)
		case p.dir:
			err = s.readDir(ctx, p, emit)
		default:
			err = s.readFile(ctx, p, emit)
		}
		if err != nil {
			return err
		}
	}
	return s.tellForeign(emit)
}

func (s *InputSource) readDir(ctx context.Context, p *inputPart, emit func(bartizan.Item) error) error {
	name := filepath.ToSlash(p.name)
	w := walk(p.root.FS(), name, p.only)
	base, err := openBase(p, w.kustomizations)
	if err != nil {
		return err
	}
	defer base.Close()
	for _, g := range w.gaps {
		if err := emit(bartizan.Item{Gap: &g}); err != nil {
			return err
		}
	}
	used := map[string]bool{}
	for _, at := range w.roots() {
		k := &kustomize.Kustomization{FS: base.FS(), Dir: base.path(at), File: w.kustomizations[at].file, Name: path.Join(name, at)}
		if err := s.kustomization(ctx, &rendering{top: base.Name(), walked: p.real, kustom: k}, base, used, emit); err != nil {
			return err
		}
	}
	for _, at := range w.charts {
		chart := &helm.Chart{FS: base.FS(), Path: base.path(at), Name: path.Join(name, at)}
		if err := s.chart(ctx, &rendering{top: base.Name(), walked: p.real, chart: chart}, emit); err != nil {
			return err
		}
	}
	return s.manifests(ctx, p, w, used, emit)
}

// kustomization builds one and notes in used which files of the walk it took in.
func (s *InputSource) kustomization(ctx context.Context, r *rendering, base *baseDir, used map[string]bool,
	emit func(bartizan.Item) error) error {
	s.counts.Kustomizations++
	r.used = map[string]bool{}
	builds := s.builds(*r.kustom, func(file string) {
		r.used[filepath.Join(r.top, file)] = true
		if at, ok := base.inWalk(file); ok {
			used[at] = true
		}
	})
	return s.recorded(r, emit, func(emit func(bartizan.Item) error) error { return builds.Read(ctx, emit) })
}

// builds is a source of one kustomization, which tells of each file that is used.
func (s *InputSource) builds(k kustomize.Kustomization, used func(file string)) *kustomize.Builds {
	b := &kustomize.Builds{
		List: []kustomize.Kustomization{k}, Process: s.process, Limits: s.limits,
		Used: func(_ kustomize.Kustomization, file string) { used(file) },
	}
	if s.cache != nil {
		b.Cache, b.CacheName = s.cache.FS(), filepath.ToSlash(s.cacheName)
	}
	return b
}

func (s *InputSource) chart(ctx context.Context, r *rendering, emit func(bartizan.Item) error) error {
	s.counts.Charts++
	charts := &helm.Charts{List: []helm.Chart{*r.chart}, Options: s.helm, Process: s.process, Limits: s.limits}
	return s.recorded(r, emit, func(emit func(bartizan.Item) error) error { return charts.Read(ctx, emit) })
}

// manifests reads the plain files of a walk.
func (s *InputSource) manifests(ctx context.Context, p *inputPart, w *walked, used map[string]bool, emit func(bartizan.Item) error) error {
	parts := w.kustomizeParts()
	var list []manifest.File
	for _, f := range w.files {
		real := filepath.Join(p.real, filepath.FromSlash(f.Path))
		switch {
		case used[f.Path] || s.seen[real]:
			continue
		case parts[f.Path]:
			g := bartizan.Gap{Origin: bartizan.Origin{Source: "walk", File: f.Name}, Reason: skipPart, Skip: true}
			if err := emit(bartizan.Item{Gap: &g}); err != nil {
				return err
			}
			continue
		}
		s.seen[real] = true
		list = append(list, f)
	}
	s.counts.Files += len(list)
	files := &manifest.Files{FS: p.root.FS(), List: list, Workers: runtime.GOMAXPROCS(0)}
	return files.Read(ctx, emit)
}

// counting counts what passes.
func (s *InputSource) counting(emit func(bartizan.Item) error) func(bartizan.Item) error {
	return func(it bartizan.Item) error {
		switch {
		case it.Entity != nil:
			s.counts.Objects++
			if o, ok := it.Entity.Value.(*kube.Object); ok {
				s.counts.Workloads += len(o.Workloads)
				s.remember(o)
			}
		case it.Gap != nil && it.Gap.Skip:
			s.counts.Skipped[it.Gap.Reason]++
		}
		return emit(it)
	}
}

// remember makes the text that an object came from available to Text.
func (s *InputSource) remember(o *kube.Object) {
	if p := o.Provenance; p != nil {
		s.sources[p.File] = true
		for _, f := range p.Files {
			s.sources[f] = true
		}
		return
	}
	s.texts[o.Origin.File] = o.Root.Doc().Source()
}

// Counts is valid after Read.
func (s *InputSource) Counts() Counts { return s.counts }

// Text gives the text of a file that objects came from, for excerpts: as it was read, or, for templates and
// bases, as it is now.
func (s *InputSource) Text(file string) (string, bool) {
	if text, ok := s.texts[file]; ok {
		return text, true
	}
	if !s.sources[file] || strings.Contains(file, archive.Separator) {
		return "", false
	}
	r, err := os.Open(filepath.FromSlash(file))
	if err != nil {
		return "", false
	}
	defer r.Close()
	b, err := io.ReadAll(io.LimitReader(r, manifest.MaxBytes))
	return string(b), err == nil
}

// Close releases the directories and ends the rendering sub-process.
func (s *InputSource) Close() error {
	errs := []error{s.process.Close()}
	if s.cache != nil {
		errs = append(errs, s.cache.Close())
	}
	for _, p := range s.parts {
		errs = append(errs, p.close())
	}
	return errors.Join(errs...)
}

// anyFile opens what the user named, wherever it leads.
type anyFile struct{}

// Open opens a path of the operating system.
func (anyFile) Open(name string) (fs.File, error) { return os.Open(name) }

// Stat is for files whose path is not one of package fs.
func (anyFile) Stat(name string) (fs.FileInfo, error) { return os.Stat(name) }
