package watch

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/alert"
	"github.com/bartizan-dev/bartizan/internal/detect"
	"github.com/bartizan-dev/bartizan/internal/event"
	"github.com/bartizan-dev/bartizan/internal/sink/notify"
	"github.com/bartizan-dev/bartizan/internal/source/audit"
	"github.com/bartizan-dev/bartizan/rules"
)

// every is a judge that tells of each record.
type every struct{}

func (every) Audit(a *event.Audit, at bartizan.Origin, emit func(*detect.Alert)) {
	id := strings.Clone(strings.Trim(a.Get(event.AuditID).Raw(), `"`))
	emit(&detect.Alert{Rule: "every", Title: "seen", Time: a.Time(), Output: "seen " + id, Evidence: []bartizan.Evidence{{Value: id, Origin: at}}})
}

func (every) Advance(time.Time, func(*detect.Alert)) {}

// signals is an output that tells when something was written.
type signals chan alert.Shown

func (s signals) Write(_ context.Context, shown []alert.Shown) error {
	for i := range shown {
		s <- shown[i]
	}
	return nil
}

func (signals) Close(context.Context) error { return nil }

// replayed is what a replay of logs writes.
func replayed(t testing.TB, workers int, judge Judge, paths ...string) (string, Counts) {
	t.Helper()
	pool := audit.NewPool(workers)
	defer pool.Close()
	var out bytes.Buffer
	w := Watch{Judge: judge, Desk: alert.NewDesk(alert.Options{ShowAll: true, Limits: alert.DefaultLimits()}), Outputs: []notify.Output{notify.NewJSONL(&out)}}
	for i, p := range paths {
		w.Inputs = append(w.Inputs, Input{Key: fmt.Sprint(i), Read: func(ctx context.Context, _ *audit.Position, emit func(*audit.Batch) error) error {
			r := audit.Recorded{Stream: filepath.Base(p), Path: p, Pool: pool}
			return r.Read(ctx, emit)
		}})
	}
	counts, err := w.Run(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return out.String(), counts
}

// TestReplayIsTheSame: three logs are merged by time, and neither the number of goroutines nor chance changes a byte.
func TestReplayIsTheSame(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	dir := t.TempDir()
	texts := make([]strings.Builder, 3)
	const records = 9000
	for i := range records {
		texts[r.IntN(3)].WriteString(soakRecord(i) + "\n")
	}
	var paths []string
	for i := range texts {
		paths = append(paths, filepath.Join(dir, fmt.Sprintf("%d.log", i)))
		if err := os.WriteFile(paths[i], []byte(texts[i].String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, counts := replayed(t, 1, every{}, paths...)
	if counts.Records != records || counts.Alerts != records {
		t.Fatalf("%+v", counts)
	}
	at := -1
	for _, line := range strings.SplitAfter(want, "\n") {
		if !strings.Contains(line, `"type":"alert"`) {
			continue
		}
		if at++; !strings.Contains(line, fmt.Sprintf(`"seen id-%d"`, at)) {
			t.Fatalf("alert %d is %s", at, line)
		}
	}
	for workers := range 4 {
		if got, _ := replayed(t, workers, every{}, paths...); got != want {
			t.Fatalf("%d workers: another output", workers)
		}
	}
}

// TestLatency: an alert is written soon after its record, and not only when more come. The promise is a second; the limit
// here leaves room for a busy machine.
func TestLatency(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.log")
	shown := make(signals, 100)
	w := Watch{Live: true, Judge: every{}, Desk: alert.NewDesk(alert.Options{ShowAll: true}), Outputs: []notify.Output{shown}, Inputs: []Input{{Key: "a", Read: func(ctx context.Context, from *audit.Position, emit func(*audit.Batch) error) error {
		tail := audit.Tail{Stream: "a", Path: path, From: from}
		return tail.Read(ctx, emit)
	}}}}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { _, err := w.Run(ctx); ended <- err }()
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 5 {
		time.Sleep(150 * time.Millisecond)
		written := time.Now()
		if _, err := file.WriteString(soakRecord(i) + "\n"); err != nil {
			t.Fatal(err)
		}
		for {
			s := <-shown
			if strings.Contains(s.Alert.Output, fmt.Sprintf("id-%d", i)) {
				break
			}
		}
		if took := time.Since(written); took > 60*time.Second {
			t.Errorf("%s", took)
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	_ = file.Close()
}

// TestSilent: a stream without a heartbeat that is silent for too long is told of once, and when it is back.
func TestSilent(t *testing.T) {
	h := newHealth(true, time.Minute)
	s := h.of("cp-1")
	var told []string
	tell := func(a *detect.Alert) { told = append(told, a.Rule) }
	start := time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)
	s.observe(decoded(t, `{"auditID":"a","stage":"ResponseComplete","stageTimestamp":"2026-11-21T10:00:00Z"}`), bartizan.Origin{}, tell)
	for i := range 100 {
		h.pass(start.Add(time.Duration(i)*time.Second), true, tell)
	}
	s.observe(decoded(t, `{"auditID":"b","stage":"ResponseComplete","stageTimestamp":"2026-11-21T10:01:40Z"}`), bartizan.Origin{}, tell)
	h.pass(start.Add(101*time.Second), true, tell)
	if got := strings.Join(told, " "); got != RuleSilent+" "+RuleBack {
		t.Errorf("told %s", got)
	}
	told = nil
	s.observe(decoded(t, `{"auditID":"c","stage":"ResponseComplete","stageTimestamp":"2026-11-21T11:01:40Z"}`), bartizan.Origin{}, tell)
	h.pass(start.Add(102*time.Second), true, tell)
	if got := strings.Join(told, " "); got != RuleClock {
		t.Errorf("a clock an hour ahead: told %s", got)
	}
}

// TestLevels: requests of a sort that were recorded at a level for long and then lower are told of, and those of a sort
// that goes up and down are not.
func TestLevels(t *testing.T) {
	record := func(level string) *audit.Record {
		return decoded(t, `{"level":"`+level+`","auditID":"a","stage":"ResponseComplete","verb":"get","user":{"username":"u"},"objectRef":{"resource":"secrets","namespace":"n"}}`)
	}
	for _, c := range []struct {
		levels string
		told   int
	}{
		{strings.Repeat("R", 60) + strings.Repeat("M", 10), 1},
		{strings.Repeat("R", 60) + strings.Repeat("M", 4), 0},
		{strings.Repeat("R", 60) + "MMR" + strings.Repeat("M", 10), 0},
		{strings.Repeat("RM", 100) + strings.Repeat("M", 100), 0},
		{strings.Repeat("M", 60) + strings.Repeat("R", 60) + strings.Repeat("M", 60), 1},
	} {
		var l levels
		told := 0
		for _, x := range c.levels {
			was, is, dropped := l.observe(record(map[rune]string{'R': "Request", 'M': "Metadata"}[x]))
			if dropped {
				if told++; was != "Request" || is != "Metadata" {
					t.Errorf("%s: from %s to %s", c.levels, was, is)
				}
			}
		}
		if told != c.told {
			t.Errorf("%s: told %d times, want %d", c.levels, told, c.told)
		}
	}
}

func decoded(t testing.TB, text string) *audit.Record {
	t.Helper()
	r := &audit.Record{}
	if err := r.Decode(text); err != nil {
		t.Fatal(err)
	}
	if at := r.Audit.Time(); !at.IsZero() {
		r.Time = at.UnixNano()
	}
	return r
}

// TestWindow: a record that comes again counts once; another with the same id, which clients choose, does not.
func TestWindow(t *testing.T) {
	w := newWindow()
	one := decoded(t, `{"auditID":"a","stage":"ResponseComplete","verb":"get","requestURI":"/x","stageTimestamp":"2026-11-21T10:00:00.000001Z"}`)
	later := decoded(t, `{"auditID":"a","stage":"ResponseComplete","verb":"get","requestURI":"/x","stageTimestamp":"2026-11-21T10:00:00.000002Z"}`)
	elsewhere := decoded(t, `{"auditID":"a","stage":"ResponseComplete","verb":"get","requestURI":"/y","stageTimestamp":"2026-11-21T10:00:00.000001Z"}`)
	for _, r := range []*audit.Record{one, later, elsewhere} {
		if w.repeated(&r.Audit, true) {
			t.Errorf("%s was not seen before", r.Root().Raw())
		}
	}
	again := newWindow()
	again.restore(w.save())
	if !w.repeated(&one.Audit, true) || !again.repeated(&elsewhere.Audit, true) {
		t.Error("a record is forgotten")
	}
}

// FuzzState: no text of a state panics, and what is read can be written and read again.
func FuzzState(f *testing.F) {
	f.Add([]byte(`{"version":1,"inputs":{"file /a":{"offset":7,"line":1,"device":1,"inode":2}},"seen":"AAAAAAAAAAE="}`))
	f.Add([]byte(`{"version":1,"inputs":{"webhook":{"segment":3,"offset":12,"skip":4}}}`))
	f.Add([]byte(`{"version":2}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		k, err := parseState(text)
		if err != nil {
			return
		}
		for key, p := range k.Inputs {
			if p.Offset < 0 || p.Skip < 0 || p.HeadBytes > 1024 {
				t.Fatalf("%s: %+v", key, p)
			}
		}
		w := newWindow()
		w.restore(k.Seen)
		again, err := json.Marshal(k)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := parseState(again); err != nil {
			t.Fatal(err)
		}
	})
}

// processor is the time of the processor that this process has taken: other processes make no difference to it.
func processor() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkReplay is a whole replay with every built-in detection, next to what decoding alone costs encoding/json.
func BenchmarkReplay(b *testing.B) {
	path := filepath.Join(b.TempDir(), "audit.log")
	var text bytes.Buffer
	const records = 20_000
	for i := range records {
		text.WriteString(soakRecord(i) + "\n")
	}
	if err := os.WriteFile(path, text.Bytes(), 0o600); err != nil {
		b.Fatal(err)
	}
	own, err := rules.Detections()
	if err != nil {
		b.Fatal(err)
	}
	set, _, err := detect.New(detect.Config{Rules: own})
	if err != nil {
		b.Fatal(err)
	}
	start := processor()
	for b.Loop() {
		if _, counts := replayed(b, 0, set.NewRunner(), path); counts.Records != records {
			b.Fatalf("%+v", counts)
		}
	}
	ours := float64(processor()-start) / float64(b.N)
	start = processor()
	for _, line := range bytes.Split(bytes.TrimSpace(text.Bytes()), []byte("\n")) {
		var v map[string]any
		if err := json.Unmarshal(line, &v); err != nil {
			b.Fatal(err)
		}
	}
	reference := processor() - start
	b.ReportMetric(records/ours*1e9, "records/CPU-s")
	b.ReportMetric(float64(reference)/ours, "times-encoding/json")
}
