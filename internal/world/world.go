// Package world builds the World: everything that was read, immutable, indexed by name and by kind. Overlay
// answers "what if these objects were there too", Compare "what changed". It interprets nothing: rules do
// (internal/engine).
package world

import (
	"iter"

	"github.com/bartizan-dev/bartizan"
)

// World is an immutable set of entities and the edges between them. The zero World is empty.
type World struct {
	entities []bartizan.Entity
	byRef    map[bartizan.Ref]int
	byKind   map[bartizan.Kind][]int
	edges    map[bartizan.Ref][]bartizan.Edge
	base     *World // what an overlay stands on
}

var _ bartizan.World = (*World)(nil)

// New indexes entities. The slice belongs to the World from then on.
func New(entities []bartizan.Entity, edges ...bartizan.Edge) *World {
	w := &World{
		entities: entities,
		byRef:    make(map[bartizan.Ref]int, len(entities)),
		byKind:   make(map[bartizan.Kind][]int),
		edges:    make(map[bartizan.Ref][]bartizan.Edge),
	}
	for i, e := range entities {
		if _, taken := w.byRef[e.Ref]; !taken {
			w.byRef[e.Ref] = i
		}
		w.byKind[e.Ref.Kind] = append(w.byKind[e.Ref.Kind], i)
	}
	for _, e := range edges {
		w.edges[e.From] = append(w.edges[e.From], e)
	}
	return w
}

// Overlay is the World with more entities; one with a Ref that exists already hides the entity below it.
// It costs what the overlay holds, not what the World holds.
func (w *World) Overlay(entities ...bartizan.Entity) *World {
	top := New(entities)
	top.base = w
	return top
}

// Get finds the first entity of that name.
func (w *World) Get(ref bartizan.Ref) (bartizan.Entity, bool) {
	for ; w != nil; w = w.base {
		if i, ok := w.byRef[ref]; ok {
			return w.entities[i], true
		}
	}
	return bartizan.Entity{}, false
}

// All visits every entity of a kind in the order it was read, an overlay's own last.
func (w *World) All(kind bartizan.Kind) iter.Seq[bartizan.Entity] {
	return func(yield func(bartizan.Entity) bool) {
		if w.base != nil {
			for e := range w.base.All(kind) {
				if _, hidden := w.byRef[e.Ref]; !hidden && !yield(e) {
					return
				}
			}
		}
		for _, i := range w.byKind[kind] {
			if !yield(w.entities[i]) {
				return
			}
		}
	}
}

// Everything visits every entity of every kind in the order it was read.
func (w *World) Everything() iter.Seq[bartizan.Entity] {
	return func(yield func(bartizan.Entity) bool) {
		if w.base != nil {
			for e := range w.base.Everything() {
				if _, hidden := w.byRef[e.Ref]; !hidden && !yield(e) {
					return
				}
			}
		}
		for _, e := range w.entities {
			if !yield(e) {
				return
			}
		}
	}
}

// Len is the number of entities, the hidden ones of a base included.
func (w *World) Len() int {
	if w == nil {
		return 0
	}
	return len(w.entities) + w.base.Len()
}

// Edges visits the attack steps that start at a thing.
func (w *World) Edges(from bartizan.Ref) iter.Seq[bartizan.Edge] {
	return func(yield func(bartizan.Edge) bool) {
		for v := w; v != nil; v = v.base {
			for _, e := range v.edges[from] {
				if !yield(e) {
					return
				}
			}
		}
	}
}
