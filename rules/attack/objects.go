package attack

import (
	"iter"
	"strings"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/internal/tree"
	"github.com/bartizan-dev/bartizan/rule"
)

// objects visits the objects of a kind that were read.
func objects(a *rule.Attack, kind bartizan.Kind) iter.Seq[*kube.Object] {
	return func(yield func(*kube.Object) bool) {
		for e := range a.World.All(kind) {
			if o, ok := e.Value.(*kube.Object); ok && !yield(o) {
				return
			}
		}
	}
}

// placed is an object's name with the namespace that one without goes to.
func placed(o *kube.Object) bartizan.Ref {
	ref := o.Ref
	if ref.Namespace == "" {
		ref.Namespace = "default"
	}
	return ref
}

// find is an object as it was read, or nil.
func find(a *rule.Attack, ref bartizan.Ref) *kube.Object {
	e, ok := a.World.Get(ref)
	if !ok {
		return nil
	}
	o, _ := e.Value.(*kube.Object)
	return o
}

// evidence points at a value of an object that holds no pod; no value of a Secret may be passed to it.
func evidence(o *kube.Object, at tree.Node) bartizan.Evidence {
	e := bartizan.Evidence{Path: strings.TrimPrefix(at.Path(), o.Root.Path()), Origin: o.Place(at)}
	switch at.Kind() {
	case tree.Map, tree.List:
	default:
		e.Value = at.Text()
	}
	return e
}
