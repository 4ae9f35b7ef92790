package suggest

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/reach"
)

const (
	maxLine  = 1 << 20 // bytes of a record
	maxFlows = 1 << 20 // different flows
	maxGaps  = 100     // lines that are reported one by one
	maxCount = 1 << 40 // connections of one record
)

// Read reads JSON lines, ours or those of "hubble observe -o json". A line that cannot be read is a Gap with its
// number.
func Read(r io.Reader, name string) *Log {
	c := &collector{log: &Log{}, name: name, at: map[flowKey]int{}, by: map[seen]int{}}
	in := bufio.NewReaderSize(r, 64<<10)
	for line := 1; ; line++ {
		text, err := boundedLine(in)
		switch {
		case errors.Is(err, errLong):
			c.gap(line, fmt.Sprintf("the line is longer than %d bytes", maxLine))
			continue
		case err != nil && !errors.Is(err, io.EOF):
			c.gap(line, "reading stopped here: "+err.Error())
			return c.done()
		}
		if text = bytes.TrimSpace(text); len(text) > 0 {
			c.record(line, string(text))
		}
		if err != nil || c.full {
			return c.done()
		}
	}
}

var errLong = errors.New("too long")

// boundedLine reads a line; of one that is too long it skips the rest.
func boundedLine(in *bufio.Reader) ([]byte, error) {
	part, err := in.ReadSlice('\n')
	if !errors.Is(err, bufio.ErrBufferFull) {
		return part, err
	}
	line := bytes.Clone(part)
	for errors.Is(err, bufio.ErrBufferFull) {
		part, err = in.ReadSlice('\n')
		if len(line) <= maxLine {
			line = append(line, part...)
		}
	}
	if len(line) > maxLine && (err == nil || errors.Is(err, io.EOF)) {
		if err != nil {
			in.Reset(bytes.NewReader(nil)) // the next read ends the file
		}
		return nil, errLong
	}
	return line, err
}

type flowKey struct {
	from, to End
	port     reach.Port
}

// seen is a flow as one end reports it: the same connection may be reported where it leaves and where it enters.
type seen struct {
	flow  int
	where where
}

// collector adds records of the same flow up.
type collector struct {
	parser
	log     *Log
	name    string
	at      map[flowKey]int
	by      map[seen]int
	dropped int
	full    bool
}

func (c *collector) gap(line int, reason string) {
	if len(c.log.Gaps) >= maxGaps {
		c.dropped++
		return
	}
	c.log.Gaps = append(c.log.Gaps, bartizan.Gap{Origin: bartizan.Origin{Source: "flows", File: c.name, Line: line}, Reason: reason})
}

func (c *collector) done() *Log {
	if c.dropped > 0 {
		c.log.Gaps = append(c.log.Gaps, bartizan.Gap{
			Origin: bartizan.Origin{Source: "flows", File: c.name}, Reason: fmt.Sprintf("%d more lines could not be read", c.dropped),
		})
	}
	return c.log
}

func (c *collector) record(line int, text string) {
	r, err := c.parse(text)
	switch {
	case err != nil:
		c.gap(line, err.Error())
		return
	case r.ignore:
		c.log.Ignored++
		if r.icmp {
			c.log.ICMP++
		}
		return
	}
	if r.wrong > 0 && c.log.WrongNames == 0 {
		c.log.WrongLine = line
	}
	c.log.WrongNames += r.wrong
	f := r.flow
	key := flowKey{f.From, f.To, f.Port}
	i, old := c.at[key]
	if !old {
		if len(c.log.Flows) >= maxFlows {
			c.gap(line, fmt.Sprintf("there are more than %d different flows: give fewer at a time", maxFlows))
			c.full = true
			return
		}
		i = len(c.log.Flows)
		f.From, f.To = f.From.clone(), f.To.clone() // they stand in the record's text
		c.at[flowKey{f.From, f.To, f.Port}] = i
		f.Line = line
		bare := f
		bare.Count, bare.Requests, bare.Names = 0, nil, nil
		c.log.Flows = append(c.log.Flows, bare)
	}
	c.log.Records++
	c.log.span(f.First, f.Last)
	have := &c.log.Flows[i]
	if r.where == requested { // a connection carries many
		have.Count = max(have.Count, 1)
	} else {
		s := seen{i, r.where}
		c.by[s] = min(c.by[s]+f.Count, maxCount)
		have.Count = max(have.Count, c.by[s]) // the same connection is seen at both ends
	}
	if !f.First.IsZero() && (have.First.IsZero() || f.First.Before(have.First)) {
		have.First = f.First
	}
	if f.Last.After(have.Last) {
		have.Last = f.Last
	}
	have.join(&f)
}
