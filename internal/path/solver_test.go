package path

import (
	"fmt"
	"math/bits"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/rule"
)

// randomGraph makes a graph of steps that need one thing, several or none, with fixes that end one or several.
func randomGraph(r *rand.Rand, vertices, steps, fixes int) *Graph {
	g := &Graph{numbers: map[bartizan.Ref]vertex{}, facts: &facts{}, edges: []*rule.Rule{nil, {ID: "e"}}, told: make([]telling, 1)}
	for i := range vertices {
		g.number(bartizan.Ref{Kind: "V", Name: fmt.Sprint(i)})
	}
	for i := range fixes {
		g.fixes = append(g.fixes, fix{Fix: rule.Fix{Target: bartizan.Ref{Kind: "F", Name: fmt.Sprint(i)}, Cost: 1 + r.IntN(6)}})
	}
	for range steps {
		s := step{to: vertex(r.IntN(vertices)), cost: int16(r.IntN(4)), hop: r.IntN(2) == 0, edge: 1}
		s.body[0] = int32(len(g.bodies))
		n := 1
		switch r.IntN(12) {
		case 0:
			n = 0
		case 1, 2:
			n = 2
		case 3:
			n = 3
		}
		var body []vertex
		for range n {
			if v := vertex(r.IntN(vertices)); v != s.to && !slices.Contains(body, v) {
				body = append(body, v)
			}
		}
		if n > 0 && len(body) == 0 {
			continue
		}
		slices.Sort(body)
		g.bodies = append(g.bodies, body...)
		s.body[1] = int32(len(g.bodies))
		s.fixes = [2]int32{int32(len(g.endings)), int32(len(g.endings))}
		for range r.IntN(3) {
			if f := int32(r.IntN(fixes)); !slices.Contains(g.ending(&s), f) {
				g.endings = append(g.endings, f)
				s.fixes[1]++
			}
		}
		g.steps = append(g.steps, s)
	}
	g.index()
	return g
}

// naive is what can be reached from a vertex: the least fixed point, computed as its definition says.
func naive(g *Graph, from vertex, removed []bool) []int64 {
	const infinite = 1 << 40
	cost := make([]int64, len(g.refs))
	for i := range cost {
		cost[i] = infinite
	}
	if from != none {
		cost[from] = 0
	}
	for changed := true; changed; {
		changed = false
		for i := range g.steps {
			if removed != nil && removed[i] {
				continue
			}
			s := &g.steps[i]
			sum := int64(s.weight())
			for _, v := range g.body(s) {
				sum += cost[v]
			}
			if sum < cost[s.to] && sum < infinite {
				cost[s.to], changed = sum, true
			}
		}
	}
	for i := range cost {
		if cost[i] >= infinite {
			cost[i] = far
		}
	}
	return cost
}

// TestSearch holds both searches to the definition.
func TestSearch(t *testing.T) {
	for seed := range uint64(400) {
		r := rand.New(rand.NewPCG(seed, 1))
		g := randomGraph(r, 4+r.IntN(20), 4+r.IntN(50), 5)
		s := newSearch(g)
		target := vertex(r.IntN(len(g.refs)))
		d := g.distances([]vertex{target}, nil)
		for v := range g.refs {
			want := naive(g, vertex(v), nil)
			s.run([]vertex{vertex(v)}, none)
			for u := range g.refs {
				if int64(s.dist[u]) != want[u] && want[u] < farthest {
					t.Fatalf("seed %d: from %d to %d: %d, want %d", seed, v, u, s.dist[u], want[u])
				}
			}
			if w := want[target]; d.free.dist[target] == far && w < farthest && (int64(d.low[v]) > w || int64(d.high[v]) < w) {
				t.Fatalf("seed %d: backwards from %d to %d: between %d and %d, but it is %d", seed, target, v, d.low[v], d.high[v], w)
			}
			checkDerivation(t, g, s, vertex(v))
			s.until(vertex(v), []vertex{target}, d)
			if w := want[target]; d.free.dist[target] == far && w < farthest && (int64(s.dist[target]) != w || w != far && !s.settled[target]) {
				t.Fatalf("seed %d: guided from %d to %d: %d, want %d", seed, v, target, s.dist[target], w)
			}
		}
	}
}

// checkDerivation checks that each step of a derivation has what it needs.
func checkDerivation(t *testing.T, g *Graph, s *search, from vertex) {
	t.Helper()
	for v := range g.refs {
		if s.dist[v] == far {
			continue
		}
		have := map[vertex]bool{from: true}
		for _, i := range s.derivation(vertex(v)) {
			for _, u := range g.body(&g.steps[i]) {
				if !have[u] {
					t.Fatalf("step %d of the derivation of %d needs %d, which is not there yet", i, v, u)
				}
			}
			have[g.steps[i].to] = true
		}
		if !have[vertex(v)] {
			t.Fatalf("the derivation of %d does not end there", v)
		}
	}
}

// TestCutIsOptimal compares with every choice of fixes on small graphs.
func TestCutIsOptimal(t *testing.T) {
	tight := 0
	for seed := range uint64(600) {
		r := rand.New(rand.NewPCG(seed, 2))
		const fixes = 9
		g := randomGraph(r, 5+r.IntN(8), 6+r.IntN(18), fixes)
		target := vertex(len(g.refs) - 1)
		if naive(g, none, nil)[target] != far {
			continue // everybody has it from the start
		}
		sources := []Source{{Ref: g.refs[0]}, {Ref: g.refs[1]}}
		targets := []Target{{Name: "t", Refs: []bartizan.Ref{g.refs[target]}}}
		c, err := g.Cut(sources, targets, nil)
		if err != nil && len(c.Changes) == 0 && c.Pairs == 0 {
			t.Fatalf("seed %d: %v", seed, err)
		}
		possible := cuttable(g, target)
		bound := cutter{g: g}.flowOf(possible, target)
		best := -1
		for mask := range uint(1) << fixes {
			cost := 0
			for i := range fixes {
				if mask>>i&1 == 1 {
					cost += g.fixes[i].Cost
				}
			}
			if (best < 0 || cost < best) && cuts(g, mask, target, possible) {
				best = cost
			}
		}
		if bound > best {
			t.Fatalf("seed %d: max-flow says that no cut costs less than %d, but one costs %d", seed, bound, best)
		}
		if bound == best && best > 0 {
			tight++
		}
		if c.Cost != best || !c.Optimal() {
			t.Fatalf("seed %d: cost %d, bound %d; the optimum is %d (%d uncut)", seed, c.Cost, c.Bound, best, len(c.Uncut))
		}
	}
	if tight < 20 {
		t.Errorf("max-flow is the optimum in %d cases only: it bounds nothing", tight)
	}
}

// flowOf is the max-flow bound for those of the two sources that can be cut off.
func (c cutter) flowOf(possible [2]bool, target vertex) int {
	var from []vertex
	for v := range possible {
		if possible[v] {
			from = append(from, vertex(v))
		}
	}
	return c.flowBound(from, []vertex{target})
}

// cuttable says of which of the two sources some choice of fixes ends all ways.
func cuttable(g *Graph, target vertex) (out [2]bool) {
	removed := removedBy(g, ^uint(0))
	free := naive(g, none, nil)[target] != far
	for v := range out {
		out[v] = naive(g, vertex(v), removed)[target] == far && !free
	}
	return out
}

func removedBy(g *Graph, mask uint) []bool {
	removed := make([]bool, len(g.steps))
	for i := range g.fixes {
		if mask>>i&1 == 1 {
			for _, s := range g.fixes[i].steps {
				removed[s] = true
			}
		}
	}
	return removed
}

func cuts(g *Graph, mask uint, target vertex, possible [2]bool) bool {
	removed := removedBy(g, mask)
	for v := range possible {
		if possible[v] && vertex(v) != target && naive(g, vertex(v), removed)[target] != far {
			return false
		}
	}
	return true
}

// TestChokes checks choke points by taking the thing away, and that with steps of one need none is missed.
func TestChokes(t *testing.T) {
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 3))
		g := randomGraph(r, 5+r.IntN(15), 6+r.IntN(40), 3)
		target := vertex(len(g.refs) - 1)
		d := newDominators(g, []vertex{target})
		for v := range g.refs {
			if d.order[v] < 0 || vertex(v) == target {
				continue
			}
			for u := d.above[v]; u != none && d.order[u] > 0 && u != target; u = d.above[u] {
				removed := make([]bool, len(g.steps))
				for i := range g.steps {
					removed[i] = g.steps[i].to == u || slices.Contains(g.body(&g.steps[i]), u)
				}
				free := naive(g, none, removed)[target] != far
				if !free && naive(g, vertex(v), removed)[target] != far {
					t.Fatalf("seed %d: %d reaches the target without its choke point %d", seed, v, u)
				}
			}
		}
	}
}

// TestHitting compares the choice of fixes with every choice, on sets alone.
func TestHitting(t *testing.T) {
	for seed := range uint64(500) {
		r := rand.New(rand.NewPCG(seed, 4))
		n := 3 + r.IntN(9)
		h := hitting{nodes: maxNodes}
		var masks []uint
		for range n {
			h.cost = append(h.cost, 1+r.IntN(9))
		}
		for range 1 + r.IntN(12) {
			mask := uint(r.IntN(1<<n))&uint(r.IntN(1<<n)) | 1<<r.IntN(n)
			masks = append(masks, mask)
			var set []int32
			for i := range n {
				if mask>>i&1 == 1 {
					set = append(set, int32(i))
				}
			}
			h.sets = append(h.sets, set)
		}
		best := 1 << 30
		for choice := range uint(1) << n {
			cost := 0
			for c := choice; c != 0; c &= c - 1 {
				cost += h.cost[bits.TrailingZeros(c)]
			}
			if cost < best && !slices.ContainsFunc(masks, func(m uint) bool { return m&choice == 0 }) {
				best = cost
			}
		}
		chosen, bound := h.solve()
		if got := h.total(chosen); got != best || bound != best {
			t.Fatalf("seed %d: %d with bound %d, the optimum is %d", seed, got, bound, best)
		}
	}
}
