package path

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/engine"
	"github.com/bartizan-dev/bartizan/internal/grant"
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/internal/tree"
	"github.com/bartizan-dev/bartizan/rule"
)

// proofKind is a sort of bookkeeping.
type proofKind uint8

// The sorts of bookkeeping. A step from an edge has none: it brings its evidence along.
const (
	proofNone    proofKind = iota
	proofBinding           // an attachment: somebody has a role
	proofRule              // a rule of a role grants a right
	proofAll               // a rule of a role grants everything
)

// proof is what the evidence and fixes of bookkeeping are made from.
type proof struct {
	kind  proofKind
	rule  int32 // of the role, or the attachment
	role  bartizan.Ref
	right rule.Right
}

// prove fills in the fixes of bookkeeping. It runs once, when the graph is complete.
func (b *builder) prove() {
	for i := range b.steps {
		s := &b.steps[i]
		var fixes []rule.Fix
		switch p := b.proof(s); p.kind {
		case proofBinding:
			fixes = b.unbind(&b.access.attached[p.rule])
		case proofRule, proofAll:
			fixes = b.narrow(p)
		}
		if len(fixes) > 0 {
			s.fixes = b.ended(fixes...)
		}
	}
}

// evidence makes the evidence of a step.
func (g *Graph) evidence(s *step) []bartizan.Evidence {
	switch p := g.proof(s); p.kind {
	case proofBinding:
		x := &g.facts.attached[p.rule]
		if o := g.objects[x.binding]; o != nil {
			if _, at := subjectOf(o, x); at.Exists() {
				return []bartizan.Evidence{{Path: engine.Path(o, at), Value: x.binding.String(), Origin: engine.Evidence(o, at).Origin}}
			}
		}
		return []bartizan.Evidence{{Value: x.binding.String(), Origin: x.at}}
	case proofRule, proofAll:
		if p.role == rule.EveryRight {
			return nil // what makes it so stands at the step before
		}
		r := &g.facts.rules[p.role][p.rule]
		return []bartizan.Evidence{{Path: "/rules/" + strconv.Itoa(r.Index), Value: r.source.String() + ": " + r.String(), Origin: r.Origin}}
	}
	return g.told[s.told].why
}

// subjectOf finds the entry of a binding's subjects that an attachment speaks of.
func subjectOf(o *kube.Object, x *attachment) (int, tree.Node) {
	i := 0
	for n := range o.Root.Get("subjects").Items() {
		if names(n, o, x.principal) {
			return i, n
		}
		i++
	}
	return none, tree.Node{}
}

// names says whether an entry of subjects names a principal.
func names(n tree.Node, o *kube.Object, p grant.Principal) bool {
	name := n.Get("name").Str()
	switch n.Get("kind").Str() {
	case "Group":
		return p.Group && p.Name == name
	case "User":
		return !p.Group && p.Name == name
	case "ServiceAccount":
		ns := n.Get("namespace").Str()
		if ns == "" && o.Kind == "RoleBinding" {
			ns = named(o.Ref).Namespace
		}
		return !p.Group && p.Name == grant.ServiceAccountSubject(ns, name).User
	}
	return false
}

// unbind takes a subject out of a binding, as often as it stands in it.
func (b *builder) unbind(x *attachment) []rule.Fix {
	o := b.objects[x.binding]
	if o == nil || x.builtin {
		return nil
	}
	var ops []rule.Op
	i := 0
	for n := range o.Root.Get("subjects").Items() {
		if names(n, o, x.principal) {
			ops = append(ops, rule.Op{Op: "remove", Path: "/subjects/" + strconv.Itoa(i)})
		}
		i++
	}
	if len(ops) == 0 {
		return nil
	}
	slices.Reverse(ops)
	return []rule.Fix{{
		Target: x.binding, Ops: ops, Cost: b.unbindCost(x),
		Text:   fmt.Sprintf("take %s out of the binding", words(principalRef(x.principal))),
		Unsafe: "know that " + words(principalRef(x.principal)) + " does not need the rights of " + x.held.role.String(),
	}}
}

// narrow takes a right out of a role: the resource, the verb, or the whole rule.
func (b *builder) narrow(p *proof) []rule.Fix {
	r := &b.access.rules[p.role][p.rule]
	o := b.objects[r.source]
	if r.builtin || o == nil {
		return nil
	}
	cost := b.narrowCost(r.source)
	at := "/rules/" + strconv.Itoa(r.Index)
	where := fmt.Sprintf("rule %d", r.Index+1)
	unsafe := "know that nobody bound to " + r.source.String() + " uses it"
	fixes := []rule.Fix{{
		Target: r.source, Ops: []rule.Op{{Op: "remove", Path: at}}, Cost: cost + len(r.Resources) + len(r.Verbs),
		Text: "take " + where + " out of the role (" + r.String() + ")", Unsafe: unsafe,
	}}
	if p.kind == proofAll {
		return fixes
	}
	full := p.right.Resource
	if p.right.Sub != "" {
		full += "/" + p.right.Sub
	}
	if ops, exact := removals(at+"/resources/", r.Resources, func(s string) bool { return covers(s, full, p.right.Sub) }, full); ops != nil && exact {
		fixes = append(fixes, rule.Fix{Target: r.source, Ops: ops, Cost: cost + len(r.Verbs), Text: "take " + full + " out of " + where, Unsafe: unsafe})
	}
	verb := func(s string) bool { return s == p.right.Verb || s == "*" }
	if ops, exact := removals(at+"/verbs/", r.Verbs, verb, p.right.Verb); ops != nil && exact {
		fixes = append(fixes, rule.Fix{Target: r.source, Ops: ops, Cost: cost + len(r.Resources), Text: "take " + p.right.Verb + " out of " + where, Unsafe: unsafe})
	}
	return fixes
}

// removals takes every entry that matches out of a list, last one first; nil if nothing would be left. exact says
// that all of them are the entry itself, none a wildcard.
func removals(at string, list []string, match func(string) bool, entry string) (ops []rule.Op, exact bool) {
	exact = true
	for i := len(list) - 1; i >= 0; i-- {
		if match(list[i]) {
			ops = append(ops, rule.Op{Op: "remove", Path: at + strconv.Itoa(i)})
			exact = exact && list[i] == entry
		}
	}
	if len(ops) == len(list) {
		return nil, exact
	}
	return ops, exact
}
