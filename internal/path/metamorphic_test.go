package path_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/clustergen"
	"github.com/bartizan-dev/bartizan/internal/path"
	"github.com/bartizan-dev/bartizan/rules"
)

// some is how many clusters a test looks at: many when asked for.
func some(few uint64) uint64 {
	if os.Getenv("BARTIZAN_E2E_FULL") != "" {
		return 10 * few
	}
	return few
}

// ways are the pairs of a source and a target that it reaches, with what the likeliest way costs.
func ways(g *path.Graph) map[string]int {
	out := map[string]int{}
	for _, s := range g.Sources(path.SourcesInternet, path.SourcesWorkloads, path.SourcesIdentities) {
		for _, t := range g.Targets() {
			for _, p := range g.List([]path.Source{s}, []path.Target{t}) {
				out[s.Ref.String()+" -> "+t.Name] = p.Cost
			}
		}
	}
	return out
}

// noWorse fails if a cluster has a way that another one has not, or an easier one.
func noWorse(t *testing.T, what string, before, after map[string]int) {
	t.Helper()
	for k, cost := range after {
		if old, had := before[k]; !had || cost < old {
			t.Errorf("%s: %s costs %d (%d before: %v)", what, k, cost, old, had)
		}
	}
}

func generated(seed uint64) string {
	text, _ := clustergen.Paths(clustergen.PathOptions{Seed: seed, Namespaces: 3, Workloads: 6, Accounts: 5, Bindings: 8, Policies: 3, Chains: 2})
	return text
}

// TestLessRightsNoWorse takes away bindings one by one: no way becomes likelier, either.
func TestLessRightsNoWorse(t *testing.T) {
	for seed := range some(2) {
		docs := strings.Split(generated(seed), "\n---\n")
		before := ways(build(t, strings.Join(docs, "\n---\n"), rules.Edges()...))
		for i, doc := range docs {
			if strings.Contains(doc, "Binding") {
				less := slices.Delete(slices.Clone(docs), i, i+1)
				noWorse(t, fmt.Sprintf("seed %d without\n%s", seed, doc), before, ways(build(t, strings.Join(less, "\n---\n"), rules.Edges()...)))
			}
		}
	}
}

// TestMorePolicies adds policies that deny: of the network to every namespace, and of admission.
func TestMorePolicies(t *testing.T) {
	for seed := range some(2) {
		text := generated(seed)
		before := ways(build(t, text, rules.Edges()...))
		for _, name := range namespaces(t, text) {
			deny := "\n---\n" + policy(name, "deny-all", "{podSelector: {}, policyTypes: [Ingress, Egress]}")
			noWorse(t, fmt.Sprintf("seed %d with a policy in %s", seed, name), before, ways(build(t, text+deny, rules.Edges()...)))
		}
		guard := guarded("", "!has(object.spec.hostPID)")
		guard = "\n---\n" + guard[strings.Index(guard, "apiVersion: admissionregistration"):]
		noWorse(t, fmt.Sprintf("seed %d with an admission policy", seed), before, ways(build(t, text+guard, rules.Edges()...)))
	}
}

// namespaces are those of the workloads of a cluster.
func namespaces(t *testing.T, text string) (out []string) {
	t.Helper()
	_, objects, err := path.Read(text)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range objects {
		if len(o.Workloads) > 0 && o.Ref.Namespace != "" && !slices.Contains(out, o.Ref.Namespace) {
			out = append(out, o.Ref.Namespace)
		}
	}
	return out
}

// TestHalfACluster leaves out objects that decide: without roles no path is made up, and the bindings to them are told.
func TestHalfACluster(t *testing.T) {
	for seed := range some(2) {
		docs := strings.Split(generated(seed), "\n---\n")
		whole := ways(build(t, strings.Join(docs, "\n---\n"), rules.Edges()...))
		for _, kind := range []string{"kind: Role\n", "kind: ClusterRole\n", "kind: Namespace\n", "kind: ServiceAccount\n"} {
			half := slices.DeleteFunc(slices.Clone(docs), func(d string) bool { return strings.Contains(d+"\n", kind) })
			g := build(t, strings.Join(half, "\n---\n"), rules.Edges()...)
			if strings.Contains(kind, "Role") {
				noWorse(t, fmt.Sprintf("seed %d without %s", seed, kind), whole, ways(g))
				if len(half) < len(docs) && len(g.Unknown()) == 0 {
					t.Errorf("seed %d without %s: nothing is said of what is not known", seed, kind)
				}
			}
			sources, targets := g.Sources(path.SourcesWorkloads), g.Targets()
			if _, err := g.Cut(sources, targets, nil); err != nil {
				t.Errorf("seed %d without %s: %v", seed, kind, err)
			}
		}
	}
}

// TestCutAgain cuts generated clusters with all edges, with far-fetched ways and without, carries the cut out and
// looks again.
func TestCutAgain(t *testing.T) {
	for seed := range some(4) {
		text := generated(seed + 100)
		g := build(t, text, rules.Edges()...)
		sources, targets := g.Sources(path.SourcesInternet, path.SourcesWorkloads), g.Targets()
		for _, far := range []int{0, path.FarFetched} {
			c, err := g.CutWith(sources, targets, path.CutOptions{FarFetched: far})
			if err != nil {
				t.Fatal(err)
			}
			after, err := path.Apply(text, c.Changes)
			if err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
			uncut := map[string]bool{}
			for _, u := range c.Uncut {
				uncut[pairName(u.Source, u.Target)] = true
			}
			again, err := build(t, after, rules.Edges()...).CutWith(sources, targets, path.CutOptions{FarFetched: far})
			if err != nil {
				t.Fatal(err)
			}
			if again.Pairs > 0 {
				t.Errorf("seed %d, far-fetched %d: %d pairs are left, as by %s: %s", seed, far, again.Pairs, again.Fixes[0].Target, again.Fixes[0].Text)
			}
			for _, u := range again.Uncut {
				if !uncut[pairName(u.Source, u.Target)] {
					t.Errorf("seed %d, far-fetched %d: %s reaches %s by %s", seed, far, u.Source, u.Target, u.Stages[len(u.Stages)-1].Text)
				}
			}
		}
	}
}

func pairName(source bartizan.Ref, target string) string { return source.String() + " -> " + target }
