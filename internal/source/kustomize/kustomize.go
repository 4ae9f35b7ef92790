// Package kustomize is the source of kustomizations: each is built by kustomize's own code in a sandbox
// that has neither network nor plugins, and reads its files through the parent, which serves only what is
// under one root. Each object leads back to the base file it came from, line by line. Which kustomizations
// of a directory are worth building (overlays, not their bases) is for internal/scan to find with the help
// of References.
package kustomize

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"time"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/document"
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/internal/sandbox"
)

// Name is the Origin.Source of everything read here.
const Name = "kustomize"

// FileNames are the names that a kustomization file can have, in the order of preference.
func FileNames() []string {
	return []string{"kustomization.yaml", "kustomization.yml", "Kustomization"}
}

// Kustomization says where one is.
type Kustomization struct {
	FS   fs.FS  // of everything it may refer to
	Dir  string // in FS
	File string // the kustomization file in Dir
	Name string // of Dir, as to be shown
}

// Builds is a Source of kustomizations, built one after the other.
type Builds struct {
	List    []Kustomization
	Process *sandbox.Process
	Limits  sandbox.Limits // for one build
	// Cache, if set, holds copies of what is remote, laid out as by "kustomize localize":
	// HOST/REPOSITORY/REF/PATH. CacheName is its directory as to be shown.
	Cache     fs.FS
	CacheName string
	// Used, if set, is told each file in FS that a build which succeeded has read.
	Used func(k Kustomization, file string)
}

var _ bartizan.Source = (*Builds)(nil)

// Read emits the objects of every kustomization.
func (b *Builds) Read(ctx context.Context, emit func(bartizan.Item) error) error {
	for _, k := range b.List {
		for _, it := range b.build(ctx, k) {
			if err := emit(it); err != nil {
				return err
			}
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return nil
}

// cpuForSchema is what kustomize spends once on loading the schema of Kubernetes' API.
const cpuForSchema = 500 * time.Millisecond

func (b *Builds) build(ctx context.Context, k Kustomization) []bartizan.Item {
	failed := func(err error) []bartizan.Item {
		return []bartizan.Item{{Gap: &bartizan.Gap{
			Origin: bartizan.Origin{Source: Name, File: path.Join(k.Name, k.File)},
			Reason: "the kustomization was not built: " + err.Error(),
		}}}
	}
	body, err := json.Marshal(request{Dir: "/" + k.Dir, File: k.File, Cache: b.Cache != nil})
	if err != nil {
		return failed(err)
	}
	s := &server{fsys: k.FS, cache: b.Cache, read: map[string][]byte{}}
	lim := b.Limits
	if lim.CPU == 0 {
		lim.CPU = sandbox.DefaultLimits().CPU + cpuForSchema
	}
	answer, err := b.Process.Do(ctx, Job, body, lim, s.serve)
	if err != nil {
		return failed(err)
	}
	var out response
	if err := json.Unmarshal(answer, &out); err != nil {
		return failed(fmt.Errorf("its output cannot be read: %w", err))
	}
	if b.Used != nil {
		for file := range s.read {
			if _, remote := cached(file); !remote {
				b.Used(k, file)
			}
		}
	}
	return b.items(k, out, s.read)
}

// items reads what was built. Each object is given the lines of its base.
func (b *Builds) items(k Kustomization, out response, files map[string][]byte) []bartizan.Item {
	m := newMapper(k, out, files)
	m.cache = b.CacheName
	return document.Items(m.text, document.Stream{
		Source: Name, File: path.Join(k.Name, k.File), Output: true,
		Adopt: func(o *kube.Object) string { m.adopt(o); return "" },
	})
}
