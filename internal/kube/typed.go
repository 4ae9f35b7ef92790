package kube

import (
	"cmp"
	"encoding/json"
	"strings"

	"github.com/bartizan-dev/bartizan/internal/tree"
)

// RenderedList is the Provenance.Renderer of an object whose kind only the list around it says: it was
// written anew with its kind in it, and leads back to the lines it came from.
const RenderedList = "list"

// item makes an object of an item whose kind or apiVersion only the list says.
func (dec *decoder) item(n tree.Node) {
	version := cmp.Or(n.Get("apiVersion").Str(), dec.typed.version)
	kind := cmp.Or(n.Get("kind").Str(), dec.typed.kind)
	w := itemWriter{lines: []int32{0}}
	w.line(n, "{")
	w.line(n, `"apiVersion":`+quote(version)+",")
	w.line(n, `"kind":`+quote(kind))
	for c := range n.Items() {
		if k := c.Key(); k != "apiVersion" && k != "kind" {
			w.text.WriteByte(',')
			w.value(c, quote(k)+":")
		}
	}
	w.line(n, "}")
	for d, err := range tree.Parse(w.text.String(), tree.DefaultLimits()) {
		if err != nil {
			dec.fail(n, "the item of the list cannot be read: %v", err)
			return
		}
		before := len(dec.objects)
		dec.object(d.Root(), version, kind)
		for _, o := range dec.objects[before:] {
			o.Origin.Line, o.Origin.Column = n.Pos()
			o.Provenance = &Provenance{Renderer: RenderedList, File: dec.origin.File, Lines: w.lines}
		}
	}
}

// itemWriter writes a value as JSON, each part of it on a line of its own.
type itemWriter struct {
	text  strings.Builder
	lines []int32 // where each line is from
}

func (w *itemWriter) line(from tree.Node, text string) {
	line, _ := from.KeyPos()
	w.lines = append(w.lines, int32(line))
	w.text.WriteString(text + "\n")
}

func (w *itemWriter) value(n tree.Node, key string) {
	open, end := "{", "}"
	switch n.Kind() {
	case tree.List:
		open, end = "[", "]"
	case tree.Map:
	default:
		text, err := json.Marshal(n.Any())
		if err != nil {
			text = []byte("null") // no JSON number: a NaN
		}
		w.line(n, key+string(text))
		return
	}
	w.line(n, key+open)
	for c := range n.Items() {
		if c.Position() > 0 {
			w.text.WriteByte(',')
		}
		if n.Kind() == tree.Map {
			w.value(c, quote(c.Key())+":")
		} else {
			w.value(c, "")
		}
	}
	w.line(n, end)
}

func quote(s string) string {
	text, err := json.Marshal(s)
	if err != nil {
		return `""`
	}
	return string(text)
}
