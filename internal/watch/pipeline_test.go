package watch

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/alert"
	"github.com/bartizan-dev/bartizan/internal/detect"
	"github.com/bartizan-dev/bartizan/internal/event"
	"github.com/bartizan-dev/bartizan/internal/falco"
	"github.com/bartizan-dev/bartizan/internal/source/audit"
	"github.com/bartizan-dev/bartizan/rules"
)

// everything is all built-in detections and, where they are, all of Falco's.
func everything(t testing.TB) *detect.Set {
	t.Helper()
	own, err := rules.Detections()
	if err != nil {
		t.Fatal(err)
	}
	c := detect.Config{Rules: own}
	for _, name := range []string{"falco_rules.yaml", "falco-incubating_rules.yaml", "falco-sandbox_rules.yaml", "k8s_audit_rules.yaml"} {
		if text, err := os.ReadFile(filepath.Join("..", "..", "..", "shared", "data", "falco-rules", name)); err == nil {
			c.Falco = append(c.Falco, falco.File{Name: name, Text: string(text)})
		}
	}
	set, _, err := detect.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

var stamps = regexp.MustCompile(`"(requestReceivedTimestamp|stageTimestamp)":"([^"]*)"`)

// rounds is recorded events again and again, two hundred a second, each round under other audit ids.
func rounds(t testing.TB, n int, keep func(line string) bool) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", "..", "shared", "data", "audit", "benign.jsonl"))
	if err != nil {
		t.Skip("there are no recorded audit events here")
	}
	var text strings.Builder
	count := 0
	for round := range n {
		for line := range strings.Lines(string(data)) {
			if !keep(line) {
				continue
			}
			line = strings.Replace(line, `"auditID":"`, fmt.Sprintf(`"auditID":"%04d`, round), 1)
			text.WriteString(stamps.ReplaceAllString(line, `"$1":"`+soakTime(5*count)+`"`))
			count++
		}
	}
	return text.String()
}

func metadata(line string) bool { return strings.Contains(line, `"level":"Metadata"`) }

// followed is a Watch that follows a log and ends where the log does.
func followed(path string, judge Judge) *Watch {
	return &Watch{Judge: judge, Desk: alert.NewDesk(alert.Options{Limits: alert.DefaultLimits()}), Inputs: []Input{{Key: "log", Read: func(ctx context.Context, _ *audit.Position, emit func(*audit.Batch) error) error {
		ctx, stop := context.WithCancel(ctx)
		tail := audit.Tail{Stream: "log", Path: path}
		return tail.Read(ctx, func(b *audit.Batch) error {
			if b.CaughtUp {
				stop()
			}
			return emit(b)
		})
	}}}}
}

// recordedAt is a Watch that reads a recorded log.
func recordedAt(path string, judge Judge, pool *audit.Pool) *Watch {
	return &Watch{Judge: judge, Desk: alert.NewDesk(alert.Options{Limits: alert.DefaultLimits()}), Inputs: []Input{{Key: "log", Read: func(ctx context.Context, _ *audit.Position, emit func(*audit.Batch) error) error {
		r := audit.Recorded{Stream: "log", Path: path, Pool: pool}
		return r.Read(ctx, emit)
	}}}}
}

// BenchmarkPipeline follows a log, and reads it as a recorded one, with all detections; beside it stands what decoding and
// judging the same records costs without a pipeline, in the same run.
func BenchmarkPipeline(b *testing.B) {
	for _, mix := range []struct {
		name string
		keep func(string) bool
	}{{"Metadata", metadata}, {"recorded", func(string) bool { return true }}} {
		text := rounds(b, 20, mix.keep)
		lines := strings.Split(strings.TrimSpace(text), "\n")
		path := filepath.Join(b.TempDir(), "audit.log")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			b.Fatal(err)
		}
		set := everything(b)
		pool := audit.NewPool(0)
		defer pool.Close()
		for _, way := range []struct {
			name  string
			watch func(Judge) *Watch
		}{
			{"tail", func(j Judge) *Watch { return followed(path, j) }},
			{"replay", func(j Judge) *Watch { return recordedAt(path, j, pool) }},
		} {
			b.Run(mix.name+"/"+way.name, func(b *testing.B) {
				pipeline, engine := time.Duration(0), time.Duration(0)
				for b.Loop() {
					start := processor()
					counts, err := way.watch(set.NewRunner()).Run(context.Background())
					if pipeline += processor() - start; err != nil || counts.Records != int64(len(lines)) {
						b.Fatal(counts, err)
					}
					engine += judged(b, set, lines)
				}
				n := float64(b.N) * float64(len(lines))
				b.ReportMetric(n/pipeline.Seconds(), "events/CPU-s")
				b.ReportMetric(n/engine.Seconds(), "engine-events/CPU-s")
				b.ReportMetric(float64(engine)/float64(pipeline), "of-engine")
			})
		}
	}
}

// judged is what decoding and judging takes.
func judged(b *testing.B, set *detect.Set, lines []string) time.Duration {
	r := set.NewRunner()
	var a event.Audit
	start := processor()
	for i, line := range lines {
		if err := a.Decode(line); err != nil {
			b.Fatal(err)
		}
		r.Audit(&a, bartizan.Origin{File: "log", Line: i}, func(*detect.Alert) {})
	}
	return processor() - start
}

// TestNothingIsAllocated: a record of which no rule has anything to say allocates nothing between the file and the end of
// the pipeline. Of the text, read in chunks, there is one allocation for some hundred records.
func TestNothingIsAllocated(t *testing.T) {
	set := everything(t)
	var text bytes.Buffer
	for i := range 40_000 {
		fmt.Fprintf(&text, `{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","auditID":"%d","stage":"ResponseComplete","requestURI":"/api/v1/namespaces/shop/configmaps/c-%d","verb":"get",`+
			`"user":{"username":"system:node:n1","groups":["system:nodes","system:authenticated"]},"sourceIPs":["10.0.0.1"],"userAgent":"kubelet/v1.34.1","objectRef":{"resource":"configmaps","namespace":"shop","name":"c-%d","apiVersion":"v1"},`+
			`"responseStatus":{"metadata":{},"code":200},"requestReceivedTimestamp":"%s","stageTimestamp":"%s","annotations":{"authorization.k8s.io/decision":"allow","authorization.k8s.io/reason":""}}`+"\n", i, i%90, i%90, soakTime(i), soakTime(i))
	}
	lines := bytes.SplitAfter(text.Bytes(), []byte("\n"))
	pool := audit.NewPool(1)
	defer pool.Close()
	dir := t.TempDir()
	for name, run := range map[string]func(path string) *Watch{
		"tail":   func(path string) *Watch { return followed(path, set.NewRunner()) },
		"replay": func(path string) *Watch { return recordedAt(path, set.NewRunner(), pool) },
	} {
		allocations := func(records int) float64 {
			path := filepath.Join(dir, fmt.Sprint(name, records))
			if err := os.WriteFile(path, bytes.Join(lines[:records], nil), 0o600); err != nil {
				t.Fatal(err)
			}
			w := run(path)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			counts, err := w.Run(context.Background())
			runtime.ReadMemStats(&after)
			if err != nil || counts.Records != int64(records) || counts.Alerts != 0 {
				t.Fatalf("%s: %+v, %v", name, counts, err)
			}
			return float64(after.Mallocs - before.Mallocs)
		}
		few := allocations(10_000)
		if each := (allocations(40_000) - few) / 30_000; each > 0.02 {
			t.Errorf("%s: %.3f allocations for each record, want none", name, each)
		} else {
			t.Logf("%s: %.4f allocations for each record", name, each)
		}
	}
}
