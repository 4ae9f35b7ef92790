package kube

import (
	"strings"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/tree"
)

// Embedded is an object in the data of a ConfigMap.
type Embedded struct {
	Ref  bartizan.Ref
	Line int // where it begins
}

// maxEmbedded bounds the objects looked for in one ConfigMap, maxEmbeddedBytes the text.
const (
	maxEmbedded      = 100
	maxEmbeddedBytes = 1 << 20
)

// EmbeddedIn finds the Kubernetes objects with a name in the data of a ConfigMap. Such texts are templates,
// examples, or what something applies some day; nothing tells which, so they are not objects of the World.
// Configuration files of components, which have a kind and no name, are none.
func EmbeddedIn(o *Object) (found []Embedded) {
	if o.Kind != "ConfigMap" || o.Group != "" {
		return nil
	}
	for v := range o.Root.Get("data").Items() {
		start, end := v.Span()
		written := v.Doc().Source()[start:end]
		if len(written) > maxEmbeddedBytes || !strings.Contains(written, "apiVersion") || !strings.Contains(written, "metadata") {
			continue
		}
		text := v.Str()
		first, whole := textLines(v)
		for d, err := range tree.Parse(text, tree.Limits{Nodes: 100_000}) {
			if err != nil {
				continue
			}
			objects, _ := Decode(d, bartizan.Origin{})
			for _, e := range objects {
				if len(found) == maxEmbedded {
					return found
				}
				if e.Ref.Name == "" || strings.Contains(e.Ref.Name, "{{") {
					continue
				}
				at := first
				if whole {
					at += e.Origin.Line - 1
				}
				found = append(found, Embedded{e.Ref, at})
			}
		}
	}
	return found
}

// textLines is the line on which a text begins; whole says that each line of it stands on a line of its own,
// as in a literal block.
func textLines(v tree.Node) (first int, whole bool) {
	first, _ = v.Pos()
	start, end := v.Span()
	if written := v.Doc().Source()[start:end]; strings.HasPrefix(written, "|") {
		return first + 1, true
	}
	return first, false
}
