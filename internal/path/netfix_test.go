package path_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/bartizan-dev/bartizan/internal/path"
	"github.com/bartizan-dev/bartizan/rule"
	"github.com/bartizan-dev/bartizan/rules/attack"
)

// policy is a NetworkPolicy of a namespace.
func policy(namespace, name, spec string) string {
	return fmt.Sprintf("apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: %s, namespace: %s}\nspec: %s\n---\n", name, namespace, spec)
}

const twoPods = `
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {kubernetes.io/metadata.name: shop, team: a}}
---
apiVersion: v1
kind: Namespace
metadata: {name: data, labels: {kubernetes.io/metadata.name: data}}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {containers: [{name: w, image: w}]}
---
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: data, labels: {app: db}}
spec: {containers: [{name: d, image: d, ports: [{containerPort: 5432}]}]}
---
apiVersion: v1
kind: Node
metadata: {name: n1}
spec: {providerID: "aws:///eu-west-1a/i-0123456789abcdef0"}
---
`

// stepFixes are the fixes of the steps of an edge between two things, each of which was carried out: the step is gone.
func stepFixes(t *testing.T, text string, edge *rule.Rule, key string) (out []string) {
	t.Helper()
	steps := func(text string) []path.OwnStep {
		g := build(t, text, edge)
		return slices.DeleteFunc(g.Own(edge), func(s path.OwnStep) bool { return !strings.HasPrefix(s.Key, key) })
	}
	found := steps(text)
	if len(found) == 0 {
		t.Fatalf("there is no step %s in\n%s", key, text)
	}
	for _, s := range found {
		for _, f := range s.Changes {
			after, err := path.Apply(text, f.Changes)
			if err != nil {
				t.Fatal(err)
			}
			if left := steps(after); slices.ContainsFunc(left, func(o path.OwnStep) bool { return o.Key == s.Key }) {
				t.Errorf("%q leaves the step %s in\n%s", f.Text, s.Key, after)
			}
			out = append(out, f.Text)
		}
	}
	return out
}

// TestNetworkFixes offers what ends the step: a policy more where none allows it, a change of the one that does, a
// policy above all others where several do, and nothing where that does not help either.
func TestNetworkFixes(t *testing.T) {
	own := "let only pods of data open ports of Pod data/db"
	above := "keep pods of other namespaces from Pod data/db, above all other policies"
	allow := policy("data", "allow", "{podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: {team: a}}}, {podSelector: {}}]}, {from: [{podSelector: {}}]}]}")
	open := policy("data", "open", "{podSelector: {matchLabels: {app: db}}, ingress: [{}]}")
	egress := policy("shop", "out", "{podSelector: {}, policyTypes: [Egress], egress: [{to: [{namespaceSelector: {}}]}]}")
	const key = "Pod shop/web, -> Pod data/db"
	for name, c := range map[string]struct {
		policies string
		want     []string
	}{
		"no policy there": {egress, []string{own}},
		"one allows":      {allow, []string{"take peer 1 out of ingress rule 1", "take ingress rule 1 out of the policy"}},
		"all allowed":     {open, []string{"let only pods of data in by ingress rule 1", "take ingress rule 1 out of the policy"}},
		"two allow":       {allow + open, []string{above}},
		"an admin allows": {"apiVersion: policy.networking.k8s.io/v1alpha2\nkind: ClusterNetworkPolicy\nmetadata: {name: let}\nspec: {tier: Admin, priority: 0, subject: {namespaces: {}}, ingress: [{action: Accept, from: [{namespaces: {}}]}]}\n---\n" + policy("data", "none", "{podSelector: {}}"), []string{"take ingress rule 1 out of the policy"}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := stepFixes(t, twoPods+c.policies, attack.PodNetwork, key); !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// TestMetadataFixes does the same for an address.
func TestMetadataFixes(t *testing.T) {
	cut := "keep the pods of Pod shop/web from 169.254.169.254"
	all := policy("shop", "all", "{podSelector: {}, policyTypes: [Egress], egress: [{}]}")
	block := policy("shop", "block", "{podSelector: {}, egress: [{to: [{ipBlock: {cidr: 0.0.0.0/0}}]}]}")
	for name, c := range map[string]struct {
		policies string
		want     []string
	}{
		"no policy": {"", []string{cut}},
		"all":       {all, []string{"leave 169.254.169.254 out of egress rule 1", "take egress rule 1 out of the policy"}},
		"block":     {block, []string{"leave 169.254.169.254 out of egress rule 1", "take egress rule 1 out of the policy"}},
		"both":      {all + block, []string{cut + ", above all other policies"}},
		"ingress":   {policy("shop", "in", "{podSelector: {}}"), []string{cut}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := stepFixes(t, twoPods+c.policies, attack.Metadata, "Pod shop/web"); !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// TestNetworkFixesAtRandom carries out every fix of every step of the network among random pods and policies.
func TestNetworkFixesAtRandom(t *testing.T) {
	offered := 0
	for seed := range some(30) {
		r := rand.New(rand.NewPCG(seed, 3))
		pick := func(from ...string) string { return from[r.IntN(len(from))] }
		var b strings.Builder
		for ns := range 2 {
			fmt.Fprintf(&b, "apiVersion: v1\nkind: Namespace\nmetadata: {name: ns%d, labels: {kubernetes.io/metadata.name: ns%d, team: t%d}}\n---\n", ns, ns, r.IntN(2))
			for p := range 1 + r.IntN(2) {
				fmt.Fprintf(&b, "apiVersion: v1\nkind: Pod\nmetadata: {name: p%d, namespace: ns%d, labels: {app: p%d}}\nspec: {containers: [{name: c, image: jupyter/notebook, ports: [{containerPort: 8888}]}]}\n---\n", p, ns, p)
			}
			for i := range r.IntN(3) {
				peers := func() string {
					return pick("podSelector: {}", "namespaceSelector: {}", "namespaceSelector: {matchLabels: {team: t0}}", "ipBlock: {cidr: 0.0.0.0/0}", "ipBlock: {cidr: 169.254.0.0/16}")
				}
				direction, key := "ingress", "from"
				if r.IntN(2) == 0 {
					direction, key = "egress", "to"
				}
				one := fmt.Sprintf("{%s: [{%s}]}", key, peers())
				if r.IntN(3) == 0 {
					one = pick("{}", fmt.Sprintf("{%s: [{%s}, {%s}]}, {%s: [{%s}]}", key, peers(), peers(), key, peers()))
				}
				b.WriteString(policy(fmt.Sprint("ns", ns), fmt.Sprint("n", i), fmt.Sprintf("{podSelector: %s, %s: [%s]}", pick("{}", "{matchLabels: {app: p0}}"), direction, one)))
			}
		}
		text := b.String()
		for _, edge := range []*rule.Rule{attack.PodNetwork, attack.Console, attack.Metadata} {
			g := build(t, text, edge)
			for _, s := range g.Own(edge) {
				for _, f := range s.Changes {
					offered++
					after, err := path.Apply(text, f.Changes)
					if err != nil {
						t.Fatal(err)
					}
					if slices.ContainsFunc(build(t, after, edge).Own(edge), func(o path.OwnStep) bool { return o.Key == s.Key }) {
						t.Fatalf("seed %d: %q leaves the step %s in\n%s", seed, f.Text, s.Key, after)
					}
				}
			}
		}
	}
	if offered < 50 {
		t.Errorf("only %d fixes were offered", offered)
	}
}
