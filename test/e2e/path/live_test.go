package path

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	authorizationv1 "k8s.io/api/authorization/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/bartizan-dev/bartizan/test/e2e/cluster"
	"github.com/bartizan-dev/bartizan/test/e2e/product"
)

// planted lets whoever is in a pod of shop/ci bind cluster-admin to itself; what ci really does is to list ConfigMaps.
const planted = `apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {pod-security.kubernetes.io/enforce: restricted}}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: ci, namespace: shop}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: ci, namespace: shop}
spec:
  selector: {matchLabels: {app: ci}}
  template:
    metadata: {labels: {app: ci}}
    spec:
      serviceAccountName: ci
      securityContext: {runAsNonRoot: true, runAsUser: 1000, seccompProfile: {type: RuntimeDefault}}
      containers:
      - name: ci
        image: registry.example/ci:1
        securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: ci}
rules:
- {apiGroups: [""], resources: [configmaps], verbs: [list]}
- {apiGroups: [rbac.authorization.k8s.io], resources: [clusterroles], verbs: [bind]}
- {apiGroups: [rbac.authorization.k8s.io], resources: [clusterrolebindings], verbs: [create, patch], resourceNames: [own]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: ci}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: ci}
subjects: [{kind: ServiceAccount, name: ci, namespace: shop}]
`

const account = "system:serviceaccount:shop:ci"

// TestLive plants an escalation that goes by server-side apply, tries it without leaving anything behind, has it found and
// cut, carries the patches out and looks again: there is no path, the API server refuses the attack, and what was in use
// by the audit log is allowed as before.
func TestLive(t *testing.T) {
	c := cluster.Start(t, cluster.Hardened)
	objects, err := cluster.Objects([]byte(planted))
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Apply(t.Context(), objects...); err != nil {
		t.Fatal(err)
	}
	b, at := product.Build(t), []string{"--cluster", "--kubeconfig", c.Admin().Kubeconfig}
	as := rest.CopyConfig(c.Admin().Config)
	as.Impersonate = rest.ImpersonationConfig{UserName: account, Groups: []string{"system:serviceaccounts", "system:serviceaccounts:shop", "system:authenticated"}}
	ci := kubernetes.NewForConfigOrDie(as)
	cluster.Eventually(t, 20*time.Second, func() error { return attack(t.Context(), as) })
	if _, err := ci.CoreV1().ConfigMaps("shop").List(t.Context(), metav1.ListOptions{}); err != nil {
		t.Fatal(err)
	}
	time.Sleep(2 * time.Second) // the audit log is written in the background

	found := list(t, b, at, 1)
	if len(found) == 0 {
		t.Fatal("the planted path is not found")
	}
	run := b.Run(t, nil, append([]string{"path", "cut", "--audit", c.AuditLog, "-o", "json"}, at...)...)
	var cut struct {
		Optimal     bool
		Pairs, Lost int
		Changes     []change
		Uncut       []any
	}
	if run.JSON(t, &cut); run.Code != 1 || !cut.Optimal || cut.Pairs == 0 || cut.Lost != 0 || len(cut.Uncut) != 0 {
		t.Fatalf("path cut ended with %d: %+v\n%s\n%s", run.Code, cut, run.Stdout, run.Stderr)
	}
	client := dynamic.NewForConfigOrDie(c.Admin().Config)
	for _, x := range cut.Changes {
		x.carryOut(t, client)
	}
	if left := list(t, b, at, 0); len(left) != 0 {
		t.Errorf("after the patches there are still %d paths", len(left))
	}
	run = b.Run(t, nil, append([]string{"path", "cut", "--audit", c.AuditLog}, at...)...)
	if run.Code != 0 || !strings.Contains(string(run.Stdout), "Nothing to cut") {
		t.Errorf("after the patches path cut ends with %d\n%s\n%s", run.Code, run.Stdout, run.Stderr)
	}
	cluster.Eventually(t, 20*time.Second, func() error {
		if attack(t.Context(), as) == nil {
			return fmt.Errorf("the API server still lets %s bind cluster-admin", account)
		}
		return nil
	})
	review := &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{
		User: account, ResourceAttributes: &authorizationv1.ResourceAttributes{Verb: "list", Resource: "configmaps", Namespace: "shop"},
	}}
	answer, err := kubernetes.NewForConfigOrDie(c.Admin().Config).AuthorizationV1().SubjectAccessReviews().Create(t.Context(), review, metav1.CreateOptions{})
	if err != nil || !answer.Status.Allowed {
		t.Errorf("what was in use is not allowed any more: %+v, %v", answer, err)
	}
}

// attack binds cluster-admin by a server-side apply that is not carried out.
func attack(ctx context.Context, as *rest.Config) error {
	client, err := dynamic.NewForConfig(as)
	if err != nil {
		return err
	}
	own := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": map[string]any{"name": "own"},
		"roleRef":  map[string]any{"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
		"subjects": []any{map[string]any{"kind": "ServiceAccount", "name": "ci", "namespace": "shop"}},
	}}
	bindings := client.Resource(schema.GroupVersionResource{Group: "rbac.authorization.k8s.io", Version: "v1", Resource: "clusterrolebindings"})
	_, err = bindings.Apply(ctx, "own", own, metav1.ApplyOptions{FieldManager: "e2e", DryRun: []string{metav1.DryRunAll}})
	return err
}

// list is the paths that path list finds from workloads, however unlikely.
func list(t *testing.T, b product.Binary, at []string, code int) []any {
	t.Helper()
	run := b.Run(t, nil, append([]string{"path", "list", "--from", "workloads", "--fail-on", "info", "-o", "json"}, at...)...)
	var d struct{ Paths []any }
	if run.JSON(t, &d); run.Code != code {
		t.Fatalf("path list ended with %d, not %d\n%s\n%s", run.Code, code, run.Stdout, run.Stderr)
	}
	return d.Paths
}

// change is one of the changes of path cut.
type change struct {
	Target struct{ Kind, Namespace, Name string }
	Do     json.RawMessage
}

// resources are where objects of a kind are.
var resources = map[string]schema.GroupVersionResource{
	"ClusterRole":        {Group: "rbac.authorization.k8s.io", Version: "v1", Resource: "clusterroles"},
	"ClusterRoleBinding": {Group: "rbac.authorization.k8s.io", Version: "v1", Resource: "clusterrolebindings"},
	"Deployment":         {Group: "apps", Version: "v1", Resource: "deployments"},
}

// carryOut patches the object in the cluster.
func (x change) carryOut(t *testing.T, client dynamic.Interface) {
	t.Helper()
	where, ok := resources[x.Target.Kind]
	if !ok {
		t.Fatalf("the test knows no resource of %+v", x.Target)
	}
	t.Logf("%s %s: %s", x.Target.Kind, x.Target.Name, x.Do)
	var err error
	if x.Target.Namespace == "" {
		_, err = client.Resource(where).Patch(t.Context(), x.Target.Name, types.JSONPatchType, x.Do, metav1.PatchOptions{})
	} else {
		_, err = client.Resource(where).Namespace(x.Target.Namespace).Patch(t.Context(), x.Target.Name, types.JSONPatchType, x.Do, metav1.PatchOptions{})
	}
	if err != nil {
		t.Fatal(err)
	}
}
