package path

// Plain is the reference that benchmarks stand beside: for each source by itself, the least fixed point as its
// definition says, and then the targets looked up. It finds no fixes.
func Plain(g *Graph, sources []Source, targets []Target) (pairs int) {
	for _, s := range sources {
		v, ok := g.find(s.Ref)
		if !ok {
			continue
		}
		cost := naive(g, v, nil)
		for _, t := range targets {
			for _, u := range g.vertices(t.Refs) {
				if cost[u] != far {
					pairs++
					break
				}
			}
		}
	}
	return pairs
}
