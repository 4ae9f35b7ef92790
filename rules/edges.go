package rules

import (
	"sort"

	"github.com/bartizan-dev/bartizan/rule"
)

// Edges are the built-in attack steps, ordered by id.
func Edges() []*rule.Rule {
	all := goEdges()
	sort.Slice(all, func(i, j int) bool { return all[i].ID < all[j].ID })
	return all
}
