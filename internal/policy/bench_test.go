package policy

import (
	"os"
	"testing"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/clustergen"
	"github.com/bartizan-dev/bartizan/rule"
)

// BenchmarkJudge evaluates the matrix's policies on 1,000 generated workloads and reports the time of one
// evaluation; compiling is done before.
func BenchmarkJudge(b *testing.B) {
	text, err := os.ReadFile("testdata/matrix/policies.yaml")
	if err != nil {
		b.Fatal(err)
	}
	set, err := Load([]File{{"policies.yaml", string(text)}}, rule.Latest)
	if err != nil {
		b.Fatal(err)
	}
	w, objects := read(b, clustergen.Manifests(clustergen.Options{Seed: 1, Workloads: 1000}))
	evaluations := 0
	run := func() {
		result, err := set.Judge(b.Context(), w, objects, func(bartizan.Finding) error { return nil })
		if err != nil {
			b.Fatal(err)
		}
		sum := result.Tally.Total()
		evaluations = sum.Passed + sum.Failed + sum.NotEvaluated
	}
	run()
	b.ResetTimer()
	for range b.N {
		run()
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/float64(evaluations), "µs/evaluation")
	b.ReportMetric(float64(evaluations), "evaluations")
}

// BenchmarkCompile compiles one policy with variables and one without.
func BenchmarkCompile(b *testing.B) {
	for b.Loop() {
		set, err := Load([]File{{"policies.yaml", basic}}, rule.Latest)
		if err != nil {
			b.Fatal(err)
		}
		if g := set.policies[0].compile(set.env); g != nil {
			b.Fatal(g.Reason)
		}
	}
}
