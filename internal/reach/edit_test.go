package reach

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sort"
	"testing"
	"time"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/clustergen"
	"github.com/bartizan-dev/bartizan/internal/kube"
)

func keysOf(list []Flow) (out []string) {
	for i := range list {
		f := &list[i]
		out = append(out, fmt.Sprint(f.From.Names(), f.To.Names(), PortsText(f.Ports), f.Old, f.New))
	}
	sort.Strings(out)
	return out
}

func isPolicy(o *kube.Object) bool {
	for _, k := range policyKinds() {
		if k.kind == o.Ref.Kind {
			return true
		}
	}
	return false
}

// TestEditIsDiff demands that an edit opens and closes what a comparison of two Worlds says.
func TestEditIsDiff(t *testing.T) {
	for seed := range uint64(80) {
		c := &chaos{r: rand.New(rand.NewPCG(seed, 17))}
		objects := objectsOf(t, c.text())
		var before []*kube.Object
		var policies []*kube.Object
		for _, o := range objects {
			if !isPolicy(o) || len(policies) > 0 && c.chance(60) {
				before = append(before, o)
				continue
			}
			policies = append(policies, o)
		}
		after := slices.Clone(before)
		var remove []bartizan.Ref
		for i, o := range before {
			if isPolicy(o) {
				remove = append(remove, o.Ref)
				after = slices.Delete(slices.Clone(before), i, i+1)
				break
			}
		}
		after = append(after, policies...)
		m := New(worldOf(before), Options{Complete: true})
		opened, closed := m.Edit(remove, policies)
		wantOpened, wantClosed := Diff(m, New(worldOf(after), Options{Complete: true}))
		for _, x := range [][2][]string{{keysOf(opened), keysOf(wantOpened)}, {keysOf(closed), keysOf(wantClosed)}} {
			if !slices.Equal(x[0], x[1]) {
				t.Fatalf("seed %d: edit says\n%q\ncomparison says\n%q", seed, x[0], x[1])
			}
		}
	}
}

// editOf is a new policy for one namespace of the generated cluster; odd ones speak of ports, labels and addresses
// that no policy spoke of before.
func editOf(b testing.TB, i int) *kube.Object {
	text := fmt.Sprintf(`
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: policy-%d, namespace: ns-%d}
spec:
  podSelector: {matchLabels: {tier: %s}}
  ingress:
  - from: [{namespaceSelector: {matchLabels: {team: payments}}}]
    ports: [{port: http}]
`, i*37%1000, i*37%100, []string{"web", "api", "db"}[i%3])
	if i%2 == 1 {
		text += fmt.Sprintf(`  - from: [{ipBlock: {cidr: 10.64.%d.0/26}}, {podSelector: {matchLabels: {app: app-%d}}}]
    ports: [{port: %d}]
`, i%256, i, 7000+i)
	}
	return objectsOf(b, text)[0]
}

// BenchmarkEdit measures the delta of one edited policy at 10,000 pods and 1,000 policies, and reports the 99th
// percentile, beside the comparison of two Worlds from the start.
func BenchmarkEdit(b *testing.B) {
	objects := objectsOf(b, clustergen.Network{Seed: 1, Pods: 10_000, Policies: 1000}.Manifests())
	m := New(worldOf(objects), Options{Complete: true})
	b.Run("edit", func(b *testing.B) {
		var times []time.Duration
		for i := 0; b.Loop(); i++ {
			o := editOf(b, i)
			start := time.Now()
			m.Edit(nil, []*kube.Object{o})
			times = append(times, time.Since(start))
		}
		sort.Slice(times, func(i, j int) bool { return times[i] < times[j] })
		b.ReportMetric(float64(times[len(times)*99/100].Microseconds())/1000, "p99-ms")
		b.ReportMetric(float64(times[len(times)/2].Microseconds())/1000, "p50-ms")
	})
	b.Run("from-the-start", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			o := editOf(b, i)
			after := slices.DeleteFunc(slices.Clone(objects), func(x *kube.Object) bool { return x.Ref == o.Ref })
			Diff(m, New(worldOf(append(after, o)), Options{Complete: true}))
		}
	})
}
