// Package audit reads the API server's audit logs from files: JSON lines as the log backend writes them, EventLists
// as the webhook backend sends them, printed on one line or on many, plain or compressed with gzip. A record that
// cannot be read is a Gap with its file, line and byte, and reading goes on behind it.
//
// It does not interpret what a record says: internal/event decodes it, internal/grant/excess and the rules of
// internal/falco judge it. For a live stream use a webhook; this package reads files to their end.
package audit

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"sync"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/event"
)

// source is how Origins name this reader.
const source = "audit"

// Limits on what is read.
const (
	maxLine     = 64 << 20  // one line; the webhook backend's lists have 10 MiB by default
	maxExpanded = 256 << 30 // one file, decompressed
	maxGaps     = 1000      // kept of one run; the rest is counted
)

// Files are audit logs. A path of - is Stdin.
type Files struct {
	Paths   []string
	Stdin   io.Reader
	Workers int // goroutines that decode; 0 is one for each processor
}

// Counts say how much was read.
type Counts struct {
	Files   int
	Bytes   int64 // decompressed
	Records int64
}

// Parallel is how many goroutines will visit records.
func (f *Files) Parallel() int {
	if f.Workers > 0 {
		return f.Workers
	}
	return max(1, runtime.GOMAXPROCS(0))
}

// Each visits every record of every file, in no particular order. Several goroutines visit at a time: each has a
// number below [Files.Parallel]. The record is only valid during the visit, its strings stay valid. An error says that reading
// could not go on.
func (f *Files) Each(ctx context.Context, visit func(worker int, a *event.Audit)) (Counts, []bartizan.Gap, error) {
	r := &run{ctx: ctx, blocks: make(chan block, f.Parallel())}
	var group sync.WaitGroup
	for i := range f.Parallel() {
		group.Add(1)
		go func() {
			defer group.Done()
			w := worker{run: r, visit: func(a *event.Audit) { visit(i, a) }}
			for b := range r.blocks {
				w.at = b
				takeBlock(&w, b)
			}
			r.mu.Lock()
			r.counts.Records += w.records
			r.mu.Unlock()
		}()
	}
	err := f.read(r)
	close(r.blocks)
	group.Wait()
	return r.counts, r.sorted(), err
}

func (f *Files) read(r *run) error {
	for i, path := range f.Paths {
		r.file, r.index = path, i
		if err := f.open(r, path); err != nil {
			return err
		}
	}
	return nil
}

// open reads one file. Only the end of the context is an error.
func (f *Files) open(r *run, path string) error {
	in := f.Stdin
	if path != "-" {
		info, err := os.Stat(path)
		if err == nil && info.IsDir() {
			err = fmt.Errorf("%s is a directory: name the log files in it", path)
		}
		if err != nil {
			r.gap(block{file: path, index: r.index}, 0, 0, "read the audit log: "+err.Error())
			return nil
		}
		file, err := os.Open(path)
		if err != nil {
			r.gap(block{file: path, index: r.index}, 0, 0, "read the audit log: "+err.Error())
			return nil
		}
		defer file.Close() //nolint:errcheck // it was only read
		in = file
	}
	if in == nil {
		return fmt.Errorf("read the audit log from standard input: there is none")
	}
	r.counts.Files++
	return r.stream(in)
}

// worker shows records one at a time.
type worker struct {
	run     *run
	visit   func(*event.Audit)
	at      block // the one at hand
	audit   event.Audit
	records int64
}

func (w *worker) record(text string, _ mark) error {
	if err := decode(&w.audit, text); err != nil {
		return err
	}
	w.records++
	w.visit(&w.audit)
	return nil
}

func (w *worker) gap(line int, offset int64, reason string) {
	w.run.gap(block{file: w.at.file, index: w.at.index}, line, offset, reason)
}

// run is one pass over the files.
type run struct {
	ctx    context.Context //nolint:containedctx // of this one call
	blocks chan block
	file   string
	index  int

	mu     sync.Mutex
	counts Counts
	gaps   []placedGap
	more   int
}

type placedGap struct {
	bartizan.Gap
	index  int
	offset int64
}

// gap notes what could not be read in a block: at a line and a byte of the file, both from 0.
func (r *run) gap(b block, line int, offset int64, reason string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.gaps) >= maxGaps {
		r.more++
		return
	}
	g := placedGap{index: b.index, offset: b.offset + offset}
	g.Origin = bartizan.Origin{Source: source, File: b.file, Line: b.line + line + 1}
	g.Reason = fmt.Sprintf("byte %d: %s", g.offset, reason)
	r.gaps = append(r.gaps, g)
}

// sorted are the gaps by file and place.
func (r *run) sorted() (out []bartizan.Gap) {
	slices.SortStableFunc(r.gaps, func(a, b placedGap) int {
		return cmp.Or(cmp.Compare(a.index, b.index), cmp.Compare(a.offset, b.offset), cmp.Compare(a.Reason, b.Reason))
	})
	for _, g := range r.gaps {
		out = append(out, g.Gap)
	}
	if r.more > 0 {
		out = append(out, bartizan.Gap{Origin: bartizan.Origin{Source: source}, Reason: fmt.Sprintf("%d more audit records could not be read", r.more)})
	}
	return out
}

// send hands a block to a worker.
func (r *run) send(b block) error {
	b.file, b.index = r.file, r.index
	select {
	case r.blocks <- b:
		return nil
	case <-r.ctx.Done():
		return fmt.Errorf("read the audit log %s: %w", r.file, context.Cause(r.ctx))
	}
}

// here is a block that stands for a place of the file at hand.
func (r *run) here(line int, offset int64) block {
	return block{file: r.file, index: r.index, line: line, offset: offset}
}
