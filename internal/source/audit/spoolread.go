package audit

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/bartizan-dev/bartizan"
)

// spoolReader reads a spool from a place on.
type spoolReader struct {
	*Spool
	at   Position
	file *os.File
	free chan *Batch
	emit func(*Batch) error
	buf  []byte
}

// Read emits what the spool holds behind a position, and what is added to it, until the context ends or emit fails. A
// nil position is the beginning.
func (s *Spool) Read(ctx context.Context, from *Position, emit func(*Batch) error) error {
	r := &spoolReader{Spool: s, free: make(chan *Batch, 4), emit: emit}
	if from != nil {
		r.at = Position{Segment: from.Segment, Offset: from.Offset, Skip: from.Skip}
	}
	defer func() {
		if r.file != nil {
			_ = r.file.Close()
		}
	}()
	told := false
	for ctx.Err() == nil {
		more, wait, err := r.step()
		if err == nil && !more && !told {
			err = r.emit(&Batch{file: s.dir, start: r.at, CaughtUp: true})
		}
		if err != nil {
			return fmt.Errorf("read the spool: %w", err)
		}
		if told = !more; more {
			continue
		}
		select {
		case <-wait:
		case <-ctx.Done():
		}
	}
	return nil
}

// step emits one frame, or goes on to the next segment. If there is nothing more, wait is closed when there is.
func (r *spoolReader) step() (more bool, wait <-chan struct{}, err error) {
	r.mu.Lock()
	end, exists := r.sizes[r.at.Segment]
	wait = r.changed
	var later []uint64
	for n := range r.sizes {
		if n > r.at.Segment {
			later = append(later, n)
		}
	}
	r.mu.Unlock()
	if exists && r.at.Offset < end {
		return true, nil, r.frame(end)
	}
	if len(later) == 0 {
		return false, wait, nil
	}
	if r.file != nil {
		_ = r.file.Close()
		r.file = nil
	}
	r.at = Position{Segment: slices.Min(later)}
	return true, nil, nil
}

// frame emits what stands at the reader's place of a segment that ends somewhere.
func (r *spoolReader) frame(end int64) error {
	if r.file == nil {
		file, err := os.Open(r.path(r.at.Segment))
		if err != nil {
			return r.fault(end, true, "open a segment of the spool: "+err.Error())
		}
		r.file = file
	}
	if r.at.Offset == 0 {
		mark := make([]byte, len(segmentMark))
		if _, err := r.file.ReadAt(mark, 0); err != nil || string(mark) != segmentMark {
			return r.fault(end, true, "the file is no segment of a spool of this version")
		}
		r.at.Offset = int64(len(segmentMark))
		return nil
	}
	name, payload, size, err := r.body(end)
	if err != nil {
		return r.recover(end)
	}
	b := taken(r.free)
	b.Stream, b.file, b.bytes = name, "webhook "+name, size
	b.start = r.at
	b.start.Skip = 0
	takeList(b, string(payload), mark{offset: r.at.Offset})
	if r.at.Skip > 0 {
		b.drop(r.at.Skip)
	}
	r.at.Offset, r.at.Skip = r.at.Offset+int64(size), 0
	b.start.Offset = r.at.Offset
	return r.emit(b)
}

// body reads the frame at the reader's place.
func (r *spoolReader) body(end int64) (name string, payload []byte, size int, err error) {
	head := make([]byte, frameHead)
	if _, err = r.file.ReadAt(head, r.at.Offset); err != nil {
		return "", nil, 0, errNoFrame
	}
	n, err := bodyLength(head)
	if err != nil || int64(frameHead+n) > end-r.at.Offset {
		return "", nil, 0, errNoFrame
	}
	if cap(r.buf) < frameHead+n || cap(r.buf) > 8*(frameHead+n)+chunkSize {
		r.buf = make([]byte, frameHead+n)
	}
	r.buf = r.buf[:frameHead+n]
	if _, err = r.file.ReadAt(r.buf, r.at.Offset); err != nil && !errors.Is(err, io.EOF) {
		return "", nil, 0, err
	}
	return readFrame(r.buf)
}

// recover looks for the next whole frame behind one that is not.
func (r *spoolReader) recover(end int64) error {
	text := make([]byte, max(0, min(end-r.at.Offset, defaultSegment+maxFrame+int64(frameHead))))
	n, _ := r.file.ReadAt(text, r.at.Offset)
	text = text[:n]
	for i := 1; i < len(text); i++ {
		next := bytes.Index(text[i:], []byte(frameMark))
		if next < 0 {
			break
		}
		i += next
		if _, _, _, err := readFrame(text[i:]); err == nil {
			return r.fault(r.at.Offset+int64(i), true, fmt.Sprintf("%d bytes of the spool are damaged, and the events in them are lost", i))
		}
	}
	return r.fault(end, false, fmt.Sprintf("the last %d bytes of a segment of the spool are no whole frame: a crash cuts short only what was not acknowledged, which the API server sends again", end-r.at.Offset))
}

// fault emits a Gap and passes over what is before an offset.
func (r *spoolReader) fault(to int64, lost bool, reason string) error {
	b := &Batch{file: r.path(r.at.Segment)}
	g := Gap{Lost: lost}
	g.Gap = bartizan.Gap{Origin: bartizan.Origin{Source: source, File: b.file}, Reason: fmt.Sprintf("byte %d: %s", r.at.Offset, reason)}
	b.Gaps = append(b.Gaps, g)
	r.at.Offset, r.at.Skip = to, 0
	b.start = r.at
	return r.emit(b)
}
