package audit

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
)

// headSize is how much of a file's beginning tells it from others.
const headSize = 1024

// Position is a place in a log: which file, and where in it. A file is known by its device, its inode and its first
// bytes, so that neither another name nor an inode that was used again mislead. The zero Position is the beginning.
type Position struct {
	File   string `json:"file,omitempty"`
	Device uint64 `json:"device,omitempty"`
	Inode  uint64 `json:"inode,omitempty"`
	// Head is the hash of the file's first HeadBytes bytes.
	Head      string `json:"head,omitempty"`
	HeadBytes int    `json:"headBytes,omitempty"`
	// Modified is when the file was last written to, as far as that was seen, in nanoseconds since 1970.
	Modified int64 `json:"modified,omitempty"`
	// Segment is the number of a file of a webhook's spool; 0 for a log file.
	Segment uint64 `json:"segment,omitempty"`
	// Offset is that of a line, or of a frame of a spool, and Skip counts the records of it that were taken.
	Offset int64 `json:"offset"`
	Line   int   `json:"line,omitempty"`
	Skip   int   `json:"skip,omitempty"`
}

// Check says what is wrong with a position that was read from a file.
func (p *Position) Check() error {
	switch {
	case p.Offset < 0 || p.Line < 0 || p.Skip < 0 || p.HeadBytes < 0 || p.HeadBytes > headSize:
		return fmt.Errorf("the position in %s is out of range", p.File)
	case p.HeadBytes > 0 && len(p.Head) != 2*sha256.Size:
		return fmt.Errorf("the position in %s does not fit its first bytes", p.File)
	}
	return nil
}

// seal notes the first bytes of the file, as far as they were read.
func (p *Position) seal(head []byte) {
	n := min(len(head), headSize)
	p.HeadBytes, p.Head = n, ""
	if n > 0 {
		sum := sha256.Sum256(head[:n])
		p.Head = hex.EncodeToString(sum[:])
	}
}

// begins says whether a text may be the beginning of the file.
func (p *Position) begins(head []byte) bool {
	if len(head) < p.HeadBytes {
		return false
	}
	own := *p
	own.seal(head[:p.HeadBytes])
	return own.Head == p.Head
}

// same says whether a file that grows still begins as it did.
func same(before, now []byte) bool {
	return len(now) >= len(before) && bytes.Equal(before, now[:len(before)])
}
