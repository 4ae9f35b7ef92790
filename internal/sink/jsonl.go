package sink

import (
	"bufio"
	"context"
	"io"

	"github.com/bartizan-dev/bartizan"
)

// jsonlSink writes a JSON object on each line: the findings as they come, then gaps, the framework where
// there is one, and a summary. Each says with "type" what it is.
type jsonlSink struct {
	out *bufio.Writer
	run *Run
	n   tally
	enc encoder
}

func newJSONL(w io.Writer, run *Run) bartizan.Sink {
	return &jsonlSink{out: bufio.NewWriterSize(w, 1<<16), run: run}
}

func (s *jsonlSink) Write(ctx context.Context, f bartizan.Finding) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.n.add(f)
	d := document(s.run, f)
	d.Type = "finding"
	return s.line(d)
}

func (s *jsonlSink) Close() error {
	for _, g := range s.run.Gaps {
		d := gapDocument(g)
		d.Type = "gap"
		if err := s.line(d); err != nil {
			return err
		}
	}
	if s.run.Framework != nil {
		err := s.line(struct {
			Type string `json:"type"`
			docFramework
		}{"framework", frameworkDocument(s.run.Framework)})
		if err != nil {
			return err
		}
	}
	d := s.n.summary(s.run)
	d.Type = "summary"
	if err := s.line(struct {
		Schema string `json:"schema"`
		docSummary
	}{schemaV1, d}); err != nil {
		return err
	}
	return s.out.Flush()
}

func (s *jsonlSink) line(v any) error {
	b, err := s.enc.encode(v)
	if err != nil {
		return err
	}
	s.out.Write(b) // the error stays in the buffer until the next write
	return s.out.WriteByte('\n')
}
