package ruletest

import (
	"slices"

	"github.com/bartizan-dev/bartizan/internal/path"
	"github.com/bartizan-dev/bartizan/rule"
)

// RunEdge runs all examples of an attack step by itself, without the other edges: what the examples claim must be so,
// evidence must stand on the pinned lines, and each fix of each step, carried out, must take that step away.
func RunEdge(r *rule.Rule, version rule.Version) []Fault {
	t := tester{rule: r, version: version}
	wants := map[string]int{}
	for _, e := range r.Examples() {
		wants[e.Want()]++
		switch e.Want() {
		case "yes", "no":
			t.edge(e)
		default:
			t.fault(e.Name, "an example of an edge is called yes/... or no/...")
		}
	}
	if wants["yes"] == 0 || wants["no"] == 0 {
		t.fault("examples", "an edge carries at least one yes and one no example")
	}
	return t.faults
}

// edge checks one example.
func (t *tester) edge(e rule.Example) {
	x, err := path.ParseExample(e.Text, t.version)
	if err != nil {
		t.fault(e.Name, "%v", err)
		return
	}
	g, err := t.graph(x.Text, x)
	if err != nil {
		t.fault(e.Name, "%v", err)
		return
	}
	claimed := 0
	for _, c := range x.Claims {
		got := g.Reaches(c.From, c.To)
		if c.Not == got {
			t.fault(e.Name, "line %d: the example claims %v for %s -> %s, but it is %v", c.Line, !c.Not, c.From, c.To, got)
		}
		if !c.Not {
			claimed++
		}
	}
	if len(x.Claims) == 0 || (claimed > 0) != (e.Want() == "yes") {
		t.fault(e.Name, "a yes example claims an EDGE, a no example only NO EDGEs: it has %d of %d", claimed, len(x.Claims))
	}
	t.edgePins(e, x, g)
	t.edgeFixes(e, x, g)
}

func (t *tester) graph(text string, x path.Example) (*path.Graph, error) {
	w, objects, err := path.Read(text)
	if err != nil {
		return nil, err
	}
	return path.Build(path.Input{World: w, Objects: objects, Edges: []*rule.Rule{t.rule}, Version: x.Version}), nil
}

// edgePins checks that evidence stands on the pinned lines.
func (t *tester) edgePins(e rule.Example, x path.Example, g *path.Graph) {
	var lines []int
	for _, s := range g.Own(t.rule) {
		for _, why := range s.Evidence {
			lines = append(lines, why.Origin.Line)
		}
	}
	for _, line := range x.Pins {
		if !slices.Contains(lines, line) {
			t.fault(e.Name, "line %d is pinned, but the evidence stands on lines %v", line, lines)
		}
	}
}

// edgeFixes carries out each fix of each step and checks that the step is gone.
func (t *tester) edgeFixes(e rule.Example, x path.Example, g *path.Graph) {
	for _, s := range g.Own(t.rule) {
		for _, c := range s.Changes {
			text, err := path.Apply(x.Text, c.Changes)
			if err != nil {
				t.fault(e.Name, "fix %q: %v", c.Text, err)
				continue
			}
			after, err := t.graph(text, x)
			if err != nil {
				t.fault(e.Name, "after the fix %q: %v", c.Text, err)
				continue
			}
			for _, left := range after.Own(t.rule) {
				if left.Key == s.Key && left.Because(c.Text) {
					t.fault(e.Name, "the fix %q does not take the step away: %s", c.Text, s.Key)
				}
			}
		}
	}
}
