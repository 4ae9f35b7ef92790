package path

import "github.com/bartizan-dev/bartizan"

// Diff is what changes between two states of a cluster, from the sources and to the targets of both.
type Diff struct {
	Opened []Path // a source reaches a target that it did not reach before
	Easier []Path // it did, but less likely
	Closed []Path // it does no more: as it was before
}

// Compare finds the paths that a change opens and closes. A source or target that only one state has counts in it.
func Compare(before, after *Graph, sources func(*Graph) []Source, targets func(*Graph) []Target) Diff {
	oldSources, newSources := sources(before), sources(after)
	oldTargets, newTargets := targets(before), targets(after)
	was, is := before.costs(oldSources, oldTargets), after.costs(newSources, newTargets)
	return Diff{
		Opened: after.list(newSources, newTargets, func(p pair) bool {
			_, had := was[p]
			return !had
		}),
		Easier: after.list(newSources, newTargets, func(p pair) bool {
			cost, had := was[p]
			return had && is[p] < cost
		}),
		Closed: before.list(oldSources, oldTargets, func(p pair) bool {
			_, has := is[p]
			return !has
		}),
	}
}

// costs says of every source which targets it reaches, and how likely.
func (g *Graph) costs(sources []Source, targets []Target) map[pair]int32 {
	out := map[pair]int32{}
	s := newSearch(g)
	for _, t := range targets {
		goals := g.vertices(t.Refs)
		if len(goals) == 0 {
			continue
		}
		d := g.distances(goals, nil)
		for _, src := range sources {
			v, ok := g.find(src.Ref)
			if !ok || d.low[v] == far || d.low[v] == 0 && containsRef(t.Refs, src.Ref) {
				continue
			}
			cost := d.low[v]
			if !d.exact(v) {
				s.run([]vertex{v}, none)
				goal := s.nearest(goals)
				if goal == none {
					continue
				}
				cost = s.dist[goal]
			}
			out[pair{src.Ref, t.Name}] = cost / hopsPerCost
		}
	}
	return out
}

func containsRef(list []bartizan.Ref, r bartizan.Ref) bool {
	for _, x := range list {
		if x == r {
			return true
		}
	}
	return false
}
