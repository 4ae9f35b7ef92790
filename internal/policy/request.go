package policy

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	apiadmission "k8s.io/apiserver/pkg/admission"
	"k8s.io/apiserver/pkg/authentication/user"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/kube"
)

// Placeholder is the user in whose name objects are created: one that may do nothing in particular.
const Placeholder = "bartizan:nobody"

// request is the creation of one object, as admission control sees it.
type request struct {
	served
	equivalents []served
	subject     *kube.Object
	object      *unstructured.Unstructured
	namespace   string // as the API server has it: of a Namespace its own name
	space       *corev1.Namespace
	attributes  apiadmission.Attributes
	versioned   map[schema.GroupVersionKind]*apiadmission.VersionedAttributes
	scheme      *runtime.Scheme
}

// newRequest makes the request that would create an object; ok is false where no policy ever sees it.
func (r *run) newRequest(o *kube.Object) (req *request, ok bool) {
	if o.Group == group && exempt[o.Kind] {
		return nil, false
	}
	fields, ok := withoutNulls(o.Root.Any()).(map[string]any)
	if !ok {
		return nil, false
	}
	q := &request{subject: o, object: &unstructured.Unstructured{Object: fields}, scheme: r.scheme,
		versioned: map[schema.GroupVersionKind]*apiadmission.VersionedAttributes{}}
	q.served, q.equivalents = r.resources.find(schema.GroupVersionKind{Group: o.Group, Version: o.Version, Kind: o.Kind})
	switch {
	case q.gvr.Group == "" && q.gvr.Resource == "namespaces":
		q.namespace = q.object.GetName()
	case !q.cluster:
		q.namespace = q.object.GetNamespace()
		if q.namespace == "" {
			q.namespace = metav1.NamespaceDefault
			q.object.SetNamespace(q.namespace)
		}
		q.space = r.namespace(q.namespace)
	}
	who := &user.DefaultInfo{Name: Placeholder, Groups: []string{user.AllAuthenticated}}
	q.attributes = apiadmission.NewAttributesRecord(q.object, nil, q.gvk, q.namespace, q.object.GetName(), q.gvr, "",
		apiadmission.Create, &metav1.CreateOptions{TypeMeta: metav1.TypeMeta{APIVersion: "meta.k8s.io/v1", Kind: "CreateOptions"}}, false, who)
	return q, true
}

// namespaceLabels are the labels that a namespaceSelector sees.
func (q *request) namespaceLabels() map[string]string {
	if q.space == nil {
		labels := map[string]string{corev1.LabelMetadataName: q.object.GetName()}
		for k, v := range q.object.GetLabels() {
			labels[k] = v
		}
		return labels
	}
	return q.space.Labels
}

// as is the request with its object in the version that a policy asked for; ok is false where that takes a
// conversion that only the API server can make.
func (q *request) as(s served) (va *apiadmission.VersionedAttributes, ok bool) {
	if va, ok := q.versioned[s.gvk]; ok {
		return va, true
	}
	object := q.object
	if s.gvk != q.gvk {
		if !s.convertible {
			return nil, false
		}
		object = object.DeepCopy()
		object.SetGroupVersionKind(s.gvk)
	}
	va = &apiadmission.VersionedAttributes{Attributes: q.attributes, VersionedKind: s.gvk,
		VersionedObject: apiadmission.NewLazyObject(typed(q.scheme, object))}
	q.versioned[s.gvk] = va
	return va, true
}

// namespace is a Namespace as it was read, or else one that has its name only. The API server gives each the
// label of its name.
func (r *run) namespace(name string) *corev1.Namespace {
	r.mu.Lock()
	defer r.mu.Unlock()
	if known, ok := r.spaces[name]; ok {
		return known
	}
	space := &corev1.Namespace{}
	if e, ok := r.world.Get(bartizan.Ref{Kind: "Namespace", Name: name}); ok {
		if o, ok := e.Value.(*kube.Object); ok {
			fields, _ := withoutNulls(o.Root.Any()).(map[string]any)
			if err := runtime.DefaultUnstructuredConverter.FromUnstructured(fields, space); err != nil {
				space = &corev1.Namespace{}
			}
		}
	}
	space.Name = name
	if space.Labels == nil {
		space.Labels = map[string]string{}
	}
	space.Labels[corev1.LabelMetadataName] = name
	r.spaces[name] = space
	return space
}
