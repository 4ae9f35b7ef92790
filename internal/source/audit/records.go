package audit

import (
	"errors"
	"strings"

	"github.com/bartizan-dev/bartizan/internal/event"
)

// intake takes the records that are found in a text, and what cannot be read of it.
type intake interface {
	// record takes a record, or says why it is none.
	record(text string, at mark) error
	// gap notes what could not be read at a line and a byte of the file, both from 0.
	gap(line int, offset int64, reason string)
}

// mark is where a record stands: the line and the byte of the file at which its line or its frame begins, both from 0, and
// how many records stand before it there.
type mark struct {
	line   int
	offset int64
	skip   int
}

// takeBlock takes the records of a block.
func takeBlock(to intake, b block) {
	for _, c := range b.cuts {
		takeRecord(to, b.text[c.start:c.end], mark{line: c.line, offset: c.offset})
	}
	if b.cuts == nil {
		takeLines(to, b.text, b.offset, b.line)
	}
}

func takeRecord(to intake, text string, at mark) {
	if err := to.record(text, at); err != nil && !errors.Is(err, errList) { // a list that is left over has no items
		to.gap(at.line, at.offset, err.Error())
	}
}

// takeLines takes the records of whole lines that begin at a byte and a line of the file, and says at which line they end.
func takeLines(to intake, text string, offset int64, line int) int {
	for start := 0; start < len(text); line++ {
		end := strings.IndexByte(text[start:], '\n')
		if end < 0 {
			end = len(text) - start
		}
		one := strings.TrimRight(text[start:start+end], "\r")
		if offset+int64(start) == 0 {
			one = strings.TrimPrefix(one, "\ufeff")
		}
		takeLine(to, one, mark{line: line, offset: offset + int64(start)})
		start += end + 1
	}
	return line
}

// takeLine takes a line: a record or an EventList.
func takeLine(to intake, text string, at mark) {
	if strings.TrimLeft(text, " \t") == "" {
		return
	}
	if len(text) <= event.MaxBytes {
		err := to.record(text, at)
		if err == nil {
			return
		}
		if !strings.Contains(text[:min(len(text), listHead)], `"items"`) && !errors.Is(err, errList) {
			to.gap(at.line, at.offset, err.Error())
			return
		}
	}
	takeList(to, text, at)
}

// listHead is where items begin in a list of which not everything can be read.
const listHead = 1024

// takeList takes the records of an EventList, or one alone.
func takeList(to intake, text string, at mark) {
	s := splitter{
		fault: func(inside place, reason string) { to.gap(at.line, at.offset+inside.offset, reason) },
		emit: func(record []byte, inside place) {
			switch err := to.record(string(record), at); {
			case err == nil:
				at.skip++
			case !errors.Is(err, errList):
				to.gap(at.line, at.offset+inside.offset, err.Error())
			}
		},
	}
	s.feed([]byte(text))
	s.end()
}

var (
	errNoRecord = errors.New("the object is no audit record (audit.k8s.io Event): it has neither a verb nor a stage")
	errList     = errors.New("the object is a list")
)

// decode decodes a record. An object without verb and stage is none: errList if it has items.
func decode(a *event.Audit, text string) error {
	if err := a.Decode(text); err != nil {
		return err
	}
	switch {
	case a.Get(event.Verb).Exists() || a.Get(event.Stage).Exists():
		return nil
	case a.Root().Get("items").Kind() == event.Array:
		return errList
	}
	return errNoRecord
}
