package cluster

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
)

// ensureNamespace makes a namespace that does not exist and, where the ServiceAccount plugin is on, the service account
// in it without which no pod is admitted: unless controllers run, nobody else makes one. What exists is not touched.
func (a *api) ensureNamespace(ctx context.Context, name string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.namespaces[name] {
		return nil
	}
	namespaces := a.objects.Resource(schema.GroupVersionResource{Version: "v1", Resource: "namespaces"})
	accounts := a.objects.Resource(schema.GroupVersionResource{Version: "v1", Resource: "serviceaccounts"})
	if err := ensure(ctx, namespaces, "Namespace", name); err != nil {
		return err
	}
	if a.needsAccount {
		if err := ensure(ctx, accounts.Namespace(name), "ServiceAccount", "default"); err != nil {
			return err
		}
	}
	a.namespaces[name] = true
	return nil
}

// ensure creates an object that has nothing but a name, unless there is one.
func ensure(ctx context.Context, client dynamic.ResourceInterface, kind, name string) error {
	object := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": kind, "metadata": map[string]any{"name": name},
	}}
	_, err := client.Create(ctx, object, metav1.CreateOptions{FieldManager: fieldManager})
	if err != nil && !apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("creating the %s %s that an object needs: %w", kind, name, err)
	}
	return nil
}
