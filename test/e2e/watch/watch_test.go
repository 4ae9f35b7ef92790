package watch

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"

	"github.com/bartizan-dev/bartizan/test/e2e/cluster"
	"github.com/bartizan-dev/bartizan/test/e2e/product"
)

// soon is how long an alert may take from the end of the call: the promise is a second. One that is later but comes
// is a fault of a busy machine as long as the others are in time, see TestAttacks.
const soon, late = time.Second, 20 * time.Second

// TestAttacks records by the smallest audit policy that bartizan says its rules need, and attacks.
func TestAttacks(t *testing.T) {
	b := product.Build(t)
	policy := b.Run(t, nil, "watch", "--print-audit-policy")
	if policy.Code != 0 {
		t.Fatalf("watch --print-audit-policy ended with %d: %s", policy.Code, policy.Stderr)
	}
	k, address := newKeys(t), freePort(t)
	c := cluster.Start(t, cluster.Hardened, cluster.WithControllerManager(), cluster.WithAuditPolicy(policy.Stdout),
		cluster.WithAuditWebhookTLS("https://"+address+"/audit", k.client()),
		cluster.WithFlags("--anonymous-auth=true", "--audit-webhook-batch-max-wait=100ms"))
	prepare(t, c)
	dir := t.TempDir()
	watchers := []*watcher{
		start(t, b, "the file", "--audit", c.AuditLog, "--state", filepath.Join(dir, "file")),
		start(t, b, "the webhook", "--audit-webhook", address, "--tls-cert", k.serverCert, "--tls-key", k.serverKey,
			"--client-ca", k.ca, "--state", filepath.Join(dir, "webhook")),
	}
	benign(t, c)
	time.Sleep(2 * time.Second) // whatever is wrongly said of the load has been said
	for _, w := range watchers {
		for _, a := range w.all() {
			if a.Identity == "dev@example.org" || strings.HasPrefix(a.Identity, "system:") {
				t.Errorf("%s: ordinary work raised %s: %s (%s)", w.name, a.Rule, a.Output, a.Identity)
			}
		}
	}
	a := newAttacker(t, c)
	var times []time.Duration
	for _, x := range attacks() {
		from := make([]int, len(watchers))
		for i, w := range watchers {
			from[i] = len(w.all())
		}
		if err := x.do(t.Context(), a); err != nil {
			t.Errorf("%s: the attack itself failed: %v", x.name, err)
			continue
		}
		done := time.Now()
		for i, w := range watchers {
			took, err := await(w, from[i], x, done)
			if err != nil {
				t.Errorf("%s: %s: %v", w.name, x.name, err)
				continue
			}
			times = append(times, took)
			t.Logf("%-12s %-40s %s", w.name, x.name, took.Round(time.Millisecond))
		}
	}
	if len(times) == 0 {
		return
	}
	slices.Sort(times)
	if half := times[len(times)/2]; half > soon {
		t.Errorf("half of the alerts took more than %s from the call; the promise is %s", half, soon)
	}
}

// await waits for an alert that names who did what to what.
func await(w *watcher, from int, x attack, done time.Time) (time.Duration, error) {
	identity := x.identity
	if identity == "" {
		identity = mallory
	}
	for time.Since(done) < late {
		for _, a := range w.all()[from:] {
			if slices.Contains(x.rules, a.Rule) && a.Identity == identity && (x.object == "" || a.Subject.Name == x.object) {
				return a.seen.Sub(done), nil
			}
		}
		time.Sleep(10 * time.Millisecond)
	}
	return 0, fmt.Errorf("no alert of %v by %s on %q; these came: %s\n%s", x.rules, identity, x.object, briefly(w.all()[from:]), w.said())
}

func briefly(list []alert) string {
	var out []string
	for _, a := range list {
		out = append(out, fmt.Sprintf("%s by %s on %s %s/%s", a.Rule, a.Identity, a.Subject.Kind, a.Subject.Namespace, a.Subject.Name))
	}
	return strings.Join(out, "; ")
}

// prepare makes what the attacks are against, before anybody watches.
func prepare(t *testing.T, c *cluster.Cluster) {
	t.Helper()
	ctx := t.Context()
	client := kubernetes.NewForConfigOrDie(c.Admin().Config)
	check := func(err error) {
		t.Helper()
		if err != nil && !apierrors.IsAlreadyExists(err) {
			t.Fatal(err)
		}
	}
	_, err := client.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{
		Name: "apps", Labels: map[string]string{"pod-security.kubernetes.io/enforce": "privileged"},
	}}, metav1.CreateOptions{})
	check(err)
	_, err = client.CoreV1().ServiceAccounts("kube-system").Create(ctx, &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: "keeper"}}, metav1.CreateOptions{})
	check(err)
	bind := func(name, role string, subjects ...rbacv1.Subject) {
		_, err := client.RbacV1().ClusterRoleBindings().Create(ctx, &rbacv1.ClusterRoleBinding{
			ObjectMeta: metav1.ObjectMeta{Name: name}, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role}, Subjects: subjects,
		}, metav1.CreateOptions{})
		check(err)
	}
	user := func(name string) rbacv1.Subject {
		return rbacv1.Subject{Kind: "User", APIGroup: rbacv1.GroupName, Name: name}
	}
	bind("stolen", "cluster-admin", user(mallory))
	bind("open", "view", user("system:anonymous"))
	bind("developers", "edit", user("dev@example.org"))
	cluster.Eventually(t, time.Minute, func() error {
		_, err := client.CoreV1().ServiceAccounts("apps").Get(ctx, "default", metav1.GetOptions{})
		return err
	})
	_, err = client.CoreV1().Pods("apps").Create(ctx, podOf("victim", nil), metav1.CreateOptions{})
	check(err)
	if _, err := os.Stat(c.AuditLog); err != nil {
		t.Fatal(err)
	}
}

// benign is what developers and controllers do all day.
func benign(t *testing.T, c *cluster.Cluster) {
	t.Helper()
	ctx := t.Context()
	access, err := c.User("dev@example.org", "developers")
	if err != nil {
		t.Fatal(err)
	}
	client := kubernetes.NewForConfigOrDie(access.Config)
	cluster.Eventually(t, time.Minute, func() error { // the role edit is put together by a controller
		_, err := client.CoreV1().ConfigMaps("apps").Create(ctx, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "first"}}, metav1.CreateOptions{})
		return err
	})
	for i := range 5 {
		name := fmt.Sprintf("web%d", i)
		if err := deploy(ctx, client, name); err != nil {
			t.Fatal(err)
		}
	}
	cluster.Eventually(t, time.Minute, func() error {
		pods, err := client.CoreV1().Pods("apps").List(ctx, metav1.ListOptions{LabelSelector: "app"})
		if err == nil && len(pods.Items) < 10 {
			err = fmt.Errorf("%d pods of 10", len(pods.Items))
		}
		return err
	})
	for i := range 5 {
		name := fmt.Sprintf("web%d", i)
		_, err := client.AppsV1().Deployments("apps").Patch(ctx, name, types.StrategicMergePatchType, []byte(`{"spec":{"replicas":3}}`), metav1.PatchOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := client.CoreV1().Secrets("apps").Get(ctx, name, metav1.GetOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	if err := client.AppsV1().Deployments("apps").Delete(ctx, "web4", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
}

// deploy makes an ordinary application: its settings, its password, its pods and its service.
func deploy(ctx context.Context, client kubernetes.Interface, name string) error {
	meta := metav1.ObjectMeta{Name: name, Namespace: "apps", Labels: map[string]string{"app": name}}
	if _, err := client.CoreV1().ConfigMaps("apps").Create(ctx, &corev1.ConfigMap{ObjectMeta: meta, Data: map[string]string{"log_level": "info", "database_host": "db.apps.svc"}}, metav1.CreateOptions{}); err != nil {
		return err
	}
	if _, err := client.CoreV1().Secrets("apps").Create(ctx, &corev1.Secret{ObjectMeta: meta, StringData: map[string]string{"password": "x"}}, metav1.CreateOptions{}); err != nil {
		return err
	}
	if _, err := client.CoreV1().Services("apps").Create(ctx, &corev1.Service{ObjectMeta: meta, Spec: corev1.ServiceSpec{Ports: []corev1.ServicePort{{Port: 80}}, Selector: meta.Labels}}, metav1.CreateOptions{}); err != nil {
		return err
	}
	two, no, yes, user := int32(2), false, true, int64(1000)
	_, err := client.AppsV1().Deployments("apps").Create(ctx, &appsv1.Deployment{ObjectMeta: meta, Spec: appsv1.DeploymentSpec{
		Replicas: &two, Selector: &metav1.LabelSelector{MatchLabels: meta.Labels},
		Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: meta.Labels}, Spec: corev1.PodSpec{
			AutomountServiceAccountToken: &no,
			Containers: []corev1.Container{{
				Name: "web", Image: "registry.example.org/web@sha256:" + strings.Repeat("a", 64), Ports: []corev1.ContainerPort{{ContainerPort: 8080}},
				SecurityContext: &corev1.SecurityContext{
					AllowPrivilegeEscalation: &no, RunAsNonRoot: &yes, RunAsUser: &user, ReadOnlyRootFilesystem: &yes,
					Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}}, SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
				},
			}},
		}},
	}}, metav1.CreateOptions{})
	return err
}
