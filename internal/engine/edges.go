package engine

import (
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/internal/tree"
	"github.com/bartizan-dev/bartizan/rule"
)

// Patch makes of the steps of a fix the JSON Patches that carry it out on an object and take it back. Paths that
// begin with a slash start at the object's root. ok is false where nothing would change.
func Patch(o *kube.Object, ops []rule.Op) (do, undo []byte, ok bool) {
	c := change(&rule.Rule{}, o, o.Root, ops)
	if c == nil {
		return nil, nil, false
	}
	return c.Do, c.Undo, true
}

// Path is the JSON Pointer from an object's root to a value in it.
func Path(o *kube.Object, n tree.Node) string { return pathIn(o, n) }
