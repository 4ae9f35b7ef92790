package excess

import (
	"cmp"
	"maps"
	"slices"

	"github.com/bartizan-dev/bartizan/internal/grant"
)

// weigh asks the authorizers about every request of the log, and charges each to the one binding that gives the least.
func (r *run) weigh() {
	for _, a := range r.people {
		for _, req := range sortedRequests(maps.Keys(a.uses)) {
			x := a.uses[req]
			var alike *grant.Answer // names that no rule mentions are all the same to the authorizers
			for _, name := range x.asked(r.usage.named) {
				q := req
				q.Name = name
				if name == "" || r.usage.named[name] {
					r.ask(a, x, q, r.model.Can(a.subject, q))
					continue
				}
				if alike == nil {
					answer := r.model.Can(a.subject, q)
					alike = &answer
				}
				r.ask(a, x, q, *alike)
			}
		}
	}
}

// ask notes what the authorizers answered.
func (r *run) ask(a *actor, x *use, q grant.Request, answer grant.Answer) {
	t := r.tallies[a]
	if answer.Verdict != grant.Allowed && len(answer.By) == 0 {
		if x.direct {
			t.notes = append(t.notes, Used{Request: q, Count: x.count, First: x.first, Last: x.last, Reason: answer.Reason})
		}
		return
	}
	r.replay = append(r.replay, replayed{a, q})
	var best *grant.Grant
	for i := range answer.By {
		g := &answer.By[i]
		if b := r.byRef[g.Binding]; b != nil && !g.BuiltinBinding {
			b.hit(g, a, q)
			b.uses[x] = a
		}
		if best == nil || r.compare(g, best) < 0 {
			best = g
		}
	}
	used := Used{Request: q, Count: x.count, First: x.first, Last: x.last, Implied: x.implied > 0 && !x.direct, Reason: x.why, Grant: best, More: len(answer.By) - 1, use: x}
	if best == nil {
		used.Reason = answer.Reason
		t.used = append(t.used, used)
		return
	}
	t.used = append(t.used, used)
	b := r.byRef[best.Binding]
	if b == nil || best.BuiltinBinding {
		return
	}
	unnamed := slices.ContainsFunc(answer.By, func(g grant.Grant) bool {
		return g.Binding == best.Binding && len(g.Rule.ResourceNames) == 0
	})
	b.charge = append(b.charge, charge{a, x, q, best, unnamed})
	used.Who = a.subject.User
	b.Used = append(b.Used, used)
}

// compare says which of two grants to rely on: first what cannot be changed, as it gives the right anyway; then what gives
// less: one namespace, some names, one user, few wildcards.
func (r *run) compare(a, b *grant.Grant) int {
	return cmp.Or(
		cmp.Compare(flag(a.Disputed), flag(b.Disputed)),
		cmp.Compare(flag(!r.fixed(a)), flag(!r.fixed(b))),
		cmp.Compare(flag(a.Namespace == ""), flag(b.Namespace == "")),
		cmp.Compare(flag(len(a.Rule.ResourceNames) == 0), flag(len(b.Rule.ResourceNames) == 0)),
		cmp.Compare(flag(a.Via.Group), flag(b.Via.Group)),
		cmp.Compare(breadth(&a.Rule), breadth(&b.Rule)),
		compareRefs(a.Binding, b.Binding),
		cmp.Compare(a.Rule.Index, b.Rule.Index),
	)
}

func (r *run) fixed(g *grant.Grant) bool {
	b := r.byRef[g.Binding]
	return g.BuiltinBinding || b == nil || b.fixed != ""
}

func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}

// breadth is roughly how much a rule gives.
func breadth(r *grant.Rule) int {
	size := func(list []string) int {
		if slices.Contains(list, "*") || slices.Contains(list, "/*") {
			return 100
		}
		return len(list)
	}
	return size(r.Verbs) * (size(r.NonResourceURLs) + size(r.APIGroups)*size(r.Resources))
}
