package reach

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sort"
	"strings"
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
	for seed := range uint64(rounds(80)) {
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

// TestSmallEditIsDiff edits one policy at a time, with labels, ports and addresses that no policy spoke of before,
// and demands what a comparison of two Worlds says. Most of these edits go the short way.
func TestSmallEditIsDiff(t *testing.T) {
	short, flows := 0, 0
	for seed := range uint64(rounds(120)) {
		c := &chaos{r: rand.New(rand.NewPCG(seed, 19))}
		c.r.IntN(2)
		before := objectsOf(t, c.text())
		other := &chaos{r: rand.New(rand.NewPCG(seed, 23))}
		var one *kube.Object
		for _, o := range objectsOf(t, strings.NewReplacer("app: a", "app: d", "{key: env", "{key: noise", "8.8.8.0/24", "8.8.8.4/30",
			"10.0.1.0/24", "10.0.1.0/29", "port: 80", "port: 81", "port: \"80\"", "port: \"79\"").Replace(other.text())) {
			if isPolicy(o) && (one == nil || other.chance(50)) {
				one = o
			}
		}
		if one == nil {
			continue
		}
		m := New(worldOf(before), Options{Complete: true})
		var remove []bartizan.Ref
		after := []*kube.Object{one}
		for _, o := range before {
			if isPolicy(o) && remove == nil && c.chance(20) {
				remove = append(remove, o.Ref)
				continue
			}
			if o.Ref != one.Ref {
				after = append(after, o)
			}
		}
		gone, words, more := m.change(remove, []*kube.Object{one})
		if _, ok := m.refine(words, more); ok && (!m.cilium || m.staysCilium(gone, more)) {
			short++
		}
		opened, closed := m.Edit(remove, []*kube.Object{one})
		wantOpened, wantClosed := Diff(m, New(worldOf(after), Options{Complete: true}))
		for _, x := range [][2][]string{{keysOf(opened), keysOf(wantOpened)}, {keysOf(closed), keysOf(wantClosed)}} {
			if flows += len(x[0]); !slices.Equal(x[0], x[1]) {
				t.Fatalf("seed %d: edit says\n%q\ncomparison says\n%q", seed, x[0], x[1])
			}
		}
	}
	if t.Logf("%d went the short way, %d flows", short, flows); short < 30 {
		t.Errorf("only %d edits went the short way", short)
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

// closedByDefault is the i-th edit that replaces a namespace's default of letting nothing through.
func closedByDefault(i int) int {
	const inverse = 973 // of 37, modulo 1000
	return (i % 100) * inverse % 1000
}

// BenchmarkEdit measures the delta of one edited policy at 10,000 pods and 1,000 policies, and reports the 99th
// percentile, beside the comparison of two Worlds from the start.
func BenchmarkEdit(b *testing.B) {
	objects := objectsOf(b, clustergen.Network{Seed: 1, Pods: 10_000, Policies: 1000}.Manifests())
	m := New(worldOf(objects), Options{Complete: true})
	for _, x := range []struct {
		name string
		of   func(i int) int
	}{{"edit", func(i int) int { return i }}, {"default-deny", closedByDefault}} {
		b.Run(x.name, func(b *testing.B) {
			var times, uses []time.Duration
			for i := 0; b.Loop(); i++ {
				o := editOf(b, x.of(i))
				start, used := time.Now(), cpu()
				m.Edit(nil, []*kube.Object{o})
				times, uses = append(times, time.Since(start)), append(uses, cpu()-used)
			}
			for name, list := range map[string][]time.Duration{"ms": times, "cpu-ms": uses} {
				slices.Sort(list)
				b.ReportMetric(float64(list[len(list)*99/100].Microseconds())/1000, "p99-"+name)
				b.ReportMetric(float64(list[len(list)/2].Microseconds())/1000, "p50-"+name)
			}
		})
	}
	b.Run("from-the-start", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			o := editOf(b, i)
			after := slices.DeleteFunc(slices.Clone(objects), func(x *kube.Object) bool { return x.Ref == o.Ref })
			Diff(m, New(worldOf(append(after, o)), Options{Complete: true}))
		}
	})
}
