package scan_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"sigs.k8s.io/yaml"

	"github.com/bartizan-dev/bartizan/internal/clustergen"
	"github.com/bartizan-dev/bartizan/internal/engine"
	"github.com/bartizan-dev/bartizan/internal/scan"
	"github.com/bartizan-dev/bartizan/rules"
)

// BenchmarkScan scans generated workloads with every built-in rule, from file to sorted findings, and beside
// it decodes the same file with the YAML library that Kubernetes uses: vs_decode is how many times faster the
// whole scan is than that decoding alone.
func BenchmarkScan(b *testing.B) {
	all, err := rules.Builtin()
	if err != nil {
		b.Fatal(err)
	}
	for _, n := range []int{100, 1000, 10_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			text := clustergen.Manifests(clustergen.Options{Seed: 1, Workloads: n})
			file := filepath.Join(b.TempDir(), "cluster.yaml")
			if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
				b.Fatal(err)
			}
			e, err := engine.New(all, engine.Config{Fixes: engine.FixPatches})
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(len(text)))
			var report *scan.Report
			for b.Loop() {
				src, err := scan.Inputs{Paths: []string{file}}.Source()
				if err != nil {
					b.Fatal(err)
				}
				report, err = (&scan.Request{Source: src, Engine: e}).Run(context.Background())
				if err != nil {
					b.Fatal(err)
				}
				src.Close()
			}
			b.StopTimer()
			if len(report.Objects) != n {
				b.Fatalf("read %d objects of %d", len(report.Objects), n)
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/float64(n), "us/workload")
			b.ReportMetric(float64(len(report.Findings)), "findings")
			runtime.GC()
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			b.ReportMetric(float64(m.HeapAlloc)/(1<<20), "live_MiB")
			runtime.KeepAlive(report)
			if n <= 1000 {
				b.ReportMetric(decodeTime(b, text).Seconds()/(b.Elapsed().Seconds()/float64(b.N)), "vs_decode")
			}
		})
	}
}

// decodeTime is how long the plain decoding of the same documents takes.
func decodeTime(b *testing.B, text string) time.Duration {
	start := time.Now()
	for doc := range splitDocuments(text) {
		var v map[string]any
		if err := yaml.Unmarshal([]byte(doc), &v); err != nil {
			b.Fatal(err)
		}
	}
	return time.Since(start)
}

func splitDocuments(text string) func(func(string) bool) {
	return func(yield func(string) bool) {
		start := 0
		for i := 0; i+5 <= len(text); i++ {
			if text[i] == '\n' && text[i:i+5] == "\n---\n" {
				if !yield(text[start:i]) {
					return
				}
				start = i + 5
			}
		}
		yield(text[start:])
	}
}
