package path

import (
	"slices"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/grant"
	"github.com/bartizan-dev/bartizan/rule"
)

// facts are what a Graph keeps of what it was built from, to tell paths with.
type facts struct {
	attached   []attachment
	rules      map[bartizan.Ref][]sourceRule
	pods       []*rule.Pod
	nodes      []rule.Node
	identities []grant.Identity
	exposed    map[bartizan.Ref]bool
	byAccount  map[bartizan.Ref][]*rule.Pod
	holders    map[bartizan.Ref]int // subjects by role
	byName     map[bartizan.Ref]bartizan.Ref
	in         Input
	grants     *grant.Model
	exposures  []rule.Exposure
	tokens     map[int32][]bartizan.Ref // by fix, the service accounts whose token a workload loses
}

// gather collects the facts and, with them, the fixes of bookkeeping.
func (b *builder) gather() *facts {
	f := &facts{
		attached: b.access.attached, rules: b.access.rules, pods: b.pods.classes, nodes: slices.Clone(b.pods.nodes),
		identities: b.grants.Identities(), exposed: map[bartizan.Ref]bool{}, byAccount: map[bartizan.Ref][]*rule.Pod{}, holders: map[bartizan.Ref]int{},
		byName: b.pods.byName, in: b.in, grants: b.grants, tokens: map[int32][]bartizan.Ref{},
	}
	for _, p := range f.pods {
		if p.Token {
			f.byAccount[p.Account] = append(f.byAccount[p.Account], p)
		}
		for _, x := range p.TokenFixes {
			id := b.fix(x)
			f.tokens[id] = append(f.tokens[id], p.Account)
		}
	}
	for _, x := range f.attached {
		f.holders[x.held.role]++
	}
	for e := range b.net.Exposed() {
		f.exposed[e.Pod.Ref] = f.exposed[e.Pod.Ref] || !e.Private
		f.exposures = append(f.exposures, e)
	}
	b.Graph.facts = f
	b.prove()
	return f
}

// unbindCost is the blast radius of taking a subject out of a binding: more for every workload that may use it.
func (b *builder) unbindCost(x *attachment) int {
	p := principalRef(x.principal)
	users := len(b.Graph.facts.byAccount[p])
	if p.Kind != "ServiceAccount" {
		users = 4 // people, whom nobody counted
	}
	cost := 4 + 2*users
	if b.access.all(x.held.role) {
		cost-- // of two that break as much, the one that gives everything goes first
	}
	return min(cost, 60)
}

// narrowCost is the blast radius of taking something out of a role: more for everybody who is bound to it.
func (b *builder) narrowCost(role bartizan.Ref) int {
	return min(2+3*b.Graph.facts.holders[role], 70)
}
