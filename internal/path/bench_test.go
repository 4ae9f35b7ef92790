package path_test

import (
	"os"
	"runtime"
	"runtime/metrics"
	"syscall"
	"testing"
	"time"

	"github.com/bartizan-dev/bartizan/internal/clustergen"
	"github.com/bartizan-dev/bartizan/internal/path"
	"github.com/bartizan-dev/bartizan/rule"
	"github.com/bartizan-dev/bartizan/rules"
)

// BenchmarkPath measures a cluster of 10,000 pods, 2,000 service accounts, 4,000 bindings and 1,000 policies, by all
// edges, from decoded objects to the ranked paths, the choke points and the certified fixes: wall time, processor time
// (cpu-ms/op, garbage collection included) and the most memory that the process held (held-MB, the objects included).
// With BARTIZAN_BENCH_PLAIN it also takes the minute that the reference needs.
func BenchmarkPath(b *testing.B) {
	text, planted := clustergen.Paths(clustergen.PathOptions{
		Seed: 1, Namespaces: 100, Workloads: 2000, Replicas: 5, Accounts: 2000, Bindings: 4000, Policies: 1000, Chains: 200,
	})
	w, objects, err := path.Read(text)
	if err != nil {
		b.Fatal(err)
	}
	in := path.Input{World: w, Objects: objects, Edges: rules.Edges(), Version: rule.Latest}
	b.Run("all", func(b *testing.B) {
		b.ReportAllocs()
		runtime.GC()
		held, before := watch(), processor()
		for b.Loop() {
			g := path.Build(in)
			sources, targets := g.Sources(path.SourcesInternet, path.SourcesWorkloads), g.Targets()
			if list := g.List(sources, targets); len(list) == 0 {
				b.Fatal("no path is found")
			}
			g.Chokes(sources, targets)
			c, err := g.Cut(sources, targets, nil)
			if err != nil {
				b.Fatal(err)
			}
			v, s, f := g.Size()
			b.ReportMetric(float64(v), "vertices")
			b.ReportMetric(float64(s), "steps")
			b.ReportMetric(float64(f), "fixes")
			b.ReportMetric(float64(c.Pairs), "pairs")
			b.ReportMetric(float64(len(c.Fixes)), "cut")
			b.ReportMetric(float64(c.Cost-c.Bound), "gap")
		}
		b.ReportMetric(float64((processor()-before).Milliseconds())/float64(b.N), "cpu-ms/op")
		b.ReportMetric(float64(held())/1e6, "held-MB")
		b.ReportMetric(float64(len(planted)), "planted")
	})
	g := path.Build(in)
	sources, targets := g.Sources(path.SourcesInternet, path.SourcesWorkloads), g.Targets()
	b.Run("build", func(b *testing.B) {
		for b.Loop() {
			path.Build(in)
		}
	})
	b.Run("list", func(b *testing.B) {
		for b.Loop() {
			g.List(sources, targets)
		}
	})
	b.Run("chokes", func(b *testing.B) {
		for b.Loop() {
			g.Chokes(sources, targets)
		}
	})
	b.Run("cut", func(b *testing.B) {
		for b.Loop() {
			if _, err := g.Cut(sources, targets, nil); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("plain", func(b *testing.B) {
		if os.Getenv("BARTIZAN_BENCH_PLAIN") == "" {
			b.Skip("the reference takes a minute: set BARTIZAN_BENCH_PLAIN")
		}
		for b.Loop() {
			path.Plain(g, sources, targets)
		}
	})
	runtime.KeepAlive(text)
}

// processor is the processor time that the process has used.
func processor() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// watch looks every few milliseconds at the memory that the process holds; what it returns ends that and gives the most.
func watch() (most func() uint64) {
	end, found := make(chan struct{}), make(chan uint64)
	go func() {
		top := uint64(0)
		samples := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
		for {
			metrics.Read(samples)
			top = max(top, samples[0].Value.Uint64()-samples[1].Value.Uint64())
			select {
			case <-end:
				found <- top
				return
			case <-time.After(2 * time.Millisecond):
			}
		}
	}()
	return func() uint64 { close(end); return <-found }
}
