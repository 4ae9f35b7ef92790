package sink

import (
	"bufio"
	"context"
	"io"

	"github.com/bartizan-dev/bartizan"
)

// jsonSink writes one JSON document with a line for each finding, as the findings come.
type jsonSink struct {
	out *bufio.Writer
	run *Run
	n   tally
	sep string
	enc encoder
	err error
}

func newJSON(w io.Writer, run *Run) bartizan.Sink {
	return &jsonSink{out: bufio.NewWriterSize(w, 1<<16), run: run}
}

func (s *jsonSink) Write(ctx context.Context, f bartizan.Finding) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.begin()
	s.n.add(f)
	s.item(document(s.run, f))
	return s.err
}

func (s *jsonSink) Close() error {
	s.begin()
	s.text("\n  ],\n  \"gaps\": [")
	s.sep = "\n    "
	for _, g := range s.run.Gaps {
		s.item(gapDocument(g))
	}
	s.text("\n  ],\n")
	if s.run.Framework != nil {
		s.member("framework", frameworkDocument(s.run.Framework))
		s.text(",\n")
	}
	s.member("summary", s.n.summary(s.run))
	s.text("\n}\n")
	if s.err != nil {
		return s.err
	}
	return s.out.Flush()
}

// begin writes what stands before the first finding.
func (s *jsonSink) begin() {
	if s.sep == "" {
		s.text("{\n  \"schema\": \"" + schemaV1 + "\",\n  \"findings\": [")
		s.sep = "\n    "
	}
}

func (s *jsonSink) item(v any) {
	s.text(s.sep)
	s.value(v)
	s.sep = ",\n    "
}

func (s *jsonSink) member(name string, v any) {
	s.text("  \"" + name + "\": ")
	s.value(v)
}

func (s *jsonSink) value(v any) {
	b, err := s.enc.encode(v)
	if s.err == nil {
		s.err = err
	}
	if s.err == nil {
		_, s.err = s.out.Write(b)
	}
}

func (s *jsonSink) text(t string) {
	if s.err == nil {
		_, s.err = s.out.WriteString(t)
	}
}
