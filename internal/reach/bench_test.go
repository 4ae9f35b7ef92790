package reach

import (
	"fmt"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/bartizan-dev/bartizan/internal/clustergen"
)

// cpu is the processor time that this process has used.
func cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// allPairs counts the allowed triples of source pod, destination pod and range of ports.
func allPairs(m *Model) (triples int64) {
	weight := make([]int64, m.n)
	for c := range weight {
		weight[c] = int64(len(m.classes[c].members))
	}
	for s, set := range m.AllPairs() {
		if weight[s.Class] == 0 {
			continue
		}
		sum := int64(0)
		for d := range set.All() {
			sum += weight[d]
		}
		triples += weight[s.Class] * sum
	}
	return triples
}

func BenchmarkAllPairs(b *testing.B) {
	for _, size := range []struct{ pods, policies int }{{1000, 100}, {10_000, 1000}} {
		text := clustergen.Network{Seed: 1, Pods: size.pods, Policies: size.policies}.Manifests()
		b.Run(fmt.Sprintf("%dx%d", size.pods, size.policies), func(b *testing.B) {
			b.ReportAllocs()
			start := cpu()
			triples := int64(0)
			for b.Loop() {
				triples = allPairs(modelOf(b, text, Options{Complete: true}))
			}
			b.ReportMetric((cpu()-start).Seconds()/float64(b.N), "cpu-s/op")
			b.ReportMetric(float64(triples), "triples")
			var mem runtime.MemStats
			runtime.ReadMemStats(&mem)
			b.ReportMetric(float64(mem.Sys)/1e6, "MB-sys")
		})
	}
	text := clustergen.Network{Seed: 1, Pods: 1000, Policies: 100}.Manifests()
	objects := objectsOf(b, text)
	v := newNaive(objects)
	b.Run("naive-1000x100-of-which-20000-questions", func(b *testing.B) {
		start := cpu()
		for b.Loop() {
			for i := range 20_000 {
				s, d := &v.pods[i*7919%1000], &v.pods[i*104729%1000]
				v.allowed(party{s, s.addr}, party{d, d.addr}, "TCP", 8001)
			}
		}
		per := (cpu() - start).Seconds() / float64(b.N) / 20_000
		b.ReportMetric(per*1e6*13, "cpu-s/all-pairs") // 13 ranges of ports
	})
}

func BenchmarkNew(b *testing.B) {
	for _, size := range []struct{ pods, policies int }{{1000, 100}, {10_000, 1000}} {
		w := worldOf(objectsOf(b, clustergen.Network{Seed: 1, Pods: size.pods, Policies: size.policies}.Manifests()))
		b.Run(fmt.Sprintf("%dx%d", size.pods, size.policies), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				New(w, Options{Complete: true})
			}
		})
	}
}

func BenchmarkReaches(b *testing.B) {
	m := modelOf(b, clustergen.Network{Seed: 1, Pods: 10_000, Policies: 1000}.Manifests(), Options{Complete: true})
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		m.Reaches(i*7919%10_000, i*104729%10_000, Port{Number: 8001})
		i++
	}
}
