package watch

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
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

// The test binary is also the process that is killed.
const (
	childDir  = "BARTIZAN_TEST_WATCH"
	childAddr = "BARTIZAN_TEST_WATCH_ADDR"
	alertEach = 500
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		if err := child(dir, os.Getenv(childAddr)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// census is a judge that notes which records it saw, beside the built-in detections.
type census struct {
	*detect.Runner
	seen     []byte
	repeated int64
}

func (c *census) Audit(a *event.Audit, at bartizan.Origin, emit func(*detect.Alert)) {
	c.Runner.Audit(a, at, emit)
	n, err := strconv.Atoi(strings.Trim(strings.TrimPrefix(a.Get(event.AuditID).Raw(), `"id-`), `"`))
	if err != nil {
		panic(err)
	}
	for n/8 >= len(c.seen) {
		c.seen = append(c.seen, make([]byte, 1<<12)...)
	}
	if c.seen[n/8]&(1<<(n%8)) != 0 {
		c.repeated++
	}
	c.seen[n/8] |= 1 << (n % 8)
	if n%alertEach == 0 {
		emit(&detect.Alert{Rule: "test", Title: "seen", Time: a.Time(), Output: fmt.Sprintf("seen id-%d", n), Evidence: []bartizan.Evidence{{Value: fmt.Sprintf("id-%d", n), Origin: at}}})
	}
}

func (c *census) Save() ([]byte, error) {
	return append(binary.BigEndian.AppendUint64(nil, uint64(c.repeated)), c.seen...), nil
}

func (c *census) Restore(data []byte) ([]string, error) {
	c.repeated, c.seen = int64(binary.BigEndian.Uint64(data)), data[8:]
	return nil, nil
}

// child watches a log and a webhook until it is told to stop, or killed.
func child(dir, addr string) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	state, err := OpenState(filepath.Join(dir, "state"))
	if err != nil {
		return err
	}
	own, err := rules.Detections()
	if err != nil {
		return err
	}
	set, _, err := detect.New(detect.Config{Rules: own})
	if err != nil {
		return err
	}
	out, err := os.OpenFile(filepath.Join(dir, "alerts"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	from, err := state.Position("webhook")
	if err != nil {
		return err
	}
	spool, err := audit.OpenSpool(filepath.Join(dir, "spool"), 64<<20, from)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	hook := &audit.Webhook{Spool: spool}
	go func() { _ = hook.Serve(ctx, listener) }()
	w := &Watch{
		Judge: &census{Runner: set.NewRunner()}, Desk: alert.NewDesk(alert.Options{ShowAll: true, Limits: alert.DefaultLimits()}), Live: true, State: state, SaveEvery: 20 * time.Millisecond,
		Outputs: []notify.Output{notify.NewJSONL(out)}, Report: func(s string) { fmt.Fprintln(os.Stderr, s) },
		Inputs: []Input{
			{Key: "file", Read: func(ctx context.Context, from *audit.Position, emit func(*audit.Batch) error) error {
				t := audit.Tail{Stream: "cp-1", Path: filepath.Join(dir, "audit.log"), From: from, Backfill: true, Poll: 20 * time.Millisecond}
				return t.Read(ctx, emit)
			}},
			{Key: "webhook", Read: spool.Read, Done: spool.Done},
		},
	}
	counts, err := w.Run(ctx)
	fmt.Fprintf(os.Stderr, "judged %d records, %d seen before, %d gaps\n", counts.Records, counts.Duplicates, counts.Gaps)
	return err
}

func soakRecord(i int) string {
	return fmt.Sprintf(`{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","auditID":"id-%d","stage":"ResponseComplete","requestURI":"/api/v1/namespaces/ns-%d/pods/p-%d?timeout=30s","verb":"get",`+
		`"user":{"username":"system:serviceaccount:ns-%d:sa","groups":["system:serviceaccounts","system:authenticated"]},"sourceIPs":["10.0.0.%d"],"userAgent":"controller/v1.2.3","objectRef":{"resource":"pods","namespace":"ns-%d","name":"p-%d","apiVersion":"v1"},`+
		`"responseStatus":{"metadata":{},"code":200},"requestReceivedTimestamp":"%s","stageTimestamp":"%s"}`,
		i, i%50, i%1000, i%50, i%250, i%50, i%1000, soakTime(i), soakTime(i))
}

func soakTime(i int) string {
	return time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC).Add(time.Duration(i) * time.Millisecond).Format("2006-01-02T15:04:05.000000Z")
}

// soak is a run: even records go to the log, odd ones to the webhook.
type soak struct {
	t      *testing.T
	dir    string
	addr   string
	events int
	rotate int // bytes
	resent atomic.Int64
}

func (s *soak) writeLog() {
	path := filepath.Join(s.dir, "audit.log")
	file, size, part := (*os.File)(nil), 0, 0
	var text []byte
	var old []string
	for i := 0; i < s.events; i += 2 {
		if file == nil {
			file, _ = os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		}
		text = append(append(text, soakRecord(i)...), '\n')
		if len(text) < 1<<16 && i+2 < s.events {
			continue
		}
		if _, err := file.Write(text); err != nil {
			s.t.Error(err)
			return
		}
		size += len(text)
		text = text[:0]
		if size > s.rotate {
			size = 0
			part++
			_ = file.Close()
			file = nil
			to := filepath.Join(s.dir, time.Date(2026, 11, 21, 0, 0, part, 0, time.UTC).Format("audit-2006-01-02T15-04-05.000.log"))
			_ = os.Rename(path, to)
			if part%4 == 0 {
				zip(s.t, to)
				to += ".gz"
			}
			old = append(old, to)
			for len(old) > 12 { // wait for the reader as an API server would not
				s.await(i - 10*s.rotate/500)
				_ = os.Remove(old[0])
				old = old[1:]
			}
		}
	}
	_ = file.Close()
}

func zip(t *testing.T, path string) {
	text, err := os.ReadFile(path)
	if err != nil {
		t.Error(err)
		return
	}
	var zipped bytes.Buffer
	z, _ := gzip.NewWriterLevel(&zipped, gzip.BestSpeed)
	_, _ = z.Write(text)
	_ = z.Close()
	_ = os.WriteFile(path+".gz", zipped.Bytes(), 0o600)
	_ = os.Remove(path)
}

// post sends batches as an API server does: again and again until they are taken.
func (s *soak) post() {
	client := &http.Client{Timeout: 10 * time.Second}
	for i := 1; i < s.events; i += 800 {
		var items []string
		for j := i; j < min(i+800, s.events); j += 2 {
			items = append(items, soakRecord(j))
		}
		body := `{"kind":"EventList","apiVersion":"audit.k8s.io/v1","metadata":{},"items":[` + strings.Join(items, ",") + `]}`
		for end := time.Now().Add(time.Minute); ; s.resent.Add(1) {
			answer, err := client.Post("http://"+s.addr+"/cp-2", "application/json", strings.NewReader(body))
			if err == nil {
				_ = answer.Body.Close()
				if answer.StatusCode == http.StatusOK {
					break
				}
			}
			if time.Now().After(end) {
				s.t.Error("the webhook takes nothing for a minute")
				return
			}
			time.Sleep(20 * time.Millisecond)
		}
	}
}

// census is what the child has kept.
func (s *soak) census() *census {
	c := &census{}
	state := &State{dir: filepath.Join(s.dir, "state")}
	if k, err := state.read(); err == nil && k != nil && len(k.Judge) >= 8 {
		_, _ = c.Restore(k.Judge)
	}
	return c
}

// missing are the first records that were not seen.
func (c *census) missing(events int) (some []int) {
	for i := 0; i < events && len(some) < 10; i++ {
		if i/8 >= len(c.seen) || c.seen[i/8]&(1<<(i%8)) == 0 {
			some = append(some, i)
		}
	}
	return some
}

// await waits until the even records up to one were seen.
func (s *soak) await(n int) {
	for end := time.Now().Add(time.Minute); time.Now().Before(end) && n > 0; time.Sleep(100 * time.Millisecond) {
		if c := s.census(); len(c.seen) > n/8 && c.seen[n/8]&(1<<(n/2*2%8)) != 0 {
			return
		}
	}
}

// TestKilled kills a watch again and again while a log is written and rotated and a webhook is called: no record is
// lost, none counts twice, and every alert is written. BARTIZAN_SOAK=1 does it with five million events, and a larger
// number with so many.
func TestKilled(t *testing.T) {
	s := &soak{t: t, dir: t.TempDir(), events: 60_000, rotate: 2 << 20}
	pause := 400 * time.Millisecond
	if n, err := strconv.Atoi(os.Getenv("BARTIZAN_SOAK")); err == nil && n > 0 {
		s.events, s.rotate, pause = max(n, 5_200_000), 48<<20, 6*time.Second
		if n > 1 {
			s.events = n
		}
	} else if testing.Short() {
		t.Skip("it starts and kills processes")
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.addr = listener.Addr().String()
	_ = listener.Close()
	began := time.Now()
	var group sync.WaitGroup
	group.Add(2)
	go func() { defer group.Done(); s.writeLog() }()
	go func() { defer group.Done(); s.post() }()
	written := make(chan struct{})
	go func() { group.Wait(); close(written) }()
	kills, peaks := s.kill(written, pause)
	c := s.census()
	if lost := c.missing(s.events); len(lost) > 0 || c.repeated > 0 {
		t.Errorf("lost, among others: %v; %d counted twice", lost, c.repeated)
	}
	s.alerts()
	took := time.Since(began)
	t.Logf("%d events in %s (%.0f/s), %d kills, %d batches sent again, memory at the ends of the runs %v MiB", s.events, took.Round(time.Millisecond), float64(s.events)/took.Seconds(), kills, s.resent.Load(), peaks)
}

// kill runs the child and kills it, until everything is written and seen.
func (s *soak) kill(written <-chan struct{}, pause time.Duration) (kills int, peaks []int) {
	r := rand.New(rand.NewPCG(1, 2))
	over := false
	for end := time.Now().Add(30 * time.Minute); time.Now().Before(end); {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), childDir+"="+s.dir, childAddr+"="+s.addr)
		cmd.Stderr = os.Stderr
		if err := cmd.Start(); err != nil {
			s.t.Fatal(err)
		}
		wait := pause/2 + time.Duration(r.Int64N(int64(pause)))
		for stop := time.Now().Add(wait); !over && time.Now().Before(stop); {
			select {
			case <-written:
				over = true
			case <-time.After(time.Until(stop)):
			}
		}
		for last := time.Now().Add(time.Minute); over && time.Now().Before(last) && len(s.census().missing(s.events)) > 0; {
			time.Sleep(50 * time.Millisecond)
		}
		peaks = append(peaks, resident(cmd.Process.Pid))
		if over {
			_ = cmd.Process.Signal(syscall.SIGTERM)
			if err := cmd.Wait(); err != nil {
				s.t.Errorf("the end: %v", err)
			}
			return kills, peaks
		}
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		kills++
	}
	s.t.Error("it takes too long")
	return kills, peaks
}

// resident is the memory of a process, in MiB; 0 if that is not known.
func resident(pid int) int {
	if runtime.GOOS != "linux" {
		return 0
	}
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	fields := strings.Fields(string(text))
	if err != nil || len(fields) < 2 {
		return 0
	}
	pages, _ := strconv.Atoi(fields[1])
	return pages * os.Getpagesize() >> 20
}

// alerts checks that every alert was written, whole.
func (s *soak) alerts() {
	text, err := os.ReadFile(filepath.Join(s.dir, "alerts"))
	if err != nil {
		s.t.Fatal(err)
	}
	for i := 0; i < s.events; i += alertEach {
		if !bytes.Contains(text, []byte(fmt.Sprintf("seen id-%d\"", i))) {
			s.t.Fatalf("the alert of record %d was not written", i)
		}
	}
}
