package grant

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/clustergen"
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/internal/world"
)

// small is a cluster in which every right can be listed.
func small(seed uint64) *world.World {
	w, _ := read(clustergen.RBAC(clustergen.RBACOptions{Seed: seed, Namespaces: 4, ServiceAccounts: 20, Roles: 15, Bindings: 40}))
	return w
}

// rights lists what every identity may do of a few things.
func rights(m *Model) map[string]Verdict {
	out := map[string]Verdict{}
	for _, verb := range []string{"get", "create", "delete"} {
		for _, res := range [][3]string{{"", "pods", ""}, {"", "secrets", ""}, {"", "pods", "exec"}, {"apps", "deployments", "scale"}, {"argoproj.io", "rollouts", "status"}} {
			for _, ns := range []string{"", "ns-0", "ns-3"} {
				for _, name := range []string{"", "name-3"} {
					r := Request{Verb: verb, Group: res[0], Resource: res[1], Subresource: res[2], Namespace: ns, Name: name}
					q := m.Compile(r)
					for _, x := range m.Identities() {
						out[fmt.Sprintf("%s %+v", x.Ref, r)] = m.Verdict(x.ID, q)
					}
				}
			}
		}
	}
	return out
}

// without is a World without one entity.
func without(w *world.World, ref bartizan.Ref) *world.World {
	var rest []bartizan.Entity
	for e := range w.Everything() {
		if e.Ref != ref {
			rest = append(rest, e)
		}
	}
	return world.New(rest)
}

// TestRemovingABindingNeverAddsARight, and neither does removing a role, of a complete World.
func TestRemovingABindingNeverAddsARight(t *testing.T) {
	lost := 0
	for seed := range uint64(6) {
		w := small(seed)
		before := rights(New(w, Options{Complete: true}))
		r := rand.New(rand.NewPCG(seed, 1))
		for _, kind := range []bartizan.Kind{"RoleBinding", "ClusterRoleBinding", "Role", "ClusterRole"} {
			all := slices.Collect(w.All(kind))
			for range 4 {
				gone := all[r.IntN(len(all))]
				for key, v := range rights(New(without(w, gone.Ref), Options{Complete: true})) {
					switch {
					case v == Allowed && before[key] != Allowed:
						t.Fatalf("seed %d: without %s: %s is allowed, and was %s", seed, gone.Ref, key, before[key])
					case v != before[key]:
						lost++
					}
				}
			}
		}
	}
	if lost == 0 {
		t.Error("no right was ever lost: the test proves nothing")
	}
}

// TestReadingLessNeverDenies: what is allowed in the whole of a cluster is never denied where only a part of it
// was read, as long as the bindings were.
func TestReadingLessNeverDenies(t *testing.T) {
	unknown := 0
	for seed := range uint64(6) {
		w := small(seed)
		whole := rights(New(w, Options{Complete: true}))
		r := rand.New(rand.NewPCG(seed, 2))
		var part []bartizan.Entity
		for e := range w.Everything() {
			if o := e.Value.(*kube.Object); (o.Kind == "Role" || o.Kind == "ClusterRole") && r.IntN(3) == 0 {
				continue
			}
			part = append(part, e)
		}
		for key, v := range rights(New(world.New(part), Options{})) {
			switch {
			case whole[key] == Allowed && v == Denied:
				t.Fatalf("seed %d: %s is allowed, and denied where roles are missing", seed, key)
			case v == Unknown:
				unknown++
			}
		}
	}
	if unknown == 0 {
		t.Error("nothing was ever unknown: the test proves nothing")
	}
}

// TestOrderDoesNotMatter: files are read in any order.
func TestOrderDoesNotMatter(t *testing.T) {
	for seed := range uint64(4) {
		w := small(seed)
		all := slices.Collect(w.Everything())
		before := rights(New(w, Options{}))
		r := rand.New(rand.NewPCG(seed, 3))
		r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		for key, v := range rights(New(world.New(all), Options{})) {
			if v != before[key] {
				t.Fatalf("seed %d: %s: %s in one order, %s in another", seed, key, before[key], v)
			}
		}
	}
}

// TestHoldersAgreesWithHolds: the list of holders says what asking each says, and says nothing twice.
func TestHoldersAgreesWithHolds(t *testing.T) {
	for seed := range uint64(6) {
		m := New(small(seed), Options{})
		for _, c := range []Capability{
			{Verb: "get", Resource: "secrets"}, {Verb: "create", Resource: "pods", Subresource: "exec"}, {Verb: "patch", Group: "apps", Resource: "deployments"},
			{Verb: "update", Group: "argoproj.io", Resource: "rollouts", Subresource: "status"},
		} {
			held := map[Class]map[string][]string{}
			for _, h := range m.Holders(c) {
				if held[h.Class] == nil {
					held[h.Class] = map[string][]string{}
				}
				if _, twice := held[h.Class][h.Namespace]; twice {
					t.Errorf("class %d has two holdings of %+v in namespace %q", h.Class, c, h.Namespace)
				}
				held[h.Class][h.Namespace] = h.Names
			}
			for class := range Class(m.Classes()) {
				everywhere, all := held[class][""]
				if _, some := held[class][""]; some && everywhere == nil && len(held[class]) > 1 {
					t.Errorf("class %d holds %+v everywhere, and again in a namespace", class, c)
				}
				for _, ns := range []string{"", "ns-0", "ns-1", "ns-2", "ns-3"} {
					for _, name := range []string{"", "name-1", "name-3", "name-7"} {
						names, there := held[class][ns]
						want := all && (everywhere == nil || slices.Contains(everywhere, name)) || there && (names == nil || slices.Contains(names, name))
						q := m.Compile(Request{Verb: c.Verb, Group: c.Group, Resource: c.Resource, Subresource: c.Subresource, Namespace: ns, Name: name})
						if got := m.Holds(m.Members(class)[0], q); got != want {
							t.Fatalf("seed %d, %+v, namespace %q, name %q: Holds says %t, Holders says %t", seed, c, ns, name, got, want)
						}
					}
				}
			}
		}
	}
}

// TestManyWords: masks go on where a machine word ends.
func TestManyWords(t *testing.T) {
	v := newVocabulary()
	var list []string
	for i := range 200 {
		list = append(list, fmt.Sprintf("word%d", i))
	}
	for _, w := range list {
		v.verbs.add(w)
	}
	for i, w := range list {
		m := v.mask(v.verbs, []string{w})
		for j := range list {
			if m.has(int32(j)) != (i == j) {
				t.Fatalf("the mask of %s has word %d: %t", w, j, m.has(int32(j)))
			}
		}
		if m.has(unused) {
			t.Fatalf("the mask of %s has a word that no rule uses", w)
		}
	}
	if m := v.mask(v.verbs, []string{all}); !m.has(unused) || !m.has(63) || !m.has(199) {
		t.Error("* does not match every word")
	}
}
