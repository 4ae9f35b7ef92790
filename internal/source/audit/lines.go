package audit

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
)

const (
	blockSize = 1 << 20  // text handed to a worker at a time
	peekSize  = 64 << 10 // looked at to see how a file is written
)

// block is text of a file: whole lines, or records that were cut out of a list.
type block struct {
	file   string
	index  int   // of the file
	offset int64 // of the text in the file
	line   int   // of the text in the file, from 0
	text   string
	cuts   []cut // nil for lines
}

// cut is a record in a block's text.
type cut struct {
	start, end int
	offset     int64 // in the file
	line       int
}

// stream reads one file's bytes.
func (r *run) stream(in io.Reader) error {
	buffered := bufio.NewReaderSize(in, peekSize)
	if magic, _ := buffered.Peek(2); len(magic) == 2 && magic[0] == 0x1f && magic[1] == 0x8b {
		z, err := gzip.NewReader(buffered)
		if err != nil {
			r.gap(r.here(0, 0), 0, 0, "decompress the audit log: "+err.Error())
			return nil //nolint:nilerr // it is a Gap, and reading goes on with the next file
		}
		in = z
	} else {
		in = buffered
	}
	buffered = bufio.NewReaderSize(io.LimitReader(in, maxExpanded), peekSize)
	head, _ := buffered.Peek(peekSize)
	if listed(head) {
		return r.lists(buffered)
	}
	return r.lines(buffered)
}

// listed says whether a file is written as a list or over several lines, rather than as one record a line.
func listed(head []byte) bool {
	head = bytes.TrimLeft(head, " \t\r\n\xef\xbb\xbf")
	if len(head) == 0 {
		return false
	}
	if head[0] == '[' {
		return true
	}
	line, next, whole := bytes.Cut(head, []byte("\n"))
	if !whole {
		return bytes.Contains(line[:min(len(line), 1024)], []byte(`"items"`))
	}
	line = bytes.TrimSpace(line)
	if head[0] != '{' || len(line) == 0 {
		return false
	}
	next = bytes.TrimLeft(next, " \t\r\n")
	switch last := line[len(line)-1]; last {
	case '{', '[', ',':
		if last == '{' && len(next) > 0 && next[0] == '{' {
			return false // no object begins so: the line is torn
		}
		return true
	}
	return false
}

// lines reads a file of one record a line and hands on blocks of whole lines.
func (r *run) lines(in *bufio.Reader) error {
	buf := make([]byte, blockSize)
	have, offset, line := 0, int64(0), 0
	for {
		n, err := fill(in, buf[have:])
		have += n
		r.count(n)
		last := err != nil
		cut := have
		if !last {
			cut = bytes.LastIndexByte(buf[:have], '\n') + 1
		}
		switch {
		case cut > 0:
			text := string(buf[:cut])
			if err := r.send(block{offset: offset, line: line, text: text}); err != nil {
				return err
			}
			line += bytes.Count(buf[:cut], []byte("\n"))
			have = copy(buf, buf[cut:have])
			offset += int64(cut)
		case !last && len(buf) < maxLine:
			buf = append(buf, make([]byte, len(buf))...)
			continue
		case !last:
			r.gap(r.here(line, offset), 0, 0, fmt.Sprintf("the line has more than %d bytes", maxLine))
			skipped, found := r.skipLine(in)
			offset += int64(have) + skipped
			line++
			have = 0
			if !found {
				return nil
			}
		}
		if last {
			r.ended(err, line, offset)
			return nil
		}
		if len(buf) > blockSize && have < blockSize {
			buf = append(make([]byte, 0, blockSize), buf[:have]...)[:blockSize]
		}
	}
}

// fill reads until the buffer is full or the file ends, for which the error is io.EOF.
func fill(in io.Reader, buf []byte) (n int, err error) {
	for n < len(buf) && err == nil {
		var m int
		m, err = in.Read(buf[n:])
		n += m
	}
	return n, err
}

// ended notes why a file ended before its end.
func (r *run) ended(err error, line int, offset int64) {
	switch {
	case !errors.Is(err, io.EOF):
		r.gap(r.here(line, offset), 0, 0, "read the audit log: "+err.Error()+"; what follows was not read")
	case offset >= maxExpanded:
		r.gap(r.here(line, offset), 0, 0, fmt.Sprintf("the audit log has more than %d GiB; what follows was not read: split it", maxExpanded>>30))
	}
}

// skipLine passes over the rest of a line.
func (r *run) skipLine(in *bufio.Reader) (skipped int64, found bool) {
	for r.ctx.Err() == nil {
		part, err := in.ReadSlice('\n')
		skipped += int64(len(part))
		r.count(len(part))
		if err == nil {
			return skipped, true
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			break
		}
	}
	return skipped, false
}

func (r *run) count(n int) {
	r.mu.Lock()
	r.counts.Bytes += int64(n)
	r.mu.Unlock()
}
