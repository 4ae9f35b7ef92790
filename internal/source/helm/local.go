package helm

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	chart "helm.sh/helm/v4/pkg/chart/v2"
	"sigs.k8s.io/yaml"
)

// local adds the dependencies that Chart.yaml finds by a path ("file://../common") and that nobody has
// copied to charts/ yet: in a repository of many charts they stand next door. dir is the chart's place in
// the file system, prefix that of its files in the chart that is rendered.
func (l *chartReader) local(dir, prefix string, depth int) error {
	deps := l.dependencies(prefix)
	for _, d := range deps {
		rel, isPath := strings.CutPrefix(d.Repository, "file://")
		if !isPath || path.IsAbs(rel) || l.hasSubchart(prefix, d.Name) {
			continue
		}
		from := path.Join(dir, rel)
		if !fs.ValidPath(from) {
			continue // out of the file system: it stays missing
		}
		if _, err := fs.Stat(l.chart.FS, path.Join(from, "Chart.yaml")); errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if depth >= maxNested {
			return fmt.Errorf("dependencies by path are nested more than %d deep", maxNested)
		}
		sub := &chartReader{chart: Chart{FS: l.chart.FS, Path: from, Name: path.Join(l.chart.Name, relativeTo(l.chart.Path, from))},
			rules: l.rules, bytes: l.bytes, entries: l.entries}
		if err := sub.dir(".", 0); err != nil {
			return fmt.Errorf("dependency %s: %w", d.Name, err)
		}
		for i := range sub.files {
			sub.files[i].Name = prefix + "charts/" + d.Name + "/" + sub.files[i].Name
		}
		l.files = append(l.files, sub.files...)
		l.items = append(l.items, sub.items...)
		l.bytes, l.entries = sub.bytes, sub.entries
		if err := l.local(from, prefix+"charts/"+d.Name+"/", depth+1); err != nil {
			return err
		}
	}
	return nil
}

// dependencies are those of the Chart.yaml under a prefix; none if it cannot be read, which rendering says.
func (l *chartReader) dependencies(prefix string) []*chart.Dependency {
	for _, f := range l.files {
		if f.Name == prefix+"Chart.yaml" {
			var m chart.Metadata
			if len(f.Data) > 1<<20 || yaml.Unmarshal(f.Data, &m) != nil {
				return nil
			}
			deps := m.Dependencies[:0:0]
			for _, d := range m.Dependencies {
				if d != nil && d.Name != "" && !strings.ContainsAny(d.Name, "/\\") && !strings.HasPrefix(d.Name, ".") {
					deps = append(deps, d)
				}
			}
			return deps
		}
	}
	return nil
}

// hasSubchart says whether charts/ holds a directory or archive that is named for a chart.
func (l *chartReader) hasSubchart(prefix, name string) bool {
	for _, f := range l.files {
		rest, ok := strings.CutPrefix(f.Name, prefix+"charts/"+name)
		if ok && (strings.HasPrefix(rest, "/") || strings.HasPrefix(rest, "-") && strings.HasSuffix(rest, ".tgz")) {
			return true
		}
	}
	return false
}

// relativeTo is the path from one directory of a file system to another.
func relativeTo(from, to string) string {
	from, to = "/"+strings.TrimPrefix(path.Clean(from), "."), "/"+strings.TrimPrefix(path.Clean(to), ".")
	from, to = path.Clean(from), path.Clean(to)
	up := ""
	for from != "/" && from != to && !strings.HasPrefix(to, from+"/") {
		from, up = path.Dir(from), up+"../"
	}
	return up + strings.TrimPrefix(strings.TrimPrefix(to, from), "/")
}
