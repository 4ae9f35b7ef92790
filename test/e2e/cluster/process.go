package cluster

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
)

// Component is one running server.
type Component struct {
	Name string
	PID  int
	Args []string // its flags
	Log  string   // the file with all it has said

	done chan struct{} // closed when it has ended
	err  error         // how it ended; read after done
}

// Run starts a server in a process group of its own, which the kernel kills should this process end first. Its log and
// whatever it writes to its home are in dir.
func Run(program, dir string, args ...string) (*Component, error) {
	name := filepath.Base(program)
	c := &Component{Name: name, Args: args, Log: dir + "/" + name + ".log", done: make(chan struct{})}
	log, err := os.OpenFile(c.Log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("making the log of %s: %w", name, err)
	}
	cmd := exec.Command(program, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, log, log
	cmd.Env = []string{"HOME=" + dir, "TMPDIR=" + dir, "PATH=" + os.Getenv("PATH")}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}

	started := make(chan error)
	go func() {
		// The signal is sent when the thread that started the child ends, so the thread must stay as long as it.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer close(c.done)
		defer log.Close()
		err := cmd.Start()
		started <- err
		if err == nil {
			c.err = cmd.Wait()
		}
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("starting %s: %w", name, err)
	}
	c.PID = cmd.Process.Pid
	return c, nil
}

// Ended says how the server ended, with the end of its log, or nothing while it runs.
func (c *Component) Ended() error {
	select {
	case <-c.done:
		return fmt.Errorf("%s ended by itself (%v); the end of its log:\n%s", c.Name, c.err, c.Tail())
	default:
		return nil
	}
}

// Kill ends the server and everything it started, and waits for it. One that has ended is left alone: its number
// may belong to another process by now.
func (c *Component) Kill() {
	select {
	case <-c.done:
	default:
		syscall.Kill(-c.PID, syscall.SIGKILL)
		<-c.done
	}
}

// Tail is the end of the log.
func (c *Component) Tail() string {
	const enough = 25
	content, err := os.ReadFile(c.Log)
	if err != nil {
		return "(" + err.Error() + ")"
	}
	lines := strings.Split(strings.TrimSpace(string(content)), "\n")
	return strings.Join(lines[max(0, len(lines)-enough):], "\n")
}
