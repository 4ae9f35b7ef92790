package path

import (
	"cmp"
	"iter"
	"slices"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/grant"
	"github.com/bartizan-dev/bartizan/rule"
)

// heldRole is a role bound in a namespace, or everywhere ("").
type heldRole struct {
	role      bartizan.Ref
	namespace string
}

// ref is the vertex of having the role.
func (h heldRole) ref() bartizan.Ref {
	return bartizan.Ref{Kind: rule.KindHeld, Namespace: h.namespace, Name: string(h.role.Kind) + " " + h.role.Name}
}

// attachment is a subject in a binding.
type attachment struct {
	principal grant.Principal
	binding   bartizan.Ref
	held      heldRole
	builtin   bool
	at        bartizan.Origin
}

// access answers edges from the RBAC model, and makes the steps from identities to rights that they ask for.
type access struct {
	b        *builder
	attached []attachment
	held     []heldRole // every role that is bound, or that an edge leads to; in order
	wanted   map[heldRole]bool
	rules    map[bartizan.Ref][]sourceRule
	where    map[rule.Right]*places
	can      map[bartizan.Ref]bool
	asked    map[asked]bartizan.Ref
}

// asked is a right in a scope that an edge asked for.
type asked struct {
	right rule.Right
	scope rule.Scope
}

// sourceRule is a rule of a role and the role it stands in, which for an aggregated one is another.
type sourceRule struct {
	grant.Rule
	source  bartizan.Ref
	builtin bool
}

// places is where a right is granted and by what.
type places struct {
	scopes []rule.Scope
	by     map[rule.Scope][]granted
}

// granted is one rule of one held role.
type granted struct {
	held, rule int32 // in access.held, and of the role
}

func newAccess(b *builder, wanted map[heldRole]bool) *access {
	a := &access{b: b, wanted: wanted, where: map[rule.Right]*places{}, can: map[bartizan.Ref]bool{}, asked: map[asked]bartizan.Ref{}}
	a.attached, a.rules = b.access.attached, b.access.rules
	have := map[heldRole]bool{}
	for _, x := range a.attached {
		have[x.held] = true
	}
	for h := range wanted {
		have[h] = true
	}
	for h := range have {
		a.held = append(a.held, h)
	}
	slices.SortFunc(a.held, func(x, y heldRole) int {
		return cmp.Or(cmp.Compare(x.namespace, y.namespace), cmp.Compare(x.role.Kind, y.role.Kind), cmp.Compare(x.role.Name, y.role.Name))
	})
	return a
}

// accounts are the service accounts that somebody gave rights of their own: their tokens are meant to be used.
func (a *access) accounts() map[bartizan.Ref]bool {
	out := map[bartizan.Ref]bool{}
	for i := range a.attached {
		if x := &a.attached[i]; !x.builtin && !x.principal.Group {
			out[principalRef(x.principal)] = true
		}
	}
	return out
}

// readGrants lists who is bound to which role, as the RBAC model resolves it.
func (a *access) readGrants() {
	for _, x := range a.b.grants.Attachments() {
		a.attached = append(a.attached, attachment{x.Principal, x.Binding, heldRole{x.Role, x.Namespace}, x.Builtin, x.Bound})
	}
}

// rulesOf are the rules of a role, whether anybody is bound to it or not.
func (a *access) rulesOf(role bartizan.Ref) []sourceRule {
	if list, ok := a.rules[role]; ok {
		return list
	}
	var list []sourceRule
	if role == rule.EveryRight {
		list = []sourceRule{{Rule: grant.Rule{Verbs: []string{"create"}, APIGroups: []string{""}, Resources: []string{"pods"}}, source: role, builtin: true}}
	} else {
		for _, x := range a.b.grants.Effective(role) {
			list = append(list, sourceRule{Rule: x.Rule, source: x.Source, builtin: x.Builtin})
		}
	}
	a.rules[role] = list
	return list
}

// places finds everything that grants a right.
func (a *access) places(r rule.Right) *places {
	if p, ok := a.where[r]; ok {
		return p
	}
	p := &places{by: map[rule.Scope][]granted{}}
	a.where[r] = p
	byRole := map[bartizan.Ref][]int32{}
	for n, h := range a.held {
		if r.Cluster && h.namespace != "" {
			continue
		}
		matching, ok := byRole[h.role]
		if !ok {
			for i, x := range a.rulesOf(h.role) {
				if grants(&x.Rule, r) {
					matching = append(matching, int32(i))
				}
			}
			byRole[h.role] = matching
		}
		for _, i := range matching {
			if len(p.scopes) > maxScopes {
				a.b.full = true
				break
			}
			p.put(r, h.namespace, granted{int32(n), i}, a.rulesOf(h.role)[i].ResourceNames)
		}
	}
	if slices.ContainsFunc(p.scopes, func(s rule.Scope) bool { return byName(r, s) }) {
		a.created(r, p)
	}
	slices.SortFunc(p.scopes, func(x, y rule.Scope) int {
		return cmp.Or(cmp.Compare(min(len(x.Name), 1), min(len(y.Name), 1)), cmp.Compare(x.Namespace, y.Namespace), cmp.Compare(x.Name, y.Name))
	})
	return p
}

// put files what grants a right under its scope, or under one scope for each name.
func (p *places) put(r rule.Right, namespace string, g granted, names []string) {
	scopes := []rule.Scope{{Namespace: namespace}}
	if len(names) > 0 {
		if nameless(r) {
			return
		}
		scopes = nil
		for _, name := range names {
			scopes = append(scopes, rule.Scope{Namespace: namespace, Name: name})
		}
	}
	for _, s := range scopes {
		p.file(s, g)
	}
}

func (p *places) file(s rule.Scope, g granted) {
	if p.by[s] == nil {
		p.scopes = append(p.scopes, s)
	}
	p.by[s] = append(p.by[s], g)
}

// Where is rule.Access.
func (a *access) Where(r rule.Right) []rule.Scope { return a.places(r).scopes }

// Can is rule.Access.
func (a *access) Can(r rule.Right, s rule.Scope) bartizan.Ref {
	if r.Cluster {
		s.Namespace = ""
	}
	question := asked{r, s}
	if ref, ok := a.asked[question]; ok {
		return ref
	}
	ref := rightRef(r, s)
	a.asked[question] = ref
	if a.can[ref] {
		return ref
	}
	a.can[ref] = true
	p := a.places(r)
	for _, g := range p.by[s] {
		held := a.held[g.held]
		grants := step{proof: a.b.keep(proof{kind: proofRule, role: held.role, rule: g.rule, right: r})}
		if !byName(r, s) {
			a.b.add([]bartizan.Ref{held.ref()}, ref, grants)
			continue
		}
		for _, also := range alongside(r) {
			a.b.add([]bartizan.Ref{held.ref(), a.Can(also, s)}, ref, grants)
		}
	}
	for _, wider := range []rule.Scope{{}, {Namespace: s.Namespace}, {Name: s.Name}} {
		if wider == s || len(p.by[wider]) == 0 {
			continue
		}
		a.b.imply(a.Can(r, wider), ref, "")
	}
	return ref
}

// rightRef is the vertex of a right in a scope.
func rightRef(r rule.Right, s rule.Scope) bartizan.Ref {
	name := r.String()
	if s.Name != "" {
		name += " " + s.Name
	}
	return bartizan.Ref{Kind: rule.KindRight, Namespace: s.Namespace, Name: name}
}

// Held is rule.Access.
func (a *access) Held(role bartizan.Ref, namespace string) bartizan.Ref {
	h := heldRole{role, namespace}
	a.wanted[h] = true
	return h.ref()
}

// Roles is rule.Access.
func (a *access) Roles() iter.Seq[rule.Role] {
	bound := map[bartizan.Ref][]string{}
	for _, h := range a.held {
		bound[h.role] = append(bound[h.role], h.namespace)
	}
	return func(yield func(rule.Role) bool) {
		for _, ref := range a.b.grants.Roles() {
			if !yield(rule.Role{Ref: ref, Bound: bound[ref], All: a.all(ref)}) {
				return
			}
		}
	}
}

// all says whether a role grants every verb on every resource.
func (a *access) all(role bartizan.Ref) bool { return a.allBy(role) >= 0 }

// allBy is the rule that grants everything, or none.
func (a *access) allBy(role bartizan.Ref) int32 {
	for i, r := range a.rulesOf(role) {
		if slices.Contains(r.Verbs, "*") && slices.Contains(r.APIGroups, "*") && slices.Contains(r.Resources, "*") && len(r.ResourceNames) == 0 {
			return int32(i)
		}
	}
	return none
}

// NodeReads is rule.Access.
func (a *access) NodeReads(node string) []bartizan.Ref {
	list, known := a.b.reads[node]
	if !known {
		list = slices.DeleteFunc(a.b.grants.NodeReads(node), func(r bartizan.Ref) bool {
			return r.Kind != "Secret" && r.Kind != "ServiceAccount"
		})
		a.b.reads[node] = list
	}
	return list
}

// grants says whether a rule of a role grants a right, as the API server matches them: a resource by its full name,
// by "*", or by "*/" and the subresource.
func grants(r *grant.Rule, want rule.Right) bool {
	full := want.Resource
	if want.Sub != "" {
		full += "/" + want.Sub
	}
	return (slices.Contains(r.Verbs, want.Verb) || slices.Contains(r.Verbs, "*")) &&
		(slices.Contains(r.APIGroups, want.Group) || slices.Contains(r.APIGroups, "*")) &&
		slices.ContainsFunc(r.Resources, func(have string) bool { return covers(have, full, want.Sub) })
}

func covers(have, full, sub string) bool {
	return have == full || have == "*" || sub != "" && have == "*/"+sub
}
