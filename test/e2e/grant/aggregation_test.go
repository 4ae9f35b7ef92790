package grant

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// TestAggregation fills in aggregated roles as the controller does, round after round with upstream's selectors until
// nothing changes, and asks upstream's authorizer about the result and the product about the manifests.
func TestAggregation(t *testing.T) {
	a := startAsker(t)
	asked, allowed, unknown := 0, 0, 0
	for seed := uint64(0); asked < queries(t)/10; seed++ {
		g := &generator{rand.New(rand.NewPCG(seed, 11)), plain, true}
		c := g.cluster()
		for i, r := range c.clusterRoles {
			r.Labels = map[string]string{}
			for range g.IntN(3) {
				r.Labels[g.pick([]string{"x", "y", "z"})] = g.pick([]string{"1", "2"})
			}
			if i%2 == 0 {
				r.AggregationRule = &rbacv1.AggregationRule{ClusterRoleSelectors: []metav1.LabelSelector{g.selector()}}
				if g.IntN(2) == 0 {
					r.AggregationRule.ClusterRoleSelectors = append(r.AggregationRule.ClusterRoleSelectors, g.selector())
				}
				r.Rules = nil
			}
		}
		b := batch{World: worldOf(t, c.objects()...), NoBootstrap: true, Pods: true}
		settleRoles(t, c.clusterRoles)
		oracle := upstream(c)
		var want []string
		for range 500 {
			q := g.question(c)
			b.Questions = append(b.Questions, q)
			want = append(want, decide(oracle, q))
		}
		got := a.ask(b)
		for i, w := range want {
			v := got.Verdicts[i]
			switch {
			case w == "allowed":
				allowed++
			case v == "unknown" && strings.Contains(got.Reasons[i], "not read"), v == "unknown" && strings.Contains(got.Reasons[i], "was read"):
				unknown++
				continue
			}
			if v != w && !nodeAllows(b.Questions[i]) {
				t.Fatalf("seed %d: %+v:\nupstream: %s\nproduct:  %s: %s\nworld: %s", seed, b.Questions[i], w, v, got.Reasons[i], b.World)
			}
		}
		asked += len(want)
	}
	t.Logf("%d questions, %d allowed, %d unknown", asked, allowed, unknown)
	if allowed*20 < asked || unknown*4 > asked*3 {
		t.Error("the questions do not put the verdict to the test")
	}
}

func (g *generator) selector() (s metav1.LabelSelector) {
	key := g.pick([]string{"x", "y", "z"})
	switch g.IntN(6) {
	case 0:
		s.MatchExpressions = []metav1.LabelSelectorRequirement{{Key: key, Operator: metav1.LabelSelectorOpIn, Values: []string{"1", "3"}}}
	case 1:
		s.MatchExpressions = []metav1.LabelSelectorRequirement{{Key: key, Operator: metav1.LabelSelectorOpNotIn, Values: []string{"1"}}}
	case 2:
		s.MatchExpressions = []metav1.LabelSelectorRequirement{{Key: key, Operator: metav1.LabelSelectorOpExists}, {Key: "x", Operator: metav1.LabelSelectorOpDoesNotExist}}
	default:
		s.MatchLabels = map[string]string{key: g.pick([]string{"1", "2"})}
	}
	return s
}

// settleRoles does what the aggregation controller does to each role, until all stay as they are.
func settleRoles(t *testing.T, all []*rbacv1.ClusterRole) {
	t.Helper()
	for range 50 {
		changed := false
		for _, r := range all {
			if r.AggregationRule == nil {
				continue
			}
			var rules []rbacv1.PolicyRule
			for _, s := range r.AggregationRule.ClusterRoleSelectors {
				selector, err := metav1.LabelSelectorAsSelector(&s)
				if err != nil {
					t.Fatal(err)
				}
				for _, other := range all {
					if other.Name == r.Name || !selector.Matches(labels.Set(other.Labels)) {
						continue
					}
					for _, rule := range other.Rules {
						if !slices.ContainsFunc(rules, func(x rbacv1.PolicyRule) bool { return fmt.Sprint(x) == fmt.Sprint(rule) }) {
							rules = append(rules, rule)
						}
					}
				}
			}
			if !reflect.DeepEqual(rules, r.Rules) {
				r.Rules, changed = rules, true
			}
		}
		if !changed {
			return
		}
	}
	// In a circle the controller may change the order of rules for ever; the set of them is settled long before.
}
