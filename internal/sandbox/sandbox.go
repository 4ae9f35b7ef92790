// Package sandbox runs work on input that nobody vouches for (a chart's templates, a kustomization) in a
// sub-process that can be killed: bounded in wall time, processor time, memory and output, without
// environment, files of its own or, where the system allows it, a network. The sub-process is this very
// program under a hidden first argument; what it needs of the outside it asks for through its pipe, and
// the parent decides. It is for pure computation, not for running other programs: nothing here executes
// anything but this program. The jobs themselves are in internal/source/helm and internal/source/kustomize.
package sandbox

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"
)

// Job is work for the sub-process. It may ask the parent, and blocks until the answer is there.
type Job func(request []byte, ask Ask) (answer []byte, err error)

// Ask puts a question to the parent. An error is the parent's refusal.
type Ask func(question []byte) ([]byte, error)

// Limits bounds one job. A zero field stands for the value of DefaultLimits.
type Limits struct {
	Wall   time.Duration // from start to answer
	CPU    time.Duration // of all threads of the sub-process; a large job is allowed more, see cpu
	Memory int64         // bytes of heap and stacks
	Answer int64         // bytes of the answer
}

// DefaultLimits is for one chart or kustomization of ordinary size. A loop is ended in less than two seconds.
func DefaultLimits() Limits {
	return Limits{Wall: 10 * time.Second, CPU: 1200 * time.Millisecond, Memory: 136 << 20, Answer: 32 << 20}
}

func (l Limits) orDefault() Limits {
	d := DefaultLimits()
	if l.Wall <= 0 {
		l.Wall = d.Wall
	}
	if l.CPU <= 0 {
		l.CPU = d.CPU
	}
	if l.Memory <= 0 {
		l.Memory = d.Memory
	}
	if l.Answer <= 0 {
		l.Answer = d.Answer
	}
	return l
}

// A job is allowed more processor time for what it is given, up to a maximum: large charts and
// kustomizations are no attack, small ones that take long are.
const (
	cpuPerMiB      = 500 * time.Millisecond
	cpuPerQuestion = 500 * time.Microsecond
	cpuMost        = 6 * time.Second
)

// cpu is the processor time for a job that was given that many bytes and has asked that many questions.
func (l Limits) cpu(bytes int64, questions int) time.Duration {
	grown := l.CPU + time.Duration(float64(bytes)/(1<<20)*float64(cpuPerMiB)) + time.Duration(questions)*cpuPerQuestion
	return min(grown, max(cpuMost, l.CPU))
}

// Argument is the hidden first argument of the sub-process.
const Argument = "__bartizan_sandbox"

// ErrJob is what a job itself answered with an error; errors of any other kind are the sandbox's own.
type ErrJob struct{ Reason string }

// Error is the job's own error.
func (e *ErrJob) Error() string { return e.Reason }

// ErrLimit says which bound the job broke.
type ErrLimit struct{ Reason string }

// Error names the bound.
func (e *ErrLimit) Error() string { return e.Reason }

// frame is one message on the pipe: a kind, a length, that many bytes.
type frame struct {
	kind byte
	body []byte
}

const (
	frameJob    = 'J' // parent: limits, name, request
	frameAsk    = 'A' // child
	frameReply  = 'R' // parent
	frameRefuse = 'N' // parent: the question was refused
	frameDone   = 'D' // child: the answer
	frameFailed = 'E' // child: the job's error
)

// maxFrame bounds what is read from the other side whatever the limits say.
const maxFrame = 256 << 20

var errFrame = errors.New("the sandbox's pipe carries something else than its protocol")

func writeFrame(w io.Writer, kind byte, parts ...[]byte) error {
	n := 0
	for _, p := range parts {
		n += len(p)
	}
	if n > maxFrame {
		return fmt.Errorf("message of %d bytes, more than %d", n, maxFrame)
	}
	head := binary.BigEndian.AppendUint32([]byte{kind}, uint32(n))
	if _, err := w.Write(head); err != nil {
		return err
	}
	for _, p := range parts {
		if _, err := w.Write(p); err != nil {
			return err
		}
	}
	return nil
}

func readFrame(r io.Reader, limit int64) (frame, error) {
	var head [5]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return frame{}, err
	}
	n := int64(binary.BigEndian.Uint32(head[1:]))
	if n > min(limit, maxFrame) {
		return frame{}, errFrame
	}
	body := make([]byte, n)
	if _, err := io.ReadFull(r, body); err != nil {
		return frame{}, err
	}
	return frame{head[0], body}, nil
}
