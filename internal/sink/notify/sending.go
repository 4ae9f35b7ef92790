package notify

import (
	"time"

	"github.com/bartizan-dev/bartizan/internal/tree"
)

// sending says how an output sends.
type sending struct {
	items     int           // of a batch at most
	bytes     int           // of a batch at most, more or less
	wait      time.Duration // for a batch to fill
	timeout   time.Duration // of one attempt
	retry     time.Duration // the first pause after a failure; it doubles
	retryMost time.Duration
	queue     int64 // bytes kept for later at most
}

func defaultSending() sending {
	return sending{
		items: 100, bytes: 1 << 20, wait: 200 * time.Millisecond, timeout: 10 * time.Second,
		retry: 500 * time.Millisecond, retryMost: time.Minute, queue: 64 << 20,
	}
}

func (r *reader) batch(s *sending) func(tree.Node) {
	return func(n tree.Node) {
		size := int64(s.bytes)
		r.object(n, fields{
			"items": r.number(&s.items, 1, 10_000), "bytes": r.size(&size, 1<<10, 64<<20), "wait": r.span(&s.wait, 0, time.Minute),
		})
		s.bytes = int(size)
	}
}

func (r *reader) retry(s *sending) func(tree.Node) {
	return func(n tree.Node) {
		r.object(n, fields{
			"first": r.span(&s.retry, time.Millisecond, time.Hour), "most": r.span(&s.retryMost, time.Millisecond, 24*time.Hour),
		})
		s.retryMost = max(s.retryMost, s.retry)
	}
}
