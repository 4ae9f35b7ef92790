package picture

import (
	"fmt"
	"io"
	"sort"
	"strings"

	"github.com/bartizan-dev/bartizan/internal/reach"
)

// maxDotEdges bounds the text for Graphviz, which draws larger pictures than people read.
const maxDotEdges = 20_000

// Dot writes connections for Graphviz, each namespace a cluster.
func Dot(w io.Writer, list []reach.Connection) error {
	g, ok := build(list, maxDotEdges)
	if !ok {
		g = summary(list)
	}
	var b strings.Builder
	b.WriteString("digraph reach {\n  rankdir=LR\n  node [shape=box style=rounded]\n")
	lanes := map[string][]int{}
	var names []string
	for v := range g.vertices {
		n := g.vertices[v].lane
		if lanes[n] == nil {
			names = append(names, n)
		}
		lanes[n] = append(lanes[n], v)
	}
	sort.Strings(names)
	for i, n := range names {
		indent := "  "
		if n != "" {
			fmt.Fprintf(&b, "  subgraph cluster_%d {\n    label=%s\n", i, quote(n))
			indent = "    "
		}
		for _, v := range lanes[n] {
			fmt.Fprintf(&b, "%sn%d [label=%s]\n", indent, v, quote(g.vertices[v].name))
		}
		if n != "" {
			b.WriteString("  }\n")
		}
	}
	for _, e := range g.edges {
		line := ""
		if e.unknown {
			line = " style=dashed"
		}
		fmt.Fprintf(&b, "  n%d -> n%d [label=%s%s]\n", e.from, e.to, quote(e.label), line)
	}
	b.WriteString("}\n")
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("write the graph: %w", err)
	}
	return nil
}

// quote makes a string of Graphviz.
func quote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(visible(s)) + `"`
}
