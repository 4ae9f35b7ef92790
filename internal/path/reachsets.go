package path

import "math/bits"

// chunk is how many sources are followed at a time.
const chunk = 4096

// followers says of many sources at once which vertices they reach: one bit for each source, and the steps taken until
// nothing changes. A step that needs several things passes on what reaches all of them.
type followers struct {
	g     *Graph
	words int
	bits  []uint64 // of each vertex
	all   []bool   // vertices that everybody has from the start
}

// reachable calls found for every one of some sources, by its index, and for each of several targets that it reaches.
func (g *Graph) reachable(sources []vertex, targets [][]vertex, removed []bool, found func(target, source int)) {
	g.follow(sources, removed, func(first int, f *followers) {
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
					found(t, first+w*64+bits.TrailingZeros64(b))
				}
			}
		}
	})
}

// follow visits the sources chunk by chunk; first is the index of a chunk's first source.
func (g *Graph) follow(sources []vertex, removed []bool, visit func(first int, f *followers)) {
	free := newSearch(g)
	free.removed = removed
	free.run(nil, none)
	for first := 0; first < len(sources); first += chunk {
		part := sources[first:min(first+chunk, len(sources))]
		f := &followers{g: g, words: (len(part) + 63) / 64, all: free.settled}
		f.bits = make([]uint64, len(g.refs)*f.words)
		f.run(part, removed)
		visit(first, f)
	}
}

func (f *followers) of(v vertex) []uint64 {
	return f.bits[int(v)*f.words : (int(v)+1)*f.words]
}

func (f *followers) run(sources []vertex, removed []bool) {
	queued := make([]bool, len(f.g.refs))
	var queue []vertex
	push := func(v vertex) {
		if !queued[v] {
			queued[v] = true
			queue = append(queue, v)
		}
	}
	for i, v := range sources {
		if v != none {
			f.of(v)[i/64] |= 1 << (i % 64)
			push(v)
		}
	}
	both := make([]uint64, f.words)
	for len(queue) > 0 {
		next := queue
		queue = nil
		for _, v := range next {
			queued[v] = false
			for _, i := range f.g.out.of(v) {
				if removed == nil || !removed[i] {
					f.step(&f.g.steps[i], both, push)
				}
			}
		}
	}
}

// step passes on the sources that reach everything that a step needs.
func (f *followers) step(s *step, both []uint64, push func(vertex)) {
	if f.all[s.to] {
		return // it leads to what everybody has
	}
	started := false
	for _, u := range f.g.body(s) {
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
	changed := false
	to := f.of(s.to)
	for w, b := range both {
		if b&^to[w] != 0 {
			to[w] |= b
			changed = true
		}
	}
	if changed {
		push(s.to)
	}
}
