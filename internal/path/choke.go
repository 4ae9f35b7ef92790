package path

import (
	"cmp"
	"slices"
	"sync"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/rule"
)

// Choke is a thing that every way from some sources to a target passes.
type Choke struct {
	Thing   bartizan.Ref
	Target  string
	Sources int // how many cannot reach the target without it
	Of      int // how many reach it
}

// maxChokes is how many choke points are told of one target.
const maxChokes = 3

// Chokes finds for each target what the ways of most sources have in common: the dominators of the graph turned round.
// Where a step needs several things, each is taken to do alone; that makes ways, never takes them, so a choke point is
// one of the true graph, too.
func (g *Graph) Chokes(sources []Source, targets []Target) []Choke {
	found := make([][]Choke, len(targets))
	var wait sync.WaitGroup
	for i, t := range targets {
		if goals := g.vertices(t.Refs); len(goals) > 0 {
			wait.Go(func() { found[i] = g.chokes(sources, t.Name, goals) })
		}
	}
	wait.Wait()
	return slices.Concat(found...)
}

func (g *Graph) chokes(sources []Source, name string, goals []vertex) (out []Choke) {
	d := newDominators(g, goals)
	below := make([]int, len(g.refs))
	of := 0
	start := map[vertex]bool{}
	for _, s := range sources {
		v, ok := g.find(s.Ref)
		if !ok || d.order[v] < 0 || slices.Contains(goals, v) {
			continue
		}
		of++
		start[v] = true
		for u := d.above[v]; u != none && d.order[u] > 0; u = d.above[u] {
			below[u]++
		}
	}
	for v := range g.refs {
		r := g.refs[v]
		told := r.Name != rule.Every && r.Kind != rule.KindAdmits && r.Kind != rule.KindCluster && !slices.Contains(goals, vertex(v)) && !g.isAll(vertex(v))
		if told && below[v] > 1 && below[v]*10 >= of {
			out = append(out, Choke{r, name, below[v], of})
		}
	}
	slices.SortStableFunc(out, func(a, b Choke) int {
		return cmp.Or(cmp.Compare(b.Sources, a.Sources), compareRefs(a.Thing, b.Thing))
	})
	return out[:min(len(out), maxChokes)]
}

// isAll says whether a vertex is to have a role that grants everything: that is the target by another name.
func (g *Graph) isAll(v vertex) bool {
	return slices.ContainsFunc(g.out.of(v), func(i int32) bool { return g.proof(&g.steps[i]).kind == proofAll })
}

// dominators is the dominator tree of the graph turned round, its root above all targets.
type dominators struct {
	above []vertex // the nearest vertex that every way to a target passes; none for the targets' root
	order []int32  // in reverse postorder from the root; none for what reaches no target
}

// newDominators computes the tree as Cooper, Harvey and Kennedy do. Vertex n stands for the root.
func newDominators(g *Graph, goals []vertex) *dominators {
	n := len(g.refs)
	root := vertex(n)
	d := &dominators{above: make([]vertex, n+1), order: make([]int32, n+1)}
	for i := range d.order {
		d.order[i], d.above[i] = none, none
	}
	post := g.postorder(goals)
	for i, v := range post {
		d.order[v] = int32(len(post) - 1 - i)
	}
	isGoal := make([]bool, n+1)
	for _, t := range goals {
		isGoal[t] = true
	}
	d.above[root] = root
	for changed := true; changed; {
		changed = false
		for i := len(post) - 2; i >= 0; i-- {
			v := post[i]
			up := vertex(none)
			meet := func(u vertex) {
				switch {
				case d.order[u] < 0 || d.above[u] == none:
				case up == none:
					up = u
				default:
					up = d.meet(up, u)
				}
			}
			if isGoal[v] {
				meet(root)
			}
			for _, s := range g.out.of(v) {
				meet(g.links[s].to)
			}
			if up != d.above[v] {
				d.above[v], changed = up, true
			}
		}
	}
	d.above[root] = none
	return d
}

// meet is the nearest vertex above two.
func (d *dominators) meet(a, b vertex) vertex {
	for a != b {
		for d.order[a] > d.order[b] {
			a = d.above[a]
		}
		for d.order[b] > d.order[a] {
			b = d.above[b]
		}
	}
	return a
}

// postorder lists what leads to some targets, each vertex after those that step to it, the root above the targets last.
func (g *Graph) postorder(goals []vertex) (out []vertex) {
	type frame struct {
		v          vertex
		step, need int // what is next: a step that leads here and one of the things it needs
	}
	seen := make([]bool, len(g.refs))
	var stack []frame
	for _, goal := range goals {
		if seen[goal] {
			continue
		}
		seen[goal] = true
		stack = append(stack, frame{v: goal})
		for len(stack) > 0 {
			f := &stack[len(stack)-1]
			steps := g.in.of(f.v)
			if f.step == len(steps) {
				out = append(out, f.v)
				stack = stack[:len(stack)-1]
				continue
			}
			needs := g.needs(&g.links[steps[f.step]])
			if f.need == len(needs) {
				f.step, f.need = f.step+1, 0
				continue
			}
			u := needs[f.need]
			f.need++
			if !seen[u] {
				seen[u] = true
				stack = append(stack, frame{v: u})
			}
		}
	}
	return append(out, vertex(len(g.refs)))
}

// File is where an object was read from.
func (g *Graph) File(r bartizan.Ref) string {
	if o := g.objects[r]; o != nil {
		return o.Origin.File
	}
	return ""
}
