package audit

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"sync"
)

// Recorded is a log that is read to its end: plain or gzipped, of lines or lists. A path of - is Stdin.
type Recorded struct {
	Stream, Path string
	Stdin        io.Reader
	Pool         *Pool
}

// Pool decodes blocks of any number of files at a time.
type Pool struct {
	jobs  chan *job
	group sync.WaitGroup
}

type job struct {
	block block
	batch *Batch
	done  chan struct{}
}

// NewPool makes a pool of so many goroutines; 0 is one for each processor. Close it.
func NewPool(workers int) *Pool {
	if workers <= 0 {
		workers = max(1, runtime.GOMAXPROCS(0))
	}
	p := &Pool{jobs: make(chan *job)}
	for range workers {
		p.group.Add(1)
		go func() {
			defer p.group.Done()
			for j := range p.jobs {
				j.batch.bytes = len(j.block.text)
				takeBlock(j.batch, j.block)
				close(j.done)
			}
		}()
	}
	return p
}

// Close ends the pool when nothing is read any more.
func (p *Pool) Close() {
	close(p.jobs)
	p.group.Wait()
}

// Read emits the log's batches in order. The last is Final and tells what could not be read of the file.
func (r *Recorded) Read(ctx context.Context, emit func(*Batch) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	free := make(chan *Batch, 4)
	work := &run{ctx: ctx, blocks: make(chan block), file: r.Path}
	queue := make(chan *job, 2)
	var failed error
	go func() {
		defer close(work.blocks)
		files := Files{Stdin: r.Stdin}
		failed = files.open(work, r.Path)
	}()
	go func() {
		defer close(queue)
		for b := range work.blocks {
			j := &job{b, taken(free), make(chan struct{})}
			j.batch.Stream, j.batch.file = r.Stream, r.Path
			select {
			case queue <- j:
			case <-ctx.Done():
				return
			}
			r.Pool.jobs <- j
		}
	}()
	var left error
	for j := range queue {
		if <-j.done; left != nil {
			continue
		}
		if left = emit(j.batch); left != nil {
			cancel()
		}
	}
	for range work.blocks { //nolint:revive // the reader ends when nobody waits for it
	}
	if left != nil || failed != nil {
		return fmt.Errorf("read %s: %w", r.Path, firstOf(left, failed))
	}
	last := &Batch{Stream: r.Stream, file: r.Path, Final: true}
	for _, g := range work.sorted() {
		last.Gaps = append(last.Gaps, Gap{Gap: g, Lost: true})
	}
	return emit(last)
}

func firstOf(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

// taken is a batch that was given back, or a new one.
func taken(free chan *Batch) *Batch {
	select {
	case b := <-free:
		b.reset()
		return b
	default:
		return &Batch{free: free}
	}
}
