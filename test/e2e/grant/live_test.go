package grant

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/bartizan-dev/bartizan/test/e2e/product"
)

// TestLive asks a real API server, by SubjectAccessReview, and the product, which reads the cluster as a user's copy of
// it: first the cluster as it was born, then with random policy and aggregated roles.
func TestLive(t *testing.T) {
	c := live.Get(t)
	client, err := kubernetes.NewForConfig(c.Admin().Config)
	if err != nil {
		t.Fatal(err)
	}
	a := startAsker(t)
	born := &generator{rand.New(rand.NewPCG(1, 1)), bornWords(), true}
	var questions []question
	for range 800 {
		questions = append(questions, born.anything())
	}
	// Nothing is read: the built-in table must give the same answers.
	compareLive(t, client, a, batch{World: "{}", Pods: true, Questions: questions})
	compareLive(t, client, a, batch{World: policyOf(t, client), Complete: true, Pods: true, Questions: questions})

	g := &generator{rand.New(rand.NewPCG(2, 1)), livePlain(), true}
	policy := g.cluster()
	policy.clusterRoles = append(policy.clusterRoles, aggregated()...)
	for i, role := range []string{"agg-top", "agg-mid"} {
		policy.clusterRoleBindings = append(policy.clusterRoleBindings, &rbacv1.ClusterRoleBinding{
			ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("agg%d", i)}, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role},
			Subjects: []rbacv1.Subject{{Kind: "User", APIGroup: rbacv1.GroupName, Name: g.users[i]}},
		})
	}
	create(t, client, policy)
	questions = nil
	for range 2500 {
		questions = append(questions, g.question(policy))
	}
	for _, user := range g.users {
		for _, resource := range []string{"widgets", "gadgets", "gizmos"} {
			questions = append(questions, question{Op: "can", User: user, Groups: implicitGroups(user), Verb: "get", Group: "example.org", Resource: resource})
		}
	}
	settle(t, client)
	compareLive(t, client, a, batch{World: policyOf(t, client), Complete: true, Pods: true, Questions: questions})
	// From the manifests, before any controller has aggregated anything.
	compareLive(t, client, a, batch{World: worldOf(t, policy.objects()...), Pods: true, Questions: questions})
	escalateLive(t, client, c.Admin().Config, a, g, policy)
}

// bornWords ask about what every cluster has.
func bornWords() words {
	w := plain
	w.verbs = []string{"get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"}
	w.groups = []string{"", "apps", "batch", "rbac.authorization.k8s.io", "coordination.k8s.io", "authorization.k8s.io", "certificates.k8s.io", "policy"}
	w.resources = []string{"pods", "secrets", "configmaps", "events", "nodes", "endpoints", "leases", "roles", "clusterroles", "subjectaccessreviews", "deployments", "jobs",
		"serviceaccounts", "selfsubjectaccessreviews", "certificatesigningrequests", "poddisruptionbudgets", "replicasets"}
	w.subs = []string{"status", "log", "token", "scale", "eviction", "binding", "approval"}
	w.names = []string{"kube-scheduler", "kube-controller-manager", "extension-apiserver-authentication", "cluster-info"}
	w.namespaces = []string{"kube-system", "kube-public", "default"}
	w.urls = []string{"/healthz", "/metrics", "/version", "/api", "/apis/apps", "/openapi/v3", "/debug/pprof", "/livez", "/logs"}
	w.users = []string{"alice", "system:anonymous", "system:kube-scheduler", "system:kube-controller-manager", "system:kube-proxy",
		"system:serviceaccount:kube-system:replicaset-controller", "system:serviceaccount:kube-system:namespace-controller",
		"system:serviceaccount:kube-system:token-cleaner", "system:serviceaccount:default:default"}
	w.userGroups = []string{"system:monitoring", "system:bootstrappers"}
	return w
}

// livePlain has only names that can be stored.
func livePlain() words {
	w := plain
	w.users = []string{"alice", "bob", "system:serviceaccount:n1:sa", "system:serviceaccount:n2:sa", "system:anonymous"}
	w.userGroups = []string{"dev", "ops"}
	return w
}

// aggregated are roles that a controller has to fill in, one from another, and one that joins the built-in view.
func aggregated() []*rbacv1.ClusterRole {
	selects := func(key string) *rbacv1.AggregationRule {
		return &rbacv1.AggregationRule{ClusterRoleSelectors: []metav1.LabelSelector{{MatchLabels: map[string]string{key: "true"}}}}
	}
	rule := func(resource string) []rbacv1.PolicyRule {
		return []rbacv1.PolicyRule{{Verbs: []string{"get"}, APIGroups: []string{"example.org"}, Resources: []string{resource}}}
	}
	label := func(name, key string) metav1.ObjectMeta {
		return metav1.ObjectMeta{Name: name, Labels: map[string]string{key: "true"}}
	}
	return []*rbacv1.ClusterRole{
		{ObjectMeta: metav1.ObjectMeta{Name: "agg-top"}, AggregationRule: selects("to-top")},
		{ObjectMeta: label("agg-mid", "to-top"), AggregationRule: selects("to-mid")},
		{ObjectMeta: label("widgets", "to-mid"), Rules: rule("widgets")},
		{ObjectMeta: label("gadgets", "to-top"), Rules: rule("gadgets")},
		{ObjectMeta: label("gizmos", "rbac.authorization.k8s.io/aggregate-to-view"), Rules: rule("gizmos")},
	}
}

func create(t *testing.T, client kubernetes.Interface, c *rbac) {
	t.Helper()
	ctx := t.Context()
	var errs []error
	keep := func(_ any, err error) {
		if err != nil && !apierrors.IsAlreadyExists(err) {
			errs = append(errs, err)
		}
	}
	for _, ns := range plain.namespaces {
		keep(client.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: ns}}, metav1.CreateOptions{}))
	}
	for _, r := range c.clusterRoles {
		keep(client.RbacV1().ClusterRoles().Create(ctx, r, metav1.CreateOptions{}))
	}
	for _, r := range c.roles {
		keep(client.RbacV1().Roles(r.Namespace).Create(ctx, r, metav1.CreateOptions{}))
	}
	for _, b := range c.clusterRoleBindings {
		keep(client.RbacV1().ClusterRoleBindings().Create(ctx, b, metav1.CreateOptions{}))
	}
	for _, b := range c.roleBindings {
		keep(client.RbacV1().RoleBindings(b.Namespace).Create(ctx, b, metav1.CreateOptions{}))
	}
	for _, err := range errs {
		t.Errorf("creating the policy: %v", err)
	}
	if t.Failed() {
		t.FailNow()
	}
}

// settle waits until the roles are aggregated and the authorizer has seen it.
func settle(t *testing.T, client kubernetes.Interface) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; {
		top, err := client.RbacV1().ClusterRoles().Get(t.Context(), "agg-top", metav1.GetOptions{})
		view, err2 := client.RbacV1().ClusterRoles().Get(t.Context(), "view", metav1.GetOptions{})
		if err == nil && err2 == nil && len(top.Rules) == 2 && strings.Contains(fmt.Sprint(view.Rules), "gizmos") {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("the roles are not aggregated: %v, %v, %+v", err, err2, top)
		}
		time.Sleep(200 * time.Millisecond)
	}
	time.Sleep(2 * time.Second) // the authorizer learns of changes by watches
}

// policyOf reads the cluster's RBAC objects.
func policyOf(t *testing.T, client kubernetes.Interface) string {
	t.Helper()
	ctx := t.Context()
	var objects []runtime.Object
	take := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	roles, err := client.RbacV1().Roles("").List(ctx, metav1.ListOptions{})
	take(err)
	clusterRoles, err := client.RbacV1().ClusterRoles().List(ctx, metav1.ListOptions{})
	take(err)
	bindings, err := client.RbacV1().RoleBindings("").List(ctx, metav1.ListOptions{})
	take(err)
	clusterBindings, err := client.RbacV1().ClusterRoleBindings().List(ctx, metav1.ListOptions{})
	take(err)
	c := &rbac{}
	for i := range roles.Items {
		c.roles = append(c.roles, &roles.Items[i])
	}
	for i := range clusterRoles.Items {
		c.clusterRoles = append(c.clusterRoles, &clusterRoles.Items[i])
	}
	for i := range bindings.Items {
		c.roleBindings = append(c.roleBindings, &bindings.Items[i])
	}
	for i := range clusterBindings.Items {
		c.clusterRoleBindings = append(c.clusterRoleBindings, &clusterBindings.Items[i])
	}
	objects = append(objects, c.objects()...)
	return worldOf(t, objects...)
}

// review asks the API server.
func review(ctx context.Context, client kubernetes.Interface, q question) (string, error) {
	r := &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{User: q.User, Groups: q.Groups}}
	if q.Path != "" {
		r.Spec.NonResourceAttributes = &authorizationv1.NonResourceAttributes{Verb: q.Verb, Path: q.Path}
	} else {
		r.Spec.ResourceAttributes = &authorizationv1.ResourceAttributes{
			Verb: q.Verb, Group: q.Group, Resource: q.Resource, Subresource: q.Subresource, Namespace: q.Namespace, Name: q.Name,
		}
	}
	got, err := client.AuthorizationV1().SubjectAccessReviews().Create(ctx, r, metav1.CreateOptions{})
	if err != nil {
		return "", err
	}
	return verdict(got.Status.Allowed), nil
}

// compareLive asks both. A denial of the API server may be unknown to the product where a role that is bound was not read.
func compareLive(t *testing.T, client kubernetes.Interface, a *asker, b batch) {
	t.Helper()
	got := a.ask(b)
	allowed, unknown := 0, 0
	for i, q := range b.Questions {
		want, err := review(t.Context(), client, q)
		if err != nil {
			t.Fatalf("%+v: %v", q, err)
		}
		if want == "allowed" {
			allowed++
		}
		if !b.Complete && want == "denied" && got.Verdicts[i] == "unknown" && strings.Contains(got.Reasons[i], "which was not read") {
			unknown++
			continue
		}
		if got.Verdicts[i] != want {
			text, _ := json.Marshal(q)
			t.Errorf("%s:\nAPI server: %s\nproduct:    %s: %s", text, want, got.Verdicts[i], got.Reasons[i])
		}
	}
	t.Logf("%d questions, %d allowed, %d unknown to the product", len(b.Questions), allowed, unknown)
	if allowed*20 < len(b.Questions) || unknown*2 > len(b.Questions) {
		t.Errorf("the questions do not put the verdict to the test")
	}
}

// escalateLive tries to create bindings and roles as users who may write them, without storing any, and compares with
// what the product foretells of the escalation check.
func escalateLive(t *testing.T, client kubernetes.Interface, config *rest.Config, a *asker, g *generator, policy *rbac) {
	t.Helper()
	writer := &rbac{
		clusterRoles: []*rbacv1.ClusterRole{{ObjectMeta: metav1.ObjectMeta{Name: "writer"}, Rules: []rbacv1.PolicyRule{{
			Verbs: []string{"create"}, APIGroups: []string{rbacv1.GroupName}, Resources: []string{"roles", "rolebindings", "clusterroles", "clusterrolebindings"}}}}},
		clusterRoleBindings: []*rbacv1.ClusterRoleBinding{{ObjectMeta: metav1.ObjectMeta{Name: "writer"}, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "writer"},
			Subjects: []rbacv1.Subject{{Kind: "Group", APIGroup: rbacv1.GroupName, Name: "writers"}}}},
	}
	create(t, client, writer)
	time.Sleep(2 * time.Second)
	b := batch{World: policyOf(t, client), Complete: true, Pods: true}
	var want []string
	for range 200 {
		user := g.pick(g.users)
		if user == "system:anonymous" {
			user = "alice"
		}
		groups := append(g.groupsOf(user), "writers")
		ns := g.pick(g.namespaces)
		role := policy.clusterRoles[g.IntN(len(policy.clusterRoles))]
		as := rest.CopyConfig(config)
		as.Impersonate = rest.ImpersonationConfig{UserName: user, Groups: groups}
		c, err := kubernetes.NewForConfig(as)
		if err != nil {
			t.Fatal(err)
		}
		dry := metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}}
		q := question{Op: "bind", User: user, Groups: groups, Namespace: ns, RoleKind: "ClusterRole", RoleName: role.Name}
		if g.IntN(2) == 0 {
			_, err = c.RbacV1().RoleBindings(ns).Create(t.Context(), &rbacv1.RoleBinding{ObjectMeta: metav1.ObjectMeta{Name: "try"},
				RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role.Name}}, dry)
		} else {
			q.Op, q.Namespace, q.Create, q.RoleName = "role", "", true, "try"
			q.Rules, q.Aggregates = rulesOf(role.Rules), role.AggregationRule != nil
			_, err = c.RbacV1().ClusterRoles().Create(t.Context(), &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: "try"}, Rules: role.Rules, AggregationRule: role.AggregationRule}, dry)
		}
		if err != nil && !apierrors.IsForbidden(err) {
			t.Fatalf("%+v: %v", q, err)
		}
		b.Questions = append(b.Questions, q)
		want = append(want, verdict(err == nil))
	}
	got := a.ask(b)
	allowed := 0
	for i, w := range want {
		if w == "allowed" {
			allowed++
		}
		if got.Verdicts[i] != w {
			t.Errorf("%+v:\nAPI server: %s\nproduct:    %s: %s", b.Questions[i], w, got.Verdicts[i], got.Reasons[i])
		}
	}
	t.Logf("%d attempts to write roles and bindings, %d allowed", len(want), allowed)
}

// TestCommand asks the command itself about the live cluster, and the API server the same.
func TestCommand(t *testing.T) {
	c := live.Get(t)
	client, err := kubernetes.NewForConfig(c.Admin().Config)
	if err != nil {
		t.Fatal(err)
	}
	bartizan := product.Build(t)
	kubeconfig := c.Admin().Kubeconfig
	for _, q := range []struct {
		args []string
		question
	}{
		{[]string{"system:kube-scheduler", "create", "pods/binding", "-n", "default"}, question{User: "system:kube-scheduler", Verb: "create", Resource: "pods", Subresource: "binding", Namespace: "default"}},
		{[]string{"system:kube-scheduler", "delete", "ns"}, question{User: "system:kube-scheduler", Verb: "delete", Resource: "namespaces"}},
		{[]string{"system:serviceaccount:kube-system:token-cleaner", "delete", "secret", "-n", "kube-system"},
			question{User: "system:serviceaccount:kube-system:token-cleaner", Verb: "delete", Resource: "secrets", Namespace: "kube-system"}},
		{[]string{"system:serviceaccount:kube-system:token-cleaner", "delete", "secret", "-n", "default"},
			question{User: "system:serviceaccount:kube-system:token-cleaner", Verb: "delete", Resource: "secrets", Namespace: "default"}},
		{[]string{"alice", "get", "/healthz"}, question{User: "alice", Verb: "get", Path: "/healthz"}},
		{[]string{"alice", "get", "/metrics"}, question{User: "alice", Verb: "get", Path: "/metrics"}},
		{[]string{"system:anonymous", "get", "/version"}, question{User: "system:anonymous", Verb: "get", Path: "/version"}},
		{[]string{"alice", "create", "selfsubjectaccessreviews.authorization.k8s.io"},
			question{User: "alice", Verb: "create", Group: "authorization.k8s.io", Resource: "selfsubjectaccessreviews"}},
		{[]string{"root", "impersonate", "users/alice", "--group", "system:masters"},
			question{User: "root", Groups: []string{"system:masters"}, Verb: "impersonate", Resource: "users", Name: "alice"}},
	} {
		q.question.Groups = append(q.question.Groups, implicitGroups(q.User)...)
		want, err := review(t.Context(), client, q.question)
		if err != nil {
			t.Fatal(err)
		}
		run := bartizan.Run(t, nil, append(append([]string{"grant", "can"}, q.args...), "--cluster", "--kubeconfig", kubeconfig, "-o", "json")...)
		var got struct{ Verdict, Reason string }
		run.JSON(t, &got)
		if got.Verdict != want {
			t.Errorf("%v: API server: %s, product: %s: %s", q.args, want, got.Verdict, got.Reason)
		}
	}
}
