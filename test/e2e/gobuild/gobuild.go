package gobuild

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// ErrUnavailable marks an error that says that this machine cannot build at all: no Go tool, no source, or modules
// that can be neither found nor fetched. A test that meets it cannot run; see [CannotRun].
var ErrUnavailable = errors.New("the build is not possible here")

// Environment is what the Go tool answers about the directory it was asked in.
type Environment struct {
	GOMOD     string // the go.mod in force
	GOVERSION string
	GOOS      string
	GOARCH    string
}

// Module is the directory of the end-to-end module.
func (e Environment) Module() string { return filepath.Dir(e.GOMOD) }

// Product is the directory of the product's module, two levels above.
func (e Environment) Product() string { return filepath.Dir(filepath.Dir(e.Module())) }

// Look asks the Go tool about the working directory, which for a test is the directory of its package.
func Look(ctx context.Context) (Environment, error) {
	var env Environment
	out, err := Run(ctx, ".", "env", "-json", "GOMOD", "GOVERSION", "GOOS", "GOARCH")
	if err != nil {
		return env, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	if err := json.Unmarshal(out, &env); err != nil {
		return env, fmt.Errorf("reading the answer of 'go env': %w", err)
	}
	if env.GOMOD == "" || env.GOMOD == os.DevNull {
		return env, fmt.Errorf("%w: no go.mod above the working directory; run the tests with 'go test' from test/e2e",
			ErrUnavailable)
	}
	return env, nil
}

// Run runs the Go tool in dir and returns its standard output. Should this process end first, so does the Go tool.
func Run(ctx context.Context, dir string, args ...string) ([]byte, error) {
	return run(ctx, dir, nil, args)
}

// run is Run with more environment.
func run(ctx context.Context, dir string, env, args []string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = dir
	cmd.Env = append(append(os.Environ(), "GOWORK=off"), env...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 10 * time.Second
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGINT}
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if ctx.Err() != nil {
		return nil, fmt.Errorf("'go %s' in %s was not done in time: %w", strings.Join(args, " "), dir, ctx.Err())
	}
	if err != nil {
		return nil, fmt.Errorf("'go %s' in %s: %w\n%s", strings.Join(args, " "), dir, err, last(stderr.String(), 30))
	}
	return out, nil
}

// Program is something to build.
type Program struct {
	Dir     string // where to build: a directory of the module that provides the package
	Package string
	Linker  string // -ldflags
	Static  bool   // without cgo, whatever the environment says
	Output  string // the file to make, or to replace in one step
}

// Build makes the program. A file already there stays whole for whoever is running it.
func (p Program) Build(ctx context.Context) error {
	if err := p.fetch(ctx); err != nil {
		return err
	}
	temp := fmt.Sprintf("%s.%d", p.Output, os.Getpid())
	defer os.Remove(temp)
	args := []string{"build", "-buildvcs=false", "-ldflags=" + p.Linker, "-o", temp, p.Package}
	if _, err := run(ctx, p.Dir, p.env(), args); err != nil {
		return err
	}
	if err := os.Rename(temp, p.Output); err != nil {
		return fmt.Errorf("putting the built %s in place: %w", p.Package, err)
	}
	return nil
}

// env is what the program's build adds to the environment.
func (p Program) env() []string {
	if p.Static {
		return []string{"CGO_ENABLED=0"}
	}
	return nil
}

// fetch gets the source of everything the program needs. Only modules that cannot be had are the machine's fault: a
// package that is missing although all modules are there is a mistake in the source, and is told as such.
func (p Program) fetch(ctx context.Context) error {
	list := func() error {
		_, err := run(ctx, p.Dir, p.env(), []string{"list", "-deps", p.Package})
		return err
	}
	if list() == nil {
		return nil
	}
	if _, err := Run(ctx, p.Dir, "mod", "download"); err != nil {
		return fmt.Errorf("%w: the modules that %s needs are not in the module cache and cannot be fetched; "+
			"see 'go help goproxy': %w", ErrUnavailable, p.Package, err)
	}
	return list()
}

// last returns the last n lines of text.
func last(text string, n int) string {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
