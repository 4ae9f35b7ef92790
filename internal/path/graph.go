package path

import (
	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/rule"
)

// vertex numbers a thing that an attacker may hold.
type vertex int32

// none is no vertex and no step.
const none = -1

// Graph is the attack steps of a World. It does not change after Build and may be asked by many goroutines.
type Graph struct {
	refs    []bartizan.Ref
	numbers map[bartizan.Ref]vertex
	steps   []step
	links   []link       // what searches need of the steps, close together in memory
	bodies  []vertex     // the bodies of all steps, one after the other
	proofs  []proof      // the first is of steps that have none
	edges   []*rule.Rule // the first is none, for bookkeeping
	told    []telling    // what to say of steps; the first is of steps of which there is nothing to say
	endings []int32      // the fixes of all steps, one after the other
	fixes   []fix
	out     lists // steps that need a vertex
	in      lists // steps that lead to a vertex
	given   []int32
	objects map[bartizan.Ref]*kube.Object
	facts   *facts
	full    bool
}

// step is one rule.Step, or one piece of bookkeeping. There are many: it holds numbers only.
type step struct {
	body  [2]int32 // where in Graph.bodies
	fixes [2]int32 // where in Graph.endings
	to    vertex
	proof int32 // in Graph.proofs, what evidence and fixes of bookkeeping are made from when somebody asks
	told  int32 // in Graph.told
	edge  int16 // in Graph.edges
	cost  int16
	hop   bool // an attack, not bookkeeping
}

// telling is what to say of a step.
type telling struct {
	text string
	why  []bartizan.Evidence
}

// link is what a search needs of a step.
type link struct {
	body   [2]int32
	to     vertex
	weight int32
}

// weight orders paths: by likelihood first, then by the number of attacks.
func (s *step) weight() int32 {
	w := int32(s.cost) * hopsPerCost
	if s.hop {
		w++
	}
	return w
}

// hopsPerCost is how many attacks weigh as much as one unit of cost.
const hopsPerCost = 16

// fix is one possible change and the steps that it takes away.
type fix struct {
	rule.Fix
	steps []int32
}

// edge is the edge that a step is from; nil for bookkeeping.
func (g *Graph) edge(s *step) *rule.Rule { return g.edges[s.edge] }

// ending are the fixes that each end a step.
func (g *Graph) ending(s *step) []int32 { return g.endings[s.fixes[0]:s.fixes[1]] }

// body is the vertices that a step needs.
func (g *Graph) body(s *step) []vertex { return g.bodies[s.body[0]:s.body[1]] }

// needs is the vertices that the step of a link needs.
func (g *Graph) needs(l *link) []vertex { return g.bodies[l.body[0]:l.body[1]] }

// proof is what a step of bookkeeping is made from; of a step from an edge its kind is proofNone.
func (g *Graph) proof(s *step) *proof { return &g.proofs[s.proof] }

// lists is a list of steps for every vertex, in two arrays.
type lists struct {
	start []int32
	items []int32
}

func (l *lists) of(v vertex) []int32 { return l.items[l.start[v]:l.start[v+1]] }

// len is how many lists there are.
func (l *lists) len() int { return len(l.start) - 1 }

// newLists sorts steps by vertices: visit calls add for each pair.
func newLists(n int, visit func(add func(vertex, int32))) lists {
	l := lists{start: make([]int32, n+1)}
	visit(func(v vertex, _ int32) { l.start[v+1]++ })
	for i := range n {
		l.start[i+1] += l.start[i]
	}
	l.items = make([]int32, l.start[n])
	next := append([]int32(nil), l.start...)
	visit(func(v vertex, s int32) {
		l.items[next[v]] = s
		next[v]++
	})
	return l
}

// index makes the lists of the graph from its steps.
func (g *Graph) index() {
	n := len(g.refs)
	g.links = make([]link, len(g.steps))
	for i := range g.steps {
		s := &g.steps[i]
		g.links[i] = link{s.body, s.to, s.weight()}
	}
	g.out = newLists(n, func(add func(vertex, int32)) {
		for i := range g.links {
			for _, v := range g.needs(&g.links[i]) {
				add(v, int32(i))
			}
		}
	})
	g.in = newLists(n, func(add func(vertex, int32)) {
		for i := range g.links {
			add(g.links[i].to, int32(i))
		}
	})
	if len(g.proofs) == 0 {
		g.proofs = make([]proof, 1)
	}
	g.given = nil
	for i := range g.steps {
		if g.steps[i].body[0] == g.steps[i].body[1] {
			g.given = append(g.given, int32(i))
		}
		for _, f := range g.ending(&g.steps[i]) {
			g.fixes[f].steps = append(g.fixes[f].steps, int32(i))
		}
	}
}

// number is the vertex of a Ref, made if need be.
func (g *Graph) number(r bartizan.Ref) vertex {
	v, ok := g.numbers[r]
	if !ok {
		v = vertex(len(g.refs))
		g.numbers[r] = v
		g.refs = append(g.refs, r)
	}
	return v
}

// Find is the vertex of a Ref.
func (g *Graph) find(r bartizan.Ref) (vertex, bool) {
	v, ok := g.numbers[r]
	return v, ok
}

// maxSteps bounds the steps of a graph; clusters of 100,000 pods have fewer. maxScopes bounds the scopes of a right.
const (
	maxSteps  = 4_000_000
	maxScopes = 200_000
)

// Full says that there were more steps than a graph holds, so that paths may be missing.
func (g *Graph) Full() bool { return g.full }

// Size counts vertices, steps and possible fixes.
func (g *Graph) Size() (vertices, steps, fixes int) { return len(g.refs), len(g.steps), len(g.fixes) }
