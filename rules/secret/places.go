package secret

import (
	"encoding/base64"
	"strings"

	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/internal/tree"
	"github.com/bartizan-dev/bartizan/rules/secret/credential"
)

// place is where in an object a text stands.
type place uint8

const (
	elsewhere place = iota
	inEnv           // the value of a variable: {name, value} in a list called env
	inArgs          // a command line: a text in a list called args or command
	inData          // data of a ConfigMap
	inSecret        // data of a Secret
	inMeta          // an annotation or a label
)

// placeSet is a set of places.
type placeSet uint8

func in(all ...place) (set placeSet) {
	for _, p := range all {
		set |= 1 << p
	}
	return set
}

// The sets of places that rules on every kind of object look at.
var (
	open       = in(elsewhere, inEnv, inArgs, inData, inMeta) // what more people read than Secrets
	everywhere = open | in(inSecret)
)

func (s placeSet) has(p place) bool { return s&(1<<p) != 0 }

// text is one text in an object, with its place.
type text struct {
	node  tree.Node
	place place
	name  string // the variable's, the key's
}

// value is the text itself; of the data of a Secret, what it is the base64 of.
func (t text) value() string {
	v := t.node.Text()
	if t.place != inSecret || t.node.Parent().Key() != "data" {
		return v
	}
	if strings.ContainsAny(v, " \n\r\t") {
		v = strings.Join(strings.Fields(v), "")
	}
	plain, err := base64.StdEncoding.DecodeString(v)
	if err != nil {
		return "" // a template; the API server would refuse it
	}
	return string(plain)
}

// limits on one object.
const (
	maxDepth = 64
	maxTexts = 200_000
)

// lastApplied is where kubectl apply keeps the object as it was applied.
const lastApplied = "kubectl.kubernetes.io/last-applied-configuration"

// walker visits the texts of an object.
type walker struct {
	places placeSet
	visit  func(text)
	left   int
}

// texts visits every text at some places of an object that a person may have written a credential into.
// Schemas of custom resources, status and managedFields hold none.
func texts(o *kube.Object, places placeSet, visit func(text)) {
	if o.Kind == "CustomResourceDefinition" || sealed(o) {
		return
	}
	w := walker{places: places, visit: visit, left: maxTexts}
	for c := o.Root.First(); c.Exists(); c = c.Next() {
		switch key := c.Key(); {
		case key == "apiVersion" || key == "kind" || key == "status":
		case key == "metadata":
			w.meta(c)
		case o.Ref.Kind == "ConfigMap" && (key == "data" || key == "binaryData"):
			w.each(c, inData)
		case o.Ref.Kind == "Secret" && (key == "data" || key == "stringData"):
			w.each(c, inSecret)
		default:
			w.value(c, 0)
		}
	}
}

// sealed says that an object's values are encrypted.
func sealed(o *kube.Object) bool {
	return o.Root.Get("sops").Kind() == tree.Map || o.Kind == "SealedSecret"
}

func (w *walker) meta(n tree.Node) {
	if !w.places.has(inMeta) {
		return
	}
	w.each(n.Get("annotations"), inMeta)
	w.each(n.Get("labels"), inMeta)
}

// each visits the values of a flat map.
func (w *walker) each(n tree.Node, p place) {
	for c := n.First(); c.Exists() && w.left > 0 && w.places.has(p); c = c.Next() {
		w.scalar(c, p, c.Key())
	}
}

func (w *walker) scalar(n tree.Node, p place, name string) {
	if !w.places.has(p) {
		return
	}
	switch n.Kind() {
	case tree.String, tree.Int:
		if p == inMeta && name == lastApplied {
			return // secret-last-applied speaks of it; it repeats the object
		}
		w.left--
		w.visit(text{n, p, name})
	}
}

// value visits what is below a value that is no metadata.
func (w *walker) value(n tree.Node, depth int) {
	if depth > maxDepth || w.left <= 0 {
		return
	}
	switch n.Kind() {
	case tree.Map:
		for c := n.First(); c.Exists(); c = c.Next() {
			if c.Kind() == tree.Map && c.Key() == "metadata" {
				w.meta(c)
				continue
			}
			w.value(c, depth+1)
		}
	case tree.List:
		w.list(n, depth)
	default:
		if w.places.has(elsewhere) {
			w.scalar(n, elsewhere, n.Key())
		}
	}
}

func (w *walker) list(n tree.Node, depth int) {
	key := n.Key()
	for c := n.First(); c.Exists(); c = c.Next() {
		if c.Kind() != tree.Map {
			if key == "args" || key == "command" {
				w.scalar(c, inArgs, "")
			} else {
				w.value(c, depth+1)
			}
			continue
		}
		name := c.Get("name")
		value := c.Get("value")
		if !name.Exists() || !value.Exists() {
			w.value(c, depth+1)
			continue
		}
		p := elsewhere // a header, a parameter
		if key == "env" {
			p = inEnv
		}
		w.scalar(value, p, name.Text())
	}
}

// syntax says how a text is to be read.
func (t text) syntax() credential.Syntax {
	switch t.place {
	case inArgs:
		return credential.Shell
	case inData, inSecret:
		return syntaxOf(t.name)
	}
	return credential.Settings
}

// syntaxOf judges a file by its name.
func syntaxOf(file string) credential.Syntax {
	dot := strings.LastIndexByte(file, '.')
	if dot < 0 {
		return credential.Settings
	}
	switch strings.ToLower(file[dot+1:]) {
	case "js", "mjs", "cjs", "ts", "tsx", "jsx", "css", "html", "htm", "py", "go", "rb", "php", "java", "lua", "rs", "c", "cc", "cpp",
		"h", "groovy", "jsonnet", "libsonnet", "sql", "tmpl", "tpl", "gotmpl", "svg", "star", "rego", "vue", "kt", "scala", "ps1":
		return credential.Code
	case "md", "txt", "rst", "adoc", "csv", "rules":
		return credential.Prose
	case "sh", "bash", "zsh":
		return credential.Shell
	}
	return credential.Settings
}

// pathIn is the JSON Pointer from the object's root, which may be an item of a list.
func pathIn(o *kube.Object, n tree.Node) string {
	return strings.TrimPrefix(n.Path(), o.Root.Path())
}
