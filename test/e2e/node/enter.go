package node

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"testing"

	"github.com/bartizan-dev/bartizan/test/e2e/cluster"
)

// The variables that the stages of a test binary leave to each other.
const (
	stageVariable   = "BARTIZAN_NODE_STAGE"   // of this process: none, "init" or "inside"
	reasonVariable  = "BARTIZAN_NODE_REASON"  // why there can be no node
	cgroupVariable  = "BARTIZAN_NODE_CGROUP"  // the name of the node's control groups
	kubeletVariable = "BARTIZAN_NODE_KUBELET" // the directory of the kubelet
)

// Main is to be called by TestMain: it runs the tests in namespaces made for them. Where that is impossible it runs them
// where they are, and [Start] ends each test that needs a node with the reason.
func Main(m *testing.M) int {
	switch os.Getenv(stageVariable) {
	case "inside":
		return m.Run()
	case "init":
		return first()
	}
	flag.Parse()
	err := errors.New("-short was given, and a node takes a while")
	if !testing.Short() {
		err = possible()
	}
	code := 1
	if err == nil {
		code, err = enter()
	}
	if err != nil {
		os.Setenv(reasonVariable, err.Error())
		return m.Run()
	}
	return code
}

// enter prepares what needs the network of the machine, and runs the test binary inside.
func enter() (int, error) {
	ctx := context.Background()
	if _, err := cluster.Prepare(ctx); err != nil {
		return 0, err
	}
	kubelet, err := cluster.PrepareNode(ctx)
	if err != nil {
		return 0, err
	}
	groups, err := newGroups()
	if err != nil {
		return 0, err
	}
	defer groups.remove()
	// The kernel ends the first process inside, and with it all others, when the thread that started it ends.
	runtime.LockOSThread()
	cmd := exec.Command(os.Args[0], os.Args[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Env = append(os.Environ(), stageVariable+"=init", cgroupVariable+"="+groups.name, kubeletVariable+"="+kubelet.Dir,
		"CGO_ENABLED=0") // what is built has to run in a pod without libraries
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWNET | syscall.CLONE_NEWPID | syscall.CLONE_NEWIPC,
		Pdeathsig:  syscall.SIGKILL,
	}
	if err := cmd.Start(); err != nil {
		return 0, fmt.Errorf("making namespaces for the node: %w", err)
	}
	err = cmd.Wait()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		return 0, fmt.Errorf("waiting for the tests inside: %w", err)
	}
	if code := cmd.ProcessState.ExitCode(); code >= 0 {
		return code, nil
	}
	fmt.Fprintln(os.Stderr, "the tests inside of the namespaces were ended:", cmd.ProcessState)
	return 1, nil
}

// first is what the first process inside does: it makes the place ready, runs the tests, and buries the processes whose
// parents have ended.
func first() int {
	if err := furnish(); err != nil {
		fmt.Fprintln(os.Stderr, "making the place for the node:", err)
		return 1
	}
	runtime.LockOSThread()
	os.Setenv(stageVariable, "inside")
	child, err := os.StartProcess("/proc/self/exe", os.Args, &os.ProcAttr{
		Files: []*os.File{os.Stdin, os.Stdout, os.Stderr}, Env: os.Environ(), Sys: &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL},
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, "starting the tests inside:", err)
		return 1
	}
	for {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &status, 0, nil)
		switch {
		case errors.Is(err, syscall.EINTR):
		case err != nil:
			fmt.Fprintln(os.Stderr, "waiting for the tests inside:", err)
			return 1
		case pid != child.Pid:
		case status.Exited():
			return status.ExitStatus()
		case status.Signaled():
			fmt.Fprintln(os.Stderr, "the tests inside were ended by", status.Signal())
			return 1
		}
	}
}

// disk is the file system of the node.
const disk = "/run/disk"

// furnish hides what the machine runs: processes, sockets and logs. The network has its loopback and the node's address.
func furnish() error {
	mounts := []struct {
		source, target, kind string
		flags                uintptr
		makes                string // a directory, before
	}{
		{"none", "/", "", syscall.MS_REC | syscall.MS_PRIVATE, ""},
		{"proc", "/proc", "proc", 0, ""},
		{"tmpfs", "/run", "tmpfs", 0, ""},
		{"tmpfs", disk, "tmpfs", 0, disk},
		// So that pods see it as a directory of the node's disk, which it mostly is.
		{disk + "/var/log", "/var/log", "", syscall.MS_BIND, disk + "/var/log"},
		{"none", "/", "", syscall.MS_REC | syscall.MS_SHARED, ""},
	}
	for _, m := range mounts {
		if err := os.MkdirAll(m.makes, 0o755); m.makes != "" && err != nil {
			return fmt.Errorf("making a directory to mount: %w", err)
		}
		if err := syscall.Mount(m.source, m.target, m.kind, m.flags, ""); err != nil {
			return fmt.Errorf("mounting %s on %s: %w", m.source, m.target, err)
		}
	}
	for _, args := range [][]string{
		{"link", "set", "lo", "up"},
		{"link", "add", "node0", "type", "bridge"},
		{"link", "set", "node0", "up"},
		{"address", "add", Address + "/24", "dev", "node0"},
		{"address", "add", ServiceAddress + "/32", "dev", "lo"},
		{"route", "add", "default", "dev", "node0"}, // which leads nowhere: some programs want one
	} {
		if out, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
			return fmt.Errorf("ip %q: %w: %s", args, err, out)
		}
	}
	return nil
}
