package picture

import "sort"

// maxLayers is how many columns the inside of the cluster has at most.
const maxLayers = 7

// layers gives each inner vertex a column such that most arrows point to the right.
func (g *graph) layers() {
	next := make([][]int, len(g.vertices))
	indegree := make([]int, len(g.vertices))
	for _, e := range g.edges {
		if g.inner(e.from) && g.inner(e.to) && e.from != e.to && !e.both {
			next[e.from] = append(next[e.from], e.to)
			indegree[e.to]++
		}
	}
	done := make([]bool, len(g.vertices))
	for {
		v := g.ready(indegree, done)
		if v < 0 {
			return
		}
		done[v] = true
		for _, t := range next[v] {
			if indegree[t]--; !done[t] {
				g.vertices[t].layer = min(max(g.vertices[t].layer, g.vertices[v].layer+1), maxLayers-1)
			}
		}
	}
}

func (g *graph) inner(v int) bool { return g.vertices[v].lane != "" }

// ready picks the vertex to place next: one that nothing unplaced points to, else the one with the fewest such.
func (g *graph) ready(indegree []int, done []bool) int {
	best := -1
	for v := range g.vertices {
		if done[v] || !g.inner(v) {
			continue
		}
		if best < 0 || indegree[v] < indegree[best] {
			best = v
		}
	}
	return best
}

// lane is the box of a namespace.
type lane struct {
	name      string
	y, height int
}

// The measures of the picture, in pixels.
const (
	margin   = 24
	boxWidth = 168
	boxHigh  = 34
	rowHigh  = 54
	gap      = 132 // between columns: room for arrows and their ports
	laneHead = 26
	laneGap  = 18
	top      = 64
)

// place gives every vertex its coordinates: outside sources on the left, namespaces as lanes one above the other,
// outside targets on the right.
func (g *graph) place() (lanes []lane, width, height int) {
	g.layers()
	columns := g.compress()
	byLane := map[string][]int{}
	var names []string
	for v := range g.vertices {
		if n := g.vertices[v].lane; n != "" {
			if byLane[n] == nil {
				names = append(names, n)
			}
			byLane[n] = append(byLane[n], v)
		}
	}
	g.sortLanes(names, byLane)
	y := top
	left := margin
	if g.any(false) {
		left += boxWidth + gap
	}
	for _, n := range names {
		rows := map[int]int{}
		high := 0
		for _, v := range byLane[n] {
			p := &g.vertices[v]
			p.x = left + laneGap + p.layer*(boxWidth+gap)
			p.y = y + laneHead + rows[p.layer]*rowHigh + 8
			rows[p.layer]++
			high = max(high, rows[p.layer])
		}
		h := laneHead + high*rowHigh + 4
		lanes = append(lanes, lane{n, y, h})
		y += h + laneGap
	}
	right := left + laneGap*2 + columns*(boxWidth+gap) - gap
	if columns == 0 {
		right = left
	}
	height = max(y, g.column(false, margin, y), g.column(true, right+gap, y)) + margin
	width = right + margin
	if g.any(true) {
		width += gap + boxWidth
	}
	return lanes, width, height
}

// compress leaves out columns that nothing stands in, and counts those that are left.
func (g *graph) compress() int {
	used := map[int]bool{}
	for v := range g.vertices {
		if g.inner(v) {
			used[g.vertices[v].layer] = true
		}
	}
	number := map[int]int{}
	for l := range maxLayers {
		if used[l] {
			number[l] = len(number)
		}
	}
	for v := range g.vertices {
		g.vertices[v].layer = number[g.vertices[v].layer]
	}
	return len(number)
}

// sortLanes puts namespaces with early columns on top, and the workloads of a lane in order.
func (g *graph) sortLanes(names []string, byLane map[string][]int) {
	weight := map[string]float64{}
	for n, list := range byLane {
		sum := 0
		for _, v := range list {
			sum += g.vertices[v].layer
		}
		weight[n] = float64(sum) / float64(len(list))
		sort.Slice(list, func(i, j int) bool {
			a, b := &g.vertices[list[i]], &g.vertices[list[j]]
			if a.whole != b.whole {
				return a.whole
			}
			return a.name < b.name
		})
	}
	sort.Slice(names, func(i, j int) bool {
		if weight[names[i]] != weight[names[j]] {
			return weight[names[i]] < weight[names[j]]
		}
		return names[i] < names[j]
	})
}

func (g *graph) any(out bool) bool {
	for v := range g.vertices {
		if !g.inner(v) && g.vertices[v].out == out {
			return true
		}
	}
	return false
}

// column places what is outside on one side, spread over the height; it returns where that ends.
func (g *graph) column(out bool, x, bottom int) int {
	var list []int
	for v := range g.vertices {
		if !g.inner(v) && g.vertices[v].out == out {
			list = append(list, v)
		}
	}
	if len(list) == 0 {
		return 0
	}
	step := max(rowHigh, min(rowHigh*2, (bottom-top)/len(list)))
	y := max(top, top+(bottom-top-step*len(list))/2)
	for _, v := range list {
		g.vertices[v].x, g.vertices[v].y = x, y+(step-boxHigh)/2
		y += step
	}
	return y
}
