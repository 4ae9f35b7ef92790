// Package manifest is the source of plain Kubernetes manifests: YAML and JSON files, archives of them and a
// stream such as standard input. It reads exactly what it is given; internal/scan decides which files of a
// directory those are, internal/document what is in a text. Charts and kustomizations are not manifests:
// see internal/source/helm and internal/source/kustomize.
package manifest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"unsafe"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/archive"
	"github.com/bartizan-dev/bartizan/internal/document"
)

// Name is the Origin.Source of everything read here.
const Name = "manifest"

// MaxBytes bounds one file or stream.
const MaxBytes = 32 << 20

// File is one file to read.
type File struct {
	Path string // in FS
	Name string // as to be shown
	// Named says that the user named this very file.
	Named bool
}

// Files is a Source of files. They are parsed by several workers and emitted in the order given.
type Files struct {
	FS   fs.FS
	List []File
	// Workers is the number of files parsed at a time; 0 is one.
	Workers int
}

var _ bartizan.Source = (*Files)(nil)

// Read emits the objects of every file.
func (f *Files) Read(ctx context.Context, emit func(bartizan.Item) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	// Each file's items arrive on a channel of its own; the queue holds these in order, and its length
	// bounds how far the workers run ahead.
	type job struct {
		file File
		out  chan []bartizan.Item
	}
	workers := max(f.Workers, 1)
	todo, queue := make(chan job), make(chan job, 4*workers)
	for range workers {
		go func() {
			for j := range todo {
				j.out <- f.items(j.file)
			}
		}()
	}
	go func() {
		defer close(queue)
		defer close(todo)
		for _, file := range f.List {
			j := job{file, make(chan []bartizan.Item, 1)}
			select {
			case queue <- j:
			case <-ctx.Done():
				return
			}
			select {
			case todo <- j:
			case <-ctx.Done():
				return
			}
		}
	}()
	for j := range queue {
		select {
		case items := <-j.out:
			if err := emitAll(items, emit); err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return ctx.Err()
}

func emitAll(items []bartizan.Item, emit func(bartizan.Item) error) error {
	for _, it := range items {
		if err := emit(it); err != nil {
			return err
		}
	}
	return nil
}

func (f *Files) items(file File) []bartizan.Item {
	s := document.Stream{Source: Name, File: file.Name, Named: file.Named}
	r, err := f.FS.Open(file.Path)
	if err != nil {
		return failed(s, err)
	}
	defer r.Close()
	size := int64(0)
	if info, err := r.Stat(); err == nil && info.Mode().IsRegular() {
		size = info.Size()
	}
	return read(r, size, s)
}

// Stream is a Source of one stream, such as standard input.
func Stream(name string, r io.Reader) bartizan.Source { return stream{name, r} }

type stream struct {
	name string
	r    io.Reader
}

// Read emits the objects of the stream.
func (s stream) Read(_ context.Context, emit func(bartizan.Item) error) error {
	return emitAll(read(s.r, 0, document.Stream{Source: Name, File: s.name, Named: true}), emit)
}

func read(r io.Reader, size int64, s document.Stream) []bartizan.Item {
	if size > MaxBytes {
		return failed(s, tooLarge(size))
	}
	var b bytes.Buffer
	b.Grow(int(size) + bytes.MinRead)
	if _, err := b.ReadFrom(io.LimitReader(r, MaxBytes+1)); err != nil {
		return failed(s, err)
	}
	if b.Len() > MaxBytes {
		return failed(s, tooLarge(0))
	}
	if archive.IsGzip(b.Bytes()) {
		return unpacked(b.Bytes(), s)
	}
	if bytes.HasPrefix(b.Bytes(), []byte("PK\x03\x04")) {
		return failed(s, errors.New("it is a zip archive: unpack it first"))
	}
	return document.Items(text(b.Bytes()), s)
}

// text is the bytes as a string, without a copy: nobody else holds them.
func text(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// unpacked reads the files of a tgz archive.
func unpacked(b []byte, s document.Stream) []bartizan.Item {
	files, err := archive.Read(bytes.NewReader(b), archive.DefaultLimits())
	if err != nil {
		return failed(s, err)
	}
	var items []bartizan.Item
	for _, f := range files {
		if f.IsManifest() {
			items = append(items, document.Items(string(f.Data),
				document.Stream{Source: Name, File: s.File + archive.Separator + f.Name})...)
		}
	}
	if len(items) == 0 {
		return failed(s, errors.New("the archive holds neither a chart nor a YAML or JSON file"))
	}
	return items
}

func failed(s document.Stream, err error) []bartizan.Item {
	var path *fs.PathError
	if errors.As(err, &path) {
		err = path.Err // the gap names the file
	}
	return []bartizan.Item{{Gap: &bartizan.Gap{
		Origin: bartizan.Origin{Source: s.Source, File: s.File}, Reason: "cannot be read: " + err.Error(),
	}}}
}

func tooLarge(size int64) error {
	if size > 0 {
		return fmt.Errorf("it has %d MiB, more than the limit of %d MiB: split it", size>>20, MaxBytes>>20)
	}
	return fmt.Errorf("it has more than the limit of %d MiB: split it", MaxBytes>>20)
}
