package path

import "slices"

// distances are how far every vertex is from a set of targets, found in one search backwards. low never is more than
// the true distance and high never less: they differ only where a step needs several things that an attacker has to
// come by, which a search backwards cannot follow.
type distances struct {
	g         *Graph
	low, high []int32
	next      []int32 // the step to take from a vertex, where high is known
	free      *search // what holds without any source
}

// exact says whether the true distance of a vertex is known.
func (d *distances) exact(v vertex) bool { return d.low[v] == d.high[v] }

// derivation lists the steps from a vertex whose distance is exact to the targets.
func (d *distances) derivation(v vertex) (steps []int32) {
	for i := d.next[v]; i != none; i = d.next[v] {
		for _, u := range d.g.body(&d.g.steps[i]) {
			if u != v {
				for _, given := range d.free.derivation(u) {
					if !slices.Contains(steps, given) {
						steps = append(steps, given)
					}
				}
			}
		}
		steps = append(steps, i)
		v = d.g.steps[i].to
	}
	return steps
}

// distances searches backwards from targets.
func (g *Graph) distances(targets []vertex, removed []bool) *distances {
	free := newSearch(g)
	free.removed = removed
	free.run(nil, none)
	d := &distances{g: g, free: free, next: make([]int32, len(g.refs))}
	for i := range d.next {
		d.next[i] = none
	}
	d.low = g.backwards(targets, removed, free, nil)
	d.high = g.backwards(targets, removed, free, d.next)
	return d
}

// backwards is one of the two searches: without next, each of the things that a step needs does alone.
func (g *Graph) backwards(targets []vertex, removed []bool, free *search, next []int32) []int32 {
	relaxed := next == nil
	dist := make([]int32, len(g.refs))
	for i := range dist {
		dist[i] = far
	}
	by := int32(none)
	var buckets [farthest + 1][]vertex
	reach := func(v vertex, d int32) {
		if d < dist[v] {
			dist[v] = d
			if !relaxed {
				next[v] = by
			}
			buckets[d] = append(buckets[d], v)
		}
	}
	for _, t := range targets {
		reach(t, 0)
	}
	for d := range buckets {
		for k := 0; k < len(buckets[d]); k++ {
			v := buckets[d][k]
			if dist[v] != int32(d) {
				continue
			}
			for _, i := range g.in.of(v) {
				if removed != nil && removed[i] {
					continue
				}
				by = i
				g.back(&g.links[i], int64(d), free, relaxed, reach)
			}
		}
		buckets[d] = nil
	}
	return dist
}

// back offers the distance of a step's end, and the step's own, to the things that it needs. What holds without any
// source counts with what that costs; relaxed, with nothing, since a source may come by it more easily.
func (g *Graph) back(st *link, d int64, free *search, relaxed bool, reach func(vertex, int32)) {
	w, open := int64(st.weight)+d, 0
	var last vertex
	for _, u := range g.needs(st) {
		if !free.settled[u] {
			open, last = open+1, u
		} else if !relaxed {
			w += int64(free.dist[u])
		}
	}
	to := int32(min(w, farthest))
	if open == 1 && !relaxed {
		reach(last, to)
	}
	if !relaxed {
		return
	}
	for _, u := range g.needs(st) {
		if !free.settled[u] || free.dist[u] > 0 {
			reach(u, to)
		}
	}
}
