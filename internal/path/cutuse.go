package path

import "slices"

// CutOptions say which fixes may be made, and which paths must be ended.
type CutOptions struct {
	Keep Keep
	// Uses are the rights and flows that were seen in use: fixes that take none of them away are preferred to all others.
	Uses *Uses
	// FarFetched is the cost from which on a way does not count; 0: all ways do.
	FarFetched int
}

// FarFetched is the cost of a way that succeeds less than one time in ten.
const FarFetched = 10

// lossWeight is what a right or flow in use weighs: as much as a hundred of the dearest fixes. maxLoss bounds how many
// of one fix count.
const (
	lossWeight = 10_000
	maxLoss    = 100
)

// maxTries is how often another set is looked for when fixes take away together what none does alone.
const maxTries = 4

// CutWith is Cut with more to choose.
func (g *Graph) CutWith(sources []Source, targets []Target, o CutOptions) (*Cut, error) {
	c := cutter{
		g: g, keep: o.Keep, options: o, sources: sources, seen: map[string]int{}, removed: make([]bool, len(g.steps)), search: newSearch(g),
		extra: map[int32]int{}, avoid: map[int32]int{},
	}
	c.search.removed = c.removed
	for _, t := range targets {
		if v := g.vertices(t.Refs); len(v) > 0 {
			c.targets, c.names, c.open = append(c.targets, v), append(c.names, t.Name), append(c.open, make([]bool, len(sources)))
		}
	}
	c.starts = g.starts(sources)
	c.find(true)
	chosen, bound, err := c.settle()
	if err != nil {
		return nil, err
	}
	c.result.Bound = bound
	if chosen, err = c.apart(chosen); err != nil {
		return nil, err
	}
	c.result.Pairs = 0
	for _, list := range c.open {
		for _, open := range list {
			if open {
				c.result.Pairs++
			}
		}
	}
	return c.finish(chosen)
}

// way finds how a source gets to a target. It says whether that counts, and gives no steps for a way that counts and
// that there are too many of to look for in this round.
func (c *cutter) way(d *distances, v vertex, goals []vertex, left *int) (steps []int32, counts bool) {
	limit := int32(far)
	if c.options.FarFetched > 0 {
		limit = int32(c.options.FarFetched * hopsPerCost)
	}
	switch {
	case c.options.FarFetched > 0 && d.low[v] >= limit:
		return nil, false
	case d.high[v] < limit:
		return d.derivation(v), true
	case *left < maxSearches: // the others are looked for in a later round, if these fixes leave them
		*left++
		c.search.until(v, goals, d)
		goal := c.search.nearest(goals)
		if goal == none {
			return nil, false
		}
		if c.search.dist[goal] >= limit {
			*left--
			return nil, false
		}
		return c.search.derivation(goal), true
	}
	return nil, true
}

// price is what a fix costs, and what is in use for it.
func (c *cutter) price(f int32) int { return max(1, c.g.fixes[f].Cost) + c.extra[f] }

// weighUses finds out what the fixes that may be chosen take away of what is in use.
func (c *cutter) weighUses() {
	if c.options.Uses == nil {
		return
	}
	for _, s := range c.sets {
		for _, f := range s.fixes {
			if _, known := c.extra[f]; !known {
				c.extra[f] = lossWeight * min(maxLoss, len(c.options.Uses.Lost([]int32{f})))
			}
		}
	}
}

func (c *cutter) inUse(fixes []int32) []Use {
	if c.options.Uses == nil {
		return nil
	}
	return c.options.Uses.Lost(fixes)
}

// weight is what a set of fixes costs with all that they take away, each alone and all together.
func (c *cutter) weight(fixes []int32) (sum int) {
	for _, f := range fixes {
		sum += c.price(f)
	}
	return sum + lossWeight*min(maxLoss, len(c.together(fixes)))
}

// together are the uses that a set of fixes takes away and none of them alone: each leaves another rule that allows it.
func (c *cutter) together(fixes []int32) (out []Use) {
	if c.options.Uses == nil || len(fixes) < 2 {
		return nil
	}
	var alone []Use
	for _, f := range fixes {
		alone = append(alone, c.inUse([]int32{f})...)
	}
	for _, x := range c.inUse(fixes) {
		if !slices.ContainsFunc(alone, x.same) {
			out = append(out, x)
		}
	}
	return out
}

// apart looks for a set that takes away less than what a set's fixes take away together: by making those that partake
// dearer, a few times. The bound stays that of the true prices.
func (c *cutter) apart(chosen []int32) ([]int32, error) {
	best := chosen
	for range maxTries {
		joint := c.together(chosen)
		if len(joint) == 0 {
			break
		}
		for i, f := range chosen {
			rest := slices.Delete(slices.Clone(chosen), i, i+1)
			if len(c.together(rest)) < len(joint) {
				c.avoid[f] += lossWeight
				break // of those that take it away together one must go
			}
		}
		next, _, err := c.settle()
		if err != nil {
			return nil, err
		}
		if c.weight(next) < c.weight(best) {
			best = next
		}
		if slices.Equal(next, chosen) {
			break
		}
		chosen = next
	}
	return best, nil
}

// tellUses sums up what the fixes take away.
func (c *cutter) tellUses(made []int32) {
	c.result.Together = c.together(made)
	c.result.Lost = len(c.inUse(made))
}
