package grant

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"k8s.io/apiserver/pkg/authentication/serviceaccount"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	"k8s.io/kubernetes/pkg/registry/rbac/validation"
	rbacauthorizer "k8s.io/kubernetes/plugin/pkg/auth/authorizer/rbac"
)

// fullVariable makes the tests ask fifty times as many questions.
const fullVariable = "BARTIZAN_E2E_FULL"

const queriesPerCluster = 2000

// queries is how many questions to ask in all.
func queries(t *testing.T) int {
	switch {
	case os.Getenv(fullVariable) != "":
		return 10_000_000
	case testing.Short():
		return 20_000
	}
	return 200_000
}

// implicitGroups are the groups that the API server adds to a user, by upstream's own code where it is about service
// accounts.
func implicitGroups(name string) (groups []string) {
	if ns, _, err := serviceaccount.SplitUsername(name); err == nil {
		groups = append(groups, serviceaccount.MakeGroupNames(ns)...)
	}
	if strings.HasPrefix(name, "system:node:") && len(name) > len("system:node:") {
		groups = append(groups, user.NodesGroup)
	}
	if name == user.Anonymous {
		return append(groups, user.AllUnauthenticated)
	}
	return append(groups, user.AllAuthenticated)
}

func attributes(q question) authorizer.AttributesRecord {
	return authorizer.AttributesRecord{
		User: &user.DefaultInfo{Name: q.User, Groups: q.Groups},
		Verb: q.Verb, APIGroup: q.Group, Resource: q.Resource, Subresource: q.Subresource, Namespace: q.Namespace, Name: q.Name,
		Path: q.Path, ResourceRequest: q.Path == "",
	}
}

// upstream is the RBAC authorizer of Kubernetes over a policy.
func upstream(c *rbac) *rbacauthorizer.RBACAuthorizer {
	_, static := validation.NewTestRuleResolver(c.roles, c.roleBindings, c.clusterRoles, c.clusterRoleBindings)
	return rbacauthorizer.New(static, static, static, static)
}

// decide is upstream's verdict, with system:masters, which the API server allows before it asks RBAC.
func decide(a authorizer.Authorizer, q question) string {
	if slices.Contains(q.Groups, user.SystemPrivilegedGroup) {
		return "allowed"
	}
	decision, _, _ := a.Authorize(context.Background(), attributes(q)) // an error is about a binding without role
	if decision == authorizer.DecisionAllow {
		return "allowed"
	}
	return "denied"
}

// TestRBAC asks upstream's RBAC authorizer and the product the same questions about random clusters.
func TestRBAC(t *testing.T) {
	a := startAsker(t)
	kinds := []struct {
		name string
		words
		valid bool
	}{
		{"plain", plain, true}, {"adversarial", adversarial, false}, {"crowded", crowded(), true}, {"adversarial and valid", adversarial, true},
	}
	asked, allowed := 0, 0
	for seed := uint64(0); asked < queries(t); seed++ {
		kind := kinds[seed%uint64(len(kinds))]
		g := &generator{rand.New(rand.NewPCG(seed, 36)), kind.words, kind.valid}
		c := g.cluster()
		b := batch{World: worldOf(t, c.objects()...), Complete: true, Pods: true}
		oracle := upstream(c)
		var want []string
		for range queriesPerCluster {
			q := g.question(c)
			b.Questions = append(b.Questions, q)
			v := decide(oracle, q)
			want = append(want, v)
			if v == "allowed" {
				allowed++
			}
		}
		compare(t, fmt.Sprintf("%s, seed %d", kind.name, seed), b, a.ask(b), want, !kind.valid)
		asked += len(b.Questions)
	}
	t.Logf("%d questions, %d allowed", asked, allowed)
	if allowed*10 < asked || allowed*10 > asked*9 {
		t.Errorf("of %d questions %d are allowed: the clusters do not put the verdict to the test", asked, allowed)
	}
}

// compare fails the test for each disagreement. Where objects are invalid a denial may be unknown: the API server would
// refuse them.
func compare(t *testing.T, name string, b batch, got reply, want []string, invalid bool) {
	t.Helper()
	for i, w := range want {
		g := got.Verdicts[i]
		if g == w || nodeAllows(b.Questions[i]) && g != "denied" || invalid && g == "unknown" && w == "denied" && strings.Contains(got.Reasons[i], "refuses") {
			continue
		}
		t.Errorf("%s: %+v:\nupstream: %s\nproduct:  %s: %s\nworld: %s", name, b.Questions[i], w, g, got.Reasons[i], b.World)
		if t.Failed() {
			t.FailNow()
		}
	}
}

// nodeAllows says whether the Node authorizer may have a say, which TestNode is about.
func nodeAllows(q question) bool {
	return strings.HasPrefix(q.User, "system:node:") && slices.Contains(q.Groups, user.NodesGroup)
}
