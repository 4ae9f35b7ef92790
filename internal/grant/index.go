package grant

import "slices"

// index finds the rules of a set by resource.
type index struct {
	keys  []int32 // resources, sorted
	ends  []int32 // where the rules of each end in rules
	rules []int32
	urls  []int32 // rules with non-resource URLs
}

// newIndex makes an index of rules, each given once.
func newIndex(v *vocabulary, rules []int32) *index {
	type entry struct{ resource, rule int32 }
	var entries []entry
	x := &index{}
	for _, r := range rules {
		c := &v.rules[r]
		for _, res := range c.resources {
			entries = append(entries, entry{res, r})
		}
		if len(c.urls) > 0 {
			x.urls = append(x.urls, r)
		}
	}
	slices.SortStableFunc(entries, func(a, b entry) int { return int(a.resource) - int(b.resource) })
	x.rules = make([]int32, len(entries))
	for i, e := range entries {
		if n := len(x.keys); n == 0 || x.keys[n-1] != e.resource {
			x.keys = append(x.keys, e.resource)
			x.ends = append(x.ends, int32(i))
		}
		x.rules[i] = e.rule
		x.ends[len(x.ends)-1] = int32(i + 1)
	}
	return x
}

// at are the rules that name a resource.
func (x *index) at(resource int32) []int32 {
	i, ok := slices.BinarySearch(x.keys, resource)
	if !ok {
		return nil
	}
	start := int32(0)
	if i > 0 {
		start = x.ends[i-1]
	}
	return x.rules[start:x.ends[i]]
}

// candidates are the rules that may allow a query: those on every resource, on the resource itself and on every
// resource's sub-resource of that name.
func (x *index) candidates(q *Query) (wild, own, star []int32) {
	if q.path {
		return x.urls, nil, nil
	}
	if len(x.keys) > 0 && x.keys[0] == anyResource {
		wild = x.rules[:x.ends[0]]
	}
	if q.resource > anyResource {
		own = x.at(q.resource)
	}
	if q.star != unused {
		star = x.at(q.star)
	}
	return wild, own, star
}

func anyAllows(rules []compiled, list []int32, q *Query) bool {
	for _, r := range list {
		if rules[r].allows(q) {
			return true
		}
	}
	return false
}

func (x *index) allows(rules []compiled, q *Query) bool {
	wild, own, star := x.candidates(q)
	return anyAllows(rules, wild, q) || anyAllows(rules, own, q) || anyAllows(rules, star, q)
}

// speaks is allows without looking at names of objects.
func (x *index) speaks(rules []compiled, q *Query) bool {
	s := set{parts: []*index{x}}
	within := s.scope(rules, q)
	return q.path && x.allows(rules, q) || !q.path && !within.empty()
}

// set is the union of some rules: a single index, or, where merging them would cost too much, several.
type set struct {
	id    int32 // of the Model
	parts []*index
}

func (s *set) allows(rules []compiled, q *Query) bool {
	for _, x := range s.parts {
		if x.allows(rules, q) {
			return true
		}
	}
	return false
}

// scope says for which objects the rules of a set allow something.
type scope struct {
	every bool
	names []string // sorted, if not every
}

func (s *scope) empty() bool { return !s.every && len(s.names) == 0 }

// add unites two scopes.
func (s *scope) add(o scope) {
	switch {
	case s.every || o.empty():
	case o.every:
		s.every, s.names = true, nil
	case len(s.names) == 0:
		s.names = o.names
	default:
		s.names = slices.Concat(s.names, o.names)
		slices.Sort(s.names)
		s.names = slices.Compact(s.names)
	}
}

// scope gathers for which objects a set allows a query, whose name does not count.
func (s *set) scope(rules []compiled, q *Query) (out scope) {
	var names []string
	for _, x := range s.parts {
		wild, own, star := x.candidates(q)
		for _, list := range [...][]int32{wild, own, star} {
			for _, r := range list {
				c := &rules[r]
				if !c.verbs.has(q.verb) || !c.groups.has(q.group) {
					continue
				}
				if len(c.names) == 0 {
					return scope{every: true}
				}
				names = append(names, c.names...)
			}
		}
	}
	slices.Sort(names)
	out.names = slices.Compact(names)
	return out
}
