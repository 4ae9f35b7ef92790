package path

import (
	"math"
	"slices"

	"github.com/bartizan-dev/bartizan"
)

// far is the distance of what cannot be reached; farthest that of what is least likely and can.
const (
	far      = math.MaxInt32
	farthest = 2047
)

// search follows steps forward from what an attacker holds, likeliest first (Dijkstra's algorithm in Knuth's form
// for steps that need several things, with Dial's buckets). Its arrays are used again by the next run.
type search struct {
	g       *Graph
	dist    []int32
	pred    []int32 // the step that reached a vertex; none for a source
	settled []bool
	touched []vertex
	buckets [farthest + 1][]vertex
	at      int32  // the bucket that is emptied
	removed []bool // steps that do not count; nil for none
	goals   []vertex
	guide   *distances // to the goals: what is near them comes first, and what does not lead there never
}

func newSearch(g *Graph) *search {
	n := len(g.refs)
	s := &search{g: g, dist: make([]int32, n), pred: make([]int32, n), settled: make([]bool, n)}
	for i := range s.dist {
		s.dist[i], s.pred[i] = far, none
	}
	return s
}

// until searches from one source until the nearest of some targets is settled. Given how far things are from the targets
// at least, it is the A* search: that never is more for what a step needs than for the step and its end, so what is
// settled is final here, too.
func (s *search) until(source vertex, targets []vertex, guide *distances) {
	s.goals, s.guide = targets, guide
	s.run([]vertex{source}, none)
	s.goals, s.guide = nil, nil
}

// rank is the bucket of a vertex at a distance; far for one that leads to no goal.
func (s *search) rank(v vertex, d int32) int32 {
	if s.guide == nil || s.guide.free.dist[v] == 0 {
		return d
	}
	if s.guide.low[v] == far {
		return far
	}
	return min(d+s.guide.low[v], farthest)
}

// run searches from sources; it ends early when stop, if any, is settled.
func (s *search) run(sources []vertex, stop vertex) {
	for _, v := range s.touched {
		s.dist[v], s.pred[v], s.settled[v] = far, none, false
	}
	s.touched, s.at = s.touched[:0], 0
	for _, v := range sources {
		s.reach(v, 0, none)
	}
	for _, i := range s.g.given {
		if s.removed == nil || !s.removed[i] {
			s.reach(s.g.links[i].to, s.g.links[i].weight, i)
		}
	}
	for d := range s.buckets {
		s.at = int32(d)
		for k := 0; k < len(s.buckets[d]); k++ { // a bucket may grow while it is emptied
			v := s.buckets[d][k]
			if s.settled[v] {
				continue
			}
			s.settled[v] = true
			if v == stop || len(s.goals) > 0 && slices.Contains(s.goals, v) {
				s.drop(d)
				return
			}
			s.expand(v)
		}
		s.buckets[d] = s.buckets[d][:0]
	}
}

// drop empties the buckets from one on.
func (s *search) drop(from int) {
	for d := from; d < len(s.buckets); d++ {
		s.buckets[d] = s.buckets[d][:0]
	}
}

// expand takes the steps that a vertex was the last to be needed for.
func (s *search) expand(v vertex) {
	for _, i := range s.g.out.of(v) {
		if s.removed != nil && s.removed[i] {
			continue
		}
		st := &s.g.links[i]
		if s.settled[st.to] {
			continue
		}
		d, ready := int64(st.weight), true
		for _, u := range s.g.needs(st) {
			if !s.settled[u] {
				ready = false
				break
			}
			d += int64(s.dist[u])
		}
		if ready {
			s.reach(st.to, int32(min(d, farthest)), i)
		}
	}
}

// reach offers a distance to a vertex.
func (s *search) reach(v vertex, d, by int32) {
	if d >= s.dist[v] {
		return
	}
	rank := s.rank(v, d)
	if rank == far {
		return
	}
	if s.dist[v] == far {
		s.touched = append(s.touched, v)
	}
	s.dist[v], s.pred[v] = d, by
	rank = max(rank, s.at)
	s.buckets[rank] = append(s.buckets[rank], v)
}

// nearest is the nearest of some vertices, or none.
func (s *search) nearest(targets []vertex) vertex {
	best := vertex(none)
	for _, t := range targets {
		if s.dist[t] != far && (best == none || s.dist[t] < s.dist[best]) {
			best = t
		}
	}
	return best
}

// derivation lists the steps by which a vertex was reached, each after those that it needs.
func (s *search) derivation(target vertex) (steps []int32) {
	seen := map[vertex]bool{}
	var visit func(v vertex)
	visit = func(v vertex) {
		if seen[v] || s.pred[v] == none {
			return
		}
		seen[v] = true
		for _, u := range s.g.body(&s.g.steps[s.pred[v]]) {
			visit(u)
		}
		steps = append(steps, s.pred[v])
	}
	visit(target)
	return steps
}

// Reaches says whether who holds one thing can come to hold another.
func (g *Graph) Reaches(from, to bartizan.Ref) bool {
	a, ok := g.find(from)
	b, known := g.find(to)
	if !known || !ok {
		return from == to
	}
	s := newSearch(g)
	s.run([]vertex{a}, b)
	return s.dist[b] != far
}
