package grant

import (
	_ "embed" // the table of resources
	"slices"
	"strings"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/kube"
)

// Resource is what the API server serves under one name.
type Resource struct {
	Group, Name, Singular string // Name is the plural
	Kind                  string
	Namespaced            bool
	Short, Sub            []string
}

// Resources knows the names of resources: the built-in ones, and those of the CustomResourceDefinitions read.
type Resources struct{ list []Resource }

//go:embed resources.txt
var resourcesText string

// virtual are resources that exist for authorizers only, and sub-resources that no discovery lists.
const virtual = `core users user User cluster - -
core groups group Group cluster - -
authentication.k8s.io users user User cluster - -
authentication.k8s.io groups group Group cluster - -
authentication.k8s.io serviceaccounts serviceaccount ServiceAccount namespaced - -
authentication.k8s.io nodes node Node cluster - -
authentication.k8s.io uids uid UID cluster - -
authentication.k8s.io userextras userextra UserExtra cluster - *
certificates.k8s.io signers signer Signer cluster - -`

// kubeletSub are the sub-resources of nodes that the kubelet asks about.
const kubeletSub = "checkpoint,configz,healthz,log,metrics,pods,proxy,spec,stats,status"

// NewResources lists the built-in resources and those that a World defines.
func NewResources(w bartizan.World) *Resources {
	r := &Resources{}
	var others []Resource
	for line := range strings.Lines(resourcesText + virtual) {
		f := strings.Fields(line)
		if len(f) != 7 || f[0] == "#" {
			continue
		}
		x := Resource{Group: f[0], Name: f[1], Singular: f[2], Kind: f[3], Namespaced: f[4] == "namespaced", Short: list(f[5]), Sub: list(f[6])}
		if x.Group != "core" {
			others = append(others, x)
			continue
		}
		x.Group = ""
		if x.Name == "nodes" {
			x.Sub = list(kubeletSub)
		}
		r.list = append(r.list, x) // the core group comes first, as for kubectl
	}
	r.list = append(r.list, others...)
	for e := range w.All("CustomResourceDefinition") {
		if o, ok := e.Value.(*kube.Object); ok {
			r.define(o)
		}
	}
	return r
}

func list(field string) []string {
	if field == "-" {
		return nil
	}
	return strings.Split(field, ",")
}

// define adds a custom resource.
func (r *Resources) define(o *kube.Object) {
	spec := o.Root.Get("spec")
	names := spec.Get("names")
	x := Resource{
		Group: spec.Get("group").Str(), Name: names.Get("plural").Str(), Singular: names.Get("singular").Str(), Kind: names.Get("kind").Str(),
		Namespaced: spec.Get("scope").Str() != "Cluster",
	}
	for n := range names.Get("shortNames").Items() {
		x.Short = append(x.Short, n.Text())
	}
	x.Sub = []string{"scale", "status"}
	if x.Name != "" {
		r.list = append(r.list, x)
	}
}

// Find finds a resource as kubectl does: by plural, singular, kind or short name, with or without the group and the
// version behind it (deploy, Deployment, deployments.apps, deployments.v1.apps).
func (r *Resources) Find(text string) (Resource, bool) {
	name, group, qualified := strings.Cut(text, ".")
	for i := range r.list {
		x := &r.list[i]
		if x.called(name) && (!qualified || inGroup(x.Group, group)) {
			return *x, true
		}
	}
	return Resource{}, false
}

func (x *Resource) called(name string) bool {
	name = strings.ToLower(name)
	return name == x.Name || name == x.Singular || name == strings.ToLower(x.Kind) || slices.Contains(x.Short, name)
}

// inGroup says whether "apps" or "v1.apps" means a group.
func inGroup(group, text string) bool {
	if text == group {
		return true
	}
	version, rest, ok := strings.Cut(text, ".")
	return strings.HasPrefix(version, "v") && (ok && rest == group || !ok && group == "")
}

// Target is what a question is about, as people write it.
type Target struct {
	Resource  Resource
	Sub, Name string
	Known     bool // the resource is one the API server serves, as far as was read
}

// Parse reads RESOURCE, RESOURCE/SUB or RESOURCE/NAME. What stands behind the slash is a sub-resource if the resource
// has one of that name.
func (r *Resources) Parse(text string) Target {
	head, tail, slash := strings.Cut(text, "/")
	t := Target{}
	if t.Resource, t.Known = r.Find(head); !t.Known {
		name, group, _ := strings.Cut(head, ".")
		t.Resource = Resource{Name: name, Group: group, Namespaced: true, Sub: []string{"scale", "status"}}
		if head == all {
			t.Resource.Group, t.Known = all, true
		}
	}
	if !slash {
		return t
	}
	if slices.Contains(t.Resource.Sub, tail) || slices.Contains(t.Resource.Sub, all) || head == all {
		t.Sub = tail
	} else {
		t.Name = tail
	}
	return t
}

// Request is the question that a target makes. The API server counts a Namespace object as being in its own namespace.
func (t Target) Request(verb, namespace string) Request {
	r := Request{Verb: verb, Group: t.Resource.Group, Resource: t.Resource.Name, Subresource: t.Sub, Name: t.Name}
	switch {
	case t.Resource.Namespaced:
		r.Namespace = namespace
	case t.Resource.Name == "namespaces" && t.Resource.Group == "":
		r.Namespace = t.Name
	}
	return r
}
