package grant

import (
	"math/rand/v2"
	"testing"

	"github.com/bartizan-dev/bartizan/internal/clustergen"
)

// TestDisputedVerdicts: with many objects defined twice, the quick verdict is the explained one.
func TestDisputedVerdicts(t *testing.T) {
	o := clustergen.RBACOptions{Seed: 1, Namespaces: 4, ServiceAccounts: 20, Roles: 15, Bindings: 40}
	first := clustergen.RBAC(o)
	o.Seed = 2
	w, _ := read(first + clustergen.RBAC(o))
	m := New(w, Options{})
	r := rand.New(rand.NewPCG(1, 1))
	counts := map[Verdict]int{}
	for range 20_000 {
		x := m.Identities()[r.IntN(len(m.Identities()))]
		q := Request{
			Verb: []string{"get", "create", "delete"}[r.IntN(3)], Resource: []string{"pods", "secrets", "configmaps", "events"}[r.IntN(4)],
			Namespace: []string{"", "ns-0", "ns-1", "ns-3"}[r.IntN(4)], Name: []string{"", "name-3"}[r.IntN(2)],
		}
		a := m.Can(x.Subject, q)
		if v := m.Verdict(x.ID, m.Compile(q)); v != a.Verdict {
			t.Fatalf("%s, %+v: Verdict says %s, Can says %s: %s", x.Ref, q, v, a.Verdict, a.Reason)
		}
		counts[a.Verdict]++
	}
	if len(counts) != 3 {
		t.Errorf("not every verdict occurs: %v", counts)
	}
}
