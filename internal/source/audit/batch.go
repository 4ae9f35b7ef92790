package audit

import (
	"fmt"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/event"
)

// Record is an audit record that was decoded, with its time in nanoseconds since 1970; 0 if it says none.
type Record struct {
	event.Audit
	Time int64

	mark
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
func (b *Batch) gap(line int, offset int64, reason string) {
	g := Gap{Before: len(b.Records)}
	g.Origin = bartizan.Origin{Source: source, File: b.file}
	if b.start.Segment == 0 {
		g.Origin.Line = line + 1
	}
	g.Reason = fmt.Sprintf("byte %d: %s", offset, reason)
	b.Gaps = append(b.Gaps, g)
}

// record decodes one record into the batch.
func (b *Batch) record(text string, at mark) error {
	n := len(b.Records)
	if n < cap(b.Records) {
		b.Records = b.Records[:n+1]
	} else {
		b.Records = append(b.Records, Record{})
	}
	r := &b.Records[n]
	r.Time, r.mark = 0, at
	if err := decode(&r.Audit, text); err != nil {
		b.Records = b.Records[:n]
		return err
	}
	if t := r.Audit.Time(); t.Unix() >= 0 && t.Unix() < year2200 {
		r.Time = t.UnixNano()
	}
	return nil
}

// year2200 is the first time that is taken for none, in seconds since 1970.
const year2200 = 7258118400

// drop takes away the first records: they were taken before.
func (b *Batch) drop(n int) {
	n = min(n, len(b.Records))
	first := b.Records[:n:n]
	b.Records = append(b.Records[n:], first...)[:len(b.Records)-n]
	for i := range b.Gaps {
		b.Gaps[i].Before = max(0, b.Gaps[i].Before-n)
	}
}
