package cluster

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bartizan-dev/bartizan/test/e2e/gobuild"
)

// The names of the programs, which are also the names of their processes.
const (
	Etcd              = "etcd"
	APIServer         = "kube-apiserver"
	ControllerManager = "kube-controller-manager"
	Kubelet           = "kubelet"
)

// set is what is built together: a program of this module under its names, and etcd or not.
type set struct {
	source string // its directory below cmd
	names  []string
	etcd   bool
}

func controlPlane() set { return set{"kube", []string{APIServer, ControllerManager}, true} }

func nodeServer() set { return set{"kubelet", []string{Kubelet}, false} }

// unusedAfter is the age at which builds that no test has asked for are deleted.
const unusedAfter = 14 * 24 * time.Hour

// Binaries is a directory with the built programs.
type Binaries struct{ Dir string }

// Path is the program of that name.
func (b Binaries) Path(name string) string { return filepath.Join(b.Dir, name) }

// Build returns the programs, building them first when this version of them was never built on this machine. The
// first build takes many minutes: 'go run ./cmd/prepare' does it without a test's time limit.
func Build(t testing.TB) Binaries {
	t.Helper()
	if testing.Short() {
		gobuild.CannotRun(t, "-short was given, and a control plane takes a while")
	}
	ctx, cancel := gobuild.Context(t)
	defer cancel()
	binaries, err := Prepare(ctx)
	if ctx.Err() != nil {
		t.Fatalf("%v\nRun 'go run ./cmd/prepare' in test/e2e once; Go keeps what was compiled so far.", err)
	}
	gobuild.Check(t, err)
	return binaries
}

// Prepare is [Build] for a caller that is not a test.
func Prepare(ctx context.Context) (Binaries, error) { return prepare(ctx, controlPlane()) }

// PrepareNode is Prepare for what a node runs: the kubelet.
func PrepareNode(ctx context.Context) (Binaries, error) { return prepare(ctx, nodeServer()) }

func prepare(ctx context.Context, what set) (Binaries, error) {
	env, err := gobuild.Look(ctx)
	if err != nil {
		return Binaries{}, err
	}
	key, err := buildKey(env, what.source)
	if err != nil {
		return Binaries{}, err
	}
	user, err := os.UserCacheDir()
	if err != nil {
		return Binaries{}, fmt.Errorf("finding the place for built servers: %w; set HOME or XDG_CACHE_HOME", err)
	}
	cache := filepath.Join(user, "bartizan-e2e")
	b := Binaries{Dir: filepath.Join(cache, key)}
	if err := os.MkdirAll(cache, 0o700); err != nil {
		return b, fmt.Errorf("making the place for built servers: %w", err)
	}
	lock, err := lockFile(ctx, b.Dir+".lock")
	if err != nil {
		return b, err
	}
	defer lock.Close()
	if _, err := os.Stat(b.Dir); err != nil {
		if err := what.buildInto(ctx, env.Module(), b.Dir); err != nil {
			return b, err
		}
	}
	now := time.Now()
	for _, used := range []string{b.Dir, lock.Name()} {
		if err := os.Chtimes(used, now, now); err != nil {
			return b, fmt.Errorf("marking the built servers as used: %w", err)
		}
	}
	return b, forgetUnused(cache)
}

// buildKey names a build by everything that decides its outcome.
func buildKey(env gobuild.Environment, source string) (string, error) {
	hash := sha256.New()
	fmt.Fprintln(hash, env.GOVERSION, env.GOOS, env.GOARCH, linkerFlags("any"))
	files, err := filepath.Glob(filepath.Join(env.Module(), "cmd", source, "*.go"))
	if err != nil || len(files) == 0 {
		return "", fmt.Errorf("%w: no source of the servers below %s", gobuild.ErrUnavailable, env.Module())
	}
	for _, name := range append(files, env.GOMOD, filepath.Join(env.Module(), "go.sum")) {
		file, err := os.Open(name)
		if err != nil {
			return "", fmt.Errorf("%w: %w", gobuild.ErrUnavailable, err)
		}
		fmt.Fprintln(hash, filepath.Base(name))
		_, err = io.Copy(hash, file)
		file.Close()
		if err != nil {
			return "", fmt.Errorf("hashing %s: %w", name, err)
		}
	}
	return fmt.Sprintf("%x", hash.Sum(nil)[:10]), nil
}

// buildInto makes dir with all programs in it, or nothing.
func (what set) buildInto(ctx context.Context, module, dir string) error {
	version, err := gobuild.Run(ctx, module, "list", "-m", "-f", "{{.Version}}", "k8s.io/kubernetes")
	if err != nil {
		return fmt.Errorf("asking which Kubernetes the module %s requires: %w", module, err)
	}
	temp, err := os.MkdirTemp(filepath.Dir(dir), "building-")
	if err != nil {
		return fmt.Errorf("making a place to build in: %w", err)
	}
	defer os.RemoveAll(temp)
	built := Binaries{Dir: temp}
	programs := []gobuild.Program{{Dir: module, Package: "./cmd/" + what.source,
		Linker: linkerFlags(strings.TrimSpace(string(version))), Static: true, Output: built.Path(what.names[0])}}
	if what.etcd {
		programs = append(programs, gobuild.Program{Dir: module, Package: "go.etcd.io/etcd/server/v3", Linker: "-s -w",
			Static: true, Output: built.Path(Etcd)})
	}
	for _, program := range programs {
		if err := program.Build(ctx); err != nil {
			return err
		}
	}
	for _, name := range what.names[1:] {
		if err := os.Link(built.Path(what.names[0]), built.Path(name)); err != nil {
			return fmt.Errorf("giving the server its second name: %w", err)
		}
	}
	if err := os.Rename(temp, dir); err != nil {
		return fmt.Errorf("putting the built servers in place: %w", err)
	}
	return nil
}

// linkerFlags stamp what a release build stamps, since a module carries no git history: the version that the server
// tells at /version, and that its own clients send.
func linkerFlags(version string) string {
	major, minor, _ := strings.Cut(strings.TrimPrefix(version, "v"), ".")
	minor, _, _ = strings.Cut(minor, ".")
	flags := []string{"-s", "-w",
		"-X k8s.io/component-base/version.gitTreeState=clean",
		"-X k8s.io/component-base/version.gitCommit=unknown"}
	for _, pkg := range []string{"k8s.io/component-base/version", "k8s.io/client-go/pkg/version"} {
		flags = append(flags, "-X "+pkg+".gitVersion="+version, "-X "+pkg+".gitMajor="+major,
			"-X "+pkg+".gitMinor="+minor)
	}
	return strings.Join(flags, " ")
}

// forgetUnused deletes builds of other versions that nobody has asked for in a long time.
func forgetUnused(cache string) error {
	entries, err := os.ReadDir(cache)
	if err != nil {
		return fmt.Errorf("looking for old builds: %w", err)
	}
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil || time.Since(info.ModTime()) < unusedAfter {
			continue
		}
		if err := os.RemoveAll(filepath.Join(cache, entry.Name())); err != nil {
			return fmt.Errorf("deleting the old build %s: %w", entry.Name(), err)
		}
	}
	return nil
}
