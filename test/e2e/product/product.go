// Package product builds the bartizan binary from the module two levels above and runs it, so that end-to-end tests
// drive what users run and read what users read. It starts no cluster: give the binary a kubeconfig of package
// cluster. It cannot import the product's packages, since those are built on a newer Kubernetes library.
package product

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"

	"github.com/bartizan-dev/bartizan/test/e2e/gobuild"
)

// Binary is the path of a built bartizan.
type Binary string

// building makes tests of one package build one after the other: the second finds everything compiled.
var building sync.Mutex

// Build builds bartizan from the source as it is now. Go's build cache makes that quick when nothing has changed.
func Build(t testing.TB) Binary {
	t.Helper()
	building.Lock()
	defer building.Unlock()
	ctx, cancel := gobuild.Context(t)
	defer cancel()
	env, err := gobuild.Look(ctx)
	gobuild.Check(t, err)
	source := filepath.Join(env.Product(), "cmd", "bartizan")
	if _, err := os.Stat(source); err != nil {
		gobuild.CannotRun(t, "the product has no command yet: %v", err)
	}
	user, err := os.UserCacheDir()
	if err != nil {
		t.Fatalf("finding the place for the built product: %v; set HOME or XDG_CACHE_HOME", err)
	}
	// One directory for each source tree, so that two work trees do not replace each other's binary.
	tree := fnv.New64a()
	tree.Write([]byte(env.Product()))
	dir := filepath.Join(user, "bartizan-e2e", fmt.Sprintf("product-%x", tree.Sum64()))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatalf("making the place for the built product: %v", err)
	}
	output := filepath.Join(dir, "bartizan")
	program := gobuild.Program{Dir: env.Product(), Package: "./cmd/bartizan", Output: output}
	gobuild.Check(t, program.Build(ctx))
	return Binary(output)
}

// Result is what one run gave.
type Result struct {
	Stdout, Stderr []byte
	Code           int
	Peak           int64 // most memory that was resident at a time, in bytes
}

// Run runs bartizan with the arguments and, unless nil, the standard input. That it ends with a code other than 0 is
// for the test to judge; that it cannot be run or is ended by a signal fails the test.
func (b Binary) Run(t testing.TB, stdin []byte, args ...string) Result {
	t.Helper()
	ctx, cancel := gobuild.Context(t)
	defer cancel()
	cmd := exec.CommandContext(ctx, string(b), args...)
	cmd.Dir = t.TempDir()
	cmd.Stdin = bytes.NewReader(stdin)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	result := Result{Stdout: stdout.Bytes(), Stderr: stderr.Bytes(), Code: cmd.ProcessState.ExitCode()}
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		result.Peak = usage.Maxrss << 10 // Linux counts KiB
	}
	if exit := (*exec.ExitError)(nil); err != nil && (!errors.As(err, &exit) || result.Code < 0) {
		t.Fatalf("running bartizan %q: %v\n%s", args, err, result.Stderr)
	}
	return result
}

// JSON reads the standard output into a value, and fails the test when it is not JSON of that shape.
func (r Result) JSON(t testing.TB, into any) {
	t.Helper()
	if err := json.Unmarshal(r.Stdout, into); err != nil {
		t.Fatalf("reading what bartizan wrote as JSON: %v\nexit code %d\nstdout: %.2000s\nstderr: %.2000s",
			err, r.Code, r.Stdout, r.Stderr)
	}
}
