package cluster

import (
	"context"
	"fmt"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
)

// fieldManager is the name under which this package writes objects.
const fieldManager = "bartizan-e2e"

// api is the administrator's client for objects of whatever kind.
type api struct {
	discovery *discovery.DiscoveryClient
	objects   *dynamic.DynamicClient
	kinds     *restmapper.DeferredDiscoveryRESTMapper

	needsAccount bool // no pod is admitted to a namespace without its default service account

	mu         sync.Mutex
	namespaces map[string]bool // those that were made ready for objects
}

// newAPI makes the client; it sends nothing yet.
func newAPI(config *rest.Config, needsAccount bool) (*api, error) {
	disc, err := discovery.NewDiscoveryClientForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("making the discovery client: %w", err)
	}
	objects, err := dynamic.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("making the client for objects: %w", err)
	}
	kinds := restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(disc))
	return &api{discovery: disc, objects: objects, kinds: kinds, needsAccount: needsAccount,
		namespaces: map[string]bool{}}, nil
}

// ready is nil when the API server says that it is.
func (a *api) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	_, err := a.discovery.RESTClient().Get().AbsPath("/readyz").DoRaw(ctx)
	return err
}

// controlled is nil when the controllers have made the first service account.
func (a *api) controlled(ctx context.Context) error {
	accounts := a.objects.Resource(schema.GroupVersionResource{Version: "v1", Resource: "serviceaccounts"})
	_, err := accounts.Namespace(metav1.NamespaceDefault).Get(ctx, "default", metav1.GetOptions{})
	return err
}

// bindAnonymous makes everybody without credentials an administrator. This is how a cluster comes to be open in
// practice: authorization mode AlwaysAllow no longer does it, since the API server then refuses anonymous requests.
func (a *api) bindAnonymous(ctx context.Context) error {
	group := "rbac.authorization.k8s.io"
	return a.apply(ctx, &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": group + "/v1", "kind": "ClusterRoleBinding",
		"metadata": map[string]any{"name": "anonymous-is-admin"},
		"roleRef":  map[string]any{"apiGroup": group, "kind": "ClusterRole", "name": "cluster-admin"},
		"subjects": []any{map[string]any{"apiGroup": group, "kind": "User", "name": "system:anonymous"}},
	}})
}

// apply creates the object or changes it to what is given.
func (a *api) apply(ctx context.Context, object *unstructured.Unstructured) error {
	client, object, err := a.resource(ctx, object)
	if err != nil {
		return err
	}
	options := metav1.ApplyOptions{FieldManager: fieldManager, Force: true}
	if _, err := client.Apply(ctx, object.GetName(), object, options); err != nil {
		return fmt.Errorf("applying %s %s: %w", object.GetKind(), object.GetName(), err)
	}
	return nil
}

// resource finds the client for an object, makes its namespace ready, and returns a copy with the namespace set.
func (a *api) resource(ctx context.Context, object *unstructured.Unstructured) (dynamic.ResourceInterface,
	*unstructured.Unstructured, error) {
	object = object.DeepCopy()
	kind := object.GroupVersionKind()
	mapping, err := a.kinds.RESTMapping(kind.GroupKind(), kind.Version)
	if meta.IsNoMatchError(err) { // a new CustomResourceDefinition, perhaps
		a.kinds.Reset()
		mapping, err = a.kinds.RESTMapping(kind.GroupKind(), kind.Version)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("finding the resource of %s: %w", kind, err)
	}
	client := a.objects.Resource(mapping.Resource)
	if mapping.Scope.Name() == meta.RESTScopeNameRoot {
		object.SetNamespace("")
		return client, object, nil
	}
	if object.GetNamespace() == "" {
		object.SetNamespace(metav1.NamespaceDefault)
	}
	namespace := object.GetNamespace()
	return client.Namespace(namespace), object, a.ensureNamespace(ctx, namespace)
}
