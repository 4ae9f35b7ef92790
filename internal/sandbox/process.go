package sandbox

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"
)

// Process is a sub-process that is started when first needed, serves one job after the other, and is
// started anew when a job had to be killed. The zero Process is ready; it is not for concurrent use.
type Process struct {
	cmd    *exec.Cmd
	in     io.WriteCloser
	out    *bufio.Reader
	stderr *tail
}

// Do runs a job. serve answers its questions; an error from it is told to the job.
func (p *Process) Do(ctx context.Context, job string, request []byte, lim Limits,
	serve func(question []byte) ([]byte, error)) ([]byte, error) {
	lim = lim.orDefault()
	if p.cmd == nil {
		if err := p.start(); err != nil {
			return nil, fmt.Errorf("cannot start the rendering sub-process: %w", err)
		}
	}
	ctx, cancel := context.WithTimeoutCause(ctx, lim.Wall, &ErrLimit{
		fmt.Sprintf("it did not end within %v and was stopped", lim.Wall)})
	defer cancel()
	// The pipe has no deadline of its own: killing the process ends every read and write on it.
	child := p.cmd.Process
	release := context.AfterFunc(ctx, func() { _ = child.Kill() })
	c := conversation{Process: p, limits: lim}
	answer, err := c.run(job, request, serve)
	intact := release()
	var own *ErrJob
	if intact && (err == nil || errors.As(err, &own)) {
		return answer, err
	}
	exit := p.stop()
	if !intact {
		return nil, context.Cause(ctx)
	}
	lim.CPU = lim.cpu(c.bytes, c.questions)
	return nil, explain(exit, err, p.stderr.String(), lim)
}

// conversation is one job, seen from the parent.
type conversation struct {
	*Process
	limits    Limits
	bytes     int64 // given to the job
	questions int   // that it has asked
}

// run sends the job and answers until it is done.
func (c *conversation) run(job string, request []byte, serve func(question []byte) ([]byte, error)) ([]byte, error) {
	head, err := json.Marshal(call{Job: job, Limits: c.limits})
	if err != nil {
		return nil, err
	}
	c.bytes = int64(len(request))
	if err := writeFrame(c.in, frameJob, head, []byte{'\n'}, request); err != nil {
		return nil, err
	}
	for {
		f, err := readFrame(c.out, c.limits.Answer+1<<16)
		if err != nil {
			return nil, err
		}
		switch f.kind {
		case frameDone:
			return f.body, nil
		case frameFailed:
			return nil, &ErrJob{string(f.body)}
		case frameAsk:
		default:
			return nil, errFrame
		}
		kind, reply := byte(frameRefuse), []byte("nothing is served")
		if serve != nil {
			if reply, err = serve(f.body); err == nil {
				kind = frameReply
			} else {
				reply = []byte(err.Error())
			}
		}
		c.bytes += int64(len(reply))
		c.questions++
		if err := writeFrame(c.in, kind, reply); err != nil {
			return nil, err
		}
	}
}

// mark is set in the environment of every sub-process. A program that does not call Main first would start
// itself again and again; this stops it at the first.
const mark = "BARTIZAN_SANDBOX"

func (p *Process) start() error {
	if os.Getenv(mark) != "" {
		return errors.New("this process is itself a sandbox: its main function must call sandbox.Main first")
	}
	self, err := executable()
	if err != nil {
		return err
	}
	for attempt := 0; ; attempt++ {
		cmd := exec.Command(self, Argument)
		if !isolate(cmd, attempt) {
			return err
		}
		cmd.Env = []string{"TZ=UTC", mark + "=1"}
		cmd.Dir = "/"
		p.stderr = &tail{}
		cmd.Stderr = p.stderr
		cmd.WaitDelay = time.Second
		var in io.WriteCloser
		var out io.ReadCloser
		if in, err = cmd.StdinPipe(); err != nil {
			return err
		}
		if out, err = cmd.StdoutPipe(); err != nil {
			return err
		}
		if err = cmd.Start(); err != nil {
			continue
		}
		p.cmd, p.in, p.out = cmd, in, bufio.NewReaderSize(out, 1<<16)
		return nil
	}
}

// stop ends the sub-process and says how it ended.
func (p *Process) stop() error {
	if p.cmd == nil {
		return nil
	}
	_ = p.in.Close()
	// One that is ending by itself keeps its exit code. Before Wait, its number cannot be another's.
	killGroup(p.cmd)
	err := p.cmd.Wait()
	p.cmd = nil
	return err
}

// Close ends the sub-process.
func (p *Process) Close() error {
	_ = p.stop()
	return nil
}

// explain says why the sub-process ended before it answered.
func explain(exit, err error, said string, lim Limits) error {
	memory := &ErrLimit{fmt.Sprintf("it needed more than %d MiB of memory and was stopped", lim.Memory>>20)}
	var e *exec.ExitError
	code := 0
	if errors.As(exit, &e) {
		code = e.ExitCode()
	}
	switch {
	case code == exitMemory, strings.Contains(said, "out of memory"), strings.Contains(said, "cannot allocate memory"),
		strings.Contains(said, "failed to allocate"),
		strings.HasPrefix(said, "SIGSEGV:"): // of the runtime itself, which the system had refused memory
		return memory
	case code == exitCPU:
		return &ErrLimit{fmt.Sprintf("it needed more than %v of processor time and was stopped", lim.CPU.Round(100*time.Millisecond))}
	case strings.Contains(said, "stack exceeds"), strings.Contains(said, "stack overflow"):
		return &ErrLimit{"it called itself too deeply and was stopped"}
	}
	line, _, _ := strings.Cut(strings.TrimSpace(said), "\n")
	return fmt.Errorf("the rendering sub-process ended (%w): %q: %w", exit, line, err)
}

// tail keeps the beginning of what a process says, which is where Go names a fatal error.
type tail struct {
	mu sync.Mutex
	b  strings.Builder
}

const maxTail = 4 << 10

// Write never fails: what is too much is dropped.
func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.b.Write(p[:min(len(p), maxTail-t.b.Len())])
	return len(p), nil
}

// String is what was kept.
func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.b.String()
}
