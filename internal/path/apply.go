package path

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/edit"
	"github.com/bartizan-dev/bartizan/internal/engine"
	"github.com/bartizan-dev/bartizan/internal/tree"
	"github.com/bartizan-dev/bartizan/rule"
)

// changes turns fixes into Changes, one for each object: the operations of several fixes on an object are put in an
// order in which none moves what another one speaks of.
func (g *Graph) changes(fixes []int32) (out []bartizan.Change, err error) {
	var order []bartizan.Ref
	byTarget := map[bartizan.Ref][]rule.Fix{}
	for _, f := range fixes {
		t := g.fixes[f].Target
		if byTarget[t] == nil {
			order = append(order, t)
		}
		byTarget[t] = append(byTarget[t], g.fixes[f].Fix)
	}
	for _, t := range order {
		c, err := g.change(t, byTarget[t])
		if err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, nil
}

// change makes one Change of all fixes of an object.
func (g *Graph) change(target bartizan.Ref, fixes []rule.Fix) (bartizan.Change, error) {
	c := bartizan.Change{Target: target}
	var ops []rule.Op
	var reasons, unsafe []string
	for _, f := range fixes {
		reasons = append(reasons, f.Text)
		if f.Unsafe != "" && !slices.Contains(unsafe, f.Unsafe) {
			unsafe = append(unsafe, f.Unsafe)
		}
		ops = append(ops, f.Ops...)
		if f.New != nil {
			value, err := json.Marshal(f.New())
			if err != nil {
				return c, fmt.Errorf("write the new %s: %w", target, err)
			}
			c.Do = []byte(`[{"op":"add","path":"","value":` + string(value) + `}]`)
			c.Undo = []byte(`[{"op":"remove","path":""}]`)
		}
	}
	c.Reason, c.Unsafe = strings.Join(reasons, "; "), strings.Join(unsafe, "; ")
	if len(ops) == 0 {
		return c, nil
	}
	o := g.objects[target]
	if o == nil {
		return c, fmt.Errorf("write the change of %s: it was not read", target)
	}
	c.Target = o.Ref
	var ok bool
	c.Do, c.Undo, ok = engine.Patch(o, ordered(o.Root, ops))
	if !ok {
		return c, fmt.Errorf("write the change of %s: nothing would change (%s)", target, c.Reason)
	}
	return c, nil
}

// ordered puts operations so that they can be carried out one after the other: sets first, then removals with the
// highest index first; what lies in something that is removed is left out.
func ordered(root tree.Node, ops []rule.Op) (out []rule.Op) {
	var removals []rule.Op
	for _, op := range ops {
		if op.Op == "remove" && !slices.ContainsFunc(removals, func(o rule.Op) bool { return o.Path == op.Path }) {
			removals = append(removals, op)
		}
	}
	removals = append(removals, emptied(root, removals)...)
	inside := func(op rule.Op) bool {
		return slices.ContainsFunc(removals, func(o rule.Op) bool { return strings.HasPrefix(op.Path, o.Path+"/") })
	}
	for _, op := range ops {
		if op.Op != "remove" && !inside(op) && !slices.ContainsFunc(out, func(o rule.Op) bool { return o.Path == op.Path }) {
			out = append(out, op)
		}
	}
	slices.SortStableFunc(removals, func(a, b rule.Op) int { return comparePaths(b.Path, a.Path) })
	for _, op := range removals {
		if !inside(op) {
			out = append(out, op)
		}
	}
	return out
}

// emptied removes the rules of which removals would leave nothing of a list that must not be empty: a role's rule
// without verbs is none, a policy's rule without peers allows all of them, and an Ingress's
// rule has paths.
func emptied(root tree.Node, removals []rule.Op) (out []rule.Op) {
	gone := map[string]int{}
	for _, op := range removals {
		list := op.Path[:strings.LastIndex(op.Path, "/")]
		cut := strings.LastIndex(list, "/")
		if cut < 0 || !slices.Contains([]string{"verbs", "resources", "from", "to", "paths"}, list[cut+1:]) {
			continue
		}
		if gone[list]++; gone[list] == root.Lookup(list).Len() {
			out = append(out, rule.Op{Op: "remove", Path: list[:cut]})
		}
	}
	return slices.DeleteFunc(out, func(op rule.Op) bool {
		return slices.ContainsFunc(removals, func(o rule.Op) bool { return o.Path == op.Path })
	})
}

// comparePaths orders JSON Pointers with list indices by number.
func comparePaths(a, b string) int {
	x, y := strings.Split(a, "/"), strings.Split(b, "/")
	for i := range min(len(x), len(y)) {
		m, err1 := strconv.Atoi(x[i])
		n, err2 := strconv.Atoi(y[i])
		if err1 == nil && err2 == nil && m != n {
			return m - n
		}
		if x[i] != y[i] && (err1 != nil || err2 != nil) {
			return strings.Compare(x[i], y[i])
		}
	}
	return len(x) - len(y)
}

// Apply carries out changes on the text of manifests, as Read takes it. It is for examples and tests: internal/scan
// changes files.
func Apply(text string, changes []bartizan.Change) (string, error) {
	for _, c := range changes {
		_, objects, err := Read(text)
		if err != nil {
			return "", err
		}
		done := false
		for _, o := range objects {
			if o.Ref != c.Target {
				continue
			}
			splices, err := edit.Plan(o.Root.Doc(), c.Do)
			if err != nil {
				return "", fmt.Errorf("change %s by %s: %w", c.Target, c.Do, err)
			}
			text, done = edit.Apply(text, 0, splices), true
			break
		}
		if !done {
			var ops []struct{ Value json.RawMessage }
			if err := json.Unmarshal(c.Do, &ops); err != nil || len(ops) != 1 {
				return "", fmt.Errorf("change %s: it is not in the manifests", c.Target)
			}
			text += "\n---\n" + string(ops[0].Value) + "\n"
		}
	}
	return text, nil
}
