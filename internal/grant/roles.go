package grant

import (
	"fmt"
	"slices"
	"strings"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/internal/tree"
)

// role is a Role or ClusterRole with its effective rules.
type role struct {
	ref      bartizan.Ref
	origin   bartizan.Origin
	builtin  bool
	live     bool // read from a cluster: its rules are aggregated already
	labels   map[string]string
	selects  []selector // of its aggregationRule
	rules    []roleRule
	own      int    // of rules: how many are its own
	doubt    string // why it may grant more than rules say
	disputed bool   // some of its rules are
	index    *index
	sure     *index // of undisputed rules; set where a duplicate matters
}

// roleRule is an effective rule.
type roleRule struct {
	id       int32 // in the vocabulary
	rule     *Rule
	source   int32 // role it was aggregated from, or unused
	disputed bool
}

// roles are all roles by name.
type roles struct {
	list  []role
	byRef map[bartizan.Ref]int32
}

func (m *Model) readRoles(w bartizan.World, builtin bool) {
	for _, kind := range []bartizan.Kind{"ClusterRole", "Role"} {
		for e := range w.All(kind) {
			if o, ok := e.Value.(*kube.Object); ok && o.Group == rbacGroup {
				m.readRole(o, builtin)
			}
		}
	}
}

func (m *Model) readRole(o *kube.Object, builtin bool) {
	ref := m.named(o)
	d := decoder{object: o, ref: ref}
	r := role{
		ref: ref, origin: o.Origin, builtin: builtin,
		live: o.Origin.Source == "cluster" || m.options.Complete,
	}
	rules := d.rules(ref.Kind == "Role")
	r.rules = make([]roleRule, 0, len(rules))
	for i := range rules {
		r.rules = append(r.rules, roleRule{id: m.words.compile(&rules[i]), rule: &rules[i], source: unused})
	}
	r.own = len(r.rules)
	if ref.Kind == "ClusterRole" {
		r.labels = labelsOf(o.Root.At("metadata", "labels"))
		d.aggregation(&r)
	}
	if len(d.faults) > 0 && r.doubt == "" {
		r.doubt = fmt.Sprintf("%s cannot be read in full: %s", ref, d.faults[0].Message)
	}
	m.faults = append(m.faults, d.faults...)
	if o.Root.At("metadata", "name").Text() == "" {
		return // nobody can bind a role whose name the API server is to make up
	}
	m.addRole(r, builtin)
}

// addRole adds a role, or unites it with the one of the same name that was read before.
func (m *Model) addRole(r role, builtin bool) {
	i, taken := m.roles.byRef[r.ref]
	if !taken {
		m.roles.byRef[r.ref] = int32(len(m.roles.list))
		m.roles.list = append(m.roles.list, r)
		return
	}
	first := &m.roles.list[i]
	if builtin || first.sameAs(&r) {
		return // what was read hides what is built in; a repetition says nothing new
	}
	m.faults = append(m.faults, Fault{
		Code: FaultDuplicate, Subject: r.ref, Origin: r.origin,
		Message: fmt.Sprintf("%s is defined twice with different rules, first in %s: which one applies is not known", r.ref, where(first.origin)),
	})
	first.unite(&r)
}

func (r *role) sameAs(o *role) bool {
	return slices.EqualFunc(r.rules, o.rules, func(a, b roleRule) bool { return a.id == b.id }) &&
		len(r.selects) == 0 && len(o.selects) == 0 && r.doubt == o.doubt
}

// unite keeps the rules of both definitions; those that only one of them has are disputed.
func (r *role) unite(o *role) {
	ours, theirs := ids(r.rules), ids(o.rules)
	for i := range r.rules {
		if !theirs[r.rules[i].id] {
			r.rules[i].disputed = true
		}
	}
	for _, x := range o.rules {
		if !ours[x.id] {
			x.disputed = true
			r.rules = append(r.rules, x)
		}
	}
	r.own = len(r.rules)
	r.selects = append(r.selects, o.selects...)
	for k, v := range o.labels {
		if _, ok := r.labels[k]; !ok && r.labels != nil {
			r.labels[k] = v
		}
	}
	if r.doubt == "" {
		r.doubt = o.doubt
	}
}

func ids(list []roleRule) map[int32]bool {
	out := make(map[int32]bool, len(list))
	for _, x := range list {
		out[x.id] = true
	}
	return out
}

// aggregation reads the aggregationRule.
func (d *decoder) aggregation(r *role) {
	n := d.object.Root.Get("aggregationRule")
	if !n.Exists() || n.Kind() == tree.Null {
		return
	}
	list := n.Get("clusterRoleSelectors")
	d.maps(FaultAggregation, list, "clusterRoleSelectors", func(_ int, s tree.Node) {
		sel, err := newSelector(s)
		if err != nil {
			d.fault(FaultAggregation, s, "clusterRoleSelectors: %v", err)
			return
		}
		r.selects = append(r.selects, sel)
	})
	if len(r.selects) == 0 && len(d.faults) == 0 {
		d.fault(FaultAggregation, n, "aggregationRule has no clusterRoleSelectors; the API server refuses it")
	}
}

// maxAggregated bounds the rules that aggregation copies and the steps it takes to find them, in all: real clusters
// need some hundreds.
const maxAggregated = 5_000_000

// aggregation is the work of filling in aggregated ClusterRoles.
type aggregation struct {
	*Model
	selected map[int32][]int32
	left     int // steps
}

// aggregate fills in the rules of aggregated ClusterRoles as the controller does, until nothing changes.
func (m *Model) aggregate() {
	a := &aggregation{Model: m, left: maxAggregated}
	a.selectMembers()
	for i := range m.roles.list {
		r := &m.roles.list[i]
		if len(r.selects) > 0 && !r.live {
			a.fill(int32(i), r)
		}
		for _, x := range r.rules {
			r.disputed = r.disputed || x.disputed
		}
	}
	if a.left <= 0 {
		m.everyone = append(m.everyone, doubt{reason: "ClusterRoles aggregate one another so much that not all of it was followed"})
	}
}

// fill gives an aggregated role the rules of those it selects.
func (a *aggregation) fill(i int32, r *role) {
	if len(a.selected[i]) == 0 && r.own == 0 && r.doubt == "" {
		r.doubt = fmt.Sprintf("%s is aggregated, and none of the ClusterRoles it selects was read", r.ref)
	}
	members, cyclic := a.closure(i)
	if cyclic {
		a.faults = append(a.faults, Fault{
			Code: FaultCycle, Subject: r.ref, Origin: r.origin,
			Message: fmt.Sprintf("%s aggregates itself through other ClusterRoles: a rule that is taken out of one of them stays in all", r.ref),
		})
	}
	have := ids(r.rules)
	for _, member := range members {
		from := &a.roles.list[member]
		if from.doubt != "" && r.doubt == "" {
			r.doubt = from.doubt
		}
		for _, x := range from.rules[:from.own] {
			if a.left--; a.left <= 0 {
				return
			}
			if !have[x.id] {
				have[x.id] = true
				x.source = member
				r.rules = append(r.rules, x)
			}
		}
	}
}

// selectMembers finds, for each aggregated role, the roles that it selects, in order of their names.
func (a *aggregation) selectMembers() {
	m := a.Model
	var cluster []int32
	for i := range m.roles.list {
		if m.roles.list[i].ref.Kind == "ClusterRole" {
			cluster = append(cluster, int32(i))
		}
	}
	slices.SortFunc(cluster, func(a, b int32) int {
		x, y := m.roles.list[a].ref.Name, m.roles.list[b].ref.Name
		return strings.Compare(x, y)
	})
	labelled := map[[2]string][]int32{} // roles by label
	for _, i := range cluster {
		for k, v := range m.roles.list[i].labels {
			labelled[[2]string{k, v}] = append(labelled[[2]string{k, v}], i)
		}
	}
	a.selected = map[int32][]int32{}
	for i := range m.roles.list {
		r := &m.roles.list[i]
		seen := map[int32]bool{int32(i): true}
		for _, s := range r.selects {
			candidates := cluster
			if s.key != "" {
				candidates = labelled[[2]string{s.key, s.value}]
			}
			for _, c := range candidates {
				if a.left--; a.left <= 0 {
					return
				}
				if !seen[c] && s.matches(m.roles.list[c].labels) {
					seen[c] = true
					a.selected[int32(i)] = append(a.selected[int32(i)], c)
				}
			}
		}
	}
}

// closure follows selected roles that are aggregated themselves.
func (a *aggregation) closure(start int32) (members []int32, cyclic bool) {
	seen := map[int32]bool{start: true}
	todo := a.selected[start]
	for len(todo) > 0 {
		var next []int32
		for _, i := range todo {
			if a.left--; a.left <= 0 {
				return members, cyclic
			}
			if i == start {
				cyclic = true
			}
			if seen[i] {
				continue
			}
			seen[i] = true
			members = append(members, i)
			if !a.roles.list[i].live {
				next = append(next, a.selected[i]...)
			}
		}
		todo = next
	}
	return members, cyclic
}
