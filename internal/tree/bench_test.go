package tree

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"
	sigs "sigs.k8s.io/yaml"
)

// BenchmarkParse reads all shared manifests, and relates the speed to that of the usual readers in the same
// run: xnode is how many times faster it is than yaml.v3 into its node tree, xsigs than sigs.k8s.io/yaml.
func BenchmarkParse(b *testing.B) {
	files := corpus(b, "manifests")
	size, perDoc := 0, []string(nil)
	for _, src := range files {
		size += len(src)
		for d, err := range Parse(src, Limits{}) {
			if err == nil {
				from, to := d.Bounds()
				perDoc = append(perDoc, src[from:to])
			}
		}
	}
	node := timed(func() {
		for _, src := range files {
			d := yaml.NewDecoder(bytes.NewReader([]byte(src)))
			for {
				var n yaml.Node
				if errors.Is(d.Decode(&n), io.EOF) {
					break
				}
			}
		}
	})
	api := timed(func() {
		for _, src := range perDoc {
			if _, err := sigs.YAMLToJSON([]byte(src)); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.SetBytes(int64(size))
	b.ReportAllocs()
	for b.Loop() {
		for _, src := range files {
			for d, err := range Parse(src, Limits{}) {
				if d == nil {
					b.Fatal(err)
				}
			}
		}
	}
	each := b.Elapsed().Seconds() / float64(b.N)
	b.ReportMetric(node/each, "xnode")
	b.ReportMetric(api/each, "xsigs")
}

// timed is the shortest of three runs, in seconds.
func timed(run func()) float64 {
	best := time.Hour
	for range 3 {
		start := time.Now()
		run()
		best = min(best, time.Since(start))
	}
	return best.Seconds()
}

// BenchmarkParseJSON reads the manifests as JSON.
func BenchmarkParseJSON(b *testing.B) {
	var texts []string
	size := 0
	for _, src := range corpus(b, "manifests") {
		for d, err := range Parse(src, Limits{}) {
			if err != nil {
				b.Fatal(err)
			}
			from, to := d.Bounds()
			j, err := sigs.YAMLToJSON([]byte(src[from:to]))
			if err != nil {
				b.Fatal(err)
			}
			texts = append(texts, string(j))
			size += len(j)
		}
	}
	b.SetBytes(int64(size))
	b.ReportAllocs()
	for b.Loop() {
		for _, src := range texts {
			for d, err := range Parse(src, Limits{}) {
				if d == nil {
					b.Fatal(err)
				}
			}
		}
	}
}
