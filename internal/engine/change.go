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

// patchOp is one operation of a JSON Patch (RFC 6902): "add", "replace" or "remove", which has no value.
type patchOp struct {
	Op, Path string
	Value    any
}

// appendTo appends the operation as JSON.
func (p patchOp) appendTo(b []byte) ([]byte, error) {
	b = appendJSONText(append(b, `{"op":"`+p.Op+`","path":`...), p.Path)
	if p.Op == "remove" {
		return append(b, '}'), nil
	}
	b = append(b, `,"value":`...)
	switch v := p.Value.(type) {
	case nil:
		b = append(b, "null"...)
	case bool:
		b = strconv.AppendBool(b, v)
	case int64:
		b = strconv.AppendInt(b, v, 10)
	case string:
		b = appendJSONText(b, v)
	default:
		value, err := json.Marshal(v)
		if err != nil {
			return nil, fmt.Errorf("write the value of %s: %w", p.Path, err)
		}
		b = append(b, value...)
	}
	return append(b, '}'), nil
}

// appendJSONText appends a string as JSON.
func appendJSONText(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			quoted, _ := json.Marshal(s) // a string always has a form
			return append(b, quoted...)
		}
	}
	return append(append(append(b, '"'), s...), '"')
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

// encode writes a patch; nil where a value has no form in JSON, as only NaN and infinities have none.
func encode(ops []patchOp) []byte {
	b := []byte{'['}
	for i, op := range ops {
		if i > 0 {
			b = append(b, ',')
		}
		var err error
		if b, err = op.appendTo(b); err != nil {
			return nil
		}
	}
	return append(b, ']')
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
