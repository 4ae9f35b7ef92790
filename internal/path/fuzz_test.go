package path_test

import (
	"testing"
	"time"

	"github.com/bartizan-dev/bartizan/internal/clustergen"
	"github.com/bartizan-dev/bartizan/internal/path"
	"github.com/bartizan-dev/bartizan/rule"
	"github.com/bartizan-dev/bartizan/rules"
)

// FuzzPaths takes any manifests for a cluster: there is no panic, all ends in time, and what the cut says holds.
func FuzzPaths(f *testing.F) {
	for seed := range uint64(3) {
		text, _ := clustergen.Paths(clustergen.PathOptions{Seed: seed, Namespaces: 2, Workloads: 3, Accounts: 3, Bindings: 4, Policies: 2, Chains: 1})
		f.Add(text)
	}
	f.Add(guarded("pod-security.kubernetes.io/enforce: restricted", "!has(object.spec.hostPID)"))
	f.Add(twoPods + policy("data", "allow", "{podSelector: {}, ingress: [{from: [{namespaceSelector: {}}, {ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16]}}]}]}"))
	f.Add(exposedWeb + service("lb", "a: b", "type: LoadBalancer, loadBalancerSourceRanges: [10.0.0.0/8]"))
	edges := rules.Edges()
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 20_000 {
			return
		}
		w, objects, err := path.Read(text)
		if err != nil {
			return
		}
		begin := time.Now()
		g := path.Build(path.Input{World: w, Objects: objects, Edges: edges, Version: rule.Latest, Complete: len(text)%2 == 0})
		sources, targets := g.Sources(path.SourcesInternet, path.SourcesWorkloads, path.SourcesIdentities), g.Targets()
		list := g.List(sources, targets)
		path.Dot(list)
		path.SVG(list)
		g.Chokes(sources, targets)
		for _, far := range []int{0, path.FarFetched} {
			c, err := g.CutWith(sources, targets, path.CutOptions{FarFetched: far, Uses: g.Uses(nil, nil)})
			if err != nil {
				continue // objects that share a name cannot all be changed by it
			}
			if c.Bound > c.Cost || far == 0 && (c.Pairs+len(c.Uncut) > 0) != (len(list) > 0) {
				t.Errorf("%d paths, but %d pairs, %d uncut, cost %d, bound %d", len(list), c.Pairs, len(c.Uncut), c.Cost, c.Bound)
			}
		}
		if took := time.Since(begin); took > 30*time.Second {
			t.Errorf("it took %v", took)
		}
	})
}
