package path

import (
	"strings"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/grant"
	"github.com/bartizan-dev/bartizan/rule"
)

// finish adds the steps from identities to the groups they are in, to the roles bound to them, and from roles that
// grant everything to everything.
func (a *access) finish() {
	for _, id := range a.b.grants.Identities() {
		a.groups(id)
	}
	for i, x := range a.attached {
		a.b.add([]bartizan.Ref{principalRef(x.principal)}, x.held.ref(), step{proof: a.b.keep(proof{kind: proofBinding, rule: int32(i)})})
	}
	for _, h := range a.held {
		i := a.allBy(h.role)
		if i < 0 {
			continue
		}
		if h.namespace == "" {
			a.b.add([]bartizan.Ref{h.ref()}, rule.ClusterAdmin, step{hop: true, proof: a.b.keep(proof{kind: proofAll, role: h.role, rule: i})})
		}
	}
	a.b.add([]bartizan.Ref{rule.Group(grant.GroupMasters)}, rule.ClusterAdmin, step{hop: true, told: a.b.say("may do everything, whatever the roles say", nil)})
}

// groups adds the steps from an identity to the groups that the API server puts it in. A group within a group
// is a step of its own.
func (a *access) groups(id grant.Identity) {
	ref := identityRef(id)
	in := func(group string) {
		a.b.imply(ref, rule.Group(group), "")
	}
	switch id.Kind {
	case grant.ServiceAccount:
		ns, _, _ := id.Subject.ServiceAccount()
		group := grant.GroupServiceAccounts + ":" + ns
		in(group)
		if !a.b.once("group " + group) {
			a.b.imply(rule.Group(group), rule.Group(grant.GroupServiceAccounts), "")
		}
	case grant.Node:
		in(grant.GroupNodes)
	case grant.User:
		if id.Subject.User == grant.UserAnonymous {
			in(grant.GroupUnauthenticated)
			return
		}
		in(grant.GroupAuthenticated)
	case grant.Group:
		name := id.Subject.Groups[0]
		if name != grant.GroupUnauthenticated && !strings.HasPrefix(name, grant.GroupServiceAccounts+":") {
			in(grant.GroupAuthenticated)
		}
	}
}

// once says whether it was asked for a key before.
func (b *builder) once(key string) bool {
	if b.seen == nil {
		b.seen = map[string]bool{}
	}
	was := b.seen[key]
	b.seen[key] = true
	return was
}

// identityRef is the vertex of acting as an identity.
func identityRef(id grant.Identity) bartizan.Ref {
	if id.Kind == grant.Node {
		return rule.User(id.Subject.User)
	}
	return id.Ref
}

// principalRef is the vertex of acting as a principal.
func principalRef(p grant.Principal) bartizan.Ref {
	if p.Group {
		return rule.Group(p.Name)
	}
	if ns, name, ok := (grant.Subject{User: p.Name}).ServiceAccount(); ok {
		return rule.Account(ns, name)
	}
	return rule.User(p.Name)
}
