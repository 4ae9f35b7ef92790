package hunt

import (
	"bytes"
	"encoding/json"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/bartizan-dev/bartizan/test/e2e/cluster"
)

// switchboard listens on the loopback address and leads to one API server or another.
type switchboard struct {
	address string
	to      atomic.Pointer[string]
}

func (s *switchboard) lead(t *testing.T, c *cluster.Cluster) {
	t.Helper()
	u, err := url.Parse(c.Server)
	if err != nil {
		t.Fatal(err)
	}
	s.to.Store(&u.Host)
}

func newSwitchboard(t *testing.T) *switchboard {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	s := &switchboard{address: l.Addr().String()}
	go func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer in.Close()
				out, err := net.Dial("tcp", *s.to.Load())
				if err != nil {
					return
				}
				defer out.Close()
				go func() {
					_, _ = io.Copy(out, in)
					_ = out.(*net.TCPConn).CloseWrite()
				}()
				_, _ = io.Copy(in, out)
			}()
		}
	}()
	return s
}

// killInTheMiddle begins a hunt and kills it after it has made a namespace, before it could take that back.
func killInTheMiddle(t *testing.T, address, trail string) {
	t.Helper()
	cmd := exec.Command(string(binary(t)), "hunt", "--in-pod", "never", "--active", "--scope", scope(t), "--trail", trail,
		"--rule", "hunt-active-api", "--rate", "1", "apiserver="+address)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	cluster.Eventually(t, 20*time.Second, func() error {
		data, err := os.ReadFile(trail)
		if err == nil && !bytes.Contains(data, []byte(`"event":"done","step":"api-namespace"`)) {
			err = io.ErrUnexpectedEOF
		}
		return err
	})
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || !status.Signaled() {
		t.Fatalf("the hunt ended by itself: %v", cmd.ProcessState)
	}
}

type reverted struct {
	Reverted []struct{ Step, Outcome string }
}

// TestRevertAfterKill kills a hunt with a signal that nothing can catch, and takes back what it left by its trail: not at
// another cluster, once, and not a second time.
func TestRevertAfterKill(t *testing.T) {
	c, other := weak.Get(t), hardened.Get(t)
	s := newSwitchboard(t)
	s.lead(t, c)
	trail := filepath.Join(t.TempDir(), "trail.jsonl")
	killInTheMiddle(t, s.address, trail)
	data, err := os.ReadFile(trail)
	if err != nil {
		t.Fatal(err)
	}
	var name string
	for line := range bytes.Lines(data) {
		var e struct{ Undo []string }
		if json.Unmarshal(line, &e) == nil && len(e.Undo) > 0 {
			name = e.Undo[0][strings.LastIndex(e.Undo[0], "/")+1:]
		}
	}
	alive := func() bool {
		for _, left := range leftOf(t, c) {
			if left == name {
				return true
			}
		}
		return false
	}
	if name == "" || !alive() {
		t.Fatalf("the killed hunt left %v and a trail with\n%s", leftOf(t, c), data)
	}

	s.lead(t, other)
	result := binary(t).Run(t, nil, "hunt", "--in-pod", "never", "--revert", trail)
	if result.Code != 2 || !bytes.Contains(result.Stderr, []byte("another cluster's server")) || !alive() {
		t.Errorf("at another cluster: code %d, %s%s", result.Code, result.Stdout, result.Stderr)
	}
	s.lead(t, c)
	result = binary(t).Run(t, nil, "hunt", "--in-pod", "never", "--revert", trail, "-o", "json")
	var d reverted
	result.JSON(t, &d)
	if result.Code != 0 || len(d.Reverted) != 1 || d.Reverted[0].Step != "api-namespace" || d.Reverted[0].Outcome != "undone" || alive() {
		t.Errorf("code %d, %s%s", result.Code, result.Stdout, result.Stderr)
	}
	result = binary(t).Run(t, nil, "hunt", "--in-pod", "never", "--revert", trail)
	if result.Code != 0 || !bytes.Contains(result.Stdout, []byte("Nothing of trail")) {
		t.Errorf("a second time: code %d, %s%s", result.Code, result.Stdout, result.Stderr)
	}

	// A crash between taking something back and saying so: that it is going, or gone, is no fault.
	if err := os.WriteFile(trail, data, 0o600); err != nil {
		t.Fatal(err)
	}
	result = binary(t).Run(t, nil, "hunt", "--in-pod", "never", "--revert", trail)
	if result.Code != 0 || !bytes.Contains(result.Stdout, []byte("Nothing is left.")) {
		t.Errorf("what is gone: code %d, %s%s", result.Code, result.Stdout, result.Stderr)
	}
}
