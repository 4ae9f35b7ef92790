package gobuild

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"
)

// CannotRun ends a test that this machine cannot run, with the reason. It skips the test; where the variable CI is
// "true" it fails it instead, so that a machine which has lost a tool does not report success.
func CannotRun(t testing.TB, format string, args ...any) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatalf("cannot run here, and CI=true forbids skipping: "+format, args...)
	}
	t.Skipf("cannot run here: "+format, args...)
}

// Check ends the test when err is not nil: by [CannotRun] when the machine is at fault, as a failure otherwise.
func Check(t testing.TB, err error) {
	t.Helper()
	switch {
	case err == nil:
	case errors.Is(err, ErrUnavailable):
		CannotRun(t, "%v", err)
	default:
		t.Fatal(err)
	}
}

// Context lasts until shortly before the test's own deadline, so that what runs too long ends with an error that
// says what it was rather than with a stack dump of everything.
func Context(t testing.TB) (context.Context, context.CancelFunc) {
	limited, ok := t.(interface{ Deadline() (time.Time, bool) })
	if !ok {
		return context.WithCancel(t.Context())
	}
	deadline, ok := limited.Deadline()
	if !ok {
		return context.WithCancel(t.Context())
	}
	return context.WithDeadline(t.Context(), deadline.Add(-15*time.Second))
}
