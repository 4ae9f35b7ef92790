package path_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/clustergen"
	"github.com/bartizan-dev/bartizan/internal/path"
	"github.com/bartizan-dev/bartizan/rule"
	"github.com/bartizan-dev/bartizan/rules"
	"github.com/bartizan-dev/bartizan/rules/attack"
)

// three are the edges that clustergen plants paths with.
var three = []*rule.Rule{attack.Exec, attack.Token, attack.Privileged}

// build makes a graph of the text of manifests.
func build(t testing.TB, text string, edges ...*rule.Rule) *path.Graph {
	t.Helper()
	w, objects, err := path.Read(text)
	if err != nil {
		t.Fatal(err)
	}
	return path.Build(path.Input{World: w, Objects: objects, Edges: edges, Version: rule.Latest})
}

// reached lists which workloads reach which of the targets of every cluster.
func reached(g *path.Graph) map[string]bool {
	out := map[string]bool{}
	for _, s := range g.Sources(path.SourcesWorkloads) {
		for _, t := range g.Targets() {
			for _, r := range t.Refs {
				if g.Reaches(s.Ref, r) && (t.Name == path.TargetAdmin || t.Name == path.TargetNode && s.Ref != r) {
					out[s.Ref.String()+" "+t.Name] = true
				}
			}
		}
	}
	return out
}

// truth is what was planted. Cluster-admin takes every node.
func truth(planted []clustergen.Planted) map[string]bool {
	out := map[string]bool{}
	for _, p := range planted {
		ref := bartizan.Ref{Kind: "Deployment", Namespace: p.Namespace, Name: p.Name}
		if p.Admin {
			out[ref.String()+" "+path.TargetAdmin] = true
		}
		out[ref.String()+" "+path.TargetNode] = true
	}
	return out
}

// TestPlanted finds all planted paths and no other, and cuts them for good.
func TestPlanted(t *testing.T) {
	n := uint64(60)
	if testing.Short() {
		n = 10
	}
	for seed := range n {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			text, planted := clustergen.Paths(clustergen.PathOptions{
				Seed: seed, Namespaces: 4, Workloads: 20, Accounts: 12, Bindings: 40, Policies: 4, Replicas: int(seed % 2), Chains: int(seed % 5),
			})
			g := build(t, text, three...)
			got, want := reached(g), truth(planted)
			for k := range want {
				if !got[k] {
					t.Errorf("planted, and not found: %s", k)
				}
			}
			for k := range got {
				if !want[k] {
					t.Errorf("found, and not planted: %s", k)
				}
			}
			cutForGood(t, text, g)
		})
	}
}

// cutForGood applies a cut's patches and looks for paths again.
func cutForGood(t *testing.T, text string, g *path.Graph) {
	t.Helper()
	sources, targets := g.Sources(path.SourcesWorkloads), g.Targets()
	c, err := g.Cut(sources, targets, nil)
	if err != nil {
		t.Fatal(err)
	}
	if !c.Optimal() || len(c.Uncut) > 0 {
		t.Errorf("cost %d, bound %d, %d uncut", c.Cost, c.Bound, len(c.Uncut))
	}
	after, err := path.Apply(text, c.Changes)
	if err != nil {
		t.Fatal(err)
	}
	if left := build(t, after, three...).List(sources, targets); len(left) > 0 {
		t.Errorf("%d paths are left, as from %s to %s", len(left), left[0].Sources[0], left[0].Target.Name)
	}
	if n := len(g.List(sources, targets)); (n > 0) != (c.Pairs > 0) {
		t.Errorf("%d paths are listed, %d pairs are cut", n, c.Pairs)
	}
}

// TestLessRights checks that taking a binding away never adds a path.
func TestLessRights(t *testing.T) {
	for seed := range uint64(3) {
		text, _ := clustergen.Paths(clustergen.PathOptions{Seed: seed, Namespaces: 3, Workloads: 12, Accounts: 8, Bindings: 12, Chains: 2})
		all := reached(build(t, text, rules.Edges()...))
		docs := strings.Split(text, "\n---\n")
		for i, doc := range docs {
			if !strings.Contains(doc, "Binding") {
				continue
			}
			less := strings.Join(append(slices.Clone(docs[:i]), docs[i+1:]...), "\n---\n")
			for k := range reached(build(t, less, rules.Edges()...)) {
				if !all[k] {
					t.Fatalf("seed %d: without %s there is a new path: %s", seed, doc, k)
				}
			}
		}
	}
}

// TestCutWithAllEdges cuts the paths of all built-in edges, applies the patches and looks again.
func TestCutWithAllEdges(t *testing.T) {
	for seed := range uint64(6) {
		text, _ := clustergen.Paths(clustergen.PathOptions{Seed: seed, Namespaces: 3, Workloads: 8, Accounts: 6, Bindings: 15, Chains: 2})
		g := build(t, text, rules.Edges()...)
		sources, targets := g.Sources(path.SourcesInternet, path.SourcesWorkloads), g.Targets()
		c, err := g.Cut(sources, targets, nil)
		if err != nil {
			t.Fatal(err)
		}
		after, err := path.Apply(text, c.Changes)
		if err != nil {
			t.Fatal(err)
		}
		uncut := map[string]bool{}
		for _, u := range c.Uncut {
			uncut[u.Source.String()+" "+u.Target] = true
		}
		for _, p := range build(t, after, rules.Edges()...).List(sources, targets) {
			for _, s := range p.Sources {
				if !uncut[s.String()+" "+p.Target.Name] {
					t.Errorf("seed %d: %s still reaches %s: %s", seed, s, p.Target.Name, p.Stages[len(p.Stages)-1].Text)
				}
			}
		}
	}
}
