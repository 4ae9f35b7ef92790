package audit

import (
	"bufio"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// logFile is an open file of a log, and how far it was read.
type logFile struct {
	name   string
	file   *os.File
	zip    *gzip.Reader // of a rotated file that was compressed
	read64 int64        // of a compressed file: how much was decompressed
	failed bool
	pos    Position // of the first byte that was not consumed
	head   []byte   // the first bytes, as far as they were read; its memory never moves
	skip   int64    // to be passed over in a compressed file
	empty  bool     // it was, when pos.Modified was its time
}

// openLog opens a file at its beginning.
func openLog(name string) (*logFile, error) {
	info, err := os.Stat(name) // before it is opened: opening a pipe waits for its writer
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no ordinary file: name a log file", name)
	}
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	if info, err = file.Stat(); err != nil {
		_ = file.Close()
		return nil, err
	}
	l := &logFile{name: name, file: file, head: make([]byte, 0, headSize)}
	l.pos.File = name
	l.pos.Device, l.pos.Inode = identity(info)
	l.pos.Modified = info.ModTime().UnixNano()
	if strings.HasSuffix(name, ".gz") {
		if l.zip, err = gzip.NewReader(bufio.NewReaderSize(file, peekSize)); err != nil {
			_ = file.Close()
			return nil, fmt.Errorf("decompress %s: %w", name, err)
		}
	}
	return l, nil
}

// openAt opens a file at a position, if it is the file that the position is of.
func openAt(name string, p *Position) *logFile {
	l, err := openLog(name)
	if err != nil {
		return nil
	}
	head := make([]byte, p.HeadBytes)
	n, _ := l.peek(head)
	info, err := l.file.Stat()
	if err != nil || !p.begins(head[:n]) || l.zip == nil && info.Size() < p.Offset {
		l.close()
		return nil
	}
	if l.zip != nil { // begin anew
		l.close()
		if l, err = openLog(name); err != nil {
			return nil
		}
		l.skip = p.Offset
	} else {
		l.head = append(l.head, head[:n]...)
	}
	l.pos.Offset, l.pos.Line, l.pos.Skip = p.Offset, p.Line, p.Skip
	if p.Modified > 0 {
		l.pos.Modified = p.Modified
	}
	return l
}

// peek reads the first bytes.
func (l *logFile) peek(head []byte) (int, error) {
	if l.zip != nil {
		return io.ReadFull(l.zip, head)
	}
	return l.file.ReadAt(head, 0)
}

// read reads what stands behind the position and the bytes of a buffer.
func (l *logFile) read(into []byte, have int) (n int, err error) {
	if l.failed {
		return 0, io.EOF
	}
	if l.zip == nil {
		at := l.pos.Offset + int64(have)
		n, err = l.file.ReadAt(into, at)
		l.keep(into[:n], at)
		return n, err
	}
	if l.skip > 0 {
		if err = l.forward(); err != nil {
			return 0, err
		}
	}
	n, err = fill(l.zip, into)
	l.keep(into[:n], l.read64)
	l.read64 += int64(n)
	if l.read64 > maxExpanded {
		return 0, fmt.Errorf("%s has more than %d GiB: what follows was not read", l.name, maxExpanded>>30)
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = fmt.Errorf("decompress %s: it ends too early", l.name)
	}
	return n, err
}

// forward passes over what was read before, of a compressed file.
func (l *logFile) forward() error {
	buf := make([]byte, peekSize)
	for l.skip > 0 {
		n, err := l.zip.Read(buf[:min(int64(len(buf)), l.skip)])
		l.keep(buf[:n], l.read64)
		l.read64 += int64(n)
		l.skip -= int64(n)
		if err != nil && l.skip > 0 {
			return fmt.Errorf("decompress %s: it ends before byte %d, which was read before", l.name, l.pos.Offset)
		}
	}
	return nil
}

// keep notes the first bytes.
func (l *logFile) keep(text []byte, at int64) {
	if at == int64(len(l.head)) && len(l.head) < headSize {
		l.head = append(l.head, text[:min(len(text), headSize-len(l.head))]...)
	}
}

// intact says whether the file still begins as it did, and is no shorter than what was read of it. What was read just
// before is then of that file.
func (l *logFile) intact(have, n int) bool {
	if l.zip != nil {
		return true
	}
	if n == 0 {
		info, err := l.file.Stat()
		if err == nil && info.Size() < l.pos.Offset+int64(have) {
			return false
		}
	}
	now := make([]byte, len(l.head))
	m, err := l.file.ReadAt(now, 0)
	return err != nil && !errors.Is(err, io.EOF) || same(l.head, now[:m])
}

// whole is the position with what is known of the file's first bytes.
func (l *logFile) whole() Position {
	p := l.pos
	p.seal(l.head)
	return p
}

func (l *logFile) close() { _ = l.file.Close() }
