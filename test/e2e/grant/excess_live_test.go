package grant

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/kubernetes"

	"github.com/bartizan-dev/bartizan/test/e2e/cluster"
	"github.com/bartizan-dev/bartizan/test/e2e/product"
)

// call is a request by a user that changes nothing, however it ends.
type call struct {
	user, method, path string
	body               string
}

// TestExcessLive lets users with wide roles work, has the product narrow the roles by the audit log, applies what it
// wrote, and lets them do the same again: what was allowed is allowed, and most of what nobody did is forbidden now.
func TestExcessLive(t *testing.T) {
	c := live.Get(t)
	client := kubernetes.NewForConfigOrDie(c.Admin().Config)
	b := product.Build(t)
	r := rand.New(rand.NewPCG(5, 5))
	users := []string{"wide-a", "wide-b", "wide-c"}
	clients := grantWide(t, c, client, users)
	var used, unused []call
	for _, u := range users {
		for _, x := range possible(u) {
			if r.IntN(3) == 0 {
				used = append(used, x)
			} else {
				unused = append(unused, x)
			}
		}
	}
	var before []bool
	for _, x := range used {
		before = append(before, allowed(t, clients[x.user], x))
	}
	time.Sleep(2 * time.Second) // the audit log is written in the background
	out := filepath.Join(t.TempDir(), "right-sized")
	run := b.Run(t, nil, "grant", "excess", "--audit", c.AuditLog, "--cluster", "--kubeconfig", c.Admin().Kubeconfig, "--write", out, "--max-names", "100")
	if run.Code != 0 && run.Code != 1 {
		t.Fatalf("grant excess ended with %d\n%s\n%s", run.Code, run.Stdout, run.Stderr)
	}
	replaced := 0
	for _, o := range written(t, filepath.Join(out, "apply")) {
		if err := c.Apply(t.Context(), o); err != nil {
			t.Fatal(err)
		}
	}
	for _, o := range written(t, filepath.Join(out, "delete")) {
		if o.GetKind() != "ClusterRoleBinding" || o.GetName()[:5] != "wide-" {
			continue // what other tests of this cluster left
		}
		if err := client.RbacV1().ClusterRoleBindings().Delete(t.Context(), o.GetName(), metav1.DeleteOptions{}); err != nil {
			t.Fatal(err)
		}
		replaced++
	}
	if replaced != len(users) {
		t.Fatalf("%d of %d wide bindings are to be replaced\n%s", replaced, len(users), run.Stdout)
	}
	settleDenied(t, clients, unused)
	for i, x := range used {
		if now := allowed(t, clients[x.user], x); before[i] && !now {
			t.Errorf("%s %s by %s was allowed when it was recorded, and is forbidden by the roles that were proposed", x.method, x.path, x.user)
		} else if !before[i] && now {
			t.Errorf("%s %s by %s was forbidden, and is allowed now", x.method, x.path, x.user)
		}
	}
	still := 0
	for _, x := range unused {
		if allowed(t, clients[x.user], x) {
			still++
		}
	}
	t.Logf("%d requests stay as they were; of %d that nobody made, %d are still allowed", len(used), len(unused), still)
	if still > len(unused)/4 {
		t.Errorf("of %d requests that nobody made, %d are still allowed", len(unused), still)
	}
}

// possible is everything that the wide role lets a user do to a few objects, and some that it does not.
func possible(user string) (all []call) {
	for _, resource := range []string{"configmaps", "secrets", "services", "serviceaccounts", "nodes"} {
		for _, ns := range []string{"lab0", "lab1"} {
			base := "/api/v1/namespaces/" + ns + "/" + resource
			if resource == "nodes" { // never granted
				base = "/api/v1/nodes"
			}
			name := fmt.Sprintf("%s/x-%s", base, ns)
			all = append(all,
				call{user, http.MethodGet, base, ""}, call{user, http.MethodGet, name, ""},
				call{user, http.MethodDelete, name + "?dryRun=All", ""},
				call{user, http.MethodPatch, name + "?dryRun=All", `{"metadata":{"labels":{"a":"b"}}}`},
				call{user, http.MethodPost, base + "?dryRun=All", `{"metadata":{"name":"new"}}`})
		}
	}
	return all
}

// allowed makes the request and says whether authorization let it through; that the object does not exist is no matter.
func allowed(t *testing.T, client kubernetes.Interface, x call) bool {
	t.Helper()
	req := client.CoreV1().RESTClient().Verb(x.method).RequestURI(x.path)
	if x.body != "" {
		kind := "application/json"
		if x.method == http.MethodPatch {
			kind = "application/merge-patch+json"
		}
		req = req.SetHeader("Content-Type", kind).Body([]byte(x.body))
	}
	err := req.Do(t.Context()).Error()
	if apierrors.IsUnauthorized(err) {
		t.Fatal(err)
	}
	return !apierrors.IsForbidden(err)
}

// settleDenied waits until the API server's authorizer has seen that the wide bindings are gone.
func settleDenied(t *testing.T, clients map[string]kubernetes.Interface, unused []call) {
	t.Helper()
	cluster.Eventually(t, 20*time.Second, func() error {
		n := 0
		for _, x := range unused {
			if allowed(t, clients[x.user], x) {
				n++
			}
		}
		if n > len(unused)/4 {
			return fmt.Errorf("%d of %d requests that nobody made are still allowed", n, len(unused))
		}
		return nil
	})
}

// grantWide gives each user far more than it will use.
func grantWide(t *testing.T, c *cluster.Cluster, client kubernetes.Interface, users []string) map[string]kubernetes.Interface {
	t.Helper()
	ctx := context.Background()
	role := &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: "wide"}, Rules: []rbacv1.PolicyRule{{
		APIGroups: []string{""}, Resources: []string{"configmaps", "secrets", "services", "serviceaccounts"},
		Verbs: []string{"get", "list", "watch", "create", "patch", "delete"},
	}}}
	if _, err := client.RbacV1().ClusterRoles().Create(ctx, role, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	for _, ns := range []string{"lab0", "lab1"} {
		o := &unstructured.Unstructured{Object: map[string]any{
			"apiVersion": "v1", "kind": "ConfigMap", "metadata": map[string]any{"name": "x-" + ns, "namespace": ns},
		}}
		if err := c.Apply(ctx, o); err != nil {
			t.Fatal(err)
		}
	}
	clients := map[string]kubernetes.Interface{}
	for _, u := range users {
		_, err := client.RbacV1().ClusterRoleBindings().Create(ctx, &rbacv1.ClusterRoleBinding{
			ObjectMeta: metav1.ObjectMeta{Name: "wide-" + u}, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "wide"},
			Subjects: []rbacv1.Subject{{Kind: "User", APIGroup: rbacv1.GroupName, Name: u}},
		}, metav1.CreateOptions{})
		if err != nil {
			t.Fatal(err)
		}
		access, err := c.User(u)
		if err != nil {
			t.Fatal(err)
		}
		clients[u] = kubernetes.NewForConfigOrDie(access.Config)
	}
	cluster.Eventually(t, 20*time.Second, func() error {
		for _, u := range users {
			if !allowed(t, clients[u], call{u, http.MethodGet, "/api/v1/namespaces/lab2/configmaps", ""}) {
				return fmt.Errorf("the binding of %s does not hold yet", u)
			}
		}
		return nil
	})
	return clients
}

// written reads the objects of a directory.
func written(t *testing.T, dir string) (all []*unstructured.Unstructured) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("nothing was written to %s: %v", dir, err)
	}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		objects, err := cluster.Objects(text)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, objects...)
	}
	return all
}
