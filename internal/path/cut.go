package path

import (
	"fmt"
	"slices"

	"github.com/bartizan-dev/bartizan"
)

// Cut is the smallest set of fixes that was found to end all paths.
type Cut struct {
	Fixes    []Fixed           // what ends most paths first
	Changes  []bartizan.Change // the same, one Change for each object
	Cost     int
	Bound    int   // no set of fixes that takes away as little in use costs less
	Pairs    int   // how many sources reached how many targets, together
	LeftOut  int   // how many more do, but only by ways that are too far-fetched to count
	Lost     int   // how many rights and flows seen in use the fixes take away
	Together []Use // those of them that no fix takes away alone
	Uncut    []Uncut
	rounds   int
}

// Optimal says that no set of fixes takes away less that is in use, and none that takes as little costs less.
func (c *Cut) Optimal() bool { return c.Cost == c.Bound }

// Fixed is one fix of a Cut.
type Fixed struct {
	Target bartizan.Ref
	Text   string
	Unsafe string
	Cost   int
	Left   int   // how many pairs of source and target are left when it and those before it are made
	InUse  []Use // what it takes away and was seen in use
}

// Uncut is a path that no known fix ends.
type Uncut struct {
	Source bartizan.Ref
	Target string
	Stages []Stage
}

// Keep says whether a fix must not be made.
type Keep func(target bartizan.Ref) bool

// conflict is the fixes of which one must be made to end a path, and the pairs of source and target that go it.
type conflict struct {
	fixes []int32
	pairs map[int]bool
}

// maxCutRounds bounds how often fixes are chosen and the paths they leave are looked for.
const maxCutRounds = 200

// cutter is one Cut under way.
type cutter struct {
	g       *Graph
	keep    Keep
	sources []Source
	starts  []vertex // of the sources; none for what has no steps
	targets [][]vertex
	names   []string
	open    [][]bool // for each target and source, whether it is to be cut
	sets    []conflict
	seen    map[string]int // the number of a set of fixes among sets
	news    bool           // find found something new
	removed []bool
	search  *search
	room    room
	result  Cut
	options CutOptions
	extra   map[int32]int // what fixes cost on top, because they take away what is in use
	avoid   map[int32]int // what they cost on top to try another set
}

// Cut finds the cheapest fixes after which no source reaches a target.
func (g *Graph) Cut(sources []Source, targets []Target, keep Keep) (*Cut, error) {
	return g.CutWith(sources, targets, CutOptions{Keep: keep})
}

// settle is an implicit hitting set: the cheapest fixes that meet all paths found so far, then the paths that these
// leave, until there are none. The cost of the cheapest fixes for some of the paths never is more than for all, so
// the last choice, if it is the optimum for the paths found, is the optimum.
func (c *cutter) settle() (chosen []int32, bound int, err error) {
	for c.result.rounds = 1; len(c.sets) > 0; c.result.rounds++ {
		h := hitting{cost: c.costs(), nodes: maxNodes}
		for _, s := range c.sets {
			h.sets = append(h.sets, s.fixes)
		}
		chosen, bound = h.solve()
		c.remove(chosen)
		left := c.find(false)
		if left == 0 && !c.news {
			return chosen, bound, nil
		}
		if !c.news || c.result.rounds > maxCutRounds {
			return nil, 0, fmt.Errorf("cut the paths: %d are left after %d rounds; name fewer targets with --to", left, c.result.rounds)
		}
	}
	return nil, 0, nil
}

func (c *cutter) costs() []int {
	costs := make([]int, len(c.g.fixes))
	c.weighUses()
	for i := range costs {
		costs[i] = c.price(int32(i)) + c.avoid[int32(i)]
	}
	return costs
}

// remove takes away the steps that fixes end, and gives back the others.
func (c *cutter) remove(fixes []int32) {
	clear(c.removed)
	for _, f := range fixes {
		for _, s := range c.g.fixes[f].steps {
			c.removed[s] = true
		}
	}
}

// find looks for a path of every source to every target that is open, keeps the fixes that would end each, and
// counts them. The first time it finds out which are open at all.
func (c *cutter) find(first bool) (paths int) {
	c.news = false
	left := make([]int, len(c.targets))
	d := make([]*distances, len(c.targets))
	c.g.reachable(c.starts, c.targets, c.removed, &c.room, func(t, i int) {
		v, goals := c.starts[i], c.targets[t]
		if !first && !c.open[t][i] || slices.Contains(goals, v) {
			return
		}
		if d[t] == nil {
			d[t] = c.g.distances(goals, c.removed)
		}
		steps, counts := c.way(d[t], v, goals, &left[t])
		if !counts {
			if first {
				c.result.LeftOut++
			}
			return
		}
		c.open[t][i] = true
		paths++
		if steps != nil {
			c.add(steps, i, t)
		}
	})
	return paths
}

// maxSearches is how many paths that need several things at once are looked for in one round.
const maxSearches = 100

// add keeps the fixes that end a path, and gives up on the pair if there are none.
func (c *cutter) add(steps []int32, source, target int) {
	var set []int32
	for _, i := range steps {
		for _, f := range c.g.ending(&c.g.steps[i]) {
			if c.keep == nil || !c.keep(c.g.fixes[f].Target) {
				set = append(set, f)
			}
		}
	}
	slices.Sort(set)
	set = slices.Compact(set)
	pair := target*len(c.sources) + source
	if len(set) == 0 {
		c.close(pair)
		c.open[target][source] = false
		c.result.Uncut = append(c.result.Uncut, Uncut{c.sources[source].Ref, c.names[target], c.g.stages(steps)})
		return
	}
	key := numbersKey(set)
	n, known := c.seen[key]
	if !known {
		n, c.news = len(c.sets), true
		c.seen[key] = n
		c.sets = append(c.sets, conflict{set, map[int]bool{}})
	}
	c.sets[n].pairs[pair] = true
}

// close gives up on a pair: what was kept for it alone need not be ended.
func (c *cutter) close(pair int) {
	kept := c.sets[:0]
	for _, s := range c.sets {
		had := s.pairs[pair]
		delete(s.pairs, pair)
		c.news = c.news || had
		if len(s.pairs) > 0 {
			kept = append(kept, s)
		}
	}
	c.sets = kept
	clear(c.seen)
	for i, s := range c.sets {
		c.seen[numbersKey(s.fixes)] = i
	}
}

func numbersKey(list []int32) string {
	b := make([]byte, 0, 4*len(list))
	for _, n := range list {
		b = append(b, byte(n), byte(n>>8), byte(n>>16), byte(n>>24))
	}
	return string(b)
}

// finish puts the fixes in order of what they end, and makes the Changes.
func (c *cutter) finish(chosen []int32) (*Cut, error) {
	made := c.order(chosen)
	weight, left := c.weight(chosen), c.left(made)
	for i, f := range made {
		x := &c.g.fixes[f]
		fixed := Fixed{Target: x.Target, Text: x.Text, Unsafe: x.Unsafe, Cost: max(1, x.Cost), Left: none, InUse: c.inUse([]int32{f})}
		if i < len(left) {
			fixed.Left = left[i]
		}
		c.result.Cost += fixed.Cost
		c.result.Fixes = append(c.result.Fixes, fixed)
	}
	if weight != c.result.Bound && c.options.FarFetched == 0 { // the flow goes far-fetched ways, too
		for t := range c.targets {
			c.result.Bound = max(c.result.Bound, c.flowBound(c.opened(t), c.targets[t]))
		}
	}
	c.result.Bound = max(0, c.result.Bound-(weight-c.result.Cost)) // what is in use is told by itself
	c.tellUses(made)
	var err error
	c.result.Changes, err = c.g.changes(made)
	return &c.result, err
}

// opened are the sources whose ways to a target are cut.
func (c *cutter) opened(target int) (out []vertex) {
	for i, v := range c.starts {
		if v != none && c.open[target][i] {
			out = append(out, v)
		}
	}
	return out
}

// order puts first the fix that ends most of the paths that those before it leave.
func (c *cutter) order(chosen []int32) (made []int32) {
	in := map[int32][]int{} // the sets that a chosen fix is in
	ends := map[int32]int{} // how many pairs, by sets that no fix before it meets, it ends
	for _, f := range chosen {
		in[f] = nil
	}
	for i, s := range c.sets {
		for _, f := range s.fixes {
			if _, ok := in[f]; ok {
				in[f] = append(in[f], i)
				ends[f] += len(s.pairs)
			}
		}
	}
	met := make([]bool, len(c.sets))
	rest := slices.Clone(chosen)
	for len(rest) > 0 {
		best := 0
		for i := range rest {
			if ends[rest[i]] > ends[rest[best]] {
				best = i
			}
		}
		f := rest[best]
		rest = slices.Delete(rest, best, best+1)
		made = append(made, f)
		for _, i := range in[f] {
			if met[i] {
				continue
			}
			met[i] = true
			for _, o := range c.sets[i].fixes {
				ends[o] -= len(c.sets[i].pairs)
			}
		}
	}
	return made
}

// maxCounted is for how many fixes it is counted how many paths are left after each.
const maxCounted = 5

// left says how many pairs of source and target are left after the first fix, the first two and so on. It takes all of
// them away and gives one after the other back: what can be reached only grows.
func (c *cutter) left(made []int32) []int {
	made = made[:min(len(made), maxCounted)]
	out := make([]int, len(made))
	c.remove(made)
	c.g.follow(c.starts, slices.Clone(c.removed), &c.room, func(first int, f *followers) {
		for i := len(made) - 1; i >= 0; i-- {
			c.remove(made[:i+1])
			if i+1 < len(made) {
				f.restore(c.g.fixes[made[i+1]].steps, c.removed)
			}
			out[i] += c.count(first, f)
		}
	})
	return out
}

// count says how many pairs are left of a chunk of sources.
func (c *cutter) count(first int, f *followers) (n int) {
	d, left := make([]*distances, len(c.targets)), make([]int, len(c.targets))
	f.each(c.targets, func(t, i int) {
		i += first
		if !c.open[t][i] || slices.Contains(c.targets[t], c.starts[i]) {
			return
		}
		counts := true
		if c.options.FarFetched > 0 {
			if d[t] == nil {
				d[t] = c.g.distances(c.targets[t], c.removed)
			}
			_, counts = c.way(d[t], c.starts[i], c.targets[t], &left[t])
		}
		if counts {
			n++
		}
	})
	return n
}
