package kustomize

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"
)

// Limits on what one build may read.
const (
	maxFileBytes = 16 << 20
	maxBytes     = 64 << 20
	maxQuestions = 200_000
)

// Questions of the sandbox about an absolute path, whose root is that of the file system served.
const (
	askKind = 'k' // answered by one of the kinds below
	askFile = 'f' // answered by the contents
)

const (
	kindNone = '-'
	kindFile = 'f'
	kindDir  = 'd'
)

// server answers the sandbox from a file system, and remembers what it gave out.
type server struct {
	fsys      fs.FS
	cache     fs.FS // of what is remote; nil if there is none
	read      map[string][]byte
	bytes     int64
	questions int
}

func (s *server) serve(question []byte) ([]byte, error) {
	if s.questions++; s.questions > maxQuestions {
		return nil, fmt.Errorf("it asked for more than %d files", maxQuestions)
	}
	if len(question) < 2 || question[1] != '/' {
		return nil, errors.New("only absolute paths are served")
	}
	name := strings.TrimPrefix(path.Clean(string(question[1:])), "/")
	if name == "" {
		name = "."
	}
	if !fs.ValidPath(name) {
		return nil, fmt.Errorf("%q is not a path", name)
	}
	if question[0] == askKind {
		return []byte{s.kind(name)}, nil
	}
	return s.file(name)
}

// at is the file system that a path leads to, and the path there.
func (s *server) at(name string) (fs.FS, string, bool) {
	if in, ok := cached(name); ok {
		return s.cache, in, s.cache != nil
	}
	return s.fsys, name, true
}

// kind says what stands at a path. What may not be looked at does not exist.
func (s *server) kind(name string) byte {
	fsys, name, ok := s.at(name)
	if !ok {
		return kindNone
	}
	info, err := fs.Stat(fsys, name)
	switch {
	case err != nil:
		return kindNone
	case info.IsDir():
		return kindDir
	case info.Mode().IsRegular():
		return kindFile
	}
	return kindNone
}

func (s *server) file(name string) ([]byte, error) {
	if b, ok := s.read[name]; ok {
		return b, nil
	}
	if s.kind(name) != kindFile {
		return nil, fmt.Errorf("%s is not a file here", name)
	}
	fsys, at, _ := s.at(name)
	f, err := fsys.Open(at)
	if err != nil {
		return nil, fmt.Errorf("%s cannot be read", name)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxFileBytes+1))
	if err != nil {
		return nil, err
	}
	if len(b) > maxFileBytes {
		return nil, fmt.Errorf("%s has more than %d MiB", name, maxFileBytes>>20)
	}
	if s.bytes += int64(len(b)); s.bytes > maxBytes {
		return nil, fmt.Errorf("it reads more than %d MiB of files", maxBytes>>20)
	}
	s.read[name] = b
	return b, nil
}
