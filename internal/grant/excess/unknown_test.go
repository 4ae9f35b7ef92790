package excess

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/clustergen"
	"github.com/bartizan-dev/bartizan/internal/grant"
	"github.com/bartizan-dev/bartizan/internal/world"
)

// TestHalf: with half of the roles not read, what is proposed never takes a right that anybody used in the whole cluster and
// that what was read gives, and nothing is dropped of those of whom a role was not read.
func TestHalf(t *testing.T) {
	unknown, kept := 0, 0
	for seed := range uint64(25) {
		r := rand.New(rand.NewPCG(seed, 2))
		o := clustergen.RBACOptions{Seed: seed, Namespaces: 2, ServiceAccounts: 4, Roles: 12, Bindings: 20}
		whole := read(t, clustergen.RBAC(o))
		missing := map[bartizan.Ref]bool{}
		var entities []bartizan.Entity
		for e := range whole.Everything() {
			if (e.Ref.Kind == "Role" || e.Ref.Kind == "ClusterRole") && r.IntN(2) == 0 {
				missing[e.Ref] = true
				continue
			}
			entities = append(entities, e)
		}
		half := world.New(entities)
		m, everything := grant.New(half, grant.Options{}), grant.New(whole, grant.Options{})
		u := NewUsage(Named(half))
		for i := range 300 {
			a := randomAsk(r, o)
			if everything.Can(grant.Subject{User: a.user, Groups: a.groups, Exact: true}, a.asSeen()).Verdict != grant.Allowed {
				a.code = 403
			}
			add(t, u, a.json(i))
		}
		rep, err := New(half, u, Options{MaxNames: 4, MaxNamespaces: 2, Enough: time.Hour})
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		for _, b := range rep.Bindings {
			doubtful := slices.ContainsFunc(b.Subjects, func(s Subject) bool {
				subject := grant.Subject{User: s.Principal.Name}
				if s.Principal.Group {
					subject = grant.Subject{Groups: []string{s.Principal.Name}}
				}
				return len(m.Doubts(subject, nil)) > 0
			})
			switch {
			case missing[b.Role]:
				unknown++
				if b.Verdict != Unknown {
					t.Errorf("seed %d: %s of an unread role: %s", seed, b.Ref, b.Verdict)
				}
			case doubtful:
				kept++
				if b.Verdict == Drop {
					t.Errorf("seed %d: %s is dropped although not everything is known", seed, b.Ref)
				}
			}
		}
	}
	if unknown == 0 || kept == 0 {
		t.Errorf("nothing was shown: %d %d", unknown, kept)
	}
}

// BenchmarkNew compares a cluster of 2,000 service accounts and 4,000 bindings with 20,000 different requests.
func BenchmarkNew(b *testing.B) {
	o := clustergen.RBACOptions{Seed: 1, Namespaces: 100, ServiceAccounts: 2000, Roles: 2000, Bindings: 4000}
	w := read(b, clustergen.RBAC(o))
	r := rand.New(rand.NewPCG(1, 3))
	u := NewUsage(Named(w))
	for i := range 20_000 {
		add(b, u, randomAsk(r, o).json(i))
	}
	for b.Loop() {
		rep, err := New(w, u, Options{MaxNames: 8, MaxNamespaces: 3})
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(rep.Proof.Replayed), "requests")
	}
}
