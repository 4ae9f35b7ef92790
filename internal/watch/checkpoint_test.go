package watch

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bartizan-dev/bartizan/internal/alert"
	"github.com/bartizan-dev/bartizan/internal/sink/notify"
	"github.com/bartizan-dev/bartizan/internal/source/audit"
)

// TestNoRoomForState: while the state cannot be written, alerts are still told; that is said once, and so is that it works
// again.
func TestNoRoomForState(t *testing.T) {
	dir := t.TempDir()
	path, stateDir := filepath.Join(dir, "audit.log"), filepath.Join(dir, "state")
	inTheWay := filepath.Join(stateDir, stateFile+".new")
	if err := os.MkdirAll(inTheWay, 0o700); err != nil {
		t.Fatal(err)
	}
	state, err := OpenState(stateDir)
	if err != nil {
		t.Fatal(err)
	}
	defer state.Close()
	shown, reports := make(signals, 100), make(chan string, 100)
	w := Watch{Live: true, State: state, SaveEvery: time.Millisecond, Judge: every{}, Desk: alert.NewDesk(alert.Options{ShowAll: true}),
		Outputs: []notify.Output{shown}, Report: func(text string) { reports <- text },
		Inputs: []Input{{Key: "a", Read: func(ctx context.Context, from *audit.Position, emit func(*audit.Batch) error) error {
			tail := audit.Tail{Stream: "a", Path: path, From: from}
			return tail.Read(ctx, emit)
		}}}}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { _, err := w.Run(ctx); ended <- err }()
	next := func(what string, c <-chan string) string {
		select {
		case text := <-c:
			return text
		case err := <-ended:
			t.Fatalf("it ended before %s: %v", what, err)
		case <-time.After(time.Minute):
			t.Fatalf("no %s", what)
		}
		return ""
	}
	text := ""
	for i := range 3 {
		text += soakRecord(i) + "\n"
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		select {
		case <-shown:
		case err := <-ended:
			t.Fatalf("it ended when the state could not be written: %v", err)
		}
		if i == 0 {
			if got := next("word of the fault", reports); !strings.Contains(got, "keep the state: ") || !strings.Contains(got, "tried again") {
				t.Errorf("reported %q", got)
			}
		}
	}
	if err := os.Remove(inTheWay); err != nil {
		t.Fatal(err)
	}
	if got := next("word of its end", reports); got != "the state is kept again" {
		t.Errorf("reported %q", got)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if p, err := state.Position("a"); err != nil || p == nil || p.Offset != int64(len(text)) {
		t.Errorf("kept %+v, %v", p, err)
	}
}
