package alert

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

// BenchmarkDesk takes alerts of a storm: many of few, each a record of its own.
func BenchmarkDesk(b *testing.B) {
	exceptions := make([]Exception, 50)
	for i := range exceptions {
		exceptions[i].Rule, exceptions[i].Identity = fmt.Sprintf("other-%d", i), "nobody-*"
	}
	d := NewDesk(Options{Exceptions: exceptions})
	alerts := crowd(rand.New(rand.NewPCG(1, 1)), 1000, time.Millisecond)
	n, shown := 0, 0
	for b.Loop() {
		a := *alerts[n%len(alerts)]
		a.Time = morning.Add(time.Duration(n) * time.Millisecond)
		a.Evidence[0].Value = fmt.Sprint(n)
		shown += len(d.Take(&a))
		n++
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "alerts/s")
	b.ReportMetric(float64(shown)/float64(n), "shown/alert")
}
