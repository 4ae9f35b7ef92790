package notify

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"

	"github.com/bartizan-dev/bartizan/internal/alert"
)

// stream writes to an io.Writer, and flushes after each Write.
type stream struct {
	out  *bufio.Writer
	line func(*alert.Shown) ([]byte, error)
}

// NewJSONL writes a document of bartizan.dev/v1 on each line: alerts, summaries and incidents.
func NewJSONL(w io.Writer) Output {
	return &stream{bufio.NewWriterSize(w, 1<<16), func(s *alert.Shown) ([]byte, error) { return json.Marshal(s) }}
}

// Write writes one line for each, and flushes.
func (s *stream) Write(ctx context.Context, shown []alert.Shown) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	for i := range shown {
		line, err := s.line(&shown[i])
		if err != nil {
			return fmt.Errorf("write alert %s: %w", shown[i].ID, err)
		}
		s.out.Write(line)
		s.out.WriteByte('\n')
	}
	return s.out.Flush()
}

// Close flushes.
func (s *stream) Close(context.Context) error { return s.out.Flush() }
