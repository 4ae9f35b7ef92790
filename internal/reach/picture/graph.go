// Package picture draws connections for people: an SVG picture with namespaces as boxes, and Graphviz text. It
// judges nothing; internal/reach says what is connected.
package picture

import (
	"slices"
	"sort"
	"strings"

	"github.com/bartizan-dev/bartizan/internal/reach"
)

// vertex is one thing in the picture.
type vertex struct {
	lane  string // its namespace; "" for what is outside
	name  string
	whole bool // stands for every pod of its lane
	layer int
	x, y  int
	out   bool // on the right: addresses that are reached
}

// edge is connections between two vertices.
type edge struct {
	from, to int
	label    string
	unknown  bool
	both     bool // the same the other way round
}

// graph is what is drawn.
type graph struct {
	vertices []vertex
	edges    []edge
	index    map[vertexKey]int
}

type vertexKey struct {
	lane, name string
	out        bool
}

func (g *graph) vertex(lane, name string, whole, out bool) int {
	key := vertexKey{lane, name, out}
	i, ok := g.index[key]
	if !ok {
		i = len(g.vertices)
		g.index[key] = i
		g.vertices = append(g.vertices, vertex{lane: lane, name: name, whole: whole, out: out})
	}
	return i
}

// ends makes the vertices of a group.
func (g *graph) ends(x *reach.Group, out bool) (list []int) {
	if x.EveryPod {
		list = append(list, g.vertex("", "every pod", true, out))
	}
	for _, n := range x.Namespaces {
		list = append(list, g.vertex(n, "every pod", true, false))
	}
	for _, w := range x.Workloads {
		list = append(list, g.vertex(orDefault(w.Namespace), w.Name, false, false))
	}
	for _, w := range x.Hosts {
		list = append(list, g.vertex(orDefault(w.Namespace), w.Name+" (host network)", false, false))
	}
	if x.Nodes {
		list = append(list, g.vertex("", "nodes", false, out))
	}
	return append(list, g.addresses(x, out)...)
}

// addresses makes the vertices of outside addresses: one for whatever has public ones in bulk, which is what one
// wants to see, and one for each of a few ranges.
func (g *graph) addresses(x *reach.Group, out bool) (list []int) {
	public := x.Everywhere || x.Internet || x.Internet4 || x.Internet6
	rest := 0
	for _, p := range x.Prefixes {
		if p.Bits() == 0 {
			public = true
		} else {
			rest++
		}
	}
	if public {
		list = append(list, g.vertex("", "internet", false, out))
	}
	const shown = 2
	if rest > shown {
		return append(list, g.vertex("", "other addresses", false, out))
	}
	for _, p := range x.Prefixes {
		if p.Bits() > 0 {
			name := p.String()
			if p.IsSingleIP() {
				name = p.Addr().String()
			}
			list = append(list, g.vertex("", name, false, out))
		}
	}
	return list
}

func orDefault(ns string) string {
	if ns == "" {
		return "default"
	}
	return ns
}

// build makes the graph of a list of connections: one edge between two vertices, with all its ports.
func build(list []reach.Connection, limit int) (*graph, bool) {
	g := &graph{index: map[vertexKey]int{}}
	type pair struct {
		from, to int
		unknown  bool
	}
	at := map[pair]int{}
	for i := range list {
		c := &list[i]
		froms, tos := g.ends(&c.From, false), g.ends(&c.To, true)
		if len(froms)*len(tos)+len(g.edges) > limit {
			return nil, false
		}
		label := reach.PortsText(c.Ports)
		for _, f := range froms {
			for _, t := range tos {
				p := pair{f, t, c.Verdict == reach.Unknown}
				if k, ok := at[p]; ok {
					g.edges[k].label = united(g.edges[k].label, label)
					continue
				}
				at[p] = len(g.edges)
				g.edges = append(g.edges, edge{from: f, to: t, label: label, unknown: p.unknown})
			}
		}
	}
	return g, true
}

// united is the ports of two labels, each once.
func united(a, b string) string {
	parts := strings.Split(a, ", ")
	for _, p := range strings.Split(b, ", ") {
		if !slices.Contains(parts, p) {
			parts = append(parts, p)
		}
	}
	if slices.Contains(parts, "all") {
		return "all"
	}
	return strings.Join(parts, ", ")
}

// summary is the graph with namespaces in the place of workloads, for clusters too large to draw.
func summary(list []reach.Connection) *graph {
	short := make([]reach.Connection, 0, len(list))
	for i := range list {
		c := list[i]
		c.From, c.To = lanes(c.From), lanes(c.To)
		c.Ports = nil
		short = append(short, c)
	}
	g := &graph{index: map[vertexKey]int{}}
	seen := map[[2]int]bool{}
	for i := range short {
		for _, f := range g.ends(&short[i].From, false) {
			for _, t := range g.ends(&short[i].To, true) {
				if key := [2]int{f, t}; f != t && !seen[key] && len(g.edges) < maxEdges {
					seen[key] = true
					g.edges = append(g.edges, edge{from: f, to: t, unknown: short[i].Verdict == reach.Unknown})
				}
			}
		}
	}
	return g
}

// lanes is a group with every workload's namespace in its place.
func lanes(x reach.Group) reach.Group {
	seen := map[string]bool{}
	for _, n := range x.Namespaces {
		seen[n] = true
	}
	for _, w := range append(x.Workloads[:len(x.Workloads):len(x.Workloads)], x.Hosts...) {
		seen[orDefault(w.Namespace)] = true
	}
	x.Namespaces, x.Workloads, x.Hosts = nil, nil, nil
	for n := range seen {
		x.Namespaces = append(x.Namespaces, n)
	}
	sort.Strings(x.Namespaces)
	return x
}

// fold joins two edges that differ only in their direction.
func (g *graph) fold() {
	at := map[edge]int{}
	keep := g.edges[:0]
	for _, e := range g.edges {
		back := edge{from: e.to, to: e.from, label: e.label, unknown: e.unknown}
		if i, ok := at[back]; ok && e.from != e.to {
			keep[i].both = true
			continue
		}
		at[e] = len(keep)
		keep = append(keep, e)
	}
	g.edges = keep
}
