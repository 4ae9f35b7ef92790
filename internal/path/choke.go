package path

import (
	"cmp"
	"slices"

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
func (g *Graph) Chokes(sources []Source, targets []Target) (out []Choke) {
	for _, t := range targets {
		if goals := g.vertices(t.Refs); len(goals) > 0 {
			out = append(out, g.chokes(sources, t.Name, goals)...)
		}
	}
	return out
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
	return slices.ContainsFunc(g.out.of(v), func(i int32) bool { return g.steps[i].proof.kind == proofAll })
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
	before := func(v vertex, visit func(vertex)) { // those that can step to v
		if v == root {
			for _, t := range goals {
				visit(t)
			}
			return
		}
		for _, i := range g.in.of(v) {
			for _, u := range g.body(&g.steps[i]) {
				visit(u)
			}
		}
	}
	post := postorder(n+1, root, before)
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
				meet(g.steps[s].to)
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

// postorder lists what is met from a root, each vertex after those that are met from it.
func postorder(n int, root vertex, next func(vertex, func(vertex))) (out []vertex) {
	type frame struct {
		v    vertex
		left []vertex
	}
	seen := make([]bool, n)
	enter := func(v vertex) frame {
		f := frame{v: v}
		next(v, func(u vertex) { f.left = append(f.left, u) })
		return f
	}
	seen[root] = true
	stack := []frame{enter(root)}
	for len(stack) > 0 {
		f := &stack[len(stack)-1]
		if len(f.left) == 0 {
			out = append(out, f.v)
			stack = stack[:len(stack)-1]
			continue
		}
		u := f.left[0]
		f.left = f.left[1:]
		if !seen[u] {
			seen[u] = true
			stack = append(stack, enter(u))
		}
	}
	return out
}

// File is where an object was read from.
func (g *Graph) File(r bartizan.Ref) string {
	if o := g.objects[r]; o != nil {
		return o.Origin.File
	}
	return ""
}
