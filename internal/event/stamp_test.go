package event

import (
	"fmt"
	"testing"
	"time"
)

// FuzzStamp: what stamp reads, the standard library reads in the same way.
func FuzzStamp(f *testing.F) {
	for _, s := range []string{"2026-11-21T09:08:07.123456Z", "2026-02-28T23:59:59Z", "2026-02-29T00:00:00Z", "2024-02-29T00:00:00.1Z", "0000-01-01T00:00:00.000000000Z",
		"2026-11-21T09:08:07.1234567890Z", "2026-11-21T09:08:07.Z", "2026-11-21T24:00:00Z", "2026-11-21T09:60:00Z", "2026-11-21T09:08:60Z", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z",
		"2026-11-21t09:08:07Z", "2026-11-21T09:08:07+00:00", "2026-11-21T09:08:07.123,Z", "2026-11-2XT09:08:07Z", "2026-11-21T09:08:07z", "", "Z"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, ok := stamp(s)
		if want, err := time.Parse(time.RFC3339Nano, s); ok && (err != nil || !got.Equal(want) || got.Location() != want.Location()) {
			t.Fatalf("%q: got %v, time.Parse says %v, %v", s, got, want, err)
		}
	})
}

// TestStamp: what the API server writes is read without the standard library, but for the last days of a month.
func TestStamp(t *testing.T) {
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := range 20_000 {
		at = at.Add(time.Duration(i) * 3333 * time.Millisecond)
		s := at.Format("2006-01-02T15:04:05.000000Z")
		if got, ok := stamp(s); ok != (at.Day() <= 28) || ok && !got.Equal(at) {
			t.Fatalf("%s: %v, %v", s, got, ok)
		}
		var a Audit
		if err := a.Decode(fmt.Sprintf(`{"stageTimestamp":"%s"}`, s)); err != nil || !a.Time().Equal(at) {
			t.Fatalf("%s: %v, %v", s, a.Time(), err)
		}
	}
}
