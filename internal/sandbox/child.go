package sandbox

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync/atomic"
	"time"
)

// Exit codes of the sub-process, for the parent alone.
const (
	exitOrphaned = 69
	exitMemory   = 70
	exitCPU      = 71
	exitProtocol = 72
)

// call heads a job frame.
type call struct {
	Job    string
	Limits Limits
}

// Main serves jobs if the program was started as a sandbox, and says so. It must be called before anything
// else in main, with os.Args, and its code then be exited with. The program itself calls scan.Sandbox, which
// knows the jobs.
func Main(args []string, jobs map[string]Job) (handled bool, code int) {
	if len(args) < 2 || args[1] != Argument {
		return false, 0
	}
	out := os.Stdout
	os.Stdout = os.Stderr // libraries that print must not garble the protocol
	log.SetOutput(io.Discard)
	debug.SetMaxStack(64 << 20)
	debug.SetTraceback("none")
	runtime.GOMAXPROCS(2) // one for the job, one for the watch over it
	confine()
	return true, newChild(os.Stdin, out, jobs).serve()
}

// child is the sub-process's end of the pipe.
type child struct {
	out    io.Writer
	jobs   map[string]Job
	frames chan frame

	limits    Limits // of the job at hand
	bytes     int64  // it was given
	questions int    // it has asked
	budget    atomic.Int64
}

func newChild(in io.Reader, out io.Writer, jobs map[string]Job) *child {
	c := &child{out: out, jobs: jobs, frames: make(chan frame)}
	go c.read(bufio.NewReader(in))
	return c
}

// read runs all the time, also while a job does: when the parent is gone, the pipe ends, and so do we.
func (c *child) read(in io.Reader) {
	for {
		f, err := readFrame(in, maxFrame)
		if err != nil {
			os.Exit(exitOrphaned)
		}
		c.frames <- f
	}
}

func (c *child) serve() int {
	for f := range c.frames {
		var head call
		n, ok := header(f, &head)
		if !ok {
			return exitProtocol
		}
		c.limits, c.bytes, c.questions = head.Limits, int64(len(f.body)), 0
		c.allow()
		stop := c.watch()
		answer, err := c.run(head.Job, f.body[n:])
		stop()
		switch {
		case err != nil:
			err = writeFrame(c.out, frameFailed, []byte(err.Error()))
		case int64(len(answer)) > head.Limits.Answer:
			err = writeFrame(c.out, frameFailed, fmt.Appendf(nil, "the output has more than %d MiB", head.Limits.Answer>>20))
		default:
			err = writeFrame(c.out, frameDone, answer)
		}
		if err != nil {
			return exitOrphaned
		}
	}
	return 0
}

// header reads the JSON that leads a job frame and says where the request begins.
func header(f frame, head *call) (n int, ok bool) {
	if f.kind != frameJob {
		return 0, false
	}
	for n < len(f.body) && f.body[n] != '\n' {
		n++
	}
	if n == len(f.body) || json.Unmarshal(f.body[:n], head) != nil {
		return 0, false
	}
	return n + 1, true
}

func (c *child) run(name string, request []byte) (answer []byte, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the renderer panicked: %v", r)
		}
	}()
	job, ok := c.jobs[name]
	if !ok {
		return nil, fmt.Errorf("there is no job %q", name)
	}
	return job(request, c.ask)
}

// allow sets the processor time for the job as it is now.
func (c *child) allow() { c.budget.Store(int64(c.limits.cpu(c.bytes, c.questions))) }

func (c *child) ask(question []byte) ([]byte, error) {
	if err := writeFrame(c.out, frameAsk, question); err != nil {
		return nil, err
	}
	f := <-c.frames
	c.bytes += int64(len(f.body))
	c.questions++
	c.allow()
	if f.kind == frameRefuse {
		return nil, &ErrJob{string(f.body)}
	}
	if f.kind != frameReply {
		return nil, errFrame
	}
	return f.body, nil
}

// watchEvery is how often the limits are looked at. Memory is written at most at some GB/s, so this
// overshoots by some tens of mebibytes; the kernel's own limits stand behind it.
const watchEvery = 5 * time.Millisecond

// watch ends the process when a limit is broken, until stop is called.
func (c *child) watch() (stop func()) {
	memory := c.limits.Memory
	debug.SetMemoryLimit(memory * 3 / 4)
	samples := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/memory/classes/heap/stacks:bytes"}}
	from := cpuTime()
	done := make(chan struct{})
	go func() {
		tick := time.NewTicker(watchEvery)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-tick.C:
			}
			metrics.Read(samples)
			if samples[0].Value.Uint64()+samples[1].Value.Uint64() > uint64(memory) {
				os.Exit(exitMemory)
			}
			if int64(cpuTime()-from) > c.budget.Load() {
				os.Exit(exitCPU)
			}
		}
	}()
	return func() { close(done) }
}
