package excess

import (
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/grant"
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/internal/tree"
)

// Proof is what was verified of the proposal by running the authorizers on it.
type Proof struct {
	Replayed   int   // different requests that were allowed before, each allowed afterwards
	Requests   int64 // what they stand for in the log
	Identities int
	Roles      int // new roles, each within the rights of the one it replaces
}

// Statement says in words what was verified.
func (p *Proof) Statement() string {
	s := fmt.Sprintf("Replayed %s of %s (%s in the log): what was allowed before is allowed with the proposed objects.",
		count(p.Replayed, "different request", "different requests"), count(p.Identities, "identity", "identities"), count(int(p.Requests), "completed request", "completed requests"))
	if p.Roles > 0 {
		s += fmt.Sprintf(" %s within the rights of what it replaces, by the API server's own check against escalation.", map[bool]string{
			true: "The new role stays", false: fmt.Sprintf("Each of the %d new roles stays", p.Roles)}[p.Roles == 1])
	}
	return s
}

// ProofError says that a proposal does not hold what it promises. It is a fault of this program.
type ProofError struct{ Reason string }

// Error says what does not hold.
func (e *ProofError) Error() string {
	return "prove the proposed roles: " + e.Reason + ". Nothing was proposed; please report this with the roles at hand"
}

// changed is a World with some objects hidden and others added.
type changed struct {
	bartizan.World
	hidden map[bartizan.Ref]bool
	added  []bartizan.Entity
}

func (c *changed) Get(ref bartizan.Ref) (bartizan.Entity, bool) {
	for _, e := range c.added {
		if e.Ref == ref {
			return e, true
		}
	}
	if c.hidden[ref] {
		return bartizan.Entity{}, false
	}
	return c.World.Get(ref)
}

func (c *changed) All(kind bartizan.Kind) iter.Seq[bartizan.Entity] {
	return func(yield func(bartizan.Entity) bool) {
		for e := range c.World.All(kind) {
			if !c.hidden[e.Ref] && !yield(e) {
				return
			}
		}
		for _, e := range c.added {
			if e.Ref.Kind == kind && !yield(e) {
				return
			}
		}
	}
}

// add reads written objects.
func (c *changed) add(text string) error {
	for doc, err := range tree.Parse(text, tree.DefaultLimits()) {
		if err != nil {
			return &ProofError{"what was written cannot be read: " + err.Error()}
		}
		objects, errs := kube.Decode(doc, bartizan.Origin{Source: "proposal", File: "proposal"})
		if len(errs) > 0 {
			return &ProofError{"what was written cannot be read: " + errs[0].Error()}
		}
		for _, o := range objects {
			c.added = append(c.added, o.Entity())
		}
	}
	return nil
}

// probe names a user that holds the old or the new rights of a binding and nothing else.
func probe(which string, i int) string { return fmt.Sprintf("bartizan.dev:probe:%s:%d", which, i) }

// within verifies that what replaces a binding gives no more than it does, and finds what gives no less.
func (r *run) within() error {
	c := &changed{World: r.world}
	var all []*Binding
	for _, b := range r.bindings {
		if len(r.parts[b]) == 0 {
			continue
		}
		i := len(all)
		all = append(all, b)
		old := *b
		old.Ref.Name = fmt.Sprintf("bartizan.dev:probe:%d", i)
		old.Subjects = []Subject{{Kind: "User", Name: probe("old", i)}}
		texts := []string{old.Old().Text}
		for _, p := range r.parts[b] {
			p.subjects = []*Subject{{Kind: "User", Name: probe("new", i)}}
			for _, o := range p.objects(b) {
				texts = append(texts, o.Text)
			}
		}
		for _, text := range texts {
			if err := c.add(text); err != nil {
				return err
			}
		}
	}
	if len(all) == 0 {
		return nil
	}
	m := grant.New(c, r.options.Grant)
	for i, b := range all {
		before := grant.Subject{User: probe("old", i), Exact: true}
		for _, p := range r.parts[b] {
			if over := m.Missing(before, p.namespace, p.rules); len(over) > 0 {
				return &ProofError{fmt.Sprintf("what replaces %s would give %s, which it does not give", b.Ref, over[0].String())}
			}
		}
		r.settle(m, i, b)
	}
	return nil
}

// settle keeps a binding of which everything is used, by everybody it names.
func (r *run) settle(m *grant.Model, i int, b *Binding) {
	parts := r.parts[b]
	idle := 0
	for j := range b.Subjects {
		s := &b.Subjects[j]
		idle += flag(!slices.ContainsFunc(parts, func(p part) bool { return slices.Contains(p.subjects, s) }))
	}
	var old []grant.Rule
	for _, g := range b.grants {
		old = append(old, g.Rule)
	}
	if len(parts) == 1 && parts[0].namespace == b.Ref.Namespace && idle == 0 &&
		len(m.Missing(grant.Subject{User: probe("new", i), Exact: true}, b.Ref.Namespace, old)) == 0 {
		b.Verdict, b.Reason = Keep, "everything that it gives was used"
		delete(r.parts, b)
		return
	}
	for j := range parts {
		b.Objects = append(b.Objects, parts[j].objects(b)...)
	}
	b.Reason = r.told(b, idle)
}

// told says in words what a narrowed binding loses.
func (r *run) told(b *Binding, idle int) string {
	var why []string
	if b.UnusedN > 0 {
		why = append(why, fmt.Sprintf("%d of its %s used by nobody", b.UnusedN, count(b.Rights, "right was", "rights were")))
	}
	if b.Wild > 0 {
		rights := map[grant.Request]bool{}
		for _, c := range b.charge {
			rights[rightOf(c.request)] = true
		}
		why = append(why, fmt.Sprintf("its wildcards give more than the %s that it is needed for", count(len(rights), "right", "rights")))
	}
	if idle > 0 {
		why = append(why, fmt.Sprintf("%d of its %s it", idle, map[bool]string{
			true: count(len(b.Subjects), "subject", "subjects") + " does not need", false: fmt.Sprintf("%d subjects do not need", len(b.Subjects))}[idle == 1]))
	}
	if parts := r.parts[b]; b.Ref.Namespace == "" {
		var spaces []string
		for _, p := range parts {
			if p.namespace != "" {
				spaces = append(spaces, p.namespace)
			}
		}
		if len(spaces) == len(parts) {
			why = append(why, "only used in "+strings.Join(spaces, ", "))
		} else if len(spaces) > 0 {
			why = append(why, "in part only used in "+strings.Join(spaces, ", "))
		}
	}
	if len(why) == 0 {
		return "less of it was used than it gives"
	}
	return strings.Join(why, "; ")
}

// prove replays every request of the log against the proposal.
func (r *run) prove() error {
	c := &changed{World: r.world, hidden: map[bartizan.Ref]bool{}}
	for _, b := range r.bindings {
		if b.Verdict != Narrow && b.Verdict != Drop {
			continue
		}
		c.hidden[b.entity.Ref] = true
		for _, o := range b.Objects {
			if err := c.add(o.Text); err != nil {
				return err
			}
		}
		r.report.Proof.Roles += len(b.Objects) / 2
	}
	m := grant.New(c, r.options.Grant)
	who := map[string]bool{}
	uses := map[*use]bool{}
	for _, q := range r.replay {
		if a := m.Can(q.who.subject, q.request); a.Verdict != grant.Allowed && len(a.By) == 0 {
			return &ProofError{fmt.Sprintf("%s could %s and could no longer: %s", q.who.subject, describe(q.request), a.Reason)}
		}
		who[q.who.subject.User] = true
		if x := q.who.of(q.request); !uses[x] {
			uses[x] = true
			r.report.Proof.Requests += x.count
		}
	}
	r.report.Proof.Replayed, r.report.Proof.Identities = len(r.replay), len(who)
	return nil
}

// describe tells a request in words.
func describe(q grant.Request) string {
	s := q.Verb + " " + q.Path + q.Resource
	if q.Subresource != "" {
		s += "/" + q.Subresource
	}
	if q.Group != "" {
		s += " of " + q.Group
	}
	if q.Name != "" && q.Name != otherName {
		s += fmt.Sprintf(" %q", q.Name)
	}
	if q.Namespace != "" {
		s += " in " + q.Namespace
	}
	return s
}
