package joined

import (
	"iter"
	gopath "path"
	"slices"
	"strings"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/internal/tree"
	"github.com/bartizan-dev/bartizan/rule"
)

// object is a kube.Object as rule.Joined is asked for it.
type object struct{ *kube.Object }

// Ref is rule.Object.
func (o object) Ref() bartizan.Ref { return o.Object.Ref }

// Root is rule.Object.
func (o object) Root() tree.Node { return o.Object.Root }

// Evidence is rule.Object; rules report paths instead.
func (o object) Evidence(tree.Node) bartizan.Evidence { return bartizan.Evidence{} }

// home is the namespace of an object; one without goes to default.
func home(o *kube.Object) string {
	if o.Ref.Namespace == "" {
		return "default"
	}
	return o.Ref.Namespace
}

// exists says whether an object was read, with or without the namespace default.
func exists(w bartizan.World, r bartizan.Ref) bool {
	if _, ok := w.Get(r); ok {
		return true
	}
	if r.Namespace != "default" {
		return false
	}
	r.Namespace = ""
	_, ok := w.Get(r)
	return ok
}

// directory is where an object was read: the files beside it are taken to be deployed with it. Templates of one chart
// stand together, wherever in it.
func directory(o bartizan.Origin) string {
	dir := gopath.Dir(o.File)
	if chart, _, found := strings.Cut(dir, "/templates"); found {
		return o.Source + ":" + chart
	}
	return o.Source + ":" + dir
}

// beside says whether the object of a name was read in the same place as another.
func beside(w bartizan.World, o *kube.Object, r bartizan.Ref) bool {
	e, ok := w.Get(r)
	if !ok && r.Namespace == "default" {
		r.Namespace = ""
		e, ok = w.Get(r)
	}
	return ok && directory(e.Origin) == directory(o.Origin) && !partOfCluster(o)
}

// place is a namespace's part of a directory.
type place struct{ directory, namespace string }

// placesOf is the key of the index that besides asks.
type placesOf bartizan.Kind

// partOfCluster says that an object is from a live cluster. Where a rule asks what stands beside it only some of the
// cluster was read, one namespace or what has some labels, and nothing says what is missing.
func partOfCluster(o *kube.Object) bool { return o.Origin.Source == "cluster" }

// besides says whether an object of a kind, in a namespace unless that is empty, was read in the same place as another:
// only then do the files say what exists of that kind, and what does not.
func besides(p *rule.Pass, o *kube.Object, kind bartizan.Kind, namespace string) bool {
	if partOfCluster(o) {
		return false
	}
	index := rule.Once(p.Joined, placesOf(kind), func() map[place]bool {
		all := map[place]bool{}
		for e := range p.World.All(kind) {
			dir, ns := directory(e.Origin), e.Ref.Namespace
			if ns == "" {
				ns = "default"
			}
			all[place{dir, ns}], all[place{dir, ""}] = true, true
		}
		return all
	})
	return index[place{directory(o.Origin), namespace}]
}

// customKey is the key of the places where objects of custom kinds were read.
type customKey struct{}

// everythingRead is what a World can have besides All.
type everythingRead interface {
	Everything() iter.Seq[bartizan.Entity]
}

// quietGroups are the groups of custom kinds of which no controller makes pods.
var quietGroups = []string{"gateway.networking.k8s.io", "policy.networking.k8s.io", "cilium.io", "kyverno.io", "cert-manager.io"}

// customBeside says whether objects of custom kinds stand beside an object: a controller may make pods of them, which
// no file shows.
func customBeside(p *rule.Pass, o *kube.Object) bool {
	index := rule.Once(p.Joined, customKey{}, func() map[string]bool {
		all := map[string]bool{}
		w, ok := p.World.(everythingRead)
		if !ok {
			return all
		}
		for e := range w.Everything() {
			if _, group, custom := strings.Cut(string(e.Ref.Kind), "."); custom && !slices.Contains(quietGroups, group) {
				all[directory(e.Origin)] = true
			}
		}
		return all
	})
	return index[directory(o.Origin)]
}

// path is the JSON Pointer from an object's root to a value in it.
func path(n tree.Node, o *kube.Object) string { return strings.TrimPrefix(n.Path(), o.Root.Path()) }

// cloudIdentities are the annotations and labels by which a cloud knows an account by its token.
var cloudIdentities = []string{
	"eks.amazonaws.com/role-arn", "iam.gke.io/gcp-service-account", "azure.workload.identity/client-id",
}

// hasCloudIdentity says whether the pods use their token towards a cloud.
func hasCloudIdentity(w bartizan.World, c *rule.Pod) bool {
	e, ok := w.Get(c.Account)
	if !ok {
		return false
	}
	o, ok := e.Value.(*kube.Object)
	if !ok {
		return false
	}
	for _, name := range cloudIdentities {
		if o.Annotation(name) != "" {
			return true
		}
	}
	return false
}
