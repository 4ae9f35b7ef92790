package scan

import (
	"context"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/document"
	"github.com/bartizan-dev/bartizan/internal/source/manifest"
)

// replay is a Source that was read once and is read again with new texts for some of its files.
type replay struct {
	items   []bartizan.Item
	overlay map[string]string // file -> its text as it will be
}

func (r *replay) record(ctx context.Context, src bartizan.Source) error {
	return src.Read(ctx, func(it bartizan.Item) error {
		r.items = append(r.items, it)
		return nil
	})
}

// Read emits what was recorded; the items of a file with a new text are read from that text, in their place.
func (r *replay) Read(_ context.Context, emit func(bartizan.Item) error) error {
	done := map[string]bool{}
	for _, it := range r.items {
		o := itemOrigin(it)
		text, changed := r.overlay[o.File]
		if !changed || o.Source != manifest.Name {
			if err := emit(it); err != nil {
				return err
			}
			continue
		}
		if done[o.File] {
			continue
		}
		done[o.File] = true
		for _, fresh := range document.Items(text, document.Stream{Source: manifest.Name, File: o.File, Named: true}) {
			if err := emit(fresh); err != nil {
				return err
			}
		}
	}
	return nil
}

func itemOrigin(it bartizan.Item) bartizan.Origin {
	switch {
	case it.Entity != nil:
		return it.Entity.Origin
	case it.Gap != nil:
		return it.Gap.Origin
	}
	return bartizan.Origin{}
}
