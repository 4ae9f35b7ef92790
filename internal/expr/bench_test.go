package expr_test

import (
	"fmt"
	"testing"

	"github.com/bartizan-dev/bartizan/internal/expr"
)

// typical are expressions as rules write them.
var typical = []string{
	"pod.containers.filter(c, c.?securityContext.?privileged.orValue(false))",
	"pod.containers.filter(c, !c.image.contains('@sha256:') && (!c.image.contains(':') || c.image.endsWith(':latest')))",
	"pod.?volumes.orValue([]).filter(v, has(v.hostPath))",
	"pod.?hostNetwork.orValue(false) || pod.?hostPID.orValue(false)",
	"!(object.?spec.?type.orValue('ClusterIP') in ['ClusterIP', 'ExternalName'])",
	"pod.containers.map(c, c.?args.orValue([]).filter(a, a.startsWith('--insecure')))",
}

// BenchmarkEval compares the planner with cel-go on the same expressions and document.
func BenchmarkEval(b *testing.B) {
	both := newBoth(b, worldFile(b))
	var planned []*expr.Program
	for _, src := range typical {
		p, err := expr.Compile(src, both.scope)
		if err != nil {
			b.Fatal(err)
		}
		planned = append(planned, p)
	}
	b.Run("planned", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			for _, p := range planned {
				p.Eval(both.frame)
			}
		}
	})
	b.Run("reference", func(b *testing.B) {
		b.ReportAllocs()
		for _, src := range typical {
			if _, err := both.env.Compile(src); err != nil {
				b.Fatal(err)
			}
		}
		programs := make([]func(), len(typical))
		for i, src := range typical {
			p, err := both.env.Compile(src)
			if err != nil {
				b.Fatal(err)
			}
			programs[i] = func() { p.Eval(both.vars) }
		}
		for b.Loop() {
			for _, p := range programs {
				p()
			}
		}
	})
}

// BenchmarkCompile plans 200 expressions, which is what a scan does at start-up.
func BenchmarkCompile(b *testing.B) {
	scope := expr.NewScope(variables...)
	var sources []string
	for i := range 200 {
		sources = append(sources, fmt.Sprintf("%s // %d", typical[i%len(typical)], i))
	}
	for b.Loop() {
		for _, src := range sources {
			if _, err := expr.Compile(src, scope); err != nil {
				b.Fatal(err)
			}
		}
	}
}
