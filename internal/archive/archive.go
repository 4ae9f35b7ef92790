// Package archive unpacks gzipped tar archives that nobody vouches for into memory: charts, sub-charts,
// bundles of manifests. Bytes, entries, expansion and names are bounded, and an archive that breaks a bound
// is refused whole. It never writes a file. It is not for container images: their layers are read as
// streams.
package archive

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"unicode/utf8"
)

// Separator stands between an archive's name and the name of a file in it.
const Separator = "!/"

// Limits bounds an archive.
type Limits struct {
	Entries int   // files and directories
	Bytes   int64 // of all files together, unpacked
	File    int64 // of one file, unpacked
	Ratio   int64 // unpacked to packed bytes, once more than a mebibyte was unpacked
}

// DefaultLimits is generous to charts: the largest public ones hold some thousand files and 10 MiB.
func DefaultLimits() Limits {
	return Limits{Entries: 20_000, Bytes: 64 << 20, File: 16 << 20, Ratio: 100}
}

// File is one regular file.
type File struct {
	Name string // cleaned, relative, with slashes
	Data []byte
}

// IsManifest says whether the name is that of a YAML or JSON file.
func (f File) IsManifest() bool {
	switch path.Ext(f.Name) {
	case ".yaml", ".yml", ".json":
		return true
	}
	return false
}

// IsGzip says whether bytes begin as a gzip file does.
func IsGzip(b []byte) bool { return bytes.HasPrefix(b, []byte{0x1f, 0x8b, 8}) }

// Read unpacks an archive.
func Read(r io.Reader, lim Limits) ([]File, error) {
	packed := &counter{r: r}
	z, err := gzip.NewReader(packed)
	if err != nil {
		return nil, fmt.Errorf("not a gzipped tar archive: %w", err)
	}
	defer z.Close()
	plain := &bounded{r: z, packed: packed, lim: lim}
	t := tar.NewReader(plain)
	var files []File
	total := int64(0)
	for n := 0; ; n++ {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return files, nil
		}
		if err != nil {
			return nil, plain.explain(err)
		}
		if n >= lim.Entries {
			return nil, fmt.Errorf("the archive has more than %d entries", lim.Entries)
		}
		// Sparse files hold more than was unpacked, so sizes are summed, too.
		if total += h.Size; total > lim.Bytes {
			return nil, fmt.Errorf("the archive unpacks to more than %d MiB", lim.Bytes>>20)
		}
		f, keep, err := entry(t, h, lim)
		if err != nil {
			return nil, plain.explain(err)
		}
		if keep {
			files = append(files, f)
		}
	}
}

// Holds says whether an archive has a file whose name matches. An archive that cannot be read up to such a
// file holds none.
func Holds(r io.Reader, lim Limits, match func(name string) bool) bool {
	packed := &counter{r: r}
	z, err := gzip.NewReader(packed)
	if err != nil {
		return false
	}
	defer z.Close()
	t := tar.NewReader(&bounded{r: z, packed: packed, lim: lim})
	for range lim.Entries {
		h, err := t.Next()
		if err != nil {
			return false
		}
		if name, err := cleanName(h.Name); err == nil && h.Typeflag == tar.TypeReg && match(name) {
			return true
		}
	}
	return false
}

// entry reads one entry; keep is false for a directory.
func entry(t *tar.Reader, h *tar.Header, lim Limits) (f File, keep bool, err error) {
	name, err := cleanName(h.Name)
	if err != nil {
		return f, false, err
	}
	switch h.Typeflag {
	case tar.TypeDir, tar.TypeXGlobalHeader:
		return f, false, nil
	case tar.TypeReg:
	case tar.TypeSymlink, tar.TypeLink:
		return f, false, fmt.Errorf("the archive holds a link, %q: unpack it and name the directory instead", h.Name)
	default:
		return f, false, fmt.Errorf("the archive holds %q, which is neither a file nor a directory", h.Name)
	}
	if h.Size > lim.File {
		return f, false, fmt.Errorf("%q in the archive has %d bytes, more than %d", h.Name, h.Size, lim.File)
	}
	data, err := io.ReadAll(io.LimitReader(t, lim.File))
	if err != nil {
		return f, false, err
	}
	return File{Name: name, Data: data}, true, nil
}

// cleanName refuses every name that could mean a place outside the archive.
func cleanName(name string) (string, error) {
	slashed := strings.ReplaceAll(name, `\`, "/")
	bad := slashed == "" || slashed[0] == '/' || !utf8.ValidString(name) || strings.ContainsRune(name, 0) ||
		len(slashed) > 1 && slashed[1] == ':'
	for part := range strings.SplitSeq(slashed, "/") {
		bad = bad || part == ".."
	}
	if bad {
		return "", fmt.Errorf("the archive holds %q, a name that leads out of it", name)
	}
	return path.Clean(slashed), nil
}

type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// bounded ends a stream that unpacks to too much.
type bounded struct {
	r      io.Reader
	packed *counter
	lim    Limits
	n      int64
	err    error
}

// freeBytes may unpack at any ratio: small archives of zeros and spaces harm nobody.
const freeBytes = 1 << 20

func (b *bounded) Read(p []byte) (int, error) {
	if b.err != nil {
		return 0, b.err
	}
	n, err := b.r.Read(p)
	b.n += int64(n)
	switch {
	case b.n > b.lim.Bytes:
		b.err = fmt.Errorf("the archive unpacks to more than %d MiB", b.lim.Bytes>>20)
	case b.n > freeBytes && b.n > b.packed.n*b.lim.Ratio:
		b.err = fmt.Errorf("the archive unpacks to more than %d times its size", b.lim.Ratio)
	default:
		return n, err
	}
	return n, b.err
}

// explain prefers the bound that was broken to what the tar reader made of it.
func (b *bounded) explain(err error) error {
	if b.err != nil {
		return b.err
	}
	return err
}
