package path

import "math"

// flowScale is how finely costs are shared out over the steps that a fix takes away.
const flowScale = 1 << 20

// flowBound is a cost that no cut of some sources from targets is below, by max-flow: every fix shares its cost out
// over the steps it takes away, a step's capacity is the least share of its fixes, and so the steps that a set of fixes
// takes away never have more capacity than the set costs. Steps that need several things are left out: that takes
// ways, never makes them, so what cuts the true graph cuts this one.
func (c *cutter) flowBound(sources, targets []vertex) int {
	free := newSearch(c.g)
	free.run(nil, none)
	n := len(c.g.refs)
	f := newFlow(n + 2)
	from, to := int32(n), int32(n+1)
	for i := range c.g.steps {
		s := &c.g.steps[i]
		open, last := 0, vertex(none)
		for _, v := range c.g.body(s) {
			if !free.settled[v] {
				open, last = open+1, v
			}
		}
		if open == 1 {
			f.add(int32(last), int32(s.to), c.capacity(s))
		}
	}
	for _, v := range sources {
		f.add(from, int32(v), math.MaxInt64/4)
	}
	for _, v := range targets {
		f.add(int32(v), to, math.MaxInt64/4)
	}
	return int((f.max(from, to) + flowScale - 1) / flowScale) // costs are whole, and shares are rounded down
}

// capacity is the least share of a step's fixes; there is no limit where nothing may take it away.
func (c *cutter) capacity(s *step) int64 {
	least := int64(math.MaxInt64 / 4)
	for _, f := range c.g.ending(s) {
		if c.keep == nil || !c.keep(c.g.fixes[f].Target) {
			least = min(least, int64(c.price(f))*flowScale/int64(len(c.g.fixes[f].steps)))
		}
	}
	return least
}

// flow is Dinic's algorithm.
type flow struct {
	first []int32 // the first arc of a vertex
	arcs  []arc   // an arc and its reverse stand side by side
	level []int32
	next  []int32
}

type arc struct {
	to, next int32
	room     int64
}

func newFlow(n int) *flow {
	f := &flow{first: make([]int32, n), level: make([]int32, n), next: make([]int32, n)}
	for i := range f.first {
		f.first[i] = none
	}
	return f
}

func (f *flow) add(from, to int32, room int64) {
	f.arcs = append(f.arcs, arc{to, f.first[from], room}, arc{from, f.first[to], 0})
	f.first[from], f.first[to] = int32(len(f.arcs)-2), int32(len(f.arcs)-1)
}

// max is the largest flow between two vertices.
func (f *flow) max(from, to int32) (sum int64) {
	for f.levels(from, to) {
		copy(f.next, f.first)
		for pushed := f.push(from, to); pushed > 0; pushed = f.push(from, to) {
			sum += pushed
			if sum > math.MaxInt64/8 {
				return 0 // nothing but steps without fixes: the caller cuts no such way
			}
		}
	}
	return sum
}

// levels numbers the vertices by their distance; false if the end cannot be reached.
func (f *flow) levels(from, to int32) bool {
	for i := range f.level {
		f.level[i] = none
	}
	f.level[from] = 0
	for queue := []int32{from}; len(queue) > 0; queue = queue[1:] {
		v := queue[0]
		for a := f.first[v]; a != none; a = f.arcs[a].next {
			if u := f.arcs[a].to; f.arcs[a].room > 0 && f.level[u] == none {
				f.level[u] = f.level[v] + 1
				queue = append(queue, u)
			}
		}
	}
	return f.level[to] != none
}

// push sends flow along one way from level to level, without recursion: ways may be long.
func (f *flow) push(from, to int32) int64 {
	var way []int32
	v := from
	for v != to {
		a := f.next[v]
		switch {
		case a == none && len(way) == 0:
			return 0
		case a == none: // a dead end: go back and try the next arc
			back := way[len(way)-1]
			way = way[:len(way)-1]
			v = f.arcs[back^1].to
			f.next[v] = f.arcs[f.next[v]].next
		case f.arcs[a].room > 0 && f.level[f.arcs[a].to] == f.level[v]+1:
			way = append(way, a)
			v = f.arcs[a].to
		default:
			f.next[v] = f.arcs[a].next
		}
	}
	least := int64(math.MaxInt64)
	for _, a := range way {
		least = min(least, f.arcs[a].room)
	}
	for _, a := range way {
		f.arcs[a].room -= least
		f.arcs[a^1].room += least
	}
	return least
}
