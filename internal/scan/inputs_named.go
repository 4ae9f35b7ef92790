package scan

import (
	"context"
	"path/filepath"
	"slices"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/document"
	"github.com/bartizan-dev/bartizan/internal/source/helm"
	"github.com/bartizan-dev/bartizan/internal/source/manifest"
)

// readFile reads a file that the user named: an archive of a chart, or manifests.
func (s *InputSource) readFile(ctx context.Context, p *inputPart, emit func(bartizan.Item) error) error {
	if s.seen[p.real] {
		return nil
	}
	s.seen[p.real] = true
	name := filepath.ToSlash(p.name)
	if isChartArchive(anyFile{}, p.name) {
		return s.chart(ctx, &rendering{chart: &helm.Chart{FS: anyFile{}, Path: p.name, Name: name}}, emit)
	}
	s.counts.Files++
	items, err := s.namedFile(ctx, p, true)
	if err != nil {
		return err
	}
	if len(objectsOf(items)) == 0 && isManifestName(name) {
		loose, err := s.namedFile(ctx, p, false)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(loose, func(it bartizan.Item) bool { return it.Gap == nil || !it.Gap.Skip }) {
			s.foreign = append(s.foreign, foreignFile{templateFirst(items, loose), loose})
			return nil
		}
	}
	return emitAll(items, emit)
}

// foreignFile is a file that was named and holds nothing of Kubernetes: what to say of it if nothing else
// does either, and what if something does.
type foreignFile struct{ strict, loose []bartizan.Item }

// tellForeign tells of the files that hold nothing of Kubernetes. A tool that hands over whatever has changed
// names such files among others; where nothing at all was found, the wrong thing was named.
func (s *InputSource) tellForeign(emit func(bartizan.Item) error) error {
	nothing := s.counts.Objects == 0 && !s.lenient
	for _, f := range s.foreign {
		items := f.loose
		if nothing {
			items = f.strict
		}
		if err := emitAll(items, emit); err != nil {
			return err
		}
	}
	return nil
}

// templateFirst says of a template that it is one, rather than where its YAML is broken.
func templateFirst(strict, loose []bartizan.Item) []bartizan.Item {
	for i, it := range loose {
		if it.Gap.Reason == document.SkipTemplate && i < len(strict) && strict[i].Gap != nil {
			g := *strict[i].Gap
			g.Reason = "a template, which is no YAML before it is rendered: name the directory of its chart"
			strict[i].Gap = &g
		}
	}
	return strict
}

func (s *InputSource) namedFile(ctx context.Context, p *inputPart, named bool) (items []bartizan.Item, err error) {
	files := &manifest.Files{FS: anyFile{}, List: []manifest.File{{Path: p.name, Name: filepath.ToSlash(p.name), Named: named}}}
	err = files.Read(ctx, func(it bartizan.Item) error {
		items = append(items, it)
		return nil
	})
	return items, err
}
