package notify

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"slices"
)

// scan reads records from a place in a file until one is not sound, or take says that it will have no more. end is
// behind the last record taken.
func scan(f *os.File, from int64, take func([]byte) bool) (records uint64, end int64, err error) {
	end = from
	var header [headerBytes]byte
	var buffer []byte
	for {
		if _, err := f.ReadAt(header[:], end); err != nil {
			return records, end, notEOF(err)
		}
		size := binary.LittleEndian.Uint32(header[:4])
		if size > maxRecord {
			return records, end, nil
		}
		buffer = slices.Grow(buffer[:0], int(size))[:size]
		if _, err := f.ReadAt(buffer, end+headerBytes); err != nil {
			return records, end, notEOF(err)
		}
		if crc32.Checksum(buffer, castagnoli) != binary.LittleEndian.Uint32(header[4:]) {
			return records, end, nil
		}
		if take != nil && !take(buffer) {
			return records, end, nil
		}
		records++
		end += headerBytes + int64(size)
	}
}

// notEOF is an error that is more than the end of a file.
func notEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// replaceFile writes a file as a whole, or leaves the old one.
func replaceFile(file string, text []byte) error {
	if err := os.WriteFile(file+".new", text, 0o600); err != nil {
		return err
	}
	return os.Rename(file+".new", file)
}

// refusedBytes bounds the file of what receivers refused; what was in it before is then kept once.
const refusedBytes = 16 << 20

// setAside keeps records that the receiver refuses beside the queue, one on each line, for people to look at.
func (s *spool) setAside(records [][]byte) error {
	name := filepath.Join(s.dir, "refused.jsonl")
	if info, err := os.Stat(name); err == nil && info.Size() > refusedBytes {
		if err := os.Rename(name, name+".old"); err != nil {
			return err
		}
	}
	f, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	for _, r := range records {
		if _, err := f.Write(append(slices.Clip(r), '\n')); err != nil {
			return err
		}
	}
	return nil
}

// syncDir makes the names in a directory last.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
