package world_test

import (
	"slices"
	"testing"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/world"
)

func entity(kind bartizan.Kind, name string, value int) bartizan.Entity {
	return bartizan.Entity{Ref: bartizan.Ref{Kind: kind, Name: name}, Value: value}
}

func values(seq func(func(bartizan.Entity) bool)) []int {
	var all []int
	for e := range seq {
		all = append(all, e.Value.(int))
	}
	return all
}

func TestOverlay(t *testing.T) {
	edge := bartizan.Edge{From: bartizan.Ref{Kind: "A", Name: "x"}, To: bartizan.Ref{Kind: "B", Name: "y"}}
	base := world.New([]bartizan.Entity{entity("A", "x", 1), entity("B", "y", 2), entity("A", "x", 3), entity("A", "z", 4)}, edge)
	if got := values(base.All("A")); !slices.Equal(got, []int{1, 3, 4}) {
		t.Errorf("All: %v: two files may hold one name", got)
	}
	if e, ok := base.Get(bartizan.Ref{Kind: "A", Name: "x"}); !ok || e.Value != 1 {
		t.Errorf("Get: %v %v, want the first", e, ok)
	}
	top := base.Overlay(entity("A", "x", 9), entity("C", "w", 5))
	if got := values(top.All("A")); !slices.Equal(got, []int{4, 9}) {
		t.Errorf("All of an overlay: %v", got)
	}
	if got := values(top.Everything()); !slices.Equal(got, []int{2, 4, 9, 5}) {
		t.Errorf("Everything of an overlay: %v", got)
	}
	if e, ok := top.Get(bartizan.Ref{Kind: "B", Name: "y"}); !ok || e.Value != 2 {
		t.Errorf("an overlay hides what it does not hold: %v %v", e, ok)
	}
	if got := values(base.All("A")); !slices.Equal(got, []int{1, 3, 4}) {
		t.Errorf("an overlay changed the world below it: %v", got)
	}
	edges := 0
	for range top.Edges(edge.From) {
		edges++
	}
	if edges != 1 || top.Len() != 6 {
		t.Errorf("%d edges, %d entities", edges, top.Len())
	}
	for range top.Everything() {
		break // stopping early is allowed
	}
}
