package archive

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"strings"
	"testing"
)

// pack makes an archive of headers; each file is filled with its header's size of blanks.
func pack(t testing.TB, headers ...*tar.Header) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	for _, h := range headers {
		if h.Mode == 0 {
			h.Mode = 0o644
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if h.Typeflag == tar.TypeReg {
			if _, err := io.CopyN(w, blanks{}, h.Size); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	z.Close()
	return b.Bytes()
}

type blanks struct{}

func (blanks) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

func file(name string, size int64) *tar.Header {
	return &tar.Header{Name: name, Size: size, Typeflag: tar.TypeReg}
}

func TestRead(t *testing.T) {
	files, err := Read(bytes.NewReader(pack(t,
		&tar.Header{Name: "web/", Typeflag: tar.TypeDir, Mode: 0o755}, file("web/Chart.yaml", 10), file("./web//templates/./x.yaml", 3),
	)), DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range files {
		got = append(got, fmt.Sprint(f.Name, " ", len(f.Data)))
	}
	if want := "web/Chart.yaml 10, web/templates/x.yaml 3"; strings.Join(got, ", ") != want {
		t.Errorf("%q, want %q", strings.Join(got, ", "), want)
	}
}

func TestHostile(t *testing.T) {
	lim := Limits{Entries: 100, Bytes: 8 << 20, File: 4 << 20, Ratio: 100}
	many := make([]*tar.Header, 101)
	for i := range many {
		many[i] = file(fmt.Sprint("a/", i), 0)
	}
	whole := pack(t, file("a/b", 100_000))
	for name, c := range map[string]struct {
		in  []byte
		err string
	}{
		"nothing":      {nil, "not a gzipped tar archive"},
		"not gzip":     {[]byte("apiVersion: v1"), "not a gzipped tar archive"},
		"cut off":      {whole[:len(whole)/2], "unexpected EOF"},
		"bomb":         {pack(t, file("a/b", 3<<20)), "unpacks to more than 100 times its size"},
		"many files":   {pack(t, many...), "more than 100 entries"},
		"large file":   {pack(t, file("a/b", 5<<20)), "more than 4194304"},
		"up":           {pack(t, file("a/../../etc/passwd", 1)), "leads out of it"},
		"up, Windows":  {pack(t, file(`a\..\..\x`, 1)), "leads out of it"},
		"absolute":     {pack(t, file("/etc/passwd", 1)), "leads out of it"},
		"drive":        {pack(t, file("c:/x", 1)), "leads out of it"},
		"link":         {pack(t, &tar.Header{Name: "a/l", Linkname: "/etc/passwd", Typeflag: tar.TypeSymlink}), "holds a link"},
		"hard link":    {pack(t, &tar.Header{Name: "a/l", Linkname: "/etc/passwd", Typeflag: tar.TypeLink}), "holds a link"},
		"device":       {pack(t, &tar.Header{Name: "a/null", Typeflag: tar.TypeChar}), "neither a file nor a directory"},
		"pipe":         {pack(t, &tar.Header{Name: "a/pipe", Typeflag: tar.TypeFifo}), "neither a file nor a directory"},
		"zip in a tgz": {gz(t, []byte("PK\x03\x04"+strings.Repeat("x", 1000))), "invalid tar header"},
	} {
		t.Run(name, func(t *testing.T) {
			files, err := Read(bytes.NewReader(c.in), lim)
			if err == nil || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%d files, %v; want an error with %q", len(files), err, c.err)
			}
		})
	}
}

// TestSparse: a sparse file claims gigabytes in a few hundred bytes, many times over.
func TestSparse(t *testing.T) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	for i := range 8 {
		sparse := fmt.Sprintf("1\n%d\n0\n", 3<<20)
		records := paxRecord("GNU.sparse.major", "1") + paxRecord("GNU.sparse.minor", "0") +
			paxRecord("GNU.sparse.realsize", fmt.Sprint(3<<20)) + paxRecord("GNU.sparse.name", fmt.Sprintf("a/%d", i))
		rawEntry(t, z, 'x', "pax", []byte(records))
		rawEntry(t, z, '0', fmt.Sprintf("a/%d", i), append([]byte(sparse), make([]byte, 512-len(sparse))...))
	}
	z.Write(make([]byte, 1024))
	z.Close()
	_, err := Read(&b, Limits{Entries: 100, Bytes: 8 << 20, File: 4 << 20, Ratio: 100})
	if err == nil || !strings.Contains(err.Error(), "unpacks to more than 8 MiB") {
		t.Errorf("%v", err)
	}
}

func paxRecord(key, value string) string {
	n := len(key) + len(value) + 3
	for range 3 {
		n = len(fmt.Sprint(n)) + len(key) + len(value) + 3
	}
	return fmt.Sprintf("%d %s=%s\n", n, key, value)
}

// rawEntry writes a tar entry that archive/tar would not.
func rawEntry(t *testing.T, w io.Writer, flag byte, name string, body []byte) {
	t.Helper()
	h := make([]byte, 512)
	copy(h, name)
	copy(h[100:], "0000644\x000000000\x000000000\x00")
	copy(h[124:], fmt.Sprintf("%011o\x00%011o\x00", len(body), 0))
	copy(h[148:], "        ")
	h[156] = flag
	copy(h[257:], "ustar\x0000")
	sum := 0
	for _, c := range h {
		sum += int(c)
	}
	copy(h[148:], fmt.Sprintf("%06o\x00 ", sum))
	w.Write(h)
	w.Write(body)
	w.Write(make([]byte, (512-len(body)%512)%512))
}

func gz(t *testing.T, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	z.Write(b)
	z.Close()
	return out.Bytes()
}

func TestHolds(t *testing.T) {
	chart := func(name string) bool { return strings.HasSuffix(name, "/Chart.yaml") }
	for name, c := range map[string]struct {
		in   []byte
		want bool
	}{
		"chart":     {pack(t, file("web/values.yaml", 1), file("web/Chart.yaml", 1)), true},
		"no chart":  {pack(t, file("web/values.yaml", 1)), false},
		"nothing":   {nil, false},
		"with link": {pack(t, &tar.Header{Name: "a/l", Linkname: "x", Typeflag: tar.TypeSymlink}, file("web/Chart.yaml", 1)), true},
		"bomb":      {pack(t, file("a/b", 3<<20), file("web/Chart.yaml", 1)), false},
	} {
		if got := Holds(bytes.NewReader(c.in), DefaultLimits(), chart); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(pack(f, file("web/Chart.yaml", 10)))
	f.Add(pack(f, file("web/../Chart.yaml", 10), file("x", 100)))
	f.Add([]byte{0x1f, 0x8b, 8, 0})
	lim := Limits{Entries: 50, Bytes: 1 << 20, File: 1 << 19, Ratio: 100}
	f.Fuzz(func(t *testing.T, in []byte) {
		files, err := Read(bytes.NewReader(in), lim)
		total := 0
		for _, x := range files {
			total += len(x.Data)
			if x.Name == "" || x.Name[0] == '/' || strings.HasPrefix(x.Name, "..") || strings.Contains(x.Name, "/../") {
				t.Errorf("name %q", x.Name)
			}
		}
		if err == nil && (len(files) > lim.Entries || total > int(lim.Bytes)) {
			t.Errorf("%d files, %d bytes", len(files), total)
		}
		Holds(bytes.NewReader(in), lim, func(string) bool { return false })
	})
}
