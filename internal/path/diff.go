package path

import "slices"

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
	starts, goals := g.starts(sources), make([][]vertex, len(targets))
	d := make([]*distances, len(targets))
	for i, t := range targets {
		goals[i] = g.vertices(t.Refs)
	}
	searches := maxExact
	g.reachable(starts, goals, nil, &room{}, func(t, i int) {
		v := starts[i]
		if slices.Contains(goals[t], v) {
			return
		}
		if d[t] == nil {
			d[t] = g.distances(goals[t], nil)
		}
		cost := d[t].high[v]
		if !d[t].exact(v) && (cost == far || searches > 0) {
			searches--
			s.until(v, goals[t], nil)
			cost = s.dist[s.nearest(goals[t])]
		}
		out[pair{sources[i].Ref, targets[t].Name}] = cost / hopsPerCost
	})
	return out
}
