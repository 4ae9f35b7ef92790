package rule

import (
	"fmt"
	"strings"

	"github.com/bartizan-dev/bartizan"
)

// Every is the name of the vertex that stands for all things of a kind in a namespace, or in all of them: whoever
// holds "Secret shop/*" holds each Secret of the namespace shop.
const Every = "*"

// The kinds of vertices that are no objects. Of objects, a workload (or a Pod) is the vertex of running code in it,
// a ServiceAccount, User or Group that of acting as it, a Node that of being root on it, a Secret of having read it.
const (
	KindRight    bartizan.Kind = "Right"    // may do something: Access.Can makes it
	KindHeld     bartizan.Kind = "Held"     // has a role: Access.Held makes it
	KindAdmits   bartizan.Kind = "Admits"   // a namespace admits a pod: Admission.Admits makes it
	KindPodsOn   bartizan.Kind = "PodsOn"   // all pods on a node: PodsOn makes it
	KindCluster  bartizan.Kind = "Cluster"  // ClusterAdmin
	KindInternet bartizan.Kind = "Internet" // Internet
	KindCloud    bartizan.Kind = "Cloud"    // an identity of the cloud: the name says whose
)

// The vertices of which there is one.
var (
	// ClusterAdmin is to be able to do everything in the cluster.
	ClusterAdmin = bartizan.Ref{Kind: KindCluster, Name: "admin"}
	// EveryRight is, as a role that is held in a namespace, what every right there gives beyond its pods, service accounts
	// and Secrets, which have vertices of their own: to start pods.
	EveryRight = bartizan.Ref{Kind: "Right", Name: "every right"}
	// Internet is anybody outside the cluster.
	Internet = bartizan.Ref{Kind: KindInternet, Name: "anyone"}
	// Worker stands for the nodes without control plane, and ControlPlane for those with it, when no nodes were read.
	Worker       = bartizan.Ref{Kind: "Node", Name: "(worker)"}
	ControlPlane = bartizan.Ref{Kind: "Node", Name: "(control-plane)"}
	// EveryNode is root on all nodes.
	EveryNode = bartizan.Ref{Kind: "Node", Name: Every}
	// EverySecret is to read the Secrets of all namespaces.
	EverySecret = SecretsIn("")
)

// SecretsIn is to read all Secrets of a namespace; "" stands for all namespaces.
func SecretsIn(namespace string) bartizan.Ref {
	return bartizan.Ref{Kind: "Secret", Namespace: namespace, Name: Every}
}

// PodsIn is to run code in all pods of a namespace; "" stands for all namespaces.
func PodsIn(namespace string) bartizan.Ref {
	return bartizan.Ref{Kind: "Pod", Namespace: namespace, Name: Every}
}

// AccountsIn is to act as every service account of a namespace; "" stands for all namespaces.
func AccountsIn(namespace string) bartizan.Ref {
	return bartizan.Ref{Kind: "ServiceAccount", Namespace: namespace, Name: Every}
}

// Account is to act as a service account.
func Account(namespace, name string) bartizan.Ref {
	return bartizan.Ref{Kind: "ServiceAccount", Namespace: namespace, Name: name}
}

// User is to act as a user, Group as some member of a group.
func User(name string) bartizan.Ref { return bartizan.Ref{Kind: "User", Name: name} }

// Group is to act as some member of a group.
func Group(name string) bartizan.Ref { return bartizan.Ref{Kind: "Group", Name: name} }

// NodeUser is to act as a node's kubelet towards the API server.
func NodeUser(node string) bartizan.Ref { return User("system:node:" + node) }

// In narrows a vertex of all things of a namespace to what a scope names: PodsIn for a scope with the name
// web-0 is that pod.
func In(all func(namespace string) bartizan.Ref, s Scope) bartizan.Ref {
	ref := all(s.Namespace)
	if s.Name != "" {
		ref.Name = s.Name
	}
	return ref
}

// ParseVertex reads "KIND NAMESPACE/NAME" or "KIND NAME", as Ref.String writes it.
func ParseVertex(s string) (bartizan.Ref, error) {
	kind, name, ok := strings.Cut(strings.TrimSpace(s), " ")
	name = strings.TrimSpace(name)
	if !ok || kind == "" || name == "" {
		return bartizan.Ref{}, fmt.Errorf("%q names no vertex: write KIND NAMESPACE/NAME or KIND NAME", s)
	}
	ref := bartizan.Ref{Kind: bartizan.Kind(kind), Name: name}
	if i := strings.Index(name, "/"); i > 0 && !named(ref.Kind) {
		ref.Namespace, ref.Name = name[:i], name[i+1:]
	}
	return ref, nil
}

// named says whether things of a kind have names of their own that may hold a slash, and no namespace.
func named(kind bartizan.Kind) bool { return kind == "User" || kind == "Group" || kind == KindCloud }
