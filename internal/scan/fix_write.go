package scan

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Write writes the files, each through a new file beside it that takes its place, with the old one's
// permissions. A file that was changed since it was read is left alone.
func (p *FixPlan) Write() error {
	var errs []error
	for _, f := range p.Files {
		if err := f.write(); err != nil {
			errs = append(errs, fmt.Errorf("write %s: %w", f.Name, err))
		}
	}
	return errors.Join(errs...)
}

func (f FixedFile) write() error {
	if f.Before == "" {
		return f.create()
	}
	path, err := filepath.EvalSymlinks(filepath.FromSlash(f.Name))
	if err != nil {
		return err
	}
	now, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if string(now) != f.Before {
		return errors.New("it was changed meanwhile: run fix again")
	}
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), ".bartizan-*")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	_, err = tmp.WriteString(f.After)
	err = errors.Join(err, tmp.Chmod(info.Mode().Perm()), tmp.Close())
	if err != nil {
		return err
	}
	return os.Rename(tmp.Name(), path)
}

// create writes a file that must not exist yet.
func (f FixedFile) create() error {
	file, err := os.OpenFile(filepath.FromSlash(f.Name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = file.WriteString(f.After)
	return errors.Join(err, file.Close())
}
