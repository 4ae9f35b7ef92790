package path_test

import (
	"runtime"
	"testing"

	"github.com/bartizan-dev/bartizan/internal/clustergen"
	"github.com/bartizan-dev/bartizan/internal/path"
	"github.com/bartizan-dev/bartizan/rule"
	"github.com/bartizan-dev/bartizan/rules"
)

// BenchmarkPath measures a cluster of 10,000 pods, 2,000 service accounts, 4,000 bindings and 1,000 policies, from
// decoded objects to the ranked paths, the choke points and the certified fixes.
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
		for b.Loop() {
			path.Plain(g, sources, targets)
		}
	})
	runtime.KeepAlive(text)
}
