package path

import (
	"math/rand/v2"
	"testing"

	"github.com/bartizan-dev/bartizan"
)

// TestFarFetchedIsOptimal compares with every choice of fixes on small graphs, where only likely ways must be ended.
func TestFarFetchedIsOptimal(t *testing.T) {
	counted := 0
	for seed := range uint64(600) {
		r := rand.New(rand.NewPCG(seed, 5))
		const fixes = 8
		g := randomGraph(r, 5+r.IntN(8), 6+r.IntN(18), fixes)
		target := vertex(len(g.refs) - 1)
		if naive(g, none, nil)[target] != far {
			continue // everybody has it from the start
		}
		limit := 1 + r.IntN(6)
		likely := func(v vertex, mask uint) bool {
			return naive(g, v, removedBy(g, mask))[target] < int64(limit*hopsPerCost)
		}
		var open []vertex
		for v := range vertex(2) {
			if v != target && likely(v, 0) && !likely(v, ^uint(0)) {
				open = append(open, v)
			}
		}
		best := -1
		for mask := range uint(1) << fixes {
			cost, ends := 0, true
			for i := range fixes {
				if mask>>i&1 == 1 {
					cost += g.fixes[i].Cost
				}
			}
			for _, v := range open {
				ends = ends && !likely(v, mask)
			}
			if ends && (best < 0 || cost < best) {
				best = cost
			}
		}
		c, err := g.CutWith([]Source{{Ref: g.refs[0]}, {Ref: g.refs[1]}}, []Target{{Name: "t", Refs: []bartizan.Ref{g.refs[target]}}}, CutOptions{FarFetched: limit})
		if err != nil && len(c.Changes) == 0 && c.Pairs == 0 {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if c.Cost != best || !c.Optimal() || c.Pairs != len(open) {
			t.Fatalf("seed %d: cost %d, bound %d, %d pairs; the optimum is %d for %d", seed, c.Cost, c.Bound, c.Pairs, best, len(open))
		}
		if c.LeftOut > 0 {
			counted++
		}
	}
	if counted < 20 {
		t.Errorf("something was left out in %d cases only", counted)
	}
}
