// Package kube is the normal form of Kubernetes objects: it decodes documents into Objects whose every
// value still knows its line, and folds every kind that holds a pod template into Workload. It does no
// defaulting and no validation; internal/tree reads the text below it, internal/engine judges above it.
package kube

import (
	"errors"
	"fmt"
	"strings"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/tree"
)

// Object is one Kubernetes object.
type Object struct {
	Ref        bartizan.Ref
	Group      string // "" for the core group
	Version    string
	Kind       string // as written, without group
	Root       tree.Node
	Origin     bartizan.Origin
	Workloads  []Workload // pod templates in it; one for the built-in kinds
	Provenance *Provenance
}

// Place leads from a value of the object to the file and line where a person can change it. Of a live cluster that is the
// object alone: what the API sends has no lines.
func (o *Object) Place(n tree.Node) bartizan.Origin {
	at := o.Origin
	if at.Source == "cluster" {
		at.Line, at.Column = 0, 0
		return at
	}
	line, column := n.KeyPos()
	at.Line, at.Column = line, column
	if o.Provenance == nil {
		return at
	}
	at.Rendered, at.Column = line, 0
	at.File, at.Line = o.Provenance.At(line)
	return at
}

// Provenance explains an object that a chart, a kustomization or the list around it produced.
type Provenance struct {
	Renderer string // "helm", "kustomize" or RenderedList
	Root     string // the chart or kustomization directory
	File     string // template or base file the object came from; "" if unknown
	// Lines gives for each line of the rendered text (from 1; index 0 unused) the line of File it came
	// from, 0 where that is not known.
	Lines []int32
	// FileOf gives for each line, where it is not nil, the file that Lines counts in: 0 is File, 1 the first of
	// Files, and so on.
	FileOf []uint16
	Files  []string
}

// At is the file and line that a line of the rendered text came from; line 0 is unknown.
func (p *Provenance) At(rendered int) (file string, line int) {
	if rendered < 0 || rendered >= len(p.Lines) {
		return p.File, 0
	}
	file = p.File
	if rendered < len(p.FileOf) {
		if i := int(p.FileOf[rendered]); i > 0 && i <= len(p.Files) {
			file = p.Files[i-1]
		}
	}
	return file, int(p.Lines[rendered])
}

// Workload is a pod template in an object.
type Workload struct {
	Pod  tree.Node // the pod's spec
	Meta tree.Node // the metadata of the pod or of the template; may not exist
}

// ErrNotKubernetes says that a document is not a Kubernetes object: it has no apiVersion and kind.
var ErrNotKubernetes = errors.New("not a Kubernetes object")

// builtinGroups are the API groups that Kubernetes itself serves; their kinds go by the bare name.
var builtinGroups = map[string]bool{
	"": true, "apps": true, "extensions": true, "batch": true, "policy": true, "autoscaling": true,
	"rbac.authorization.k8s.io": true, "networking.k8s.io": true, "storage.k8s.io": true,
	"admissionregistration.k8s.io": true, "apiextensions.k8s.io": true, "apiregistration.k8s.io": true,
	"authentication.k8s.io": true, "authorization.k8s.io": true, "certificates.k8s.io": true,
	"coordination.k8s.io": true, "discovery.k8s.io": true, "events.k8s.io": true,
	"flowcontrol.apiserver.k8s.io": true, "node.k8s.io": true, "resource.k8s.io": true,
	"scheduling.k8s.io": true, "storagemigration.k8s.io": true, "internal.apiserver.k8s.io": true,
}

// KindOf is the bartizan.Kind of a group and kind.
func KindOf(group, kind string) bartizan.Kind {
	if builtinGroups[group] {
		return bartizan.Kind(kind)
	}
	return bartizan.Kind(kind + "." + group)
}

// limits on what one document may expand to.
const (
	maxListItems = 200_000
	maxListDepth = 8
)

// Decode makes objects of a document: one, or the items of a List. The objects that could be made are
// returned even when others could not; errors name line and reason.
func Decode(d *tree.Doc, o bartizan.Origin) ([]*Object, []error) {
	dec := decoder{origin: o}
	dec.value(d.Root(), 0)
	return dec.objects, dec.errs
}

type decoder struct {
	origin  bartizan.Origin
	typed   typeMeta // of the items of the list at hand; "" where they say it themselves
	objects []*Object
	errs    []error
}

func (dec *decoder) fail(n tree.Node, format string, args ...any) {
	line, _ := n.Pos()
	dec.errs = append(dec.errs, &DecodeError{Line: line, Reason: fmt.Sprintf(format, args...)})
}

// DecodeError says which document could not be made an object, and why.
type DecodeError struct {
	Line   int
	Reason string
}

// Error is the reason; the line is for the caller to show with the file.
func (e *DecodeError) Error() string { return e.Reason }

// typeMeta says what an object is.
type typeMeta struct{ version, kind string }

func (dec *decoder) value(n tree.Node, depth int) {
	version, kind := n.Get("apiVersion"), n.Get("kind")
	if dec.typed.kind != "" && (!version.Exists() || !kind.Exists()) && n.Get("metadata").Kind() == tree.Map {
		dec.item(n)
		return
	}
	if n.Kind() != tree.Map || !version.Exists() && !kind.Exists() {
		dec.errs = append(dec.errs, ErrNotKubernetes)
		return
	}
	if !version.Exists() || !kind.Exists() {
		// A map with only one of the two is some other format (docker-compose has "version", skaffold
		// "kind"), unless it has metadata, too, and what only a Kubernetes object has.
		if n.Get("metadata").Kind() == tree.Map && (n.Get("spec").Exists() || n.Get("roleRef").Exists() || n.Get("rules").Exists() || n.Get("subjects").Exists()) {
			dec.fail(n, "apiVersion or kind is missing: both must be set for the API server to accept the object")
			return
		}
		dec.errs = append(dec.errs, ErrNotKubernetes)
		return
	}
	if version.Str() == "" || kind.Str() == "" {
		dec.fail(n, "apiVersion and kind must be strings that are not empty")
		return
	}
	if items := n.Get("items"); strings.HasSuffix(kind.Str(), "List") && items.Kind() == tree.List {
		if typed := typeOfItems(version.Str(), kind.Str()); typed.kind == "" || items.Len() == 0 || holdsObjects(items) {
			dec.list(items, typed, depth)
			return
		}
	}
	dec.object(n, version.Str(), kind.Str())
}

// typeOfItems is what the API server leaves out of the items of a list of one kind, a PodList.
func typeOfItems(version, kind string) typeMeta {
	if kind == "List" {
		return typeMeta{}
	}
	return typeMeta{version, strings.TrimSuffix(kind, "List")}
}

// holdsObjects says whether the items of what is called a list are objects: some other kinds have a name that
// ends like that.
func holdsObjects(items tree.Node) bool {
	for item := range items.Items() {
		if item.Get("metadata").Kind() == tree.Map || item.Get("apiVersion").Exists() {
			return true
		}
	}
	return false
}

func (dec *decoder) list(items tree.Node, typed typeMeta, depth int) {
	if depth >= maxListDepth {
		dec.fail(items, "lists are nested more than %d deep: split them", maxListDepth)
		return
	}
	if items.Len() > maxListItems {
		dec.fail(items, "list has %d items, more than %d: split it", items.Len(), maxListItems)
		return
	}
	outer := dec.typed
	for item := range items.Items() {
		dec.typed = typed
		dec.value(item, depth+1)
	}
	dec.typed = outer
}

func (dec *decoder) object(n tree.Node, apiVersion, kind string) {
	group, version, found := strings.Cut(apiVersion, "/")
	if !found {
		group, version = "", apiVersion
	}
	meta := n.Get("metadata")
	if meta.Exists() && meta.Kind() != tree.Map && meta.Kind() != tree.Null {
		dec.fail(meta, "metadata is a %s, not a map", meta.Kind())
		return
	}
	name := meta.Get("name")
	text := name.Text()
	if text == "" {
		if g := meta.Get("generateName").Str(); g != "" {
			text = g + "*"
		}
	}
	o := &Object{
		Ref:   bartizan.Ref{Kind: KindOf(group, kind), Namespace: meta.Get("namespace").Text(), Name: text},
		Group: group, Version: version, Kind: kind, Root: n, Origin: dec.origin,
	}
	o.Origin.Line, o.Origin.Column = n.Pos()
	o.Workloads = workloads(o)
	dec.objects = append(dec.objects, o)
}

// Entity is the object as the World holds it.
func (o *Object) Entity() bartizan.Entity {
	return bartizan.Entity{Ref: o.Ref, Value: o, Origin: o.Origin}
}

// Label is a label of the object's own metadata.
func (o *Object) Label(key string) string { return o.Root.At("metadata", "labels", key).Text() }

// Annotation is an annotation of the object's own metadata.
func (o *Object) Annotation(key string) string {
	return o.Root.At("metadata", "annotations", key).Text()
}
