package helm

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/bartizan-dev/bartizan/internal/tree"
)

// Key is a value that a chart's templates can ask for.
type Key struct {
	Path []string
	Kind tree.Kind // Invalid for one that templates name and no values file has
	True bool      // it is the boolean true
}

// maxKeys bounds the keys of one chart.
const maxKeys = 4000

// Keys lists the values of a chart and of its sub-charts, as the chart's own values.yaml would set them: what
// stands in values files and what templates name.
func Keys(c Chart) ([]Key, error) {
	files, _, err := load(c)
	if err != nil {
		return nil, err
	}
	l := keyLister{known: map[string]bool{}}
	for _, f := range files {
		if path.Base(f.Name) == "values.yaml" {
			if prefix, ok := subchart(path.Dir(f.Name)); ok {
				l.values(string(f.Data), prefix)
			}
		}
	}
	for _, f := range files {
		if i := strings.LastIndex("/"+f.Name, "/templates/"); i >= 0 {
			if prefix, ok := subchart(path.Clean(f.Name[:i])); ok {
				l.named(string(f.Data), prefix)
			}
		}
	}
	return l.keys, nil
}

// subchart is the path of values that a directory of a chart has: "charts/a/charts/b" is a, b.
func subchart(dir string) (prefix []string, ok bool) {
	if dir == "." || dir == "" {
		return nil, true
	}
	parts := strings.Split(dir, "/")
	if len(parts)%2 != 0 {
		return nil, false
	}
	for i := 0; i < len(parts); i += 2 {
		if parts[i] != "charts" {
			return nil, false
		}
		prefix = append(prefix, strings.TrimSuffix(parts[i+1], ".unpacked"))
	}
	return prefix, true
}

type keyLister struct {
	keys  []Key
	known map[string]bool
}

func (l *keyLister) add(k Key) {
	id := strings.Join(k.Path, "\x00")
	if len(l.keys) < maxKeys && !l.known[id] {
		l.known[id] = true
		l.keys = append(l.keys, k)
	}
}

func (l *keyLister) values(text string, prefix []string) {
	for doc, err := range tree.Parse(text, tree.Limits{Bytes: 4 << 20}) {
		if err == nil {
			l.entries(doc.Root(), prefix)
		}
		return
	}
}

func (l *keyLister) entries(n tree.Node, prefix []string) {
	if n.Kind() != tree.Map || len(prefix) > 20 {
		return
	}
	for v := range n.Items() {
		at := append(slices.Clone(prefix), v.Key())
		yes, _ := v.Bool()
		l.add(Key{Path: at, Kind: v.Kind(), True: yes})
		l.entries(v, at)
	}
}

var valuesPattern = regexp.MustCompile(`\.Values((?:\.[A-Za-z_][A-Za-z0-9_]*)+)`)

// named adds what a template asks for and no values file has, with the maps around it.
func (l *keyLister) named(text string, prefix []string) {
	for _, m := range valuesPattern.FindAllStringSubmatch(text, 1000) {
		parts := strings.Split(m[1][1:], ".")
		for i := range parts {
			l.add(Key{Path: append(slices.Clone(prefix), parts[:i+1]...)})
		}
	}
}
