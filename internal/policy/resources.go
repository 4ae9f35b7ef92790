package policy

import (
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/kube"
)

// served is how the API serves a kind.
type served struct {
	gvr schema.GroupVersionResource
	gvk schema.GroupVersionKind
	// cluster says that objects of the kind have no namespace.
	cluster bool
	// convertible says that one version becomes the other by changing apiVersion alone.
	convertible bool
}

// clusterScoped are the built-in kinds that stand in no namespace.
var clusterScoped = words(`Namespace Node PersistentVolume ComponentStatus ClusterRole ClusterRoleBinding StorageClass CSIDriver
	CSINode VolumeAttachment VolumeAttributesClass CustomResourceDefinition APIService CertificateSigningRequest
	ClusterTrustBundle PriorityClass FlowSchema PriorityLevelConfiguration RuntimeClass IngressClass IPAddress ServiceCIDR
	MutatingWebhookConfiguration ValidatingWebhookConfiguration ValidatingAdmissionPolicy
	ValidatingAdmissionPolicyBinding MutatingAdmissionPolicy MutatingAdmissionPolicyBinding DeviceClass ResourceSlice
	PodSecurityPolicy StorageVersionMigration StorageVersion DeviceTaintRule TokenReview SubjectAccessReview SelfSubjectReview
	SelfSubjectAccessReview SelfSubjectRulesReview`)

// exempt are the kinds that the API server shows to no admission policy, so that nobody is locked out.
var exempt = words(`ValidatingWebhookConfiguration MutatingWebhookConfiguration ValidatingAdmissionPolicy
	ValidatingAdmissionPolicyBinding MutatingAdmissionPolicy MutatingAdmissionPolicyBinding`)

// otherVersions are the resources that the API serves in more than one version.
var otherVersions = map[schema.GroupResource][]string{
	{Group: "autoscaling", Resource: "horizontalpodautoscalers"}:   {"v1", "v2"},
	{Group: "resource.k8s.io", Resource: "resourceclaims"}:         {"v1", "v1beta1", "v1beta2"},
	{Group: "resource.k8s.io", Resource: "resourceclaimtemplates"}: {"v1", "v1beta1", "v1beta2"},
	{Group: "resource.k8s.io", Resource: "deviceclasses"}:          {"v1", "v1beta1", "v1beta2"},
	{Group: "resource.k8s.io", Resource: "resourceslices"}:         {"v1", "v1beta1", "v1beta2"},
}

func words(text string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(text) {
		m[w] = true
	}
	return m
}

// resources knows how the API serves kinds: the built-in ones, and those of the CustomResourceDefinitions read.
type resources struct {
	custom map[schema.GroupKind]custom
}

type custom struct {
	plural      string
	cluster     bool
	versions    []string
	convertible bool
}

// newResources reads the CustomResourceDefinitions of a World and of the rule files.
func newResources(w bartizan.World, more []*kube.Object) *resources {
	r := &resources{custom: map[schema.GroupKind]custom{}}
	for e := range w.All("CustomResourceDefinition") {
		if o, ok := e.Value.(*kube.Object); ok {
			r.define(o)
		}
	}
	for _, o := range more {
		if o.Ref.Kind == "CustomResourceDefinition" {
			r.define(o)
		}
	}
	return r
}

func (r *resources) define(o *kube.Object) {
	spec := o.Root.Get("spec")
	key := schema.GroupKind{Group: spec.Get("group").Str(), Kind: spec.At("names", "kind").Str()}
	c := custom{plural: spec.At("names", "plural").Str(), cluster: spec.Get("scope").Str() == "Cluster"}
	for v := range spec.Get("versions").Items() {
		if on, ok := v.Get("served").Bool(); on || !ok {
			c.versions = append(c.versions, v.Get("name").Str())
		}
	}
	strategy := spec.At("conversion", "strategy").Str()
	c.convertible = strategy == "" || strategy == "None"
	if _, known := r.custom[key]; !known && c.plural != "" {
		r.custom[key] = c
	}
}

// find says how an object's kind is served, and as what else.
func (r *resources) find(gvk schema.GroupVersionKind) (served, []served) {
	own := served{gvk: gvk, gvr: gvk.GroupVersion().WithResource(plural(gvk.Kind)), convertible: true}
	versions := otherVersions[own.gvr.GroupResource()]
	convertible := false
	switch c, ok := r.custom[gvk.GroupKind()]; {
	case ok:
		own.gvr.Resource, own.cluster, versions, convertible = c.plural, c.cluster, c.versions, c.convertible
	case kube.KindOf(gvk.Group, gvk.Kind) == bartizan.Kind(gvk.Kind):
		own.cluster = clusterScoped[gvk.Kind]
	default: // its definition was not read: most custom resources are namespaced
	}
	var others []served
	for _, v := range versions {
		if v != gvk.Version {
			other := own
			other.gvk.Version, other.gvr.Version, other.convertible = v, v, convertible
			others = append(others, other)
		}
	}
	return own, others
}

// plural is the resource of a kind by the rule that all built-in kinds follow.
func plural(kind string) string {
	s := strings.ToLower(kind)
	switch {
	case s == "endpoints" || s == "":
		return s
	case strings.HasSuffix(s, "s"), strings.HasSuffix(s, "x"), strings.HasSuffix(s, "ch"), strings.HasSuffix(s, "sh"):
		return s + "es"
	case strings.HasSuffix(s, "y") && !strings.ContainsAny(s[max(len(s)-2, 0):len(s)-1], "aeiou"):
		return s[:len(s)-1] + "ies"
	}
	return s + "s"
}
