package export

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/kubernetes"

	"github.com/bartizan-dev/bartizan/test/e2e/cluster"
	"github.com/bartizan-dev/bartizan/test/e2e/product"
)

// TestExportedPoliciesDeny applies exported policies as they are and meets them as users do: messages, excluded
// namespaces, parameters, ephemeral containers, and what was there before the policies.
func TestExportedPoliciesDeny(t *testing.T) {
	t.Parallel()
	bartizan := product.Build(t)
	c := cluster.Start(t, cluster.Hardened, cluster.PoliciesOnly())
	client, err := kubernetes.NewForConfig(c.Admin().Config)
	if err != nil {
		t.Fatal(err)
	}
	old := []*unstructured.Unstructured{
		readObject(t, "apiVersion: v1\nkind: Pod\nmetadata: {name: old, namespace: shop}\nspec: {containers: [{name: web, image: web, securityContext: {privileged: true}}]}"),
		readObject(t, "apiVersion: v1\nkind: Pod\nmetadata: {name: good, namespace: shop}\nspec: {containers: [{name: web, image: web}]}"),
		readObject(t, "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: old, namespace: shop}\nspec: {selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec: {containers: [{name: web, image: web, securityContext: {privileged: true}}]}}}"),
	}
	if err := c.Apply(t.Context(), old...); err != nil {
		t.Fatal(err)
	}
	applyPolicies(t, c, exportObjects(t, bartizan, "pss-privileged", "rbac-cluster-admin", "--exclude-namespace", "trusted", "--kube-version", exportVersion))

	t.Run("message", func(t *testing.T) {
		denied(t, c, privileged("shop"), "Container is privileged: web, side (bartizan rule pss-privileged)")
	})
	t.Run("excluded namespace", func(t *testing.T) { allowed(t, c, privileged("trusted")) })
	t.Run("parameters", func(t *testing.T) {
		binding := readObject(t, "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {name: admins}\n"+
			"roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}\n"+
			"subjects: [{apiGroup: rbac.authorization.k8s.io, kind: Group, name: platform}]")
		denied(t, c, binding, "bartizan rule rbac-cluster-admin")
		settings := client.CoreV1().ConfigMaps("bartizan-system")
		config, err := settings.Get(t.Context(), "bartizan-rbac-cluster-admin", metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		config.Data["groups"] += ", platform"
		if _, err := settings.Update(t.Context(), config, metav1.UpdateOptions{}); err != nil {
			t.Fatal(err)
		}
		cluster.Eventually(t, 10*time.Second, func() error {
			if got, err := c.Admit(t.Context(), binding); err != nil || !got.Allowed {
				return fmt.Errorf("the group that was added to the parameter is not allowed: %+v, %v", got, err)
			}
			return nil
		})
		if err := settings.Delete(t.Context(), config.Name, metav1.DeleteOptions{}); err != nil {
			t.Fatal(err)
		}
		cluster.Eventually(t, 10*time.Second, func() error {
			if got, err := c.Admit(t.Context(), binding); err == nil && got.Allowed {
				return fmt.Errorf("without its parameters the policy allows everything")
			}
			return nil
		})
	})
	t.Run("ephemeral container", func(t *testing.T) {
		pods := client.CoreV1().Pods("shop")
		pod, err := pods.Get(t.Context(), "good", metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		yes := true
		pod.Spec.EphemeralContainers = []corev1.EphemeralContainer{{EphemeralContainerCommon: corev1.EphemeralContainerCommon{
			Name: "debug", Image: "debug", ImagePullPolicy: "Always", TerminationMessagePolicy: "File",
			SecurityContext: &corev1.SecurityContext{Privileged: &yes}}}}
		if _, err := pods.UpdateEphemeralContainers(t.Context(), "good", pod, metav1.UpdateOptions{}); err == nil || !strings.Contains(err.Error(), "Container is privileged: debug") {
			t.Errorf("a privileged ephemeral container is met with %v", err)
		}
	})
	t.Run("what was there before", func(t *testing.T) { before(t, client) })
}

// before changes objects that are older than the policies.
func before(t *testing.T, client *kubernetes.Clientset) {
	pods, deployments := client.CoreV1().Pods("shop"), client.AppsV1().Deployments("shop")
	pod, err := pods.Get(t.Context(), "old", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	pod.Finalizers = []string{"example.test/wait"}
	if pod, err = pods.Update(t.Context(), pod, metav1.UpdateOptions{}); err != nil {
		t.Fatalf("a finalizer cannot be set on a pod that was there before: %v", err)
	}
	pod.Spec.Containers[0].Image = "web:2"
	if _, err := pods.Update(t.Context(), pod, metav1.UpdateOptions{}); err == nil {
		t.Error("the image of a privileged pod that was there before can be changed")
	}
	scale, err := deployments.GetScale(t.Context(), "old", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	scale.Spec.Replicas = 3
	if _, err := deployments.UpdateScale(t.Context(), "old", scale, metav1.UpdateOptions{}); err != nil {
		t.Errorf("a Deployment that was there before cannot be scaled: %v", err)
	}
	deployment, err := deployments.Get(t.Context(), "old", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	deployment.Spec.Paused = true
	if deployment, err = deployments.Update(t.Context(), deployment, metav1.UpdateOptions{}); err != nil {
		t.Fatalf("a Deployment that was there before cannot be paused: %v", err)
	}
	deployment.Spec.Template.Spec.Containers[0].Image = "web:2"
	if _, err := deployments.Update(t.Context(), deployment, metav1.UpdateOptions{}); err == nil {
		t.Error("the template of a privileged Deployment that was there before can be changed")
	}
}

func readObject(t *testing.T, text string) *unstructured.Unstructured {
	t.Helper()
	objects, err := cluster.Objects([]byte(text))
	if err != nil || len(objects) != 1 {
		t.Fatalf("reading %q: %d objects, %v", text, len(objects), err)
	}
	return objects[0]
}

// privileged is a pod with two privileged containers and one that is not.
func privileged(namespace string) *unstructured.Unstructured {
	yes := map[string]any{"privileged": true}
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": "Pod", "metadata": map[string]any{"name": "p", "namespace": namespace},
		"spec": map[string]any{"containers": []any{
			map[string]any{"name": "web", "image": "web", "securityContext": yes},
			map[string]any{"name": "log", "image": "log"},
			map[string]any{"name": "side", "image": "side", "securityContext": yes},
		}},
	}}
}

func denied(t *testing.T, c *cluster.Cluster, object *unstructured.Unstructured, message string) {
	t.Helper()
	got, err := c.Admit(t.Context(), object)
	if err != nil || got.Allowed || !strings.Contains(got.Message, message) {
		t.Errorf("%s %s: %+v, %v; want it denied with %q", object.GetKind(), object.GetName(), got, err, message)
	}
}

func allowed(t *testing.T, c *cluster.Cluster, object *unstructured.Unstructured) {
	t.Helper()
	got, err := c.Admit(t.Context(), object)
	if err != nil || !got.Allowed || slices.ContainsFunc(got.Warnings, func(w string) bool { return strings.Contains(w, "bartizan") }) {
		t.Errorf("%s %s: %+v, %v; want it allowed", object.GetKind(), object.GetName(), got, err)
	}
}
