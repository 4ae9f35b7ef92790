package grant

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

// TestImpersonation impersonates on a real API server, and compares with what the product foretells. The request is
// SelfSubjectReview, which everybody who is authenticated may make.
func TestImpersonation(t *testing.T) {
	c := live.Get(t)
	client, err := kubernetes.NewForConfig(c.Admin().Config)
	if err != nil {
		t.Fatal(err)
	}
	g := &generator{Rand: rand.New(rand.NewPCG(5, 5)), valid: true}
	modes := []string{"user-info", "serviceaccount", "arbitrary-node", "associated-node"}
	policy := &rbac{}
	var configs []*rest.Config
	var users []string
	for i := range 12 {
		user := fmt.Sprintf("impersonator-%d", i)
		access, err := c.User(user)
		if err != nil {
			t.Fatal(err)
		}
		users, configs = append(users, user), append(configs, access.Config)
		role := &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: user}}
		for range 1 + g.IntN(7) {
			mode := g.pick(modes)
			group := g.pick([]string{"", "authentication.k8s.io"})
			verbs := []string{g.pick([]string{"impersonate", "impersonate:" + mode, "impersonate:user-info"})}
			resources := g.some([]string{"users", "groups", "serviceaccounts", "nodes", "*"}, 1, 3)
			r := rbacv1.PolicyRule{Verbs: verbs, APIGroups: []string{group}, Resources: resources}
			if g.IntN(3) == 0 {
				r.ResourceNames = g.some([]string{"bob", "dev", "ops", "sa", "w1", "*", "g1", "g2", "g3", "g4"}, 1, 3)
			}
			role.Rules = append(role.Rules, r)
		}
		if g.IntN(4) > 0 {
			verb := "impersonate-on:" + g.pick(modes[:3]) + ":create"
			role.Rules = append(role.Rules, rbacv1.PolicyRule{Verbs: []string{verb, "impersonate-on:user-info:create"},
				APIGroups: []string{"authentication.k8s.io"}, Resources: []string{"selfsubjectreviews"}})
		}
		policy.clusterRoles = append(policy.clusterRoles, role)
		policy.clusterRoleBindings = append(policy.clusterRoleBindings, &rbacv1.ClusterRoleBinding{ObjectMeta: metav1.ObjectMeta{Name: user},
			RoleRef:  rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: user},
			Subjects: []rbacv1.Subject{{Kind: "User", APIGroup: rbacv1.GroupName, Name: user}}})
	}
	create(t, client, policy)
	time.Sleep(2 * time.Second)
	b := batch{World: policyOf(t, client), Complete: true, Pods: true}
	var want []string
	for range 600 {
		i := g.IntN(len(users))
		q := question{Op: "impersonate", User: users[i], Groups: []string{"system:authenticated"}, Verb: "create", Group: "authentication.k8s.io", Resource: "selfsubjectreviews"}
		q.TargetUser = g.pick([]string{"bob", "bob", "carol", "system:serviceaccount:n1:sa", "system:node:w1"})
		switch g.IntN(4) {
		case 0:
			q.TargetGroups = g.some([]string{"dev", "ops", "system:masters"}, 1, 2)
		case 1:
			if g.IntN(2) == 0 {
				q.TargetGroups = []string{"g1", "g2", "g3", "g4"}
			}
		}
		as := rest.CopyConfig(configs[i])
		as.Impersonate = rest.ImpersonationConfig{UserName: q.TargetUser, Groups: q.TargetGroups}
		client, err := kubernetes.NewForConfig(as)
		if err != nil {
			t.Fatal(err)
		}
		_, err = client.AuthenticationV1().SelfSubjectReviews().Create(t.Context(), &authenticationv1.SelfSubjectReview{}, metav1.CreateOptions{})
		refused := err != nil && apierrors.IsForbidden(err) && strings.Contains(err.Error(), "impersonat")
		if err != nil && !refused {
			t.Fatalf("%+v: %v", q, err)
		}
		b.Questions = append(b.Questions, q)
		want = append(want, verdict(!refused))
	}
	got := startAsker(t).ask(b)
	allowed, constrained := 0, 0
	for i, w := range want {
		if w == "allowed" {
			allowed++
			if strings.Contains(got.Reasons[i], "constrained") {
				constrained++
			}
		}
		if got.Verdicts[i] != w {
			t.Errorf("%+v:\nAPI server: %s\nproduct:    %s: %s", b.Questions[i], w, got.Verdicts[i], got.Reasons[i])
		}
	}
	t.Logf("%d attempts, %d allowed, %d of them by constrained impersonation", len(want), allowed, constrained)
	if allowed < 50 || constrained < 10 {
		t.Error("the attempts do not put the verdict to the test")
	}
}
