package tree

import (
	"fmt"
	"hash/maphash"
	"iter"
	"math"
	"strings"
)

// Limits bounds what Parse accepts. A zero field stands for the value of DefaultLimits.
type Limits struct {
	Bytes int // size of the whole stream, in bytes
	Depth int // maps and lists inside one another in one document
	Nodes int // values of one document; what an alias stands for counts each time
}

// DefaultLimits are 32 MiB a stream, 512 levels and 1,000,000 values a document.
func DefaultLimits() Limits { return Limits{Bytes: 32 << 20, Depth: 512, Nodes: 1_000_000} }

func (l Limits) orDefault() Limits {
	d := DefaultLimits()
	if l.Bytes <= 0 {
		l.Bytes = d.Bytes
	}
	if l.Depth <= 0 {
		l.Depth = d.Depth
	}
	if l.Nodes <= 0 {
		l.Nodes = d.Nodes
	}
	l.Bytes, l.Nodes = min(l.Bytes, math.MaxInt32), min(l.Nodes, math.MaxInt32)
	return l
}

// SyntaxError says why a document could not be read, and where.
type SyntaxError struct {
	Line, Column int // from 1, columns in bytes; Column 0: the line is all that is known
	Reason       string
}

// Error is the place and the reason in one line.
func (e *SyntaxError) Error() string {
	if e.Column == 0 {
		return fmt.Sprintf("line %d: %s", e.Line, e.Reason)
	}
	return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.Reason)
}

// Parse yields the documents of a YAML stream or JSON text in order. A document that cannot be read yields
// a nil Doc and a *SyntaxError, and reading goes on at the next line that is a document separator. A
// document that holds only comments yields a Doc whose Root does not exist. An empty stream yields nothing.
func Parse(src string, lim Limits) iter.Seq2[*Doc, error] {
	return func(yield func(*Doc, error) bool) {
		lim := lim.orDefault()
		if len(src) > lim.Bytes {
			yield(nil, &SyntaxError{Line: 1, Reason: fmt.Sprintf(
				"the stream holds %d bytes, the limit is %d (Limits.Bytes): split it into smaller files", len(src), lim.Bytes)})
			return
		}
		p := newParser(src, lim)
		for c, ok := p.split(chunk{}); ok; c, ok = p.split(c) {
			doc, err := p.document(&c)
			if err != nil {
				if !yield(nil, err) {
					return
				}
			} else if !yield(doc, nil) {
				return
			}
		}
	}
}

// parser reads one stream. Its scratch space is reused from one document to the next.
type parser struct {
	builder
	buf              []byte
	separators, ends markers
	checked          int  // check has seen the text up to here
	wildAt           int  // the last line break or byte order mark that only the slow reader handles; -1: none
	stuck            int  // where the fast reader gave up; -1: nowhere
	slowOnly         bool // tests compare the two readers
	slowDocs         int  // documents that the fast reader gave up on
}

func newParser(src string, lim Limits) *parser {
	return &parser{builder: builder{src: src, lim: lim, lines: &lineIndex{}, seed: maphash.MakeSeed()},
		separators: markers{marker: "\n---"}, ends: markers{marker: "\n..."}, wildAt: -1}
}

// document reads one chunk: by the fast reader if that is sure of every byte, else by the slow one.
func (p *parser) document(c *chunk) (*Doc, error) {
	if err := p.check(c); err != nil {
		return nil, err
	}
	if c.loose > 0 {
		return nil, p.errorAt(c.loose, "text follows a ... line: begin the next document with a --- line")
	}
	if p.nodes == nil {
		p.nodes = make([]node, 0, 8+min(1<<15, strings.Count(p.src[c.start:c.stop], "\n"))) // about one value a line
	}
	p.reset()
	p.stuck = -1
	if !p.slowOnly {
		done, err := p.fast(c)
		if err != nil {
			return nil, err
		}
		if done {
			return p.finish(c), nil
		}
		p.reset()
	}
	p.slowDocs++
	if err := p.slow(c); err != nil {
		return nil, err
	}
	return p.finish(c), nil
}

// errorAt is a SyntaxError at a byte offset of the stream.
func (b *builder) errorAt(offset int, format string, args ...any) *SyntaxError {
	line, column := b.lines.position(b.src, offset)
	return &SyntaxError{Line: line, Column: column, Reason: fmt.Sprintf(format, args...)}
}
