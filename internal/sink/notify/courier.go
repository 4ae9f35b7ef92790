package notify

import (
	"context"
	"errors"
	"time"

	"github.com/bartizan-dev/bartizan/internal/alert"
	"github.com/bartizan-dev/bartizan/internal/tree"
)

// courier delivers a batch to one place. The error says whether it makes sense to try again: a refusal says that this
// batch will never be taken; anything else is tried again.
type courier interface {
	deliver(ctx context.Context, batch []alert.Shown) error
	close() error
}

// reminder is a courier that has something to say again when nothing new happened.
type reminder interface {
	every() time.Duration
	remind(ctx context.Context) error
}

// refusal says that what was sent is refused for what it is.
type refusal struct{ reason string }

func (e *refusal) Error() string { return "refused: " + e.reason }

// partial says that a batch was taken but for some, which will never be.
type partial struct {
	refused int
	reason  string
}

func (e *partial) Error() string { return e.reason }

// later says that the receiver asks for a pause.
type later struct {
	reason string
	after  time.Duration
}

func (e *later) Error() string { return e.reason }

func refused(err error) bool {
	var r *refusal
	return errors.As(err, &r)
}

// place is what a courier knows of where it runs.
type place struct {
	name     string // of the output
	hostname string
	version  string
	timeout  time.Duration
	now      func() time.Time
}

// kind reads what an output of a kind may say beside what every output may: it puts its keys among the known ones, and
// what it gives makes the courier after they were read.
type kind func(r *reader, n tree.Node, known fields, t *Target) (finish func() func(*place) (courier, error))

// kinds are the kinds of outputs.
var kinds = map[string]kind{
	"webhook":      webhookKind,
	"alertmanager": alertmanagerKind,
	"otlp":         otlpKind,
	"syslog":       syslogKind,
	"slack":        templateKind("slack"),
	"mattermost":   templateKind("mattermost"),
	"teams":        templateKind("teams"),
	"template":     templateKind(""),
	"file":         fileKind,
}
