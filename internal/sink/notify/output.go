package notify

import (
	"context"

	"github.com/bartizan-dev/bartizan/internal/alert"
)

// Output takes what a desk shows, in order. When Write returns without an error, what it took is written, or it is where
// it survives the end of the process, or the output has no such place. Write may be called by one goroutine at a time.
type Output interface {
	Write(ctx context.Context, shown []alert.Shown) error
	// Close delivers what is still under way, until ctx ends.
	Close(ctx context.Context) error
}
