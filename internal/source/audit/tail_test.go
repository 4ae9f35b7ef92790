package audit

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bartizan-dev/bartizan/internal/event"
)

func numbered(i int) string {
	return fmt.Sprintf(`{"kind":"Event","auditID":"id-%d","stage":"ResponseComplete","verb":"get","stageTimestamp":"2026-11-21T03:22:%02d.%06dZ"}`, i, i/1000%60, i%1000)
}

// taker follows a log and remembers what it took, as a watch does: with the position up to which it has kept things.
type taker struct {
	t      testing.TB
	tail   Tail
	ids    []string
	gaps   []string
	kept   int // of ids
	random *rand.Rand
}

// follow follows until enough says so, or for a random while.
func (k *taker) follow(enough func() bool) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	k.ids = k.ids[:k.kept] // a crash: what was not kept is forgotten
	end := time.Now().Add(5 * time.Second)
	if enough == nil {
		left := k.random.IntN(30)
		enough = func() bool { left--; return left < 0 }
		end = time.Now().Add(time.Duration(k.random.IntN(15)) * time.Millisecond)
	}
	time.AfterFunc(time.Until(end), cancel)
	err := k.tail.Read(ctx, func(b *Batch) error {
		take := len(b.Records)
		if k.random.IntN(4) == 0 && take > 0 { // the crash comes within a batch
			take = k.random.IntN(take)
		}
		var words event.Text
		for i := range b.Records[:take] {
			k.ids = append(k.ids, strings.Clone(words.Of(b.Records[i].Get(event.AuditID))))
		}
		for _, g := range b.Gaps {
			k.gaps = append(k.gaps, g.Reason)
		}
		p := b.Position(take)
		if err := p.Check(); err != nil {
			k.t.Error(err)
		}
		partial := take < len(b.Records)
		if partial || k.random.IntN(3) > 0 {
			k.tail.From, k.kept = &p, len(k.ids)
		}
		b.Release()
		if partial || enough() {
			cancel()
			return context.Canceled
		}
		return nil
	})
	if err != nil && ctx.Err() == nil {
		k.t.Fatal(err)
	}
}

// scribe writes a log and rotates it.
type scribe struct {
	t      testing.TB
	path   string
	file   *os.File
	next   int
	clock  time.Time
	copied bool // rotate by copying
	number bool // audit.log.1 rather than audit-TIME.log
}

func (s *scribe) open() {
	var err error
	if s.file, err = os.OpenFile(s.path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600); err != nil {
		s.t.Fatal(err)
	}
}

func (s *scribe) write(text string) {
	if _, err := s.file.WriteString(text); err != nil {
		s.t.Fatal(err)
	}
}

func (s *scribe) records(n int, r *rand.Rand) {
	for range n {
		line := numbered(s.next) + "\n"
		if r.IntN(20) == 0 { // several in one line
			line = `{"kind":"EventList","items":[` + numbered(s.next) + "," + numbered(s.next+1) + "]}\n"
			s.next++
		}
		s.next++
		if r.IntN(10) == 0 {
			cut := r.IntN(len(line))
			s.write(line[:cut])
			time.Sleep(time.Duration(r.IntN(3)) * time.Millisecond)
			line = line[cut:]
		}
		s.write(line)
	}
}

// rotate renames or copies the log; the one before is compressed.
func (s *scribe) rotate(r *rand.Rand) {
	stem := strings.TrimSuffix(s.path, ".log")
	s.clock = s.clock.Add(time.Second)
	to := stem + "-" + s.clock.Format("2006-01-02T15-04-05.000") + ".log"
	if s.number {
		for i := 30; i > 0; i-- {
			for _, gz := range []string{"", ".gz"} {
				_ = os.Rename(fmt.Sprintf("%s.%d%s", s.path, i, gz), fmt.Sprintf("%s.%d%s", s.path, i+1, gz))
			}
		}
		to = s.path + ".1"
	}
	if !s.copied {
		_ = s.file.Close()
		if err := os.Rename(s.path, to); err != nil {
			s.t.Fatal(err)
		}
		time.Sleep(time.Duration(r.IntN(2)) * time.Millisecond)
		s.open()
	} else {
		time.Sleep(8 * time.Millisecond) // times of files are no finer
		text, err := os.ReadFile(s.path)
		if err == nil {
			err = os.WriteFile(to, text, 0o600)
		}
		if err == nil {
			err = os.Truncate(s.path, 0)
		}
		if err != nil {
			s.t.Fatal(err)
		}
		time.Sleep(8 * time.Millisecond)
	}
	if r.IntN(3) == 0 {
		compress(s.t, to)
	}
}

func compress(t testing.TB, path string) {
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	_, _ = z.Write(text)
	_ = z.Close()
	info, err := os.Stat(path)
	if err == nil {
		err = os.WriteFile(path+".gz", zipped.Bytes(), 0o600)
	}
	if err == nil {
		err = os.Chtimes(path+".gz", info.ModTime(), info.ModTime())
	}
	if err == nil {
		err = os.Remove(path)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestTailLosesNothing: whatever the order of writing, rotating, compressing, stopping and going on, every record is
// taken once and in order, if what was taken after the kept position is forgotten as in a crash.
func TestTailLosesNothing(t *testing.T) {
	seeds := 16
	if testing.Short() {
		seeds = 6
	}
	for seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			tailOnce(t, uint64(seed))
		})
	}
}

func tailOnce(t *testing.T, seed uint64) {
	r := rand.New(rand.NewPCG(seed, 7))
	path := filepath.Join(t.TempDir(), "audit.log")
	s := &scribe{t: t, path: path, copied: seed%4 == 1, number: seed%3 == 2, clock: time.Date(2026, 11, 21, 3, 0, 0, 0, time.UTC)}
	s.open()
	defer func() { _ = s.file.Close() }()
	k := &taker{t: t, tail: Tail{Stream: "a", Path: path, Poll: time.Millisecond}, random: rand.New(rand.NewPCG(seed, 8))}
	s.records(3, r)
	for k.kept == 0 { // from here on, rotation may leave nothing behind
		k.follow(func() bool { return true })
	}
	for range 25 {
		done := make(chan struct{})
		running := r.IntN(2) == 0
		go func() {
			defer close(done)
			if running {
				k.follow(nil)
			}
		}()
		for range 1 + r.IntN(3) {
			if s.records(r.IntN(40), r); r.IntN(2) == 0 {
				s.rotate(r)
			}
		}
		<-done
	}
	s.records(1, r)
	want := s.next
	for end := time.Now().Add(10 * time.Second); len(k.ids) < want && time.Now().Before(end); {
		k.follow(func() bool { return true })
	}
	for i, id := range k.ids {
		if want := fmt.Sprintf("id-%d", i); id != want {
			t.Fatalf("record %d is %s, want %s; gaps %q", i, id, want, k.gaps)
		}
	}
	if len(k.ids) != want || len(k.gaps) > 0 {
		t.Fatalf("%d records of %d, and the gaps %q", len(k.ids), want, k.gaps)
	}
}
