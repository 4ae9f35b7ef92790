package audit

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// ErrBehind says that a spool holds as much as it may. What is sent now has to be sent again later.
var ErrBehind = errors.New("the spool is full: alerts are written more slowly than events come")

// Spool keeps what webhooks received until it was judged. What Append took is on the disk, and survives a crash.
type Spool struct {
	dir     string
	bound   int64
	segment int64
	pending chan *pending
	stop    chan struct{}
	stopped chan struct{}

	mu      sync.Mutex
	sizes   map[uint64]int64 // of the segments, as far as they are durable
	current uint64
	changed chan struct{} // closed when there is more to read
}

type pending struct {
	name string
	body []byte
	done chan error
}

const (
	defaultBound   = 1 << 30
	defaultSegment = 16 << 20
	maxTogether    = 16 << 20 // bytes that are made durable together
	spoolSuffix    = ".spool"
)

// OpenSpool opens the spool in a directory, which is made if it does not exist, and holds at most about as many bytes as
// bound says (0 is 1 GiB). What comes is kept behind the position up to which it was read; nil if it never was. Only one
// process may have it open.
func OpenSpool(dir string, bound int64, from *Position) (*Spool, error) {
	if bound <= 0 {
		bound = defaultBound
	}
	s := &Spool{
		dir: dir, bound: bound, segment: min(defaultSegment, max(bound/4, 4096)), pending: make(chan *pending, 64),
		stop: make(chan struct{}), stopped: make(chan struct{}), sizes: map[uint64]int64{}, changed: make(chan struct{}),
	}
	if from != nil {
		s.current = from.Segment
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open the spool: %w", err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("open the spool: %w", err)
	}
	for _, e := range entries {
		number, cut := strings.CutSuffix(e.Name(), spoolSuffix)
		n, err := strconv.ParseUint(number, 10, 63)
		info, infoErr := e.Info()
		if !cut || err != nil || infoErr != nil || n == 0 || !info.Mode().IsRegular() {
			continue
		}
		s.sizes[n] = info.Size()
		s.current = max(s.current, n)
	}
	out, err := s.roll()
	if err != nil {
		return nil, err
	}
	go s.commit(out)
	return s, nil
}

func (s *Spool) path(segment uint64) string {
	return filepath.Join(s.dir, fmt.Sprintf("%012d%s", segment, spoolSuffix))
}

// roll begins a new segment. What an earlier process wrote last may be cut short: nothing is ever added to it.
func (s *Spool) roll() (*os.File, error) {
	s.mu.Lock()
	next := s.current + 1
	s.mu.Unlock()
	out, err := os.OpenFile(s.path(next), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err == nil {
		if _, err = out.WriteString(segmentMark); err == nil {
			err = errors.Join(out.Sync(), syncDir(s.dir))
		}
		if err != nil {
			_ = out.Close()
			_ = os.Remove(s.path(next))
		}
	}
	if err != nil {
		return nil, fmt.Errorf("begin a segment of the spool: %w", err)
	}
	s.mu.Lock()
	s.current, s.sizes[next] = next, int64(len(segmentMark))
	s.mu.Unlock()
	return out, nil
}

// Append keeps what an API server sent. Without an error it is on the disk; [ErrBehind] says that there is no room.
func (s *Spool) Append(ctx context.Context, stream string, body []byte) error {
	if s.Bytes()+int64(len(body)) > s.bound {
		return ErrBehind
	}
	p := &pending{stream, body, make(chan error, 1)}
	select {
	case s.pending <- p:
	case <-s.stop:
		return errClosed
	case <-ctx.Done():
		return fmt.Errorf("write to the spool: %w", context.Cause(ctx))
	}
	select {
	case err := <-p.done:
		return err
	case <-s.stopped:
		return errClosed
	}
}

var errClosed = errors.New("the spool is closed")

// Bytes is how much the spool holds.
func (s *Spool) Bytes() (n int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, size := range s.sizes {
		n += size
	}
	return n
}

// Close makes what is under way durable and closes the spool.
func (s *Spool) Close() {
	close(s.stop)
	<-s.stopped
}

// commit writes what comes, and makes durable together what came together.
func (s *Spool) commit(out *os.File) {
	defer close(s.stopped)
	defer func() {
		if out != nil {
			_ = out.Close()
		}
	}()
	var frames []byte
	for {
		var group []*pending
		select {
		case p := <-s.pending:
			group = append(group, p)
		case <-s.stop:
			return
		}
		frames = appendFrame(frames[:0], group[0].name, group[0].body)
		for more := true; more && len(frames) < maxTogether; {
			select {
			case p := <-s.pending:
				group = append(group, p)
				frames = appendFrame(frames, p.name, p.body)
			default:
				more = false
			}
		}
		var err error
		if out, err = s.write(out, frames); err != nil {
			err = fmt.Errorf("write to the spool: %w", err)
		}
		for _, p := range group {
			p.done <- err
		}
		if cap(frames) > 2*maxTogether {
			frames = nil
		}
	}
}

// write writes frames and makes them durable. After a fault the segment is left, as nobody knows what became of it.
func (s *Spool) write(out *os.File, frames []byte) (*os.File, error) {
	s.mu.Lock()
	size := s.sizes[s.current]
	s.mu.Unlock()
	if out == nil || size > int64(len(segmentMark)) && size+int64(len(frames)) > s.segment {
		if out != nil {
			_ = out.Close()
		}
		var err error
		if out, err = s.roll(); err != nil {
			return nil, err
		}
	}
	_, err := out.Write(frames)
	if err == nil {
		err = out.Sync()
	}
	if err != nil {
		s.mu.Lock()
		size = s.sizes[s.current]
		s.mu.Unlock()
		_ = out.Truncate(size)
		_ = out.Close()
		return nil, err
	}
	s.mu.Lock()
	s.sizes[s.current] += int64(len(frames))
	close(s.changed)
	s.changed = make(chan struct{})
	s.mu.Unlock()
	return out, nil
}

// Done says that everything before a position was judged, and that nobody will go back before it.
func (s *Spool) Done(p Position) {
	s.mu.Lock()
	var gone []uint64
	for n := range s.sizes {
		if n < p.Segment && n != s.current {
			gone = append(gone, n)
		}
	}
	s.mu.Unlock()
	slices.Sort(gone)
	for _, n := range gone {
		if err := os.Remove(s.path(n)); err != nil && !errors.Is(err, os.ErrNotExist) {
			continue // it still takes room, and is tried again
		}
		s.mu.Lock()
		delete(s.sizes, n)
		s.mu.Unlock()
	}
}

// syncDir makes the names in a directory durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
