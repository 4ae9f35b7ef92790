package scan_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/bartizan-dev/bartizan/internal/clustergen"
	"github.com/bartizan-dev/bartizan/internal/engine"
	"github.com/bartizan-dev/bartizan/internal/scan"
	"github.com/bartizan-dev/bartizan/rule"
	"github.com/bartizan-dev/bartizan/rules"
)

// BenchmarkJoined scans with the rules that join many objects and without them in one run: "factor" is how many times
// longer it takes with them. Of workloads alone it should be 1: nothing is made that no rule can ask.
func BenchmarkJoined(b *testing.B) {
	all, err := rules.Builtin()
	if err != nil {
		b.Fatal(err)
	}
	single := slices.DeleteFunc(slices.Clone(all), func(r *rule.Rule) bool { return len(r.Needs) > 0 })
	paths, _ := clustergen.Paths(clustergen.PathOptions{Seed: 1, Namespaces: 20, Workloads: 400, Accounts: 400, Bindings: 800, Policies: 200, Chains: 5})
	for name, text := range map[string]string{
		"workloads": clustergen.Manifests(clustergen.Options{Seed: 1, Workloads: 1000}),
		"cluster":   paths,
		"network":   clustergen.Network{Seed: 1, Pods: 1000, Policies: 100}.Manifests(),
	} {
		b.Run(name, func(b *testing.B) {
			file := filepath.Join(b.TempDir(), "cluster.yaml")
			if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
				b.Fatal(err)
			}
			with, without := ready(b, all), ready(b, single)
			var more, fewer time.Duration
			for b.Loop() {
				more += timed(b, file, with)
				fewer += timed(b, file, without)
			}
			b.ReportMetric(more.Seconds()/fewer.Seconds(), "factor")
		})
	}
}

func ready(b *testing.B, list []*rule.Rule) *engine.Engine {
	e, err := engine.New(list, engine.Config{})
	if err != nil {
		b.Fatal(err)
	}
	return e
}

// timed is how long a scan takes.
func timed(b *testing.B, file string, e *engine.Engine) time.Duration {
	start := time.Now()
	src, err := scan.Inputs{Paths: []string{file}}.Source()
	if err != nil {
		b.Fatal(err)
	}
	defer src.Close()
	if _, err := (&scan.Request{Source: src, Engine: e}).Run(context.Background()); err != nil {
		b.Fatal(err)
	}
	return time.Since(start)
}
