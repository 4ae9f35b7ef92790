package cluster

import (
	"testing"
	"time"
)

// Eventually repeats check until it returns nil, and fails the test with its last error when that has not happened
// within the limit. For what a server does in its own time: a policy taking effect, an event being delivered.
func Eventually(t testing.TB, limit time.Duration, check func() error) {
	t.Helper()
	deadline := time.Now().Add(limit)
	for {
		err := check()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("still not so after %s: %v", limit, err)
		}
		time.Sleep(100 * time.Millisecond)
	}
}
