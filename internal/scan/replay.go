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
	overlay map[string]string         // file -> its text as it will be
	of      map[any]*rendering        // the entity or gap of an item -> what it was rendered from
	fresh   map[*rendering]*rendering // what is rendered anew -> the new rendering
}

func (r *replay) record(ctx context.Context, src bartizan.Source) error {
	r.of, r.fresh = map[any]*rendering{}, map[*rendering]*rendering{}
	in, known := src.(*InputSource)
	if known {
		in.remembering()
	}
	err := src.Read(ctx, func(it bartizan.Item) error {
		r.items = append(r.items, it)
		return nil
	})
	if known {
		for _, from := range in.renderings {
			for _, it := range from.items {
				r.of[itemKey(it)] = from
			}
		}
	}
	return err
}

// itemKey tells an item from all others.
func itemKey(it bartizan.Item) any {
	switch {
	case it.Entity != nil:
		return it.Entity
	case it.Gap != nil:
		return it.Gap
	}
	return it.Event
}

// Read emits what was recorded; the items of a file with a new text are read from that text, in their place.
func (r *replay) Read(_ context.Context, emit func(bartizan.Item) error) error {
	done, rendered := map[string]bool{}, map[*rendering]bool{}
	for _, it := range r.items {
		if fresh := r.fresh[r.of[itemKey(it)]]; fresh != nil {
			if from := r.of[itemKey(it)]; !rendered[from] {
				rendered[from] = true
				if err := emitAll(fresh.items, emit); err != nil {
					return err
				}
			}
			continue
		}
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
		if err := emitAll(document.Items(text, document.Stream{Source: manifest.Name, File: o.File, Named: true}), emit); err != nil {
			return err
		}
	}
	return nil
}

func emitAll(items []bartizan.Item, emit func(bartizan.Item) error) error {
	for _, it := range items {
		if err := emit(it); err != nil {
			return err
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
