package notify

import (
	"context"
	"encoding/json"
	"fmt"
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
	if _, err := out.Write(lines); err != nil {
		return fmt.Errorf("append to %s: %w", f.path, err)
	}
	return out.Sync()
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
