package policy

import (
	"errors"
	"fmt"
	"slices"

	admission "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/bartizan-dev/bartizan/internal/kube"
)

// paramStore is the params of one kind.
type paramStore struct {
	objects []*unstructured.Unstructured
	cluster bool
}

// stores holds the params of every kind that a policy of the set asks for.
func (r *run) stores() map[admission.ParamKind]*paramStore {
	all := map[admission.ParamKind]*paramStore{}
	for _, d := range r.set.policies {
		if k := d.Spec.ParamKind; k != nil && all[*k] == nil {
			all[*k] = r.store(*k)
		}
	}
	return all
}

func (r *run) store(kind admission.ParamKind) *paramStore {
	gvk := schema.FromAPIVersionAndKind(kind.APIVersion, kind.Kind)
	how, _ := r.resources.find(gvk)
	s := &paramStore{cluster: how.cluster}
	_, defined := r.resources.custom[gvk.GroupKind()]
	builtin := kube.KindOf(gvk.Group, gvk.Kind) == kube.KindOf("", gvk.Kind)
	bare := 0
	seen := map[string]bool{}
	add := func(o *kube.Object) {
		if o.Group != gvk.Group || o.Kind != gvk.Kind {
			return
		}
		fields, _ := withoutNulls(o.Root.Any()).(map[string]any)
		u := &unstructured.Unstructured{Object: fields}
		u.SetGroupVersionKind(gvk)
		if u.GetNamespace() == "" {
			bare++
		}
		if key := u.GetNamespace() + "/" + u.GetName(); !seen[key] {
			seen[key] = true
			s.objects = append(s.objects, u)
		}
	}
	for _, o := range r.set.params {
		add(o)
	}
	for e := range r.world.All(kube.KindOf(gvk.Group, gvk.Kind)) {
		if o, ok := e.Value.(*kube.Object); ok {
			add(o)
		}
	}
	if !builtin && !defined {
		s.cluster = bare > 0 && bare == len(s.objects) // the definition was not read: go by the objects
	}
	for _, u := range s.objects {
		if !s.cluster && u.GetNamespace() == "" {
			u.SetNamespace(metav1.NamespaceDefault)
		}
	}
	slices.SortStableFunc(s.objects, func(a, b *unstructured.Unstructured) int {
		return compareNames(a.GetNamespace()+"/"+a.GetName(), b.GetNamespace()+"/"+b.GetName())
	})
	return s
}

// errNoParams is the API server's message.
var errNoParams = errors.New("no params found for policy binding with `Deny` parameterNotFoundAction")

// params are what a policy is evaluated with for one binding; a nil entry is an evaluation without params. An
// error is one that the API server has, too, and treats by failurePolicy.
func (r *run) params(d *definition, b *binding, namespace string) ([]runtime.Object, error) {
	if d.Spec.ParamKind == nil {
		return []runtime.Object{nil}, nil
	}
	store := r.byKind[*d.Spec.ParamKind]
	if b.everyParam {
		return store.list("", labels.Everything()), nil
	}
	ref := b.Spec.ParamRef
	if ref == nil {
		return []runtime.Object{nil}, nil
	}
	switch {
	case store.cluster && ref.Namespace != "":
		return nil, errors.New("paramRef.namespace must not be provided for a cluster-scoped `paramKind`")
	case store.cluster:
		namespace = ""
	case ref.Namespace != "":
		namespace = ref.Namespace
	case namespace == "":
		return nil, errors.New("cannot use namespaced paramRef in policy binding that matches cluster-scoped resources")
	}
	selector := labels.Everything()
	if ref.Selector != nil {
		var err error
		if selector, err = metav1.LabelSelectorAsSelector(ref.Selector); err != nil {
			return nil, fmt.Errorf("paramRef.selector: %w", err)
		}
	}
	found := store.list(namespace, selector)
	if ref.Name != "" {
		found = slices.DeleteFunc(found, func(o runtime.Object) bool {
			return o.(*unstructured.Unstructured).GetName() != ref.Name
		})
	}
	if len(found) == 0 && *ref.ParameterNotFoundAction == admission.DenyAction {
		return nil, errNoParams
	}
	return found, nil
}

// list gives the params of a namespace, or of all.
func (s *paramStore) list(namespace string, selector labels.Selector) []runtime.Object {
	var found []runtime.Object
	for _, u := range s.objects {
		if (namespace == "" || u.GetNamespace() == namespace) && selector.Matches(labels.Set(u.GetLabels())) {
			found = append(found, u)
		}
	}
	return found
}
