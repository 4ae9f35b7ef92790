package helm

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"helm.sh/helm/v4/pkg/ignore"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/archive"
)

// Limits on a chart directory. Archives have those of internal/archive.
const (
	maxFiles     = 20_000
	maxFileBytes = 16 << 20
	maxBytes     = 64 << 20
	maxDirs      = 40 // nested
	maxNested    = 6  // archives in archives
)

// file is one file of a chart on its way to the sandbox.
type file struct {
	Name  string // in the chart
	Shown string // where it is, for the user
	Data  []byte
}

// load reads all files of a chart. The items are gaps about parts of it.
func load(c Chart) ([]file, []bartizan.Item, error) {
	info, err := fs.Stat(c.FS, c.Path)
	if err != nil {
		return nil, nil, err
	}
	l := &chartReader{chart: c, rules: ignore.Empty()}
	if info.IsDir() {
		if err := l.ignoreFile(); err != nil {
			return nil, nil, err
		}
		if err = l.dir(".", 0); err == nil {
			err = l.local(c.Path, "", 0)
		}
	} else {
		err = l.archive(info)
	}
	if err == nil {
		err = l.nested(0)
	}
	return l.files, l.items, err
}

type chartReader struct {
	chart   Chart
	rules   *ignore.Rules
	files   []file
	items   []bartizan.Item
	bytes   int64
	entries int
}

func (l *chartReader) ignoreFile() error {
	b, err := readFile(l.chart.FS, path.Join(l.chart.Path, ignore.HelmIgnore), 64<<10)
	if err == nil {
		if l.rules, err = ignore.Parse(bytes.NewReader(b)); err != nil {
			return fmt.Errorf("%s: %w", ignore.HelmIgnore, err)
		}
	} else if !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s: %w", ignore.HelmIgnore, err)
	}
	l.rules.AddDefaults()
	return nil
}

func (l *chartReader) dir(at string, depth int) error {
	if depth > maxDirs {
		return fmt.Errorf("directories are nested more than %d deep at %q: is there a loop of symbolic links?", maxDirs, at)
	}
	entries, err := fs.ReadDir(l.chart.FS, path.Join(l.chart.Path, at))
	if err != nil {
		return err
	}
	for _, e := range entries {
		if l.entries++; l.entries > maxFiles {
			return fmt.Errorf("it has more than %d files", maxFiles)
		}
		if err := l.entry(path.Join(at, e.Name()), depth); err != nil {
			return err
		}
	}
	return nil
}

func (l *chartReader) entry(at string, depth int) error {
	full := path.Join(l.chart.Path, at)
	info, err := fs.Stat(l.chart.FS, full) // follows links, within the file system
	if err != nil {
		l.items = append(l.items, gap(path.Join(l.chart.Name, at), 0, false, "a file of the chart cannot be read: %v", pathless(err)))
		return nil
	}
	if l.rules.Ignore(at, info) {
		return nil
	}
	switch {
	case info.IsDir():
		return l.dir(at, depth+1)
	case !info.Mode().IsRegular():
		l.items = append(l.items, gap(path.Join(l.chart.Name, at), 0, false, "a file of the chart is neither a file nor a directory"))
		return nil
	}
	b, err := readFile(l.chart.FS, full, maxFileBytes)
	if err != nil {
		return fmt.Errorf("%s: %w", at, err)
	}
	return l.add(file{Name: at, Shown: path.Join(l.chart.Name, at), Data: b})
}

func (l *chartReader) add(f file) error {
	if l.bytes += int64(len(f.Data)); l.bytes > maxBytes {
		return fmt.Errorf("it has more than %d MiB", maxBytes>>20)
	}
	f.Data = bytes.TrimPrefix(f.Data, []byte("\ufeff"))
	l.files = append(l.files, f)
	return nil
}

func (l *chartReader) archive(info fs.FileInfo) error {
	if info.Size() > maxBytes {
		return fmt.Errorf("the archive has more than %d MiB", maxBytes>>20)
	}
	r, err := l.chart.FS.Open(l.chart.Path)
	if err != nil {
		return err
	}
	defer r.Close()
	return l.unpack(r, "", l.chart.Name)
}

// unpack adds the files of an archive. An archive of a chart holds one directory.
func (l *chartReader) unpack(r io.Reader, prefix, shown string) error {
	files, err := archive.Read(r, archive.DefaultLimits())
	if err != nil {
		return err
	}
	for _, f := range files {
		_, name, found := strings.Cut(f.Name, "/")
		if !found {
			continue // beside the chart's directory
		}
		if err := l.add(file{Name: prefix + name, Shown: shown + archive.Separator + f.Name, Data: f.Data}); err != nil {
			return err
		}
	}
	return nil
}

// nested unpacks the archives of sub-charts, so that they are under the same limits and their templates
// can be pointed at.
func (l *chartReader) nested(depth int) error {
	i := slices.IndexFunc(l.files, isSubchartArchive)
	if i < 0 {
		return nil
	}
	if depth > maxNested {
		return fmt.Errorf("sub-chart archives are nested more than %d deep", maxNested)
	}
	old := l.files
	l.files = nil
	for _, f := range old {
		if !isSubchartArchive(f) {
			l.files = append(l.files, f)
			continue
		}
		if err := l.unpack(bytes.NewReader(f.Data), strings.TrimSuffix(f.Name, ".tgz")+".unpacked/", f.Shown); err != nil {
			return fmt.Errorf("sub-chart %s: %w", f.Name, err)
		}
	}
	if len(l.files) > maxFiles {
		return fmt.Errorf("it has more than %d files", maxFiles)
	}
	return l.nested(depth + 1)
}

func isSubchartArchive(f file) bool {
	return path.Ext(f.Name) == ".tgz" && path.Base(path.Dir(f.Name)) == "charts" && !strings.HasPrefix(path.Base(f.Name), "_") &&
		!strings.HasPrefix(path.Base(f.Name), ".")
}

func readFile(fsys fs.FS, name string, limit int64) ([]byte, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(b)) > limit {
		err = fmt.Errorf("the file has more than %d bytes", limit)
	}
	return b, err
}

// pathless is an error without the path in it, for gaps that name the file themselves.
func pathless(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}
