package reach

import (
	"math/rand/v2"
	"testing"

	"github.com/bartizan-dev/bartizan/internal/kube"
)

// TestDiffIsExact compares the difference of two random sets of policies with the verdicts of two Models.
func TestDiffIsExact(t *testing.T) {
	checked := 0
	for seed := range uint64(60) {
		c := &chaos{r: rand.New(rand.NewPCG(seed, 11))}
		objects := objectsOf(t, c.text())
		before, after := split(objects, seed)
		old, new := New(worldOf(before), Options{Complete: true}), New(worldOf(after), Options{Complete: true})
		a, b := aligned(old, new)
		d := &differ{a: a, b: b, pairs: map[[2]int32][]change{}}
		for atom := range a.ports.atoms {
			d.atom(atom)
		}
		for s := range a.outEnd {
			for to := range a.outEnd {
				if !a.governs(s) && !a.governs(to) {
					continue
				}
				found := map[uint16]change{}
				for _, x := range d.pairs[[2]int32{s, to}] {
					found[x.atom] = x
				}
				for atom := range a.ports.atoms {
					v, w := a.classVerdict(s, to, atom), b.classVerdict(s, to, atom)
					x, in := found[uint16(atom)]
					if in != (v != w) || in && (x.old != v || x.new != w) {
						t.Fatalf("seed %d: %d -> %d atom %d: %s then %s, diff says %v %+v", seed, s, to, atom, v, w, in, x)
					}
					checked++
				}
			}
		}
		sameVerdicts(t, old, a)
		sameVerdicts(t, new, b)
	}
	t.Logf("%d verdicts", checked)
}

// split makes two states of a cluster: one without some policies and pods, one without some others.
func split(objects []*kube.Object, seed uint64) (before, after []*kube.Object) {
	r := rand.New(rand.NewPCG(seed, 13))
	for _, o := range objects {
		n := r.IntN(10)
		if o.Kind == "Namespace" || o.Kind == "Node" || o.Kind == "Pod" && n < 8 || n < 6 {
			before, after = append(before, o), append(after, o)
			continue
		}
		if n%2 == 0 {
			before = append(before, o)
		} else {
			after = append(after, o)
		}
	}
	return before, after
}

// sameVerdicts demands that aligning a Model changes none of its answers.
func sameVerdicts(t *testing.T, m, n *Model) {
	t.Helper()
	for i := range m.inv.pods {
		for k := range m.inv.pods {
			for _, port := range []uint16{53, 75, 80, 5432} {
				if v, w := m.Reaches(i, k, Port{Number: port}), n.Reaches(i, k, Port{Number: port}); v != w {
					t.Fatalf("%s -> %s %d: %s, aligned %s", m.Pod(i).Ref, m.Pod(k).Ref, port, v, w)
				}
			}
		}
	}
}
