package audit

import (
	"fmt"
	"strings"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/event"
)

// Record is an audit record that was decoded, with its time in nanoseconds since 1970; 0 if it says none.
type Record struct {
	event.Audit
	Time int64

	line   int   // of the file, from 0
	offset int64 // of the line, or of the frame, in the file
	skip   int   // how many records stand before it in the same line or frame
}

// Gap is what could not be read, and before which record of the Batch that was.
type Gap struct {
	bartizan.Gap
	Before int
	// Lost says that records are missing, rather than that one was faulty.
	Lost bool
}

// Batch is records of one log, in their order.
type Batch struct {
	Stream  string // the API server
	Records []Record
	Gaps    []Gap
	// CaughtUp says that behind the batch there was nothing more to read for now, and Final that there never will be.
	CaughtUp, Final bool

	file  string
	bytes int
	start Position // of the file, with the offset and line behind the batch
	head  []byte
	free  chan<- *Batch
}

// Origin is where a record of the batch stands.
func (b *Batch) Origin(i int) bartizan.Origin {
	o := bartizan.Origin{Source: source, File: b.file}
	if b.start.Segment == 0 {
		o.Line = b.Records[i].line + 1
	}
	return o
}

// Bytes is how much text the batch was read from.
func (b *Batch) Bytes() int { return b.bytes }

// Received says that the records came over the network, where they may be sent again.
func (b *Batch) Received() bool { return b.start.Segment > 0 }

// Position is where to go on behind the first records of the batch.
func (b *Batch) Position(taken int) Position {
	p := b.start
	if taken < len(b.Records) {
		r := &b.Records[taken]
		p.Offset, p.Line, p.Skip = r.offset, r.line, r.skip
	}
	if p.Segment == 0 {
		p.seal(b.head)
	}
	return p
}

// Release gives the batch's memory back to its reader. Nothing of it may be used afterwards; strings stay valid.
func (b *Batch) Release() {
	if b.free == nil {
		return
	}
	select {
	case b.free <- b:
	default:
	}
}

// reset empties a batch and keeps its memory.
func (b *Batch) reset() {
	*b = Batch{Records: b.Records[:0], free: b.free}
}

// gap notes what could not be read at a line and a byte of the file, both from 0.
func (b *Batch) gap(line int, offset int64, reason string) *Gap {
	g := Gap{Before: len(b.Records)}
	g.Origin = bartizan.Origin{Source: source, File: b.file}
	if b.start.Segment == 0 {
		g.Origin.Line = line + 1
	}
	g.Reason = fmt.Sprintf("byte %d: %s", offset, reason)
	b.Gaps = append(b.Gaps, g)
	return &b.Gaps[len(b.Gaps)-1]
}

// lines decodes whole lines that begin at an offset and a line of the file, and says at which line they end.
func (b *Batch) lines(text string, offset int64, line int) int {
	for start := 0; start < len(text); line++ {
		end := strings.IndexByte(text[start:], '\n')
		if end < 0 {
			end = len(text) - start
		}
		one := strings.TrimRight(text[start:start+end], "\r")
		if offset+int64(start) == 0 {
			one = strings.TrimPrefix(one, "\ufeff")
		}
		b.line(one, offset+int64(start), line)
		start += end + 1
	}
	return line
}

// line decodes a line: a record or an EventList.
func (b *Batch) line(text string, offset int64, line int) {
	if strings.TrimLeft(text, " \t") == "" {
		return
	}
	if len(text) <= event.MaxBytes && !strings.Contains(text[:min(len(text), 1024)], `"items"`) {
		if err := b.record(text, offset, line, 0); err != nil {
			b.gap(line, offset, err.Error())
		}
		return
	}
	b.list(text, offset, line)
}

// list decodes the records of an EventList, or one alone, that begins at an offset.
func (b *Batch) list(text string, offset int64, line int) {
	before := len(b.Records)
	s := splitter{
		fault: func(at place, reason string) { b.gap(line, offset+at.offset, reason) },
		emit: func(record []byte, at place) {
			if err := b.record(string(record), offset, line, len(b.Records)-before); err != nil {
				b.gap(line, offset+at.offset, err.Error())
			}
		},
	}
	s.feed([]byte(text))
	s.end()
}

// record decodes one record into the batch.
func (b *Batch) record(text string, offset int64, line, skip int) error {
	n := len(b.Records)
	if n < cap(b.Records) {
		b.Records = b.Records[:n+1]
	} else {
		b.Records = append(b.Records, Record{})
	}
	r := &b.Records[n]
	r.Time, r.line, r.offset, r.skip = 0, line, offset, skip
	err := r.Decode(text)
	if err == nil && !r.Get(event.Verb).Exists() && !r.Get(event.Stage).Exists() {
		if r.Root().Get("items").Kind() != event.Array {
			err = errNoRecord
		}
		b.Records = b.Records[:n]
		return err
	}
	if err != nil {
		b.Records = b.Records[:n]
		return err
	}
	if t := r.Audit.Time(); !t.IsZero() && t.Year() >= 1970 && t.Year() < 2200 {
		r.Time = t.UnixNano()
	}
	return nil
}

// block decodes a block of a file that is read to its end.
func (b *Batch) block(bl block) {
	b.bytes = len(bl.text)
	for _, c := range bl.cuts {
		if err := b.record(bl.text[c.start:c.end], c.offset, c.line, 0); err != nil {
			b.gap(c.line, c.offset, err.Error())
		}
	}
	if bl.cuts == nil {
		b.lines(bl.text, bl.offset, bl.line)
	}
}

// drop takes away the first records: they were taken before.
func (b *Batch) drop(n int) {
	n = min(n, len(b.Records))
	first := b.Records[:n:n]
	b.Records = append(b.Records[n:], first...)[:len(b.Records)-n]
	for i := range b.Gaps {
		b.Gaps[i].Before = max(0, b.Gaps[i].Before-n)
	}
}
