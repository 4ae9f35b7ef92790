package expr_test
import ("testing";"github.com/bartizan-dev/bartizan/internal/expr")
func BenchmarkEach(b *testing.B){
	both := newBoth(b, worldFile(b))
	for _, src := range typical {
		p, err := expr.Compile(src, both.scope)
		if err != nil { b.Fatal(err) }
		b.Run(src, func(b *testing.B){ b.ReportAllocs(); for b.Loop() { p.Eval(both.frame) } })
	}
}
