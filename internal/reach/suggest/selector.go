package suggest

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/bartizan-dev/bartizan/internal/reach"
)

// selector picks pods of a namespace: those that have all labels and none of the keys.
type selector struct {
	labels map[string]string
	absent []string
}

// selectors finds, for each group, the fewest labels that pick its pods and no others of the namespace.
type selectors struct {
	groups []*group
	labels []map[string]string // of each pod, the stable ones
	spaces map[string][]int    // pods of each namespace that policies can select
}

func newSelectors(m *reach.Model, groups []*group) *selectors {
	s := &selectors{groups: groups, labels: make([]map[string]string, m.PodCount()), spaces: map[string][]int{}}
	for i, p := range m.Pods() {
		s.labels[i] = stable(p)
		if !p.HostNetwork {
			s.spaces[p.Namespace] = append(s.spaces[p.Namespace], i)
		}
	}
	return s
}

// apart gives every group its selector; groups that labels do not tell apart become one.
func (s *selectors) apart() []*group {
	owner := make([]*group, len(s.labels))
	for _, g := range s.groups {
		for _, i := range g.pods {
			owner[i] = g
		}
	}
	for changed := true; changed; {
		changed = false
		for _, g := range s.groups {
			if g.host || len(g.pods) == 0 {
				continue
			}
			for _, i := range s.find(g) {
				if o := owner[i]; o != g {
					changed = true
					s.merge(g, o, owner)
				}
			}
		}
	}
	return slices.DeleteFunc(s.groups, func(g *group) bool { return len(g.pods) == 0 })
}

func (s *selectors) merge(g, o *group, owner []*group) {
	for _, i := range o.pods {
		owner[i] = g
	}
	g.pods = append(g.pods, o.pods...)
	g.workloads = append(g.workloads, o.workloads...)
	g.dns = g.dns || o.dns
	o.pods = nil
}

// find sets the group's selector and returns the pods of other groups that it picks all the same.
func (s *selectors) find(g *group) []int {
	common := maps.Clone(s.labels[g.pods[0]])
	some := map[string]bool{}
	own := map[int]bool{}
	for _, i := range g.pods {
		own[i] = true
		for k, v := range s.labels[i] {
			some[k] = true
			if common[k] != v {
				delete(common, k)
			}
		}
		maps.DeleteFunc(common, func(k, _ string) bool { _, has := s.labels[i][k]; return !has })
	}
	var others []int
	for _, i := range s.spaces[g.namespace] {
		if !own[i] {
			others = append(others, i)
		}
	}
	keys := slices.SortedFunc(maps.Keys(common), byWorth)
	chosen := fewest(keys, func(subset []string) bool { return len(s.left(others, common, subset)) == 0 })
	g.selector = selector{labels: map[string]string{}}
	for _, k := range chosen {
		g.selector.labels[k] = common[k]
	}
	left := s.left(others, common, chosen)
	for len(left) > 0 {
		key := s.lacking(left, some)
		if key == "" {
			break
		}
		g.selector.absent = append(g.selector.absent, key)
		left = slices.DeleteFunc(left, func(i int) bool { _, has := s.labels[i][key]; return has })
	}
	slices.Sort(g.selector.absent)
	return left
}

// left are the pods that labels pick.
func (s *selectors) left(pods []int, labels map[string]string, keys []string) (out []int) {
next:
	for _, i := range pods {
		for _, k := range keys {
			if v, has := s.labels[i][k]; !has || v != labels[k] {
				continue next
			}
		}
		out = append(out, i)
	}
	return out
}

// lacking is the key that most of the pods have and the group's have not.
func (s *selectors) lacking(pods []int, own map[string]bool) (best string) {
	count := map[string]int{}
	for _, i := range pods {
		for k := range s.labels[i] {
			if !own[k] {
				count[k]++
			}
		}
	}
	for _, k := range slices.Sorted(maps.Keys(count)) {
		if best == "" || count[k] > count[best] {
			best = k
		}
	}
	return best
}

// maxKeys is how many labels are tried together before all are taken.
const maxKeys = 12

// fewest is the smallest set of keys, of one at least, that will do; all keys if none does.
func fewest(keys []string, will func([]string) bool) []string {
	for size := 1; size <= 3 && size < len(keys); size++ {
		if found := choose(keys[:min(len(keys), maxKeys)], nil, size, will); found != nil {
			return found
		}
	}
	return keys
}

func choose(keys, have []string, size int, will func([]string) bool) []string {
	if size == 0 {
		if will(have) {
			return slices.Clone(have)
		}
		return nil
	}
	for i, k := range keys {
		if found := choose(keys[i+1:], append(have, k), size-1, will); found != nil {
			return found
		}
	}
	return nil
}

// byWorth puts labels first that are meant to say what a pod is.
func byWorth(a, b string) int {
	known := []string{"app.kubernetes.io/name", "app", "k8s-app", "app.kubernetes.io/instance", "app.kubernetes.io/component", "name", "component", "tier"}
	rank := func(k string) int {
		if i := slices.Index(known, k); i >= 0 {
			return i
		}
		return len(known)
	}
	return cmp.Or(cmp.Compare(rank(a), rank(b)), strings.Compare(a, b))
}
