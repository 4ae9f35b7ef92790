// Command bartizan sees a Kubernetes cluster whole, says what matters and why, and proposes the smallest
// change. Each sub-command is one file; what they do lives in internal/scan and below.
package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/bartizan-dev/bartizan/internal/scan"
)

// version is set at release by the linker.
var version = "0.1.0-dev"

// The exit codes, as DESIGN section 5 and the manual promise them.
const (
	exitClean      = 0
	exitFindings   = 1
	exitUsage      = 2
	exitIncomplete = 3
	exitInternal   = 4
)

// A small run ends before it is worth collecting garbage; a large one is over in seconds and its data stays until
// the end, so that a smaller heap is worth the time that collecting often costs.
const (
	gcPercent  = 20       // how much the heap may grow between collections
	quietBytes = 64 << 20 // below this no garbage is collected
)

// pace sets how garbage is collected, unless GOGC or GOMEMLIMIT say how: not at all at first, and from the first
// collection on at gcPercent.
func pace() {
	if os.Getenv("GOGC") != "" || os.Getenv("GOMEMLIMIT") != "" {
		return
	}
	debug.SetGCPercent(-1)
	debug.SetMemoryLimit(quietBytes)
	collected := new([64]byte)
	runtime.AddCleanup(collected, func(percent int) {
		debug.SetMemoryLimit(math.MaxInt64)
		debug.SetGCPercent(percent)
	}, gcPercent)
}

// exitError carries an exit code up to main; a nil err prints nothing.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string {
	if e.err == nil {
		return ""
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

// usage marks an error as the caller's.
func usage(format string, args ...any) error {
	return &exitError{exitUsage, fmt.Errorf(format, args...)}
}

func main() {
	if handled, code := scan.Sandbox(os.Args); handled {
		os.Exit(code)
	}
	if len(os.Args) < 2 || os.Args[1] != "watch" { // watch goes on for ever: the pace of servers suits it
		pace()
	}
	os.Exit(run(os.Args[1:]))
}

func run(args []string) (code int) {
	defer func() {
		if p := recover(); p != nil {
			fmt.Fprintf(os.Stderr, "bartizan: internal error: %v\n%s\nThis is a fault of Bartizan, not of your input: please report it with the lines above.\n", p, debug.Stack())
			code = exitInternal
		}
	}()
	ctx, stop := signal.NotifyContext(context.Background(), ending()...)
	defer stop()
	go giveUp(ctx, stop, args)
	root := newRoot()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitClean
	}
	var exit *exitError
	if !errors.As(err, &exit) {
		exit = &exitError{exitUsage, err} // cobra's own errors are about flags and arguments
	}
	if exit.err != nil {
		fmt.Fprintf(os.Stderr, "bartizan: %v\n", exit.err)
	}
	return exit.code
}

// ending are the signals that ask the program to end. One that nohup has it ignore stays ignored.
func ending() []os.Signal {
	signals := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) {
		signals = append(signals, syscall.SIGHUP)
	}
	return signals
}

// giveUp ends the program where it does not end by itself when asked to: it may stand in a write to a terminal that was
// stopped, or open a pipe that nobody writes to. A second signal ends it at once. Hunting has steps to take back.
func giveUp(ctx context.Context, stop func(), args []string) {
	<-ctx.Done()
	stop()
	grace := 8 * time.Second
	if slices.Contains(args, "hunt") {
		grace = 2 * time.Minute
	}
	time.Sleep(grace)
	go fmt.Fprintln(os.Stderr, "bartizan: asked to end, and something that was begun does not: ended without it")
	time.Sleep(100 * time.Millisecond)
	os.Exit(exitIncomplete)
}

func newRoot() *cobra.Command {
	name := "bartizan"
	if strings.HasPrefix(filepath.Base(os.Args[0]), "kubectl-") {
		name = "kubectl bartizan"
	}
	root := &cobra.Command{
		Use:   "bartizan",
		Short: "See a Kubernetes cluster whole: what matters, why, and the smallest change",
		Long: "Bartizan reads Kubernetes manifests, Helm charts, kustomizations and live clusters, says what an\n" +
			"attacker could use and why, and mends it in place. It also answers who may do what and who can reach whom,\n" +
			"finds attack paths and the smallest change that ends them, and watches and hunts in running clusters.",
		Example: "  bartizan scan deploy/\n  bartizan fix deploy/ --diff\n  bartizan rule show pss-privileged\n" +
			"  bartizan path list deploy/\n  bartizan watch --replay audit.log",
		Version:           version,
		SilenceUsage:      true,
		SilenceErrors:     true,
		DisableAutoGenTag: true,
		Annotations:       map[string]string{cobra.CommandDisplayNameAnnotation: name},
	}
	root.SetVersionTemplate("bartizan {{.Version}}\n")
	root.AddCommand(newScan(), newFix(), newRule(), newGrant(), newReach(), newPath(), newHunt(), newWatch(), newExcept(), newVersion(), newMan())
	fitHelp(root)
	return root
}
