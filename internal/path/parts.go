package path

import "math/bits"

// parts is the vertices in groups: from each of a group one comes to all others by steps that need nothing else. A
// group has a smaller number than those that lead to it (Tarjan's algorithm), so what is passed on from the greatest
// number down is passed on once.
type parts struct {
	of    []int32 // the group of a vertex; none for what everybody has
	lists         // the vertices of a group
}

// newParts groups the vertices that are not free, by the steps that were not removed.
func newParts(g *Graph, free, removed []bool) *parts {
	n := len(g.refs)
	t := tarjan{g: g, free: free, removed: removed, parts: parts{of: make([]int32, n)}, low: make([]int32, n)}
	for i := range t.of {
		t.of[i] = none
	}
	for v := range vertex(n) {
		if t.low[v] == 0 && !free[v] {
			t.from(v)
		}
	}
	t.lists = newLists(int(t.count), func(add func(vertex, int32)) {
		for v, part := range t.of {
			if part != none {
				add(vertex(part), int32(v))
			}
		}
	})
	return &t.parts
}

// tarjan is the search that finds the groups.
type tarjan struct {
	parts
	g             *Graph
	free, removed []bool
	low           []int32 // 0 for what was not visited
	visited       int32
	count         int32
	open          []vertex // visited, in no group yet
	way           []stop
}

// stop is a vertex that the search is at, and how many of its steps it took.
type stop struct {
	v     vertex
	taken int32
	first int32 // when it was visited
}

func (t *tarjan) enter(v vertex) {
	t.visited++
	t.low[v] = t.visited
	t.open = append(t.open, v)
	t.way = append(t.way, stop{v: v, first: t.visited})
}

// from visits what can be reached from a vertex.
func (t *tarjan) from(root vertex) {
	for t.enter(root); len(t.way) > 0; {
		p := &t.way[len(t.way)-1]
		if to := t.next(p); to != none {
			if t.low[to] == 0 {
				t.enter(to)
			} else if t.of[to] == none {
				t.low[p.v] = min(t.low[p.v], t.low[to])
			}
			continue
		}
		v, first := p.v, p.first
		t.way = t.way[:len(t.way)-1]
		if len(t.way) > 0 {
			up := t.way[len(t.way)-1].v
			t.low[up] = min(t.low[up], t.low[v])
		}
		if t.low[v] == first {
			t.close(v)
		}
	}
}

// next is the end of the next step from a stop that needs nothing else; none when there are no more.
func (t *tarjan) next(p *stop) vertex {
	steps := t.g.out.of(p.v)
	for int(p.taken) < len(steps) {
		i := steps[p.taken]
		p.taken++
		s := &t.g.links[i]
		if !t.free[s.to] && (t.removed == nil || !t.removed[i]) && t.alone(s) {
			return s.to
		}
	}
	return none
}

// alone says whether a step needs one thing only besides what everybody has.
func (t *tarjan) alone(s *link) bool {
	open := 0
	for _, u := range t.g.needs(s) {
		if !t.free[u] {
			open++
		}
	}
	return open == 1
}

// close makes a group of what was visited since a vertex.
func (t *tarjan) close(v vertex) {
	for {
		u := t.open[len(t.open)-1]
		t.open = t.open[:len(t.open)-1]
		t.of[u] = t.count
		if u == v {
			t.count++
			return
		}
	}
}

// todo is a set of groups that are visited from the greatest number down until it is empty; visits may add to it.
type todo []uint64

func newTodo(n int) todo { return make(todo, (n+63)/64) }

func (t todo) add(part int32) { t[part>>6] |= 1 << (part & 63) }

func (t todo) run(visit func(int32)) {
	for found := true; found; {
		found = false
		for w := len(t) - 1; w >= 0; w-- {
			for t[w] != 0 {
				found = true
				bit := 63 - bits.LeadingZeros64(t[w])
				t[w] &^= 1 << bit
				visit(int32(w<<6 + bit))
			}
		}
	}
}
