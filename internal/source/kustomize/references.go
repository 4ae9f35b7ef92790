package kustomize

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/bartizan-dev/bartizan/internal/tree"
)

// References is what a kustomization file names, as written there.
type References struct {
	Component bool     // of kind Component: built only as a part of others
	Resources []string // files and directories: resources, bases, components
	Parts     []string // files that are not objects by themselves: patches, generator inputs, configuration
	Remote    []string // what would have to be fetched
}

// ReferencesOf reads a kustomization file.
func ReferencesOf(text string) (References, error) {
	var r References
	for doc, err := range tree.Parse(text, tree.Limits{Bytes: 4 << 20}) {
		if err != nil {
			return r, err
		}
		root := doc.Root()
		if !root.Exists() || root.Kind() == tree.Null {
			continue
		}
		if root.Kind() != tree.Map {
			return r, fmt.Errorf("a kustomization must be a map, not a %s", root.Kind())
		}
		r.collect(root)
	}
	return r, nil
}

func (r *References) collect(root tree.Node) {
	r.Component = r.Component || root.Get("kind").Str() == "Component"
	for _, field := range []string{"resources", "bases", "components"} {
		for item := range root.Get(field).Items() {
			r.add(&r.Resources, item)
		}
	}
	// Fields that hold file names, or inline YAML, directly.
	for _, field := range []string{"patchesStrategicMerge", "configurations", "generators", "transformers", "validators"} {
		for item := range root.Get(field).Items() {
			r.add(&r.Parts, item)
		}
	}
	for _, field := range []string{"patches", "patchesJson6902", "replacements"} {
		for item := range root.Get(field).Items() {
			r.add(&r.Parts, item.Get("path"))
		}
	}
	for _, field := range []string{"configMapGenerator", "secretGenerator"} {
		for item := range root.Get(field).Items() {
			r.generator(item)
		}
	}
	r.add(&r.Parts, root.At("openapi", "path"))
	for item := range root.Get("helmCharts").Items() {
		r.add(&r.Parts, item.Get("valuesFile"))
		for extra := range item.Get("additionalValuesFiles").Items() {
			r.add(&r.Parts, extra)
		}
	}
}

// generator adds the inputs of a generator: file, or key=file.
func (r *References) generator(g tree.Node) {
	r.add(&r.Parts, g.Get("env"))
	for item := range g.Get("envs").Items() {
		r.add(&r.Parts, item)
	}
	for item := range g.Get("files").Items() {
		name := item.Text()
		if _, file, found := strings.Cut(name, "="); found {
			name = file
		}
		r.addText(&r.Parts, name)
	}
}

func (r *References) add(to *[]string, n tree.Node) {
	if n.Kind() == tree.String {
		r.addText(to, n.Text())
	}
}

func (r *References) addText(to *[]string, name string) {
	switch {
	case name == "" || strings.Contains(name, "\n"): // inline
	case isRemote(name):
		r.Remote = append(r.Remote, name)
	default:
		*to = append(*to, name)
	}
}

// remotePattern covers what kustomize takes for a repository or a URL: a scheme, the scp form, the forms
// that name a forge without a scheme.
var remotePattern = regexp.MustCompile(`(?i)^(git::|gh:|[a-z][a-z0-9+.-]*://|[\w.-]+@[\w.-]+[:/]|(www\.)?github\.com[:/])`)

func isRemote(name string) bool { return remotePattern.MatchString(name) }
