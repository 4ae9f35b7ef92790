package path

import (
	"encoding/json"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/edit"
	"github.com/bartizan-dev/bartizan/internal/engine"
	"github.com/bartizan-dev/bartizan/internal/grant"
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/internal/tree"
	"github.com/bartizan-dev/bartizan/internal/world"
	"github.com/bartizan-dev/bartizan/rule"
)

// changed are the objects that fixes change or make, as they are afterwards. What cannot be changed as its patch says
// is left out.
func (g *Graph) changed(fixes []int32, want func(bartizan.Ref) bool) map[bartizan.Ref]*kube.Object {
	byTarget := map[bartizan.Ref][]rule.Fix{}
	for _, f := range fixes {
		if t := g.fixes[f].Target; want(t) {
			byTarget[t] = append(byTarget[t], g.fixes[f].Fix)
		}
	}
	out := map[bartizan.Ref]*kube.Object{}
	for t, list := range byTarget {
		if o := g.after(t, list); o != nil {
			out[t] = o
		}
	}
	return out
}

// after is an object with all of its fixes made; nil if that cannot be told.
func (g *Graph) after(target bartizan.Ref, fixes []rule.Fix) *kube.Object {
	return amended(g.objects[target], fixes...)
}

// amended is an object with fixes made, or the new one that a fix makes; nil if that cannot be told.
func amended(o *kube.Object, fixes ...rule.Fix) *kube.Object {
	var ops []rule.Op
	var value any
	for _, f := range fixes {
		ops = append(ops, f.Ops...)
		if f.New != nil {
			value = f.New()
		}
	}
	if value == nil && o != nil {
		value = o.Root.Any()
	}
	text, err := json.Marshal(value)
	if err != nil || value == nil {
		return nil
	}
	doc := document(string(text))
	if doc == nil || len(ops) == 0 {
		return decoded(doc)
	}
	do, _, ok := engine.Patch(o, ordered(o.Root, ops))
	if !ok {
		return nil
	}
	plan, err := edit.Plan(doc, do)
	if err != nil {
		return nil
	}
	return decoded(document(edit.Apply(string(text), 0, plan)))
}

// decoded is the one object of a document.
func decoded(doc *tree.Doc) *kube.Object {
	if doc == nil {
		return nil
	}
	if objects, _ := kube.Decode(doc, bartizan.Origin{Source: "change"}); len(objects) == 1 {
		return objects[0]
	}
	return nil
}

// document reads a text that holds one document.
func document(text string) *tree.Doc {
	for doc, err := range tree.Parse(text, tree.DefaultLimits()) {
		if err == nil {
			return doc
		}
		break
	}
	return nil
}

// lesser is the RBAC model of just those objects that allow some rights, some of them changed.
func (g *Graph) lesser(rights []usedRight, at []int, changed map[bartizan.Ref]*kube.Object) *grant.Model {
	options := grant.Options{NoBootstrap: true}
	seen := map[bartizan.Ref]bool{}
	var entities []bartizan.Entity
	take := func(r bartizan.Ref, builtin bool) {
		if builtin {
			options.NoBootstrap = false
			return
		}
		if r.Name == "" || seen[r] {
			return
		}
		seen[r] = true
		o := changed[r]
		if o == nil {
			o = g.objects[r]
		}
		if o != nil {
			entities = append(entities, o.Entity())
		}
	}
	for _, i := range at {
		for j := range rights[i].by {
			by := &rights[i].by[j]
			take(by.Binding, by.BuiltinBinding)
			take(by.Role, by.RoleBuiltin)
			take(by.Source, by.Builtin)
		}
	}
	return grant.New(world.New(entities), options)
}
