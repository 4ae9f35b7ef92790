package audit

import (
	"bufio"
	"fmt"
	"strings"

	"github.com/bartizan-dev/bartizan/internal/event"
)

// splitter cuts records out of JSON text that comes in pieces: the items of an EventList or of a plain list, and
// objects that stand alone. It only looks at quotes and brackets; whether a record is sound is for its decoder.
type splitter struct {
	depth    int
	open     [3]byte // the brackets of the outer levels
	inString bool
	escaped  bool
	line     int   // of the next byte
	offset   int64 // of the next byte

	record    []byte
	recording bool
	tooLong   bool
	list      bool // the object at hand has items
	level     int  // the depth at which the record at hand began
	started   place

	emit  func(record []byte, at place)
	fault func(at place, reason string)
}

// place is a place in a file, both from 0.
type place struct {
	line   int
	offset int64
}

func (s *splitter) feed(text []byte) {
	for _, c := range text {
		at := place{s.line, s.offset}
		s.offset++
		if c == '\n' {
			s.line++
		}
		switch {
		case s.inString:
			s.inString = s.escaped || c != '"'
			s.escaped = !s.escaped && c == '\\'
		case c == '"':
			s.inString = true
		case c == '{' || c == '[':
			s.push(c, at)
		case c == '}' || c == ']':
			s.keep(c)
			s.pop(c, at)
			continue
		case s.depth == 0 && strings.IndexByte(" \t\r\n,\xef\xbb\xbf", c) < 0 && !s.tooLong:
			s.fault(at, "expected a JSON object")
			s.tooLong = true // once is enough, until the next object
		}
		s.keep(c)
	}
}

// keep adds a byte to the record at hand.
func (s *splitter) keep(c byte) {
	if !s.recording || s.tooLong {
		return
	}
	if len(s.record) >= event.MaxBytes {
		if s.tooLong = true; !s.list && s.level == 0 {
			return // it may turn out to be a list
		}
		s.fault(s.started, fmt.Sprintf("the record has more than %d bytes", event.MaxBytes))
		return
	}
	s.record = append(s.record, c)
}

// push opens a bracket. An item of a list begins a record, and so does an object that stands alone until it shows items.
func (s *splitter) push(c byte, at place) {
	item := c == '{' && (s.depth == 1 && s.open[0] == '[' || s.depth == 2 && s.open[0] == '{' && s.open[1] == '[')
	if s.depth == 0 || item {
		s.list = s.depth > 0
		s.begin(at)
	}
	if s.depth < len(s.open) {
		s.open[s.depth] = c
	}
	s.depth++
}

func (s *splitter) begin(at place) {
	s.record, s.recording, s.tooLong, s.level, s.started = s.record[:0], true, false, s.depth, at
}

// pop closes a bracket.
func (s *splitter) pop(c byte, at place) {
	if s.depth == 0 {
		s.fault(at, fmt.Sprintf("a %c that closes nothing", c))
		return
	}
	if s.depth--; s.depth < len(s.open) && s.open[s.depth] != c-2 {
		s.fault(at, fmt.Sprintf("a %c that closes a %c", c, s.open[s.depth]))
	}
	if s.recording && s.depth == s.level {
		s.recording = false
		lone := s.level == 0
		switch {
		case s.tooLong && lone:
			s.fault(s.started, fmt.Sprintf("the record has more than %d bytes", event.MaxBytes))
		case !s.tooLong && (!lone || c == '}'):
			s.emit(s.record, s.started)
		}
	}
	if s.depth == 0 {
		s.list, s.tooLong = false, false
	}
}

// end says what is left open at the end of the text.
func (s *splitter) end() {
	if s.depth > 0 {
		at := place{s.line, s.offset}
		if s.recording {
			at = s.started
		}
		s.fault(at, "the audit log ends in the middle of a record")
	}
}

// lists reads a file written as lists, or over several lines.
func (r *run) lists(in *bufio.Reader) error {
	var b block
	var text strings.Builder
	var failed error
	flush := func() {
		if b.text = text.String(); len(b.cuts) > 0 && failed == nil {
			failed = r.send(b)
		}
		b = block{}
		text.Reset()
	}
	s := splitter{
		fault: func(at place, reason string) { r.gap(r.here(at.line, at.offset), 0, 0, reason) },
		emit: func(record []byte, at place) {
			b.cuts = append(b.cuts, cut{text.Len(), text.Len() + len(record), at.offset, at.line})
			text.Write(record)
			if text.Len() >= blockSize {
				flush()
			}
		},
	}
	chunk := make([]byte, peekSize)
	for failed == nil {
		n, err := fill(in, chunk)
		r.count(n)
		s.feed(chunk[:n])
		if err != nil {
			s.end()
			flush()
			r.ended(err, s.line, s.offset)
			break
		}
	}
	return failed
}
