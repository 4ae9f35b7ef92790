package scan

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/archive"
	"github.com/bartizan-dev/bartizan/internal/source/manifest"
)

// Limits of a directory walk.
const (
	maxEntries = 200_000
	maxDepth   = 100
)

// The reasons for which a walk passes something over.
const (
	skipHidden   = "hidden directory"
	skipVendored = "directory of other people's code"
	skipFixtures = "directory of test fixtures"
	skipLink     = "symbolic link to what is read anyway"
	skipSpecial  = "neither a file nor a directory"
	skipArchive  = "archive that is not a chart"
	skipPart     = "patch or input of a kustomization"
)

const chartFile = "Chart.yaml"

// passedOver says which directories are not walked, and why. Test fixtures are often wrong on purpose; a
// directory that only says "test" is walked, because its manifests are commonly deployed.
func passedOver(name string) string {
	switch name {
	case "testdata", "test-data", "fixtures", "test-fixtures", "__fixtures__", "__tests__", "__snapshots__":
		return skipFixtures
	case "node_modules", "vendor", "bower_components":
		return skipVendored
	}
	if strings.HasPrefix(name, ".") {
		return skipHidden
	}
	return ""
}

// walked is what there is to read below a directory, by path from there.
type walked struct {
	files          []manifest.File
	charts         []string
	kustomizations map[string]*kustomization
	gaps           []bartizan.Gap
}

// walker goes through one directory.
type walker struct {
	walked
	fsys    fs.FS
	name    string // of the directory, as the user gave it
	entries int
	links   []string
}

// walk finds what there is to read below a directory. With only, the name of a file that makes a
// directory a chart or a kustomization, nothing but that.
func walk(fsys fs.FS, name, only string) *walked {
	w := &walker{fsys: fsys, name: name, walked: walked{kustomizations: map[string]*kustomization{}}}
	switch {
	case only == chartFile:
		w.charts = []string{"."}
	case only != "":
		w.kustomization(".", only)
	default:
		w.dir(".", 0)
		w.resolveLinks()
	}
	return &w.walked
}

func (w *walker) gap(at string, skip bool, format string, args ...any) {
	w.gaps = append(w.gaps, bartizan.Gap{
		Origin: bartizan.Origin{Source: "walk", File: w.shown(at)}, Reason: fmt.Sprintf(format, args...), Skip: skip,
	})
}

// shown is a path in the directory as the user would write it.
func (w *walker) shown(at string) string { return path.Join(w.name, at) }

func (w *walker) dir(at string, depth int) {
	if depth > maxDepth {
		w.gap(at, false, "directories are nested more than %d deep: scan the inner ones on their own", maxDepth)
		return
	}
	entries, err := fs.ReadDir(w.fsys, at)
	if err != nil {
		w.gap(at, false, "the directory cannot be read: %s", reasonOf(err))
	}
	chart := slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return e.Name() == chartFile && !e.IsDir() })
	if chart {
		w.charts = append(w.charts, at)
	}
	for _, e := range entries {
		if w.entries++; w.entries == maxEntries {
			w.gap(at, false, "more than %d files and directories: the rest was not read; scan parts of it", maxEntries)
		}
		if w.entries >= maxEntries {
			return
		}
		if chart && partOfChart(e.Name()) {
			continue
		}
		w.entry(path.Join(at, e.Name()), e, depth)
	}
}

// partOfChart names what a chart's own rendering takes care of. Everything else beside a Chart.yaml is
// looked at like anything else: the file must not hide a repository.
func partOfChart(name string) bool {
	switch name {
	case chartFile, "templates", "charts", "crds", "values.yaml", "values.schema.json":
		return true
	}
	return false
}

func (w *walker) entry(at string, e fs.DirEntry, depth int) {
	name := e.Name()
	switch {
	case name == ".git": // not a part of what it keeps
	case e.IsDir():
		if reason := passedOver(name); reason != "" {
			w.gap(at, true, "%s", reason)
			return
		}
		w.dir(at, depth+1)
	case e.Type()&fs.ModeSymlink != 0:
		w.links = append(w.links, at)
	case !isManifestName(name) && !isArchiveName(name) && !isKustomizationName(name):
	case !e.Type().IsRegular():
		w.gap(at, true, skipSpecial)
	default:
		w.file(at)
	}
}

// file takes in a regular file.
func (w *walker) file(at string) {
	name := path.Base(at)
	switch {
	case isKustomizationName(name):
		w.kustomization(path.Dir(at), name)
	case isManifestName(name):
		w.files = append(w.files, manifest.File{Path: at, Name: w.shown(at)})
	case isChartArchive(w.fsys, at):
		w.charts = append(w.charts, at)
	default:
		w.gap(at, true, skipArchive)
	}
}

func isArchiveName(name string) bool {
	return strings.HasSuffix(name, ".tgz") || strings.HasSuffix(name, ".tar.gz")
}

// isChartArchive says whether a file is the archive of a chart.
func isChartArchive(fsys fs.FS, name string) bool {
	if !isArchiveName(name) {
		return false
	}
	f, err := fsys.Open(name)
	if err != nil {
		return false
	}
	defer f.Close()
	return archive.Holds(f, archive.DefaultLimits(), func(name string) bool {
		dir, file := path.Split(name)
		return file == chartFile && strings.Count(dir, "/") == 1
	})
}

func isManifestName(name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".yaml", ".yml", ".json":
		return true
	}
	return false
}

// resolveLinks adds the files that only a symbolic link leads to. The file system itself refuses to leave
// the directory. Links to directories inside it are not followed: what they lead to is walked where it
// stands.
func (w *walker) resolveLinks() {
	read := make(map[string]bool, len(w.files))
	for _, f := range w.files {
		read[f.Path] = true
	}
	for _, at := range w.links {
		info, err := fs.Stat(w.fsys, at)
		wanted := isManifestName(at) || isKustomizationName(path.Base(at))
		switch {
		case err != nil && wanted:
			w.gap(at, false, "the symbolic link is not followed: %s", reasonOf(err))
		case err != nil:
			w.gap(at, true, "symbolic link that is not followed")
		case info.IsDir():
			w.gap(at, true, skipLink)
		case !wanted:
		case !info.Mode().IsRegular():
			w.gap(at, true, skipSpecial)
		default:
			if target := w.target(at); read[target] {
				w.gap(at, true, skipLink)
			} else {
				read[target] = true
				w.file(at)
			}
		}
	}
	slices.SortStableFunc(w.files, func(a, b manifest.File) int { return strings.Compare(a.Path, b.Path) })
	slices.Sort(w.charts)
}

// maxLinks bounds the links on the way to one file.
const maxLinks = 100

// target is the path in the directory that a path leads to when all links on it are followed.
func (w *walker) target(at string) string {
	done, rest := ".", at
	for links := 0; rest != "" && links < maxLinks; {
		part, more, _ := strings.Cut(rest, "/")
		next := path.Join(done, part)
		if to, err := fs.ReadLink(w.fsys, next); err == nil {
			links++
			rest = path.Join(to, more)
			continue
		}
		done, rest = next, more
	}
	return path.Clean(done)
}
