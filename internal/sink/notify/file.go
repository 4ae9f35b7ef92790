package notify

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/bartizan-dev/bartizan/internal/alert"
	"github.com/bartizan-dev/bartizan/internal/tree"
)

// file appends lines to a file, which may be renamed and begun anew by who rotates it.
type file struct {
	place *place
	path  string
	form  string
}

func fileKind(r *reader, n tree.Node, known fields, _ *Target) func() func(*place) (courier, error) {
	f := file{form: "jsonl"}
	known["path"] = r.text(&f.path)
	known["form"] = r.choice(&f.form, "jsonl", "falco", "cef")
	return func() func(*place) (courier, error) {
		if f.path == "" {
			r.fault(n, "path is missing: name the file to append to")
		}
		return func(p *place) (courier, error) {
			own := f
			own.place = p
			return &own, nil
		}
	}
}

func (f *file) deliver(_ context.Context, batch []alert.Shown) error {
	var lines []byte
	for i := range batch {
		line, err := f.line(&batch[i])
		if err != nil {
			return &refusal{err.Error()}
		}
		lines = append(append(lines, line...), '\n')
	}
	out, err := os.OpenFile(f.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o640)
	if err != nil {
		return err
	}
	defer out.Close()
	if err := appendWhole(out, lines); err != nil {
		return fmt.Errorf("append to %s: %w", f.path, err)
	}
	return out.Sync()
}

// appendable is what appendWhole needs of a file.
type appendable interface {
	io.Writer
	Stat() (os.FileInfo, error)
	Truncate(size int64) error
}

// appendWhole appends all of a text or nothing: of what a full disk took a part of, half a line would be left, and the
// line that is written next would be joined to it. What others appended meanwhile stays.
func appendWhole(out appendable, text []byte) error {
	before, err := out.Stat()
	if err != nil {
		return err
	}
	n, err := out.Write(text)
	if err == nil || n == 0 {
		return err
	}
	if after, e := out.Stat(); e == nil && after.Mode().IsRegular() && after.Size() == before.Size()+int64(n) {
		_ = out.Truncate(before.Size())
	}
	return err
}

func (f *file) line(s *alert.Shown) ([]byte, error) {
	switch f.form {
	case "falco":
		return falcoJSON(s, f.place.hostname)
	case "cef":
		return []byte(cef(s, f.place.version)), nil
	}
	return json.Marshal(s)
}

func (f *file) close() error { return nil }
