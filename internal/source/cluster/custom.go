package cluster

import (
	"context"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/internal/tree"
)

// Limits on the search for custom kinds that hold pods.
const (
	maxCustomKinds = 500
	sampleSize     = 20 // objects of a kind whose schema says nothing
	crdPage        = 50
	schemaDepth    = 24
)

// shape says whether objects of a kind can hold a pod's template.
type shape int

const (
	shapeUnknown  shape = iota // the schema does not say, or cannot be read
	shapeNone                  // there is no place for one
	shapeSome                  // somewhere
	shapeTemplate              // at spec.template, as in a Deployment: what it makes need not be judged again
)

// custom keeps of the kinds that are not Kubernetes' own those that hold pods: by their schema, or, where that
// says nothing, by a look at some of their objects. A kind that may not be looked at is a Gap.
func (s *Source) custom(ctx context.Context, all []resource, emit func(bartizan.Item) error) ([]resource, error) {
	if len(all) == 0 {
		return nil, nil
	}
	if len(all) > maxCustomKinds {
		if err := s.gap(emit, "more than %d custom kinds: the rest was not searched for pod templates", maxCustomKinds); err != nil {
			return nil, err
		}
		all = all[:maxCustomKinds]
	}
	shapes, err := s.schemas(ctx)
	if err != nil {
		return nil, err
	}
	var found []resource
	for _, r := range all {
		sh := shapes[r.gvr]
		if sh == shapeUnknown {
			if sh, err = s.sample(ctx, r, emit); err != nil {
				return nil, err
			}
		}
		if sh == shapeTemplate {
			s.makers[r.kind] = true
		}
		if sh >= shapeSome {
			found = append(found, r)
		}
	}
	return found, nil
}

// schemas reads the CustomResourceDefinitions. Where they may not be read, nothing is known.
func (s *Source) schemas(ctx context.Context) (map[schema.GroupVersionResource]shape, error) {
	shapes := map[schema.GroupVersionResource]shape{}
	from := s.client.Resource(schema.GroupVersionResource{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions"})
	options := metav1.ListOptions{Limit: crdPage}
	for {
		page, err := from.List(ctx, options)
		if err != nil {
			if ctx.Err() != nil {
				return nil, context.Cause(ctx)
			}
			return shapes, nil //nolint:nilerr // samples will tell
		}
		for i := range page.Items {
			definition(&page.Items[i], shapes)
		}
		if options.Continue = page.GetContinue(); options.Continue == "" {
			return shapes, nil
		}
	}
}

// definition notes the shapes of all versions that a CustomResourceDefinition serves.
func definition(crd *unstructured.Unstructured, shapes map[schema.GroupVersionResource]shape) {
	group, _, _ := unstructured.NestedString(crd.Object, "spec", "group")
	plural, _, _ := unstructured.NestedString(crd.Object, "spec", "names", "plural")
	versions, _, _ := unstructured.NestedFieldNoCopy(crd.Object, "spec", "versions")
	list, _ := versions.([]any)
	for _, v := range list {
		version, _ := v.(map[string]any)
		name, _ := version["name"].(string)
		root, _, _ := unstructured.NestedFieldNoCopy(version, "schema", "openAPIV3Schema")
		properties, _ := root.(map[string]any)
		shapes[schema.GroupVersionResource{Group: group, Version: name, Resource: plural}] = shapeOf(properties)
	}
}

func shapeOf(root map[string]any) shape {
	spec, _, _ := unstructured.NestedFieldNoCopy(root, "properties", "spec")
	m, _ := spec.(map[string]any)
	if m == nil {
		return shapeUnknown
	}
	template, _, _ := unstructured.NestedFieldNoCopy(m, "properties", "template", "properties", "spec")
	if t, _ := template.(map[string]any); t != nil && search(t, schemaDepth-1) == shapeSome {
		return shapeTemplate
	}
	return search(m, 0)
}

// search looks through a schema for a list of containers.
func search(s map[string]any, depth int) shape {
	if depth > schemaDepth {
		return shapeUnknown
	}
	found := shapeNone
	if open, _ := s["x-kubernetes-preserve-unknown-fields"].(bool); open {
		found = shapeUnknown
	}
	consider := func(v any) {
		inner, _ := v.(map[string]any)
		if inner == nil || found == shapeSome {
			return
		}
		if sh := search(inner, depth+1); sh == shapeSome || sh == shapeUnknown {
			found = sh
		}
	}
	properties, _ := s["properties"].(map[string]any)
	if image, _, _ := unstructured.NestedFieldNoCopy(properties, "containers", "items", "properties", "image"); image != nil {
		return shapeSome
	}
	for _, v := range properties {
		consider(v)
	}
	consider(s["items"])
	consider(s["additionalProperties"])
	return found
}

// sample looks at some objects of a kind.
func (s *Source) sample(ctx context.Context, r resource, emit func(bartizan.Item) error) (shape, error) {
	page, err := s.lister(r).List(ctx, metav1.ListOptions{Limit: sampleSize, LabelSelector: s.options.Selector})
	switch {
	case err == nil:
	case ctx.Err() != nil:
		return shapeNone, context.Cause(ctx)
	case apierrors.IsNotFound(err), apierrors.IsMethodNotSupported(err):
		return shapeNone, nil
	case apierrors.IsForbidden(err):
		return shapeNone, s.gap(emit, "list %s: forbidden to this user%s; it may hold pod templates; %s",
			r.gvr.GroupResource(), where(r, s.options.Namespace), advice(r, s.options.Namespace))
	default:
		return shapeNone, s.gap(emit, "list %s: %v; it may hold pod templates", r.gvr.GroupResource(), err)
	}
	found := shapeNone
	for i := range page.Items {
		text, err := page.Items[i].MarshalJSON()
		if err != nil {
			continue
		}
		for doc, err := range tree.Parse(string(text), tree.DefaultLimits()) {
			if err != nil {
				continue
			}
			objects, _ := kube.Decode(doc, bartizan.Origin{})
			for _, o := range objects {
				for _, w := range o.Workloads {
					found = max(found, shapeSome)
					if w.Pod.Path() == "/spec/template/spec" {
						found = shapeTemplate
					}
				}
			}
		}
	}
	return found, nil
}

// isCustom says whether a kind may be searched for pod templates: it is not of Kubernetes' own groups, nor a
// figure that is computed when it is asked for.
func isCustom(group string, kind bartizan.Kind) bool {
	return strings.HasSuffix(string(kind), "."+group) && group != "" && !strings.HasSuffix(group, "metrics.k8s.io")
}

// wantsWorkloads says whether rules ask for whatever holds pods.
func (o *Options) wantsWorkloads() bool { return slices.Contains(o.Kinds, "Workload") }

// maker is the kind that an owner reference names.
func maker(owner *metav1.OwnerReference) bartizan.Kind {
	group := ""
	if gv, err := schema.ParseGroupVersion(owner.APIVersion); err == nil {
		group = gv.Group
	}
	return kube.KindOf(group, owner.Kind)
}
