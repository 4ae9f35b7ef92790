package engine

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/internal/tree"
	"github.com/bartizan-dev/bartizan/rule"
)

// patchOp is one operation of a JSON Patch (RFC 6902).
type patchOp struct {
	Op    string `json:"op"`
	Path  string `json:"path"`
	Value any    `json:"value,omitempty"`
}

// MarshalJSON writes the value of add and replace even where it is null, false or empty.
func (p patchOp) MarshalJSON() ([]byte, error) {
	if p.Op == "remove" {
		return json.Marshal(map[string]string{"op": p.Op, "path": p.Path})
	}
	return json.Marshal(struct {
		Op    string `json:"op"`
		Path  string `json:"path"`
		Value any    `json:"value"`
	}{p.Op, p.Path, p.Value})
}

// change makes the Change of a rule's fix for one hit; nil where no step has anything to do. Steps that
// would write the same place twice are not the engine's to settle: the fixer applies one change at a time.
func change(r *rule.Rule, o *kube.Object, base tree.Node, ops []rule.Op) *bartizan.Change {
	var do, undo []patchOp
	for _, op := range ops {
		forth, back, ok := step(o, base, op)
		if !ok {
			continue
		}
		do = append(do, forth)
		undo = append([]patchOp{back}, undo...)
	}
	if len(do) == 0 {
		return nil
	}
	c := &bartizan.Change{Target: o.Ref, Reason: r.Title, Unsafe: r.Unsafe}
	c.Do = encode(do)
	if r.Redact {
		c.Reason += " (cannot be undone from here: what was there is not recorded)"
		return c
	}
	c.Undo = encode(undo)
	return c
}

func encode(ops []patchOp) []byte {
	out, err := json.Marshal(ops)
	if err != nil {
		// Values come from YAML or JSON; only NaN and infinities cannot be written back.
		return nil
	}
	return out
}

// step turns one step of a fix into an operation and its inverse.
func step(o *kube.Object, base tree.Node, op rule.Op) (do, undo patchOp, ok bool) {
	parts := strings.Split(op.Path, "/")
	at := base
	if strings.HasPrefix(op.Path, "/") {
		at, parts = o.Root, parts[1:]
	}
	if op.Path == "" {
		parts = nil
	}
	path := pathIn(o, at)
	for i, part := range parts {
		part = strings.ReplaceAll(strings.ReplaceAll(part, "~1", "/"), "~0", "~")
		if k := at.Kind(); k != tree.Map && k != tree.List {
			return do, undo, false // a scalar is in the way
		}
		next := child(at, part)
		if !next.Exists() || next.Kind() == tree.Null && i < len(parts)-1 {
			return create(path+"/"+pointer(part), parts[i+1:], op, next)
		}
		path += "/" + pointer(part)
		at = next
	}
	switch op.Op {
	case "remove":
		if path == "" {
			return do, undo, false
		}
		return patchOp{Op: "remove", Path: path}, patchOp{Op: "add", Path: path, Value: at.Any()}, true
	case "append":
		if at.Kind() == tree.Null {
			return create(path, nil, op, at)
		}
		if at.Kind() != tree.List || contains(at, op.Value) {
			return do, undo, false
		}
		return patchOp{Op: "add", Path: path + "/-", Value: op.Value},
			patchOp{Op: "remove", Path: path + "/" + strconv.Itoa(at.Len())}, true
	}
	if same(at.Any(), op.Value) {
		return do, undo, false
	}
	return patchOp{Op: "replace", Path: path, Value: op.Value}, patchOp{Op: "replace", Path: path, Value: at.Any()}, true
}

// create adds what is missing: the value of the step inside as many maps as the rest of its path names.
func create(path string, rest []string, op rule.Op, null tree.Node) (do, undo patchOp, ok bool) {
	if op.Op == "remove" {
		return do, undo, false
	}
	value := op.Value
	if op.Op == "append" {
		value = []any{value}
	}
	for i := len(rest) - 1; i >= 0; i-- {
		value = map[string]any{strings.ReplaceAll(strings.ReplaceAll(rest[i], "~1", "/"), "~0", "~"): value}
	}
	if null.Exists() {
		return patchOp{Op: "replace", Path: path, Value: value}, patchOp{Op: "replace", Path: path}, true
	}
	return patchOp{Op: "add", Path: path, Value: value}, patchOp{Op: "remove", Path: path}, true
}

// pathIn is the JSON Pointer from the object's root, which may be an item of a list, to a value.
func pathIn(o *kube.Object, n tree.Node) string {
	return strings.TrimPrefix(n.Path(), o.Root.Path())
}

func child(n tree.Node, part string) tree.Node {
	if n.Kind() == tree.List {
		i, err := strconv.Atoi(part)
		if err != nil {
			return tree.Node{}
		}
		return n.Index(i)
	}
	return n.Get(part)
}

func contains(list tree.Node, v any) bool {
	for item := range list.Items() {
		if same(item.Any(), v) {
			return true
		}
	}
	return false
}

func same(a, b any) bool {
	return fmt.Sprint(a) == fmt.Sprint(b) && fmt.Sprintf("%T", a) == fmt.Sprintf("%T", b)
}

func pointer(part string) string {
	return strings.ReplaceAll(strings.ReplaceAll(part, "~", "~0"), "/", "~1")
}
