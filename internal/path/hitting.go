package path

import (
	"cmp"
	"maps"
	"math"
	"slices"
)

// hitting looks for the cheapest set of fixes that meets every one of some sets, by branch and bound with the duals
// of the linear programme as bound, one independent part after the other.
type hitting struct {
	sets   [][]int32
	cost   []int
	member map[int32][]int // the sets in which a fix is
	nodes  int             // how many more branches may be looked at
}

// solve gives the cheapest fixes found, and a bound that no choice is below; they are equal if it is the optimum.
func (h *hitting) solve() (chosen []int32, bound int) {
	h.reduce()
	for _, part := range h.parts() {
		p := &hitting{sets: part, cost: h.cost, nodes: h.nodes}
		p.index()
		best, b := p.part()
		h.nodes = max(p.nodes, maxNodes/64) // every part gets a chance
		chosen, bound = append(chosen, best...), bound+b
	}
	slices.Sort(chosen)
	return chosen, bound
}

// maxNodes is how many branches one search looks at; more would take seconds.
const maxNodes = 200_000

func (h *hitting) index() {
	h.member = map[int32][]int{}
	for i, s := range h.sets {
		for _, f := range s {
			h.member[f] = append(h.member[f], i)
		}
	}
}

// reduce leaves out fixes that another one, no dearer, beats everywhere, and sets that contain another set, until
// nothing changes.
func (h *hitting) reduce() {
	for range 8 {
		h.index()
		before := len(h.sets)
		gone := h.beaten()
		for i, s := range h.sets {
			if slices.ContainsFunc(s, func(f int32) bool { return gone[f] }) {
				h.sets[i] = slices.DeleteFunc(slices.Clone(s), func(f int32) bool { return gone[f] })
			}
		}
		h.sets = minimal(h.sets)
		if len(gone) == 0 && len(h.sets) == before {
			break
		}
	}
	h.index()
}

// beaten finds the fixes that need not be looked at.
func (h *hitting) beaten() map[int32]bool {
	gone := map[int32]bool{}
	for _, f := range slices.Sorted(maps.Keys(h.member)) {
		in := h.member[f]
		for _, o := range h.sets[in[0]] { // a better one must be in each of its sets, so in the first
			if o == f || gone[o] || h.cost[o] > h.cost[f] || len(h.member[o]) < len(in) {
				continue
			}
			if contains(h.member[o], in) && (h.cost[o] < h.cost[f] || len(h.member[o]) > len(in) || o < f) {
				gone[f] = true
				break
			}
		}
	}
	return gone
}

// contains says whether one sorted list holds all of another.
func contains[T cmp.Ordered](whole, part []T) bool {
	i := 0
	for _, x := range part {
		for i < len(whole) && whole[i] < x {
			i++
		}
		if i == len(whole) || whole[i] != x {
			return false
		}
	}
	return true
}

// minimal leaves out sets that contain another one.
func minimal(sets [][]int32) (out [][]int32) {
	slices.SortStableFunc(sets, func(a, b []int32) int { return cmp.Or(cmp.Compare(len(a), len(b)), slices.Compare(a, b)) })
	byFix := map[int32][]int{} // the sets kept, by their first fix
	for _, s := range sets {
		inside := slices.ContainsFunc(s, func(f int32) bool {
			return slices.ContainsFunc(byFix[f], func(i int) bool { return contains(s, out[i]) })
		})
		if !inside {
			byFix[s[0]] = append(byFix[s[0]], len(out))
			out = append(out, s)
		}
	}
	return out
}

// parts splits the sets into groups that share no fix.
func (h *hitting) parts() (out [][][]int32) {
	seen := make([]bool, len(h.sets))
	for i := range h.sets {
		if seen[i] {
			continue
		}
		seen[i] = true
		todo := []int{i}
		var part [][]int32
		for len(todo) > 0 {
			s := h.sets[todo[len(todo)-1]]
			todo = todo[:len(todo)-1]
			part = append(part, s)
			for _, f := range s {
				for _, j := range h.member[f] {
					if !seen[j] {
						seen[j] = true
						todo = append(todo, j)
					}
				}
			}
		}
		out = append(out, part)
	}
	return out
}

// part solves one group.
func (h *hitting) part() (best []int32, bound int) {
	best = h.greedy()
	b := branch{h: h, best: best, price: h.total(best), hit: make([]int, len(h.sets)), banned: map[int32]int{}}
	root := b.bound()
	if root < b.price {
		b.descend(0)
	}
	if h.nodes <= 0 {
		return b.best, max(root, 0)
	}
	return b.best, b.price
}

func (h *hitting) total(fixes []int32) (sum int) {
	for _, f := range fixes {
		sum += h.cost[f]
	}
	return sum
}

// greedy takes the fix that meets most sets for its cost, again and again, and then leaves out what is not needed.
func (h *hitting) greedy() (chosen []int32) {
	hit := make([]int, len(h.sets))
	open := len(h.sets)
	fixes := slices.Sorted(maps.Keys(h.member))
	for open > 0 {
		best, ratio := int32(none), math.Inf(1)
		for _, f := range fixes {
			n := 0
			for _, i := range h.member[f] {
				if hit[i] == 0 {
					n++
				}
			}
			if r := float64(h.cost[f]) / float64(n); n > 0 && r < ratio {
				best, ratio = f, r
			}
		}
		chosen = append(chosen, best)
		for _, i := range h.member[best] {
			if hit[i] == 0 {
				open--
			}
			hit[i]++
		}
	}
	slices.SortStableFunc(chosen, func(a, b int32) int { return h.cost[b] - h.cost[a] })
	return slices.DeleteFunc(chosen, func(f int32) bool {
		for _, i := range h.member[f] {
			if hit[i] == 1 {
				return false
			}
		}
		for _, i := range h.member[f] {
			hit[i]--
		}
		return true
	})
}

// branch is one branch-and-bound search.
type branch struct {
	h      *hitting
	best   []int32
	price  int
	chosen []int32
	spent  int
	hit    []int // how many chosen fixes meet a set
	banned map[int32]int
}

// bound is what meeting the sets that are not met yet costs at least: each raises its price until a fix is paid for.
func (b *branch) bound() int {
	paid := map[int32]int{}
	sum := b.spent
	for i, s := range b.h.sets {
		if b.hit[i] > 0 {
			continue
		}
		least := math.MaxInt32
		for _, f := range s {
			if b.banned[f] == 0 {
				least = min(least, b.h.cost[f]-paid[f])
			}
		}
		if least == math.MaxInt32 {
			return least
		}
		for _, f := range s {
			paid[f] += least
		}
		sum += least
	}
	return sum
}

// descend tries each fix of the set with the fewest.
func (b *branch) descend(depth int) {
	b.h.nodes--
	if b.h.nodes <= 0 || b.bound() >= b.price || depth > 10_000 {
		return
	}
	pick, width := none, math.MaxInt32
	for i, s := range b.h.sets {
		n := 0
		for _, f := range s {
			if b.banned[f] == 0 {
				n++
			}
		}
		if b.hit[i] == 0 && n < width {
			pick, width = i, n
		}
	}
	if pick == none {
		b.best, b.price = slices.Clone(b.chosen), b.spent
		return
	}
	var tried []int32
	for _, f := range b.h.sets[pick] {
		if b.banned[f] > 0 {
			continue
		}
		b.take(f, 1)
		b.descend(depth + 1)
		b.take(f, -1)
		b.banned[f]++ // what is left holds without it
		tried = append(tried, f)
	}
	for _, f := range tried {
		b.banned[f]--
	}
}

// take chooses a fix, or with -1 takes the choice back.
func (b *branch) take(f int32, by int) {
	if by > 0 {
		b.chosen = append(b.chosen, f)
	} else {
		b.chosen = b.chosen[:len(b.chosen)-1]
	}
	b.spent += by * b.h.cost[f]
	for _, i := range b.h.member[f] {
		b.hit[i] += by
	}
}
