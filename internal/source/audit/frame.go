package audit

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
)

// A frame of a spool is a mark, the length of its body, the body's checksum, and the body: the length of the API
// server's name, the name, and what the API server sent.
const (
	frameMark   = "\xb5BzA"
	frameHead   = len(frameMark) + 8
	segmentMark = "BARTZSP1"
	maxName     = 64
	maxFrame    = maxBody + maxName + 2
)

// checksums is how frames are checked: CRC-32C.
func checksums() *crc32.Table { return crc32.MakeTable(crc32.Castagnoli) }

// appendFrame writes a frame behind a text.
func appendFrame(to []byte, name string, payload []byte) []byte {
	at := len(to)
	to = append(to, frameMark...)
	to = append(to, make([]byte, 8)...)
	to = binary.BigEndian.AppendUint16(to, uint16(len(name)))
	to = append(append(to, name...), payload...)
	body := to[at+frameHead:]
	binary.BigEndian.PutUint32(to[at+4:], uint32(len(body)))
	binary.BigEndian.PutUint32(to[at+8:], crc32.Checksum(body, checksums()))
	return to
}

var errNoFrame = errors.New("what stands here is no whole frame")

// bodyLength reads the head of a frame.
func bodyLength(head []byte) (int, error) {
	if len(head) < frameHead || string(head[:4]) != frameMark {
		return 0, errNoFrame
	}
	n := binary.BigEndian.Uint32(head[4:])
	if n < 2 || n > maxFrame {
		return 0, errNoFrame
	}
	return int(n), nil
}

// readFrame reads the frame at the beginning of a text, and says how long it is.
func readFrame(text []byte) (name string, payload []byte, size int, err error) {
	n, err := bodyLength(text)
	if err != nil || len(text)-frameHead < n {
		return "", nil, 0, errNoFrame
	}
	body := text[frameHead : frameHead+n]
	named := int(binary.BigEndian.Uint16(body))
	if crc32.Checksum(body, checksums()) != binary.BigEndian.Uint32(text[8:]) || named > maxName || named+2 > n {
		return "", nil, 0, errNoFrame
	}
	return string(body[2 : 2+named]), body[2+named:], frameHead + n, nil
}
