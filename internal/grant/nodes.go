package grant

import (
	"fmt"
	"slices"
	"strings"

	"github.com/bartizan-dev/bartizan"
)

// nodes is the Node authorizer: what kubelets may do beside RBAC. Some requests it grants to every node, and leaves
// it to the admission plugin NodeRestriction to hold a node to its own objects.
type nodes struct {
	rules    []int32 // of the built-in ClusterRole system:node, for what is not subdivided
	complete bool    // every pod was read together with its node
	// reads says for an object which nodes it is related to; edges of persistent volumes are followed when asked.
	reads map[bartizan.Ref][]link
	// direct are the things that a node uses, under those that are used over another: both the way back of reads.
	direct map[string][]bartizan.Ref
	under  map[bartizan.Ref][]bartizan.Ref
}

// link says that an object leads to a node, directly or over another object.
type link struct {
	node string
	over bartizan.Ref // "" kind: the node itself
	why  bartizan.Ref // the pod that uses the object
}

// canNode asks the Node authorizer. Denied means that it has no opinion.
func (m *Model) canNode(s Subject, q *Query) Answer {
	node, ok := s.Node()
	if !ok || !m.chain.node || !slices.Contains(s.Groups, GroupNodes) {
		return Answer{Verdict: Denied}
	}
	return m.nodes.answer(m, node, q)
}

func (n *nodes) allows(m *Model, node string, q *Query) bool {
	return n.answer(m, node, q).Verdict == Allowed
}

func noOpinion() Answer { return Answer{Verdict: Denied} }

// uniformly allows what every node may do.
func uniformly(what string) Answer {
	return Answer{Verdict: Allowed, Reason: "the Node authorizer lets every node do this" + what}
}

// restricted says that admission narrows a right down.
const restricted = "; where the admission plugin NodeRestriction is on, only for its own objects"

// answer follows plugin/pkg/auth/authorizer/node of Kubernetes 1.36 with its default features.
func (n *nodes) answer(m *Model, node string, q *Query) Answer {
	r := &q.request
	if q.path {
		return n.uniform(m, q)
	}
	own := r.Name == node
	switch r.Group + "/" + r.Resource {
	case "/secrets":
		return n.read(node, r, "Secret")
	case "/configmaps":
		return n.read(node, r, "ConfigMap")
	case "/persistentvolumeclaims":
		if r.Subresource == "status" {
			return n.when(is(r.Verb, "update", "patch"), node, r, "PersistentVolumeClaim")
		}
		return n.get(node, r, "PersistentVolumeClaim")
	case "/persistentvolumes":
		return n.get(node, r, "PersistentVolume")
	case "resource.k8s.io/resourceclaims":
		return n.get(node, r, "ResourceClaim")
	case "storage.k8s.io/volumeattachments":
		return n.get(node, r, "VolumeAttachment")
	case "/serviceaccounts":
		if r.Verb == "get" && r.Subresource == "" {
			return n.read(node, r, "ServiceAccount")
		}
		return n.when(r.Verb == "create" && r.Subresource == "token", node, r, "ServiceAccount")
	case "coordination.k8s.io/leases":
		return ownObject(is(r.Verb, "get", "create", "update", "patch", "delete") && r.Namespace == "kube-node-lease" && (own || r.Verb == "create"))
	case "storage.k8s.io/csinodes":
		return ownObject(is(r.Verb, "get", "create", "update", "patch", "delete") && r.Subresource == "" && (own || r.Verb == "create"))
	case "resource.k8s.io/resourceslices":
		return n.slices(node, r)
	case "certificates.k8s.io/podcertificaterequests":
		return noOpinion() // its feature is off by default
	case "/nodes":
		return nodeObject(r, own)
	case "/pods":
		return n.pods(node, r)
	}
	return n.uniform(m, q)
}

func is(verb string, list ...string) bool { return slices.Contains(list, verb) }

func (n *nodes) uniform(m *Model, q *Query) Answer {
	for _, i := range n.rules {
		if m.words.rules[i].matches(q) {
			return uniformly("")
		}
	}
	return noOpinion()
}

func ownObject(ok bool) Answer {
	if !ok {
		return noOpinion()
	}
	return Answer{Verdict: Allowed, Reason: "the Node authorizer lets a node handle its own object" + restricted}
}

func nodeObject(r *Request, own bool) Answer {
	switch {
	case r.Subresource == "" && is(r.Verb, "create", "update", "patch"), r.Subresource == "status" && is(r.Verb, "update", "patch"):
		return uniformly(restricted)
	case r.Subresource == "" && is(r.Verb, "get", "list", "watch"):
		return ownObject(own)
	}
	return noOpinion()
}

func (n *nodes) slices(node string, r *Request) Answer {
	switch {
	case r.Subresource != "":
		return noOpinion()
	case r.Verb == "create":
		return uniformly(restricted)
	case is(r.Verb, "get", "update", "patch", "delete"):
		return n.related(node, r, "ResourceSlice")
	}
	return noOpinion() // lists need a field selector, which a Request does not hold
}

func (n *nodes) pods(node string, r *Request) Answer {
	switch {
	case r.Subresource == "" && is(r.Verb, "create", "delete"),
		r.Subresource == "status" && is(r.Verb, "update", "patch"),
		r.Subresource == "eviction" && r.Verb == "create":
		return uniformly(restricted)
	case r.Subresource == "" && is(r.Verb, "get", "list", "watch"):
		return n.related(node, r, "Pod")
	}
	return noOpinion()
}

// get is for objects that a node may only get.
func (n *nodes) get(node string, r *Request, kind bartizan.Kind) Answer {
	return n.when(r.Verb == "get" && r.Subresource == "", node, r, kind)
}

// read is for namespaced objects that a node may get, list and watch one at a time.
func (n *nodes) read(node string, r *Request, kind bartizan.Kind) Answer {
	return n.when(is(r.Verb, "get", "list", "watch") && r.Subresource == "" && r.Namespace != "", node, r, kind)
}

func (n *nodes) when(ok bool, node string, r *Request, kind bartizan.Kind) Answer {
	if !ok {
		return noOpinion()
	}
	return n.related(node, r, kind)
}

// related allows what has to do with a pod on the node.
func (n *nodes) related(node string, r *Request, kind bartizan.Kind) Answer {
	if r.Name == "" {
		return noOpinion()
	}
	ref := bartizan.Ref{Kind: kind, Namespace: r.Namespace, Name: r.Name}
	if path, ok := n.path(node, ref); ok {
		return Answer{Verdict: Allowed, Reason: "the Node authorizer allows it: " + path}
	}
	if !n.complete {
		return Answer{Reason: fmt.Sprintf("a node may do this if a pod on it uses %s; not all pods with their nodes were read", ref)}
	}
	return noOpinion()
}

// path finds how an object leads to a node.
func (n *nodes) path(node string, from bartizan.Ref) (string, bool) {
	type step struct {
		ref  bartizan.Ref
		told []string
	}
	seen := map[bartizan.Ref]bool{from: true}
	todo := []step{{from, []string{from.String()}}}
	for len(todo) > 0 {
		s := todo[0]
		todo = todo[1:]
		for _, l := range n.reads[s.ref] {
			if l.over.Kind == "" {
				if l.node != node {
					continue
				}
				if l.why.Kind != "" && l.why != s.ref {
					return strings.Join(s.told, " of ") + " is used by " + l.why.String() + " on node " + node, true
				}
				return strings.Join(s.told, " of ") + " is on node " + node, true
			}
			if !seen[l.over] {
				seen[l.over] = true
				todo = append(todo, step{l.over, append(slices.Clip(s.told), l.over.String())})
			}
		}
	}
	return "", false
}

// NodeReads lists the objects that the Node authorizer lets a node get: Secrets, ConfigMaps,
// PersistentVolumeClaims and PersistentVolumes of pods bound to it, and the ServiceAccounts for which it may
// create tokens; by kind, namespace and name.
func (m *Model) NodeReads(node string) (out []bartizan.Ref) {
	if !m.chain.node {
		return nil
	}
	seen := map[bartizan.Ref]bool{}
	todo := m.nodes.direct[node]
	for len(todo) > 0 {
		ref := todo[len(todo)-1]
		todo = todo[: len(todo)-1 : len(todo)-1]
		if !seen[ref] {
			seen[ref] = true
			out = append(out, ref)
			todo = append(todo, m.nodes.under[ref]...)
		}
	}
	slices.SortFunc(out, compareRefs)
	return out
}

// reverse makes the way back from nodes to what they read.
func (n *nodes) reverse() {
	n.direct, n.under = map[string][]bartizan.Ref{}, map[bartizan.Ref][]bartizan.Ref{}
	for ref, links := range n.reads {
		for _, l := range links {
			if l.over.Kind == "" {
				n.direct[l.node] = append(n.direct[l.node], ref)
			} else {
				n.under[l.over] = append(n.under[l.over], ref)
			}
		}
	}
}

func compareRefs(a, b bartizan.Ref) int {
	if n := strings.Compare(string(a.Kind), string(b.Kind)); n != 0 {
		return n
	}
	if n := strings.Compare(a.Namespace, b.Namespace); n != 0 {
		return n
	}
	return strings.Compare(a.Name, b.Name)
}
