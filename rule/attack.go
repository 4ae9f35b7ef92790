package rule

import (
	"iter"
	"slices"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/tree"
)

// Holding visits the scopes in which an attacker can come to hold all of some rights, each with the vertices to
// step from: everywhere, then by namespace. A single right is visited by name, too, where roles name objects; of
// several rights those held for named objects only do not count. An attacker may hold them by different identities.
func (a *Attack) Holding(rights ...Right) iter.Seq2[Scope, []bartizan.Ref] {
	return func(yield func(Scope, []bartizan.Ref) bool) {
		var scopes []Scope
		for i, r := range rights {
			where := a.Access.Where(r)
			if i == 0 {
				scopes = where
				continue
			}
			scopes = common(scopes, where)
		}
		for _, s := range scopes {
			if s.Name != "" && len(rights) > 1 {
				continue
			}
			held := make([]bartizan.Ref, len(rights))
			for i, r := range rights {
				held[i] = a.Access.Can(r, s)
			}
			if !yield(s, held) {
				return
			}
		}
	}
}

// common are the scopes that lie in scopes of both lists.
func common(a, b []Scope) (out []Scope) {
	both := func(s Scope, in []Scope) bool {
		return slices.Contains(in, s) || slices.Contains(in, Scope{})
	}
	for _, s := range a {
		if s.Name == "" && both(s, b) {
			out = append(out, s)
		}
	}
	for _, s := range b {
		if s.Name == "" && both(s, a) && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// Containers visits every container of every class of pods.
func (a *Attack) Containers() iter.Seq2[*Pod, *Container] {
	return func(yield func(*Pod, *Container) bool) {
		for p := range a.Pods.All() {
			for i := range p.Containers {
				if !yield(p, &p.Containers[i]) {
					return
				}
			}
		}
	}
}

// Vertex is the pod alone, as the From of a Step.
func (p *Pod) Vertex() []bartizan.Ref { return []bartizan.Ref{p.Ref} }

// Why is evidence at values of the pod's object; a value that does not exist stands for the pod's spec.
func (p *Pod) Why(at ...tree.Node) []bartizan.Evidence {
	out := make([]bartizan.Evidence, len(at))
	for i, n := range at {
		out[i] = p.Evidence(n)
	}
	return out
}
