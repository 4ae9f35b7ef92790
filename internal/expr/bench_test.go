package expr_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/bartizan-dev/bartizan/internal/expr"
	"github.com/bartizan-dev/bartizan/internal/expr/celref"
)

// typical are expressions as rules write them.
var typical = []string{
	"containers.filter(c, c.?securityContext.?privileged.orValue(false))",
	"containers.filter(c, !c.image.contains('@sha256:') && (!c.image.matches('^.*:[^/]+$') || c.image.endsWith(':latest')))",
	"pod.?volumes.orValue([]).filter(v, has(v.hostPath))",
	"containers.map(c, c.?env.orValue([]).filter(e, e.name == 'X'))",
	"!(object.?spec.?type.orValue('ClusterIP') in ['ClusterIP', 'ExternalName'])",
	"containers.filter(c, c.?resources.?limits.?memory.hasValue() && quantity(string(c.resources.limits.memory)).isGreaterThan(quantity('1Gi')))",
}

const containers = "pod.?initContainers.orValue([]) + pod.?containers.orValue([])"

// deployment sets up the variables of workload rules for testdata/deployment.yaml.
func deployment(tb testing.TB) (*expr.Scope, *expr.Frame, map[string]expr.Value) {
	tb.Helper()
	scope := expr.NewScope("object", "pod")
	if err := scope.Define("containers", containers); err != nil {
		tb.Fatal(err)
	}
	root := load(tb, file(tb, "testdata/deployment.yaml"))
	f := expr.NewFrame(scope)
	f.Set(0, expr.Of(root))
	f.Set(1, expr.Of(root.At("spec", "template", "spec")))
	vars := map[string]expr.Value{"object": f.Get(0), "pod": f.Get(1), "containers": f.Get(2)}
	return scope, f, vars
}

// fastest is what one of many runs takes, in nanoseconds: that of the run least disturbed by others.
func fastest(rounds, each int, run func()) float64 {
	best := time.Hour
	for range rounds {
		start := time.Now()
		for range each {
			run()
		}
		best = min(best, time.Since(start))
	}
	return float64(best.Nanoseconds()) / float64(each)
}

// BenchmarkEval evaluates typical expressions over a Deployment of two containers, and reports how many times
// longer cel-go takes for the same, its conversion of the document not counted.
func BenchmarkEval(b *testing.B) {
	scope, frame, vars := deployment(b)
	env, err := celref.New(celref.Latest, scope.Names())
	if err != nil {
		b.Fatal(err)
	}
	for i, src := range typical {
		b.Run(fmt.Sprint(i+1), func(b *testing.B) {
			p, err := expr.Compile(src, scope)
			if err != nil {
				b.Fatal(err)
			}
			reference, err := env.Compile(src)
			if err != nil {
				b.Fatal(err)
			}
			if got, want := show(p.Eval(frame)), show(reference.Eval(vars)); got != want {
				b.Fatalf("%s: planner gives %s, reference %s", src, got, want)
			}
			converted := celref.Convert(vars)
			eval := func() { reference.EvalIn(converted) }
			own := fastest(100, 200, func() { p.Eval(frame) })
			b.ReportAllocs()
			for b.Loop() {
				p.Eval(frame)
			}
			b.ReportMetric(own, "ns/best")
			b.ReportMetric(fastest(100, 10, eval)/own, "ratio")
		})
	}
}

// BenchmarkCompile plans 200 expressions, which is what a scan does at start-up.
func BenchmarkCompile(b *testing.B) {
	scope, _, _ := deployment(b)
	var sources []string
	for i := range 200 {
		sources = append(sources, fmt.Sprintf("%s // %d", typical[i%len(typical)], i))
	}
	compile := func() {
		for _, src := range sources {
			if _, err := expr.Compile(src, scope); err != nil {
				b.Fatal(err)
			}
		}
	}
	best := fastest(100, 1, compile)
	b.ReportAllocs()
	for b.Loop() {
		compile()
	}
	b.ReportMetric(best/float64(len(sources)), "ns/expression")
}
