package path

import (
	"math/bits"
	"slices"
)

// chunk is how many sources are followed at a time.
const chunk = 4096

// followers says of many sources at once which vertices they reach: one bit for each source and group of vertices, and
// the steps taken until nothing changes. A step that needs several things passes on what reaches all of them.
type followers struct {
	g     *Graph
	parts *parts
	words int
	bits  []uint64 // of each group
	all   []bool   // vertices that everybody has from the start
	full  []uint64 // every source
}

// room is memory for followers that is used again.
type room struct{ bits []uint64 }

// reachable calls found for every one of some sources, by its index, and for each of several targets that it reaches.
func (g *Graph) reachable(sources []vertex, targets [][]vertex, removed []bool, r *room, found func(target, source int)) {
	g.follow(sources, removed, r, func(first int, f *followers) {
		f.each(targets, func(t, i int) { found(t, first+i) })
	})
}

// Reaching counts the sources that reach one of some targets, however unlikely the way.
func (g *Graph) Reaching(sources []Source, targets []Target) (n int) {
	starts, goals := g.starts(sources), make([][]vertex, len(targets))
	for i, t := range targets {
		goals[i] = g.vertices(t.Refs)
	}
	seen := make([]bool, len(sources))
	g.reachable(starts, goals, nil, &room{}, func(t, i int) {
		if !seen[i] && !slices.Contains(goals[t], starts[i]) {
			seen[i] = true
			n++
		}
	})
	return n
}

// each calls found for the sources that reach some targets.
func (f *followers) each(targets [][]vertex, found func(target, source int)) {
	sum := make([]uint64, f.words)
	for t, goals := range targets {
		clear(sum)
		for _, v := range goals {
			for w, b := range f.of(v) {
				sum[w] |= b
			}
		}
		for w, b := range sum {
			for ; b != 0; b &= b - 1 {
				found(t, w*64+bits.TrailingZeros64(b))
			}
		}
	}
}

// follow visits the sources chunk by chunk; first is the index of a chunk's first source.
func (g *Graph) follow(sources []vertex, removed []bool, r *room, visit func(first int, f *followers)) {
	free := newSearch(g)
	free.removed = removed
	free.run(nil, none)
	p := newParts(g, free.settled, removed)
	for first := 0; first < len(sources); first += chunk {
		part := sources[first:min(first+chunk, len(sources))]
		f := &followers{g: g, parts: p, words: (len(part) + 63) / 64, all: free.settled}
		if n := p.len() * f.words; n > cap(r.bits) {
			r.bits = make([]uint64, n)
		} else {
			clear(r.bits[:n])
		}
		f.bits = r.bits[:p.len()*f.words]
		f.full = make([]uint64, f.words)
		for i := range part {
			f.full[i/64] |= 1 << (i % 64)
		}
		f.run(part, removed)
		visit(first, f)
	}
}

// of is the sources that reach a vertex; none for one that everybody has.
func (f *followers) of(v vertex) []uint64 {
	part := int(f.parts.of[v])
	if part == none {
		return nil
	}
	return f.bits[part*f.words : (part+1)*f.words]
}

func (f *followers) run(sources []vertex, removed []bool) {
	open := newTodo(f.parts.len())
	for i, v := range sources {
		if v != none && !f.all[v] {
			f.of(v)[i/64] |= 1 << (i % 64)
			open.add(f.parts.of[v])
		}
	}
	f.spread(open, removed)
}

// restore gives steps back that were removed, and follows them.
func (f *followers) restore(steps []int32, removed []bool) {
	open, both := newTodo(f.parts.len()), make([]uint64, f.words)
	for _, i := range steps {
		s := &f.g.links[i]
		if to := f.parts.of[s.to]; to != none && !removed[i] && f.step(s, both) {
			open.add(to)
		}
	}
	f.spread(open, removed)
}

// spread takes the steps from groups that changed until nothing changes.
func (f *followers) spread(open todo, removed []bool) {
	both := make([]uint64, f.words)
	open.run(func(part int32) {
		for _, v := range f.parts.lists.of(vertex(part)) {
			for _, i := range f.g.out.of(vertex(v)) {
				s := &f.g.links[i]
				if to := f.parts.of[s.to]; to != none && to != part && (removed == nil || !removed[i]) && f.step(s, both) {
					open.add(to)
				}
			}
		}
	})
}

// step passes on the sources that reach everything that a step needs, and says whether there were new ones.
func (f *followers) step(s *link, both []uint64) (changed bool) {
	body, started := f.g.needs(s), false
	if len(body) == 1 && !f.all[body[0]] {
		return merge(f.of(s.to), f.of(body[0]))
	}
	for _, u := range body {
		if f.all[u] {
			continue
		}
		if !started {
			copy(both, f.of(u))
			started = true
			continue
		}
		for w, b := range f.of(u) {
			both[w] &= b
		}
	}
	if !started { // a step that was given back, and that needs nothing
		both = f.full
	}
	return merge(f.of(s.to), both)
}

// merge adds a set to another and says whether that changed it.
func merge(to, more []uint64) (changed bool) {
	more = more[:len(to)]
	for w, b := range more {
		if b&^to[w] != 0 {
			to[w] |= b
			changed = true
		}
	}
	return changed
}
