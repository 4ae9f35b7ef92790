package audit

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/bartizan-dev/bartizan"
)

// Tail follows a log that the API server writes, through its rotation: by rename and by copying and truncating.
type Tail struct {
	Stream, Path string
	// From is where to go on; nil begins at the start of the log.
	From *Position
	// Backfill begins with the oldest rotated file that is there, if From is nil.
	Backfill bool
	// Poll is how often to look for what is new; 0 is ten times a second.
	Poll time.Duration
}

// Limits on what is read at a time.
const (
	chunkSize   = 256 << 10
	maxLiveLine = 16 << 20 // one line of a log that is followed
	defaultPoll = 100 * time.Millisecond
)

// follower is a Tail at work, in one file at a time.
type follower struct {
	*Tail
	emit func(*Batch) error
	free chan *Batch
	gaps []Gap // to tell with the next batch

	log      *logFile
	buf      []byte // read and not consumed: what stands at log.pos
	skipping bool   // the rest of a line that is too long
	over     bool   // there is a newer file
	caughtUp bool
	trouble  string
}

// Read emits what is in the log and what is added to it, until the context ends or emit fails. Only that is an error.
func (t *Tail) Read(ctx context.Context, emit func(*Batch) error) error {
	f := &follower{Tail: t, emit: emit, free: make(chan *Batch, 4)}
	defer f.close()
	poll := t.Poll
	if poll <= 0 {
		poll = defaultPoll
	}
	timer := time.NewTimer(0)
	defer timer.Stop()
	f.begin()
	for {
		more, err := f.step()
		if err != nil {
			return fmt.Errorf("follow the audit log %s: %w", t.Path, err)
		}
		if ctx.Err() != nil {
			return nil
		}
		if more {
			continue
		}
		timer.Reset(poll)
		select {
		case <-ctx.Done():
			return nil
		case <-timer.C:
		}
	}
}

func (f *follower) close() {
	if f.log != nil {
		f.log.close()
	}
}

// step reads a chunk, or turns to the next file; more says that there may be more to do at once.
func (f *follower) step() (more bool, err error) {
	if f.log == nil {
		if f.log = f.openPath(); f.log == nil {
			return false, f.rest()
		}
	}
	n, err := f.read()
	switch {
	case errors.Is(err, errTruncated):
		f.truncated()
		return true, nil
	case err != nil:
		f.fault(err)
	}
	if n > 0 && f.log.empty && f.overtaken() {
		return true, nil
	}
	if n > 0 {
		return true, f.lines()
	}
	switch {
	case f.turn():
		return f.finish()
	case f.over:
		return true, nil
	}
	return false, f.rest()
}

var errTruncated = errors.New("the log was truncated")

// read adds a chunk to the buffer. A file that no longer begins as it did was truncated and written anew.
func (f *follower) read() (n int, err error) {
	have := len(f.buf)
	if cap(f.buf)-have < chunkSize/2 {
		f.buf = append(make([]byte, 0, 2*have+chunkSize), f.buf...)
	}
	n, err = f.log.read(f.buf[have:min(cap(f.buf), have+chunkSize)], have)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	if err == nil && !f.log.intact(have, n) {
		return 0, errTruncated
	}
	f.buf = f.buf[:have+n]
	return n, err
}

// lines emits the whole lines of the buffer.
func (f *follower) lines() error {
	end := bytes.LastIndexByte(f.buf, '\n') + 1
	if f.skipping {
		first := bytes.IndexByte(f.buf, '\n') + 1
		if first == 0 {
			first = len(f.buf)
		} else {
			f.skipping = false
			f.log.pos.Line++
		}
		f.consume(first)
		end = max(0, end-first)
	}
	if end == 0 && len(f.buf) < maxLiveLine {
		return nil
	}
	b := f.batch()
	if end == 0 {
		b.gap(f.log.pos.Line, f.log.pos.Offset, fmt.Sprintf("the line has more than %d bytes", maxLiveLine))
		b.Gaps[len(b.Gaps)-1].Lost = true
		f.skipping = true
		f.consume(len(f.buf))
		return f.send(b)
	}
	return f.send(f.take(b, end))
}

// take decodes the first bytes of the buffer.
func (f *follower) take(b *Batch, end int) *Batch {
	b.bytes = end
	b.start.Skip = 0
	skip := f.log.pos.Skip
	f.log.pos.Skip = 0
	f.log.pos.Line = takeLines(b, string(f.buf[:end]), f.log.pos.Offset, f.log.pos.Line)
	if skip > 0 {
		b.drop(skip)
	}
	f.consume(end)
	return b
}

func (f *follower) consume(n int) {
	f.log.pos.Offset += int64(n)
	f.buf = f.buf[:copy(f.buf, f.buf[n:])]
	if len(f.buf) == 0 && cap(f.buf) > 4*chunkSize {
		f.buf = nil
	}
}

// batch is an empty batch of the file at hand.
func (f *follower) batch() *Batch {
	b := taken(f.free)
	b.Stream, b.file = f.Stream, f.Path
	if f.log != nil {
		b.file = f.log.name
	}
	return b
}

// send emits a batch with what is to be told before it.
func (f *follower) send(b *Batch) error {
	b.Gaps = append(f.gaps, b.Gaps...)
	f.gaps = nil
	if f.log != nil {
		b.start, b.head = f.log.pos, f.log.head
	}
	f.caughtUp = b.CaughtUp
	return f.emit(b)
}

// rest says once that there is nothing more to read for now.
func (f *follower) rest() error {
	if f.caughtUp && len(f.gaps) == 0 {
		return nil
	}
	b := f.batch()
	b.CaughtUp = true
	return f.send(b)
}

// finish ends a file: what is left in the buffer is its last line. Then it goes on with the next.
func (f *follower) finish() (moved bool, err error) {
	if len(f.buf) > 0 && !f.skipping {
		err = f.send(f.take(f.batch(), len(f.buf)))
	}
	next, found := f.next()
	if !found {
		return false, err // it was there a moment ago, and comes back
	}
	f.move(next)
	return true, err
}

// move goes on with another file.
func (f *follower) move(next *logFile) {
	f.close()
	f.log, f.buf, f.skipping, f.over, f.trouble = next, f.buf[:0], false, false, ""
}

// lost notes that records are missing.
func (f *follower) lost(file, reason string) {
	f.gaps = append(f.gaps, Gap{Gap: bartizan.Gap{Origin: bartizan.Origin{Source: source, File: file}, Reason: reason}, Lost: true})
}

// fault tells of trouble, once for each sort.
func (f *follower) fault(err error) {
	if err.Error() == f.trouble {
		return
	}
	f.trouble = err.Error()
	f.lost(f.Path, "read the audit log: "+f.trouble)
	if f.log != nil && f.log.zip != nil {
		f.over = true // a damaged archive is not read any further
		f.log.failed = true
	}
}

// openPath opens the log itself, if it is there.
func (f *follower) openPath() *logFile {
	l, err := openLog(f.Path)
	if err != nil {
		if !errors.Is(err, os.ErrNotExist) {
			f.fault(err)
		}
		return nil
	}
	return l
}
