// Package document turns the text of a YAML or JSON stream into what a Source emits: an entity for every
// Kubernetes object in it, a gap for every part that could not be read, a skip for what is not Kubernetes.
// Manifests, rendered charts and built kustomizations all go through it, so they fail alike. It opens
// nothing: the readers are in internal/source. To look into one document use internal/tree, into one
// object internal/kube.
package document

import (
	"errors"
	"fmt"
	"strings"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/internal/tree"
)

// The reasons for which something is passed over on purpose. They are the same text each time, so that
// they can be counted.
const (
	SkipTemplate      = "template"
	SkipForeign       = "not Kubernetes"
	SkipKustomization = "kustomization file"
	SkipEmpty         = "empty"
	SkipEmbedded      = "manifest in the data of a ConfigMap"
)

// maxErrors bounds the gaps of one stream; more broken documents than that are told in one last gap.
const maxErrors = 100

// A stream of documents may hold maxValues values and one more for each bytesPerValue bytes. Manifests have
// some 30 bytes to a value; a file of two bytes to a value is made to fill the memory.
const (
	maxValues     = 500_000
	bytesPerValue = 32
)

// Stream says where a text is from and how to judge it.
type Stream struct {
	Source, File string
	// Named says that the user named the file: nothing in it is passed over silently.
	Named bool
	// Output says that the text is what a renderer made: it may be empty, and template marks in it excuse
	// nothing.
	Output bool
	// Adopt, if set, is called for each object, to set where a rendered one really came from. It returns a
	// reason to pass the object over, or "".
	Adopt func(*kube.Object) string
	// LineOf, if set, turns a line of the text into the line of File it came from.
	LineOf func(int) int
}

// Items reads a text. There is always at least one item, unless the text is a renderer's output.
func Items(text string, s Stream) []bartizan.Item {
	if s.Output && !strings.Contains(text, ":") {
		return nil // nothing but blanks and comments
	}
	if strings.TrimSpace(text) == "" {
		return []bartizan.Item{s.unused(SkipEmpty, "the file is empty")}
	}
	if !s.Output && !mayHoldObjects(text) {
		return []bartizan.Item{s.unused(SkipForeign, noObject)}
	}
	r := reading{Stream: s, text: text}
	most := maxValues + len(text)/bytesPerValue
	for d, err := range tree.Parse(text, tree.Limits{Nodes: min(most, tree.DefaultLimits().Nodes)}) {
		if err != nil {
			r.broken(err)
			continue
		}
		if r.values += d.Size(); r.values > most {
			line, _ := d.Root().Pos()
			r.gap(line, 0, "the file holds too many values for its size: the rest of it was not read; split it")
			break
		}
		r.document(d)
		_, r.next = d.Bounds()
	}
	if r.more > 0 {
		r.gap(0, 0, fmt.Sprintf("%d more documents could not be read", r.more))
	}
	if len(r.items) == 0 && !s.Output {
		return []bartizan.Item{s.unused(SkipForeign, noObject)}
	}
	return r.items
}

const noObject = "no Kubernetes object in it: no document has both apiVersion and kind"

// mayHoldObjects is false for a text in which no map can have the keys apiVersion and kind: the words do
// not occur, not even written with escapes or in a wide encoding.
func mayHoldObjects(text string) bool {
	return strings.Contains(text, "apiVersion") || strings.Contains(text, "metadata") ||
		strings.ContainsAny(text, "\\\x00")
}

// unused is the item for a text from which nothing came.
func (s Stream) unused(skip, named string) bartizan.Item {
	g := &bartizan.Gap{Origin: bartizan.Origin{Source: s.Source, File: s.File}, Reason: skip, Skip: true}
	if s.Named {
		g.Reason, g.Skip = named, false
	}
	return bartizan.Item{Gap: g}
}

// reading is one text on its way to items.
type reading struct {
	Stream
	text  string
	items []bartizan.Item
	next  int // where in text the next document begins
	gaps  int
	// values were parsed so far.
	values int
	more   int // gaps beyond maxErrors
}

func (r *reading) gap(line, column int, reason string) {
	if r.gaps++; r.gaps > maxErrors && line > 0 {
		r.more++
		return
	}
	r.items = append(r.items, bartizan.Item{Gap: &bartizan.Gap{Origin: r.at(line, column), Reason: reason}})
}

func (r *reading) skip(line int, reason string) {
	r.items = append(r.items, bartizan.Item{Gap: &bartizan.Gap{Origin: r.at(line, 0), Reason: reason, Skip: true}})
}

func (r *reading) at(line, column int) bartizan.Origin {
	o := bartizan.Origin{Source: r.Source, File: r.File, Line: line, Column: column}
	if r.LineOf != nil && line > 0 {
		o.Line, o.Column, o.Rendered = r.LineOf(line), 0, line
	}
	return o
}

// document emits what one document holds.
func (r *reading) document(d *tree.Doc) {
	root := d.Root()
	if !root.Exists() || root.Kind() == tree.Null {
		return
	}
	objects, errs := kube.Decode(d, bartizan.Origin{Source: r.Source, File: r.File})
	line, _ := root.Pos()
	for _, o := range objects {
		switch {
		case strings.HasPrefix(o.Group, "kustomize.config.k8s.io"):
			r.passOver(o, SkipKustomization)
		case isTemplate(o):
			r.passOver(o, SkipTemplate)
		default:
			r.emit(o)
		}
	}
	for _, err := range errs {
		var bad *kube.DecodeError
		switch {
		case errors.As(err, &bad):
			r.gap(bad.Line, 0, bad.Reason)
		case len(objects) > 0:
			r.gap(line, 0, "an item of the list is not a Kubernetes object: it has no apiVersion and kind")
		case r.Output:
			r.gap(line, 0, "the rendered document is not a Kubernetes object: it has no apiVersion and kind")
		case len(r.items) > 0: // a file of nothing else is told of once, by Items
			r.skip(line, SkipForeign)
		}
	}
	if len(objects) > 0 {
		r.duplicates(d)
	}
}

func (r *reading) passOver(o *kube.Object, reason string) {
	if r.Named {
		r.gap(o.Origin.Line, o.Origin.Column, "not an object that can be judged: it is a "+reason)
		return
	}
	r.skip(o.Origin.Line, reason)
}

func (r *reading) emit(o *kube.Object) {
	if r.Adopt != nil {
		line := o.Origin.Line
		if reason := r.Adopt(o); reason != "" {
			r.skip(line, reason)
			return
		}
	}
	e := o.Entity()
	r.items = append(r.items, bartizan.Item{Entity: &e})
	for _, in := range kube.EmbeddedIn(o) {
		r.skip(in.Line, SkipEmbedded)
	}
}

// duplicates tells of keys written twice: the API server takes the last one, or refuses the object.
func (r *reading) duplicates(d *tree.Doc) {
	for _, dup := range d.Duplicates {
		r.gap(dup.Line, 0, fmt.Sprintf("key %q is set twice in one map, first on line %d: the last one was judged, "+
			"strict validation refuses the object; remove one", dup.Key, dup.First))
	}
}

// broken tells of a document that could not be parsed.
func (r *reading) broken(err error) {
	line, column, reason := 0, 0, err.Error()
	var syntax *tree.SyntaxError
	if errors.As(err, &syntax) {
		line, column, reason = syntax.Line, syntax.Column, syntax.Reason
	}
	if part := r.brokenPart(); !r.Named && !r.Output && hasTemplateMarker(part) {
		r.skip(line, SkipTemplate)
		return
	}
	r.gap(line, column, "cannot be parsed: "+reason)
}

// brokenPart is the text of the document that broke, and moves on behind it.
func (r *reading) brokenPart() string {
	part := r.text[min(r.next, len(r.text)):]
	// The part may begin with its own separator.
	if i := strings.Index(part[min(len(part), 3):], "\n---"); i >= 0 {
		part = part[:i+4]
	}
	r.next += len(part)
	return part
}

// isTemplate says whether what names the object is still to be filled in.
func isTemplate(o *kube.Object) bool {
	for _, s := range []string{o.Group, o.Version, o.Kind, o.Ref.Name} {
		if strings.Contains(s, "{{") || strings.Contains(s, "{%") {
			return true
		}
	}
	return false
}

// hasTemplateMarker says whether a text holds the marks of a template language: Go and Jinja, shell, ERB,
// ytt.
func hasTemplateMarker(text string) bool {
	for _, pair := range [...][2]string{{"{{", "}}"}, {"{%", "%}"}, {"<%", "%>"}, {"${", "}"}, {"#@", "\n"}, {"(@", "@)"}} {
		if i := strings.Index(text, pair[0]); i >= 0 && strings.Contains(text[i:], pair[1]) {
			return true
		}
	}
	return false
}
