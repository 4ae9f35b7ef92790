package cluster

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// victimVariable, when set, makes this test binary start a cluster and wait to be killed.
const victimVariable = "BARTIZAN_E2E_VICTIM"

func TestNothingOutlivesAKilledTest(t *testing.T) {
	if os.Getenv(victimVariable) != "" {
		c := Start(t, Weak)
		for _, component := range c.Components {
			fmt.Println("started", component.PID)
		}
		fmt.Println("ready")
		select {}
	}
	Build(t) // not in the victim's time, and skip here if it cannot be had
	victim := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$")
	victim.Env = append(os.Environ(), victimVariable+"=1", "TMPDIR="+t.TempDir())
	victim.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := victim.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := victim.Start(); err != nil {
		t.Fatal(err)
	}
	var pids []int
	for lines := bufio.NewScanner(out); lines.Scan() && lines.Text() != "ready"; {
		var pid int
		if _, err := fmt.Sscanf(lines.Text(), "started %d", &pid); err == nil {
			pids = append(pids, pid)
		}
	}
	victim.Process.Kill()
	victim.Wait()
	if len(pids) != 2 {
		t.Fatalf("the victim has started processes %v, not two", pids)
	}
	Eventually(t, 10*time.Second, func() error {
		for _, pid := range pids {
			state, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
			if err == nil && !strings.Contains(string(state), ") Z ") { // a zombie is dead enough
				return fmt.Errorf("process %d still runs", pid)
			}
		}
		return nil
	})
}

func TestAbandonedDirectoriesAreRemoved(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	inUse, lock, err := newRunDirectory()
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Close()
	abandoned, owner, err := newRunDirectory()
	if err != nil {
		t.Fatal(err)
	}
	owner.Close()
	old := time.Now().Add(-time.Hour)
	for _, dir := range []string{inUse, abandoned} {
		if err := os.Chtimes(filepath.Join(dir, ownerFile), old, old); err != nil {
			t.Fatal(err)
		}
	}
	_, another, err := newRunDirectory()
	if err != nil {
		t.Fatal(err)
	}
	defer another.Close()
	if _, err := os.Stat(inUse); err != nil {
		t.Errorf("the directory of a running cluster is gone: %v", err)
	}
	if _, err := os.Stat(abandoned); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the directory that nobody owns any more is still there: %v", err)
	}
}

func TestLaunchSaysWhyItFailed(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	binaries := Build(t)
	c, err := Launch(t.Context(), binaries, Weak, WithFlags("--no-such-flag"))
	if err == nil {
		c.Stop()
		t.Fatal("the API server accepts a flag that does not exist")
	}
	for _, want := range []string{"weak cluster", "kube-apiserver ended", "unknown flag: --no-such-flag"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not say %q:\n%v", want, err)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(os.TempDir(), runPattern)); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}
