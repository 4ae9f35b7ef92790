package path

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/rule"
)

// Path is one way to a target, for every source that takes it.
type Path struct {
	Target  Target
	Reached bartizan.Ref   // the vertex of the target
	Sources []bartizan.Ref // the likeliest first; all of them take the same way from the second step on
	Stages  []Stage
	Cost    int // how unlikely it is that it succeeds, three to a halving
	Prior   int // how unlikely it is that it begins, for the likeliest source
	Score   int // how much it matters: the target's value less both
}

// Stage is one attack of a path, with the bookkeeping that makes it possible.
type Stage struct {
	Rule, Title string
	Certainty   string
	From        []bartizan.Ref // what it needs: things, not rights
	To          bartizan.Ref
	Text        string // what the attacker does
	Evidence    []bartizan.Evidence
	Cost        int
	steps       []int32
}

// List is the paths from sources to targets, what matters most first. Of each source only the likeliest way to each
// target is told, sources that go the same way are told together, and a way to a target that leads through a
// better target is told once, to the better one.
func (g *Graph) List(sources []Source, targets []Target) []Path {
	return g.list(sources, targets, func(pair) bool { return true })
}

// pair is a source and a target's name.
type pair struct {
	source bartizan.Ref
	target string
}

func (g *Graph) list(sources []Source, targets []Target, want func(pair) bool) []Path {
	l := lister{g: g, search: newSearch(g), byKey: map[string]*Path{}, better: map[bartizan.Ref][]vertex{}, last: map[bartizan.Ref][]int32{}, told: map[bartizan.Ref][]int32{}, admin: map[bartizan.Ref]int{}, exact: maxExact}
	starts, goals := g.starts(sources), make([][]vertex, len(targets))
	for i, t := range targets {
		goals[i] = g.vertices(t.Refs)
	}
	reached := make([][]int, len(targets)) // the sources that reach a target
	g.reachable(starts, goals, nil, &room{}, func(t, i int) {
		if !slices.Contains(goals[t], starts[i]) && want(pair{sources[i].Ref, targets[t].Name}) {
			reached[t] = append(reached[t], i)
		}
	})
	for t := range targets {
		if len(reached[t]) == 0 {
			continue
		}
		d := g.distances(goals[t], nil)
		for _, i := range reached[t] {
			l.source(sources[i], starts[i], targets[t], goals[t], d)
		}
	}
	out := make([]Path, 0, len(l.order))
	for _, k := range l.order {
		out = append(out, *l.byKey[k])
	}
	slices.SortStableFunc(out, func(a, b Path) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.Cost, b.Cost), cmp.Compare(len(a.Stages), len(b.Stages)), compareRefs(a.Sources[0], b.Sources[0]))
	})
	return out
}

// maxExact is for how many sources and targets in all the likeliest way is looked for by a search of its own, where the
// search backwards gives only bounds. Beyond that a way is told that may not be the likeliest.
const maxExact = 100

// lister collects paths.
type lister struct {
	g      *Graph
	search *search
	byKey  map[string]*Path
	order  []string
	better map[bartizan.Ref][]vertex // of each source, the better targets that it reaches
	last   map[bartizan.Ref][]int32  // of each source, the last steps told
	told   map[bartizan.Ref][]int32  // of each source, all steps told
	admin  map[bartizan.Ref]int      // of each source, the cost of the way to cluster-admin
	exact  int                       // how many more searches there may be for what the search backwards leaves open
}

// source adds the way from a source to a target.
func (l *lister) source(src Source, v vertex, t Target, goals []vertex, d *distances) {
	var steps []int32
	if d.exact(v) || d.high[v] != far && l.exact <= 0 {
		steps = d.derivation(v)
	} else {
		l.exact--
		l.search.until(v, goals, d)
		goal := l.search.nearest(goals)
		if goal == none {
			return
		}
		steps = l.search.derivation(goal)
	}
	cost := 0
	for _, i := range steps {
		cost += int(l.g.steps[i].cost)
	}
	if admin, ok := l.admin[src.Ref]; l.passes(steps, src.Ref, goals) || ok && implied[t.Name] && admin <= cost {
		return
	}
	if t.Name == TargetAdmin {
		l.admin[src.Ref] = cost
	}
	l.better[src.Ref] = append(l.better[src.Ref], goals...)
	l.last[src.Ref] = append(l.last[src.Ref], steps[len(steps)-1])
	l.told[src.Ref] = append(l.told[src.Ref], steps...)
	p := Path{Target: t, Sources: []bartizan.Ref{src.Ref}, Prior: src.Prior, Cost: cost}
	p.Score = t.Value - p.Cost - src.Prior/2
	p.Reached = l.g.refs[l.g.steps[steps[len(steps)-1]].to]
	key := l.key(&p, steps)
	if have, ok := l.byKey[key]; ok {
		if p.Score > have.Score {
			p.Stages = l.g.stages(steps)
		}
		have.join(p)
		return
	}
	p.Stages = l.g.stages(steps)
	l.byKey[key] = &p
	l.order = append(l.order, key)
}

// implied are the targets that whoever may do everything has, too: a way to them that is no likelier than the way to
// everything is not told.
var implied = map[string]bool{TargetControlPlane: true, TargetSecrets: true, TargetNode: true}

// passes says whether a way leads through a better target, which its source was told to reach already.
func (l *lister) passes(steps []int32, src bartizan.Ref, goals []vertex) bool {
	for _, i := range steps {
		if to := l.g.steps[i].to; slices.Contains(l.better[src], to) && !slices.Contains(goals, to) {
			return true
		}
	}
	if !slices.ContainsFunc(steps, func(i int32) bool { return !slices.Contains(l.told[src], i) }) {
		return true
	}
	end := &l.g.steps[steps[len(steps)-1]]
	for _, i := range l.last[src] { // the same attack on a lesser thing
		if s := &l.g.steps[i]; s.edge != 0 && s.edge == end.edge && slices.Equal(l.g.body(s), l.g.body(end)) {
			return true
		}
	}
	return false
}

// join adds a source that goes the same way.
func (p *Path) join(o Path) {
	if o.Score > p.Score {
		p.Sources, o.Sources = o.Sources, p.Sources
		p.Stages, p.Score, p.Prior, p.Cost = o.Stages, o.Score, o.Prior, o.Cost
	}
	p.Sources = append(p.Sources, o.Sources...)
}

// key is the same for ways that differ in their beginning only: the source and what the first attack takes.
func (l *lister) key(p *Path, steps []int32) string {
	var b strings.Builder
	kind := "pod"
	if k := p.Sources[0].Kind; k == "User" || k == "Group" || k == "ServiceAccount" || k == rule.KindInternet {
		kind = string(k)
	}
	fmt.Fprintf(&b, "%s|%s|%s", p.Target.Name, p.Reached.Kind, kind)
	hops := 0
	for _, i := range steps {
		s := &l.g.steps[i]
		if hops > 0 || l.g.proof(s).kind != proofNone {
			fmt.Fprintf(&b, " %d", s.to)
		}
		if s.hop {
			hops++
			if e := l.g.edge(s); e != nil {
				b.WriteString("|" + e.ID)
			}
		}
	}
	return b.String()
}
