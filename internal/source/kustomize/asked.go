package kustomize

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"slices"

	"sigs.k8s.io/kustomize/kyaml/filesys"

	"github.com/bartizan-dev/bartizan/internal/sandbox"
)

// asked is the file system that kustomize sees in the sandbox: read-only, and every answer is the
// parent's.
type asked struct {
	ask     sandbox.Ask
	root    string // the kustomization file that is built
	origins bool   // it asks for origin annotations itself
	cache   bool   // there is a cache of what is remote
	fault   error  // why the build cannot succeed
	kinds   map[string]byte
	data    map[string][]byte
}

var _ filesys.FileSystem = (*asked)(nil)

var errReadOnly = errors.New("the file system is read-only")

func (a *asked) kind(name string) byte {
	name = path.Clean(name)
	if k, ok := a.kinds[name]; ok {
		return k
	}
	k := byte(kindNone)
	if b, err := a.ask(append([]byte{askKind}, name...)); err == nil && len(b) == 1 {
		k = b[0]
	}
	a.kinds[name] = k
	return k
}

// IsDir says whether a path is a directory.
func (a *asked) IsDir(name string) bool { return a.kind(name) == kindDir }

// Exists says whether there is anything at a path.
func (a *asked) Exists(name string) bool { return a.kind(name) != kindNone }

// CleanedAbs splits a path into a directory and the name of a file in it.
func (a *asked) CleanedAbs(name string) (filesys.ConfirmedDir, string, error) {
	if !path.IsAbs(name) {
		name = "/" + name
	}
	name = path.Clean(name)
	switch a.kind(name) {
	case kindDir:
		return filesys.ConfirmedDir(name), "", nil
	case kindFile:
		return filesys.ConfirmedDir(path.Dir(name)), path.Base(name), nil
	}
	return "", "", fmt.Errorf("there is no %s under the directory that may be read", name)
}

// ReadFile gives the contents of a file. Kustomization files are looked into: what one refers to and is
// remote is taken from the cache, or ends the build before kustomize would go and fetch it.
func (a *asked) ReadFile(name string) ([]byte, error) {
	name = path.Clean(name)
	if b, ok := a.data[name]; ok {
		return b, nil
	}
	if a.kind(name) != kindFile {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	b, err := a.ask(append([]byte{askFile}, name...))
	if err != nil {
		a.fail(err)
		return nil, err
	}
	if slices.Contains(FileNames(), path.Base(name)) {
		if refs, err := ReferencesOf(string(b)); err == nil && len(refs.Remote) > 0 {
			if b, err = a.local(name, b, refs.Remote); err != nil {
				a.fail(err)
				return nil, err
			}
		}
	}
	if name == a.root {
		b, a.origins = withOrigins(b)
	}
	a.data[name] = b
	return b, nil
}

func (a *asked) fail(err error) {
	if a.fault == nil {
		a.fault = err
	}
}

// Create fails.
func (a *asked) Create(string) (filesys.File, error) { return nil, errReadOnly }

// Mkdir fails.
func (a *asked) Mkdir(string) error { return errReadOnly }

// MkdirAll fails.
func (a *asked) MkdirAll(string) error { return errReadOnly }

// RemoveAll fails.
func (a *asked) RemoveAll(string) error { return errReadOnly }

// WriteFile fails.
func (a *asked) WriteFile(string, []byte) error { return errReadOnly }

// Open fails: kustomize reads files whole.
func (a *asked) Open(string) (filesys.File, error) { return nil, errors.ErrUnsupported }

// ReadDir fails: a kustomization names every file.
func (a *asked) ReadDir(string) ([]string, error) { return nil, errors.ErrUnsupported }

// Glob fails, like ReadDir.
func (a *asked) Glob(string) ([]string, error) { return nil, errors.ErrUnsupported }

// Walk fails, like ReadDir.
func (a *asked) Walk(string, filepath.WalkFunc) error { return errors.ErrUnsupported }
