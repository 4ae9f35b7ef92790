package excess

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/grant"
)

// part is what replaces a binding in one scope.
type part struct {
	namespace string // "" for the whole cluster
	name      string // of the role and of the binding
	rules     []grant.Rule
	subjects  []*Subject
}

// propose decides about every binding.
func (r *run) propose() {
	for _, b := range r.bindings {
		r.look(b)
		if b.fixed == "" {
			b.Doubts = r.doubts(b)
		}
		r.decide(b)
	}
}

// look sums up what was used and what was not.
func (r *run) look(b *Binding) {
	all := func(*actor) bool { return true }
	for i := range b.grants {
		g := &b.grants[i]
		b.Rights += cells(&g.Rule)
		rest, n, wild := unused(g, b.hits[keyOf(g)].of(all))
		b.Unused = append(b.Unused, rest...)
		b.UnusedN += n
		b.Wild += wild
	}
	for i := range b.Subjects {
		s := &b.Subjects[i]
		for x, who := range b.uses {
			if who.is(s.Principal) {
				s.Count += x.count
				s.First, s.Last = earlier(s.First, x.first), later(s.Last, x.last)
			}
		}
	}
	for _, c := range b.charge {
		if s := b.principal(c.grant.Via); s != nil {
			s.Used = true
		}
	}
}

const tooMuch = "the log holds more identities or kinds of requests than are kept"

// doubts says why more may be used through a binding than is known.
func (r *run) doubts(b *Binding) (out []string) {
	if r.usage.full {
		out = append(out, tooMuch)
	}
	for _, s := range b.Subjects {
		asked := grant.Subject{User: s.Principal.Name}
		if s.Principal.Group {
			asked = grant.Subject{Groups: []string{s.Principal.Name}, Exact: true}
		}
		out = append(out, r.model.Doubts(asked, nil)...)
	}
	for _, s := range b.Subjects {
		for _, a := range r.members[s.Principal] {
			out = append(out, r.model.Doubts(a.subject, nil)...)
			if n := len(r.tallies[a].notes); n > 0 {
				out = append(out, fmt.Sprintf("%s was allowed %s that nothing read explains", a.subject.User, count(n, "kind of request", "kinds of requests")))
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// decide proposes what to do with one binding.
func (r *run) decide(b *Binding) {
	var hard, soft []grant.Rule
	for i := range b.grants {
		h, s := aside(&b.grants[i].Rule, r.usage.Hidden > 0)
		hard, soft = append(hard, h...), append(soft, s...)
	}
	hit := len(b.hits) > 0
	switch {
	case b.fixed != "":
		b.Reason = b.fixed
	case r.usage.full:
		b.Reason = tooMuch
	case len(r.people) == 0:
		b.Reason = "the log shows nobody at all"
	case len(b.charge) > 0:
		r.narrow(b, hard, soft)
	case len(b.Doubts) > 0:
		b.Reason = "nothing used needs it, but not everything is known: " + b.Doubts[0]
	case len(hard) > 0:
		b.Reason = "nothing used needs it, but it gives rights that are checked where no audit record shows it: " + hard[0].String()
	case len(b.Subjects) == 0:
		b.Verdict, b.Reason = Drop, "it binds nobody"
	case hit:
		b.Verdict, b.Reason = Drop, "whatever was used of it is given by other bindings as well"
	default:
		b.Verdict, b.Reason = Drop, "nobody used any right through it"
	}
}

// narrow drafts what gives just what was used. Whether it gives less is for the proof to say.
func (r *run) narrow(b *Binding, hard, soft []grant.Rule) {
	b.Verdict = Narrow
	spaces := spread(b)
	parts := map[string][]charge{}
	for _, c := range b.charge {
		scope := b.Ref.Namespace
		if n := len(spaces[rightOf(c.request)]); scope == "" && n > 0 && n <= r.options.MaxNamespaces {
			scope = c.request.Namespace
		}
		parts[scope] = append(parts[scope], c)
	}
	kept := slices.Concat(hard, soft)
	if len(kept) > 0 && parts[b.Ref.Namespace] == nil {
		parts[b.Ref.Namespace] = nil
	}
	for _, scope := range slices.Sorted(maps.Keys(parts)) {
		p := part{namespace: scope, rules: size(parts[scope], r.options.MaxNames), name: r.fresh(b, scope)}
		via := map[grant.Principal]bool{}
		for _, c := range parts[scope] {
			via[c.grant.Via] = true
		}
		own := scope == b.Ref.Namespace
		for i := range b.Subjects {
			s := &b.Subjects[i]
			if via[s.Principal] || own && (len(hard) > 0 || len(soft) > 0 && s.Used) {
				p.subjects = append(p.subjects, s)
			}
		}
		if own {
			p.rules = append(p.rules, kept...)
		}
		r.parts[b] = append(r.parts[b], p)
	}
}

// rightOf is what a request asks for, wherever and of whichever name.
func rightOf(q grant.Request) grant.Request {
	q.Name, q.Namespace = "", ""
	return q
}

// spread finds in which namespaces each right of a ClusterRoleBinding was used; none for a right that was used outside of
// namespaces, or on Namespace objects, each of which is in its own.
func spread(b *Binding) map[grant.Request]map[string]bool {
	out, everywhere := map[grant.Request]map[string]bool{}, map[grant.Request]bool{}
	for _, c := range b.charge {
		k := rightOf(c.request)
		if c.request.Namespace == "" || c.request.Resource == "namespaces" {
			everywhere[k] = true
		}
		if out[k] == nil {
			out[k] = map[string]bool{}
		}
		out[k][c.request.Namespace] = true
	}
	for k := range everywhere {
		delete(out, k)
	}
	return out
}

const suffix = "-right-sized"

// fresh is a name for what replaces a binding that nothing has yet.
func (r *run) fresh(b *Binding, scope string) string {
	base, _, _ := strings.Cut(b.Ref.Name, suffix)
	base += suffix
	kinds := [...]bartizan.Kind{"ClusterRole", "ClusterRoleBinding"}
	if scope != "" {
		kinds = [...]bartizan.Kind{"Role", "RoleBinding"}
	}
	name := base
	for n := 2; ; n++ {
		role, binding := bartizan.Ref{Kind: kinds[0], Namespace: scope, Name: name}, bartizan.Ref{Kind: kinds[1], Namespace: scope, Name: name}
		if !r.taken[role] && !r.taken[binding] {
			r.taken[role], r.taken[binding] = true, true
			return name
		}
		name = fmt.Sprintf("%s-%d", base, n)
	}
}
