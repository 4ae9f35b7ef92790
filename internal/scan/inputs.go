package scan

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"

	"github.com/bartizan-dev/bartizan/internal/sandbox"
	"github.com/bartizan-dev/bartizan/internal/source/helm"
	"github.com/bartizan-dev/bartizan/internal/source/kustomize"
)

// Inputs is what the user asked to be read: the raw arguments, before anything was looked at.
type Inputs struct {
	// Paths are files, directories, or "-" for Stdin.
	Paths []string
	Stdin io.Reader
	Helm  HelmInputs
	// KubeVersion is the Kubernetes version that charts are rendered for, "1.37"; "" is the newest known.
	KubeVersion string
	// Lenient passes over files that were named and hold nothing of Kubernetes, even if nothing else does.
	Lenient bool
	// KustomizeCache is a directory with copies of remote bases, laid out as by "kustomize localize":
	// HOST/REPOSITORY/REF/PATH. "" is the value of BARTIZAN_KUSTOMIZE_CACHE. It is only read.
	KustomizeCache string
	// Limits is for the rendering of one chart or kustomization; the zero value is the default.
	Limits sandbox.Limits
}

// HelmInputs is what charts are rendered with, as the helm program takes it.
type HelmInputs struct {
	Values                  []string // files
	SetJSON, Set, SetString []string // KEY=VALUE
	Release, Namespace      string
	APIVersions             []string
}

// InputError says which argument cannot be read at all, and what to give instead. It is the user's to
// mend: nothing was scanned.
type InputError struct {
	Path, Reason string
}

// Error names the argument.
func (e *InputError) Error() string { return fmt.Sprintf("%s: %s", e.Path, e.Reason) }

// Sandbox serves the rendering of charts and kustomizations if the program was started for that, and says
// so. It must be called before anything else in main, with os.Args, and its code then be exited with.
func Sandbox(args []string) (handled bool, code int) {
	return sandbox.Main(args, map[string]sandbox.Job{helm.Job: helm.Render, kustomize.Job: kustomize.Build})
}

// Source looks at every path. The error is an *InputError. The source is to be closed after use.
func (in Inputs) Source() (*InputSource, error) {
	if len(in.Paths) == 0 {
		return nil, &InputError{"no PATH", `name files, directories or "-" for standard input`}
	}
	options, err := in.Helm.options(in.KubeVersion)
	if err != nil {
		return nil, err
	}
	s := &InputSource{
		helm: options, limits: in.Limits, lenient: in.Lenient, counts: Counts{Skipped: map[string]int{}},
		texts: map[string]string{}, sources: map[string]bool{}, seen: map[string]bool{}, process: &sandbox.Process{},
	}
	if s.cacheName = cmp.Or(in.KustomizeCache, os.Getenv("BARTIZAN_KUSTOMIZE_CACHE")); s.cacheName != "" {
		if s.cache, err = os.OpenRoot(s.cacheName); err != nil {
			return nil, pathError("the cache of kustomize bases "+s.cacheName, err)
		}
	}
	given := map[string]bool{}
	for _, p := range in.Paths {
		part, err := in.part(p)
		if err != nil {
			s.Close()
			return nil, err
		}
		if part.real != "" && given[part.real] {
			part.close() // a path that is given twice is read once
			continue
		}
		given[part.real] = true
		s.parts = append(s.parts, part)
	}
	return s, nil
}

// maxValuesBytes bounds a values file.
const maxValuesBytes = 8 << 20

// options reads the values files.
func (h HelmInputs) options(kubeVersion string) (helm.Options, error) {
	o := helm.Options{
		SetJSON: h.SetJSON, Set: h.Set, SetString: h.SetString, Release: h.Release, Namespace: h.Namespace,
		APIVersions: h.APIVersions, KubeVersion: kubeVersion,
	}
	for _, name := range h.Values {
		f, err := os.Open(name)
		if err != nil {
			return o, pathError(name, err)
		}
		data, err := io.ReadAll(io.LimitReader(f, maxValuesBytes+1))
		f.Close()
		switch {
		case err != nil:
			return o, pathError(name, err)
		case len(data) > maxValuesBytes:
			return o, &InputError{name, fmt.Sprintf("a values file may have %d MiB", maxValuesBytes>>20)}
		}
		o.Values = append(o.Values, helm.ValuesFile{Name: name, Data: data})
	}
	if err := o.Check(); err != nil {
		return o, &InputError{"Helm values", err.Error()}
	}
	return o, nil
}

// inputPart is one path.
type inputPart struct {
	name  string // as given
	real  string // absolute and free of links; "" for a stream
	stdin io.Reader
	dir   bool
	root  *os.Root // of a directory
	// only is set for a file that stands for its directory: the kustomization or chart to be rendered, and
	// nothing else of the directory.
	only string
}

func (p *inputPart) close() error {
	if p.root == nil {
		return nil
	}
	return p.root.Close()
}

var urlPattern = regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9+.-]*://|^[\w.-]+@[\w.-]+:`)

// part says what one path is.
func (in Inputs) part(name string) (*inputPart, error) {
	if name == "-" {
		if in.Stdin == nil {
			return nil, &InputError{name, "there is no standard input"}
		}
		return &inputPart{name: name, stdin: in.Stdin}, nil
	}
	info, err := os.Stat(name)
	if err != nil {
		return nil, pathError(name, err)
	}
	p := &inputPart{name: name, dir: info.IsDir()}
	if base := filepath.Base(name); base == chartFile || isKustomizationName(base) {
		p.name, p.dir, p.only = filepath.Dir(name), true, base
	}
	if p.real, err = filepath.Abs(p.name); err != nil {
		return nil, pathError(name, err)
	}
	if real, err := filepath.EvalSymlinks(p.real); err == nil {
		p.real = real
	}
	if p.dir {
		if p.root, err = os.OpenRoot(p.name); err != nil {
			return nil, pathError(name, err)
		}
	}
	return p, nil
}

func pathError(name string, err error) error {
	if urlPattern.MatchString(name) {
		return &InputError{name, "URLs are not read: fetch it first, then name the file or pipe it to -"}
	}
	if errors.Is(err, fs.ErrNotExist) {
		return &InputError{name, "there is no such file or directory"}
	}
	return &InputError{name, "cannot be read: " + reasonOf(err)}
}

// reasonOf is an error without the path in it.
func reasonOf(err error) string {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err.Error()
	}
	return err.Error()
}
