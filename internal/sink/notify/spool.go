package notify

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// spool is a queue in a directory. Records are appended to segment files, each record with its length and a checksum; a
// file named position says how many were delivered. What put returned from survives the death of the process and, where
// the disk keeps its promises, of the machine. After a crash the records of the last batch may come twice.
type spool struct {
	dir      string
	most     int64 // bytes
	lock     *os.File
	segments []segment
	out      *os.File // the last segment
	in       *os.File // the first segment
	first    uint64   // number of the next record to deliver
	at       int64    // where it begins in the first segment
	next     uint64   // number of the next record to put
	bytes    int64    // of all segments
	damaged  int64    // bytes that could not be read, since that was told of
}

// segment is one file: records from a number on.
type segment struct {
	first uint64
	size  int64
}

const (
	segmentBytes  = 4 << 20
	headerBytes   = 8
	maxRecord     = 8 << 20
	segmentEnding = ".queue"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// errFull says that a queue has no room.
var errFull = errors.New("the queue is full")

// openSpool opens a queue, and mends what a crash left of it.
func openSpool(dir string, most int64) (*spool, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open queue: %w", err)
	}
	lock, err := lockFile(filepath.Join(dir, "lock"))
	if err != nil {
		return nil, fmt.Errorf("open queue %s: %w; does another bartizan use it?", dir, err)
	}
	s := &spool{dir: dir, most: most, lock: lock}
	if err := s.load(); err != nil {
		return nil, errors.Join(fmt.Errorf("open queue %s: %w", dir, err), s.close())
	}
	return s, nil
}

func (s *spool) file(first uint64) string {
	return filepath.Join(s.dir, fmt.Sprintf("%016x%s", first, segmentEnding))
}

// load finds the segments, cuts the last one off behind its last sound record, and finds the position.
func (s *spool) load() error {
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		name, ok := strings.CutSuffix(e.Name(), segmentEnding)
		first, err := strconv.ParseUint(name, 16, 64)
		if !ok || err != nil || len(name) != 16 {
			continue
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		s.segments = append(s.segments, segment{first, info.Size()})
		s.bytes += info.Size()
	}
	slices.SortFunc(s.segments, func(a, b segment) int {
		if a.first < b.first {
			return -1
		}
		return 1
	})
	if err := s.position(); err != nil {
		return err
	}
	if len(s.segments) == 0 {
		s.next = s.first
		return s.begin()
	}
	if err := s.mend(); err != nil {
		return err
	}
	return s.seek()
}

// position reads how many records were delivered.
func (s *spool) position() error {
	text, err := readBounded(filepath.Join(s.dir, "position"), 64)
	if errors.Is(err, fs.ErrNotExist) {
		text, err = "0", nil
	}
	if err != nil {
		return err
	}
	if s.first, err = strconv.ParseUint(strings.TrimSpace(text), 10, 64); err != nil {
		s.first = 0 // it will be clear from the segments what is left: better twice than never
	}
	return nil
}

// mend finds the end of the last segment and cuts off what follows it: a record that was being written.
func (s *spool) mend() error {
	last := &s.segments[len(s.segments)-1]
	f, err := os.OpenFile(s.file(last.first), os.O_RDWR, 0)
	if err != nil {
		return err
	}
	records, end, err := scan(f, 0, nil)
	if err != nil {
		f.Close()
		return err
	}
	if end < last.size {
		s.bytes -= last.size - end
		last.size = end
		if err := f.Truncate(end); err != nil {
			f.Close()
			return err
		}
	}
	s.next = last.first + records
	s.out = f
	return nil
}

// seek goes to the first record that is not delivered.
func (s *spool) seek() error {
	for len(s.segments) > 1 && s.segments[1].first <= s.first {
		if err := s.drop(); err != nil {
			return err
		}
	}
	if sound := min(max(s.first, s.segments[0].first), s.next); sound != s.first {
		s.first = sound
		if err := s.note(); err != nil {
			return err
		}
	}
	in, err := os.Open(s.file(s.segments[0].first))
	if err != nil {
		return err
	}
	s.in, s.at = in, 0
	skip := s.first - s.segments[0].first
	_, s.at, err = scan(in, 0, func([]byte) bool { skip--; return skip != ^uint64(0) })
	return err
}

// begin begins a segment.
func (s *spool) begin() error {
	f, err := os.OpenFile(s.file(s.next), os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	if s.out != nil {
		s.out.Close()
	}
	s.out = f
	s.segments = append(s.segments, segment{first: s.next})
	if s.in == nil {
		if s.in, err = os.Open(s.file(s.next)); err != nil {
			return err
		}
		s.at = 0
	}
	return syncDir(s.dir)
}

// put appends records, all or none, and returns when they are on disk.
func (s *spool) put(records [][]byte) error {
	size := int64(0)
	for _, r := range records {
		size += headerBytes + int64(len(r))
	}
	if s.bytes-s.at+size > s.most {
		return errFull
	}
	last := &s.segments[len(s.segments)-1]
	if last.size > 0 && last.size+size > segmentBytes {
		if err := s.begin(); err != nil {
			return err
		}
		last = &s.segments[len(s.segments)-1]
	}
	buffer := make([]byte, 0, size)
	for _, r := range records {
		buffer = binary.LittleEndian.AppendUint32(buffer, uint32(len(r)))
		buffer = binary.LittleEndian.AppendUint32(buffer, crc32.Checksum(r, castagnoli))
		buffer = append(buffer, r...)
	}
	_, err := s.out.WriteAt(buffer, last.size)
	if err == nil {
		err = s.out.Sync()
	}
	if err != nil {
		_ = s.out.Truncate(last.size) // what was written of it is cut off when the queue is opened, too
		return err
	}
	last.size += size
	s.bytes += size
	s.next += uint64(len(records))
	return nil
}

// peek gives the next records, at least one if there is any, without taking them.
func (s *spool) peek(items, bytes int) (records [][]byte, err error) {
	for s.first < s.next {
		size := 0
		_, _, err := scan(s.in, s.at, func(r []byte) bool {
			if len(records) > 0 && (len(records) == items || size+len(r) > bytes) {
				return false
			}
			size += len(r)
			records = append(records, slices.Clone(r))
			return true
		})
		if err != nil || len(records) > 0 {
			return records, err
		}
		if len(s.segments) == 1 { // records are said to be there, and are not sound
			s.damaged += s.segments[0].size - s.at
			s.at, s.first = s.segments[0].size, s.next
			return nil, nil
		}
		s.damaged += s.segments[0].size - s.at
		if err := s.forward(); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// forward goes on to the next segment.
func (s *spool) forward() error {
	if err := s.drop(); err != nil {
		return err
	}
	s.first, s.at = s.segments[0].first, 0
	s.in.Close()
	in, err := os.Open(s.file(s.first))
	s.in = in
	return err
}

// drop removes the first segment.
func (s *spool) drop() error {
	s.bytes -= s.segments[0].size
	err := os.Remove(s.file(s.segments[0].first))
	s.segments = slices.Delete(s.segments, 0, 1)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// done notes that records were delivered.
func (s *spool) done(records [][]byte) error {
	for _, r := range records {
		s.at += headerBytes + int64(len(r))
	}
	s.first += uint64(len(records))
	if len(s.segments) > 1 && s.at >= s.segments[0].size {
		if err := s.forward(); err != nil {
			return err
		}
	}
	return s.note()
}

// note writes down how many records were delivered.
func (s *spool) note() error {
	return replaceFile(filepath.Join(s.dir, "position"), []byte(strconv.FormatUint(s.first, 10)+"\n"))
}

// left is how many records wait.
func (s *spool) left() int { return int(s.next - s.first) }

func (s *spool) close() error {
	for _, f := range []*os.File{s.in, s.out, s.lock} {
		if f != nil {
			f.Close()
		}
	}
	return nil
}
