package rule

import (
	"iter"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/tree"
)

// Certainty says what an attack step depends on besides what was read.
type Certainty string

// The certainties of an edge.
const (
	Certain     Certainty = "certain"     // the semantics of Kubernetes alone
	Likely      Certainty = "likely"      // what runs in the workload
	Conditional Certainty = "conditional" // a version, a fault in software or a fact that was not read
)

// MaxCost is the highest cost of an edge.
const MaxCost = 15

// Edge declares a rule that derives attack steps. The text is a .rule file with certainty, cost, detect and
// mitigate in place of severity, on and find (docs/path.md); it is part of the program, so a fault in it panics,
// and every test of the rule's package shows it.
func Edge(text string, derive func(*Attack)) *Rule {
	r, err := parseAs("edge", text, true)
	if err != nil {
		panic(err)
	}
	r.Derive = derive
	return r
}

// Step is one attack step, or one fact: whoever holds everything in From can take To.
//
// Steps must be monotone: more rights, pods or reach may add steps and never take one away. So a step must not
// depend on another step's absence.
type Step struct {
	From  []bartizan.Ref // all of them are needed; none: it holds from the start
	To    bartizan.Ref
	Text  string // what is done, told of the one who does it: "starts a shell in {to}"; {to} is To in words
	More  int    // added to the edge's cost
	Why   []bartizan.Evidence
	Fixes []Fix // each of them alone takes this step away
}

// Fix is one change that takes a step away: Ops on an object that exists, from its root, or a New object.
type Fix struct {
	Target bartizan.Ref
	Ops    []Op
	New    func() map[string]any // makes the new object
	Text   string                // in words: "drop the capability SYS_ADMIN"; with Target it is the fix's name
	Cost   int                   // the blast radius: 1 breaks hardly anything, 100 breaks a cluster
	Unsafe string                // what must be known before it is applied; empty for a safe change
}

// Attack is what an edge's derive function is given: exact answers, and Step to report with.
type Attack struct {
	Rule      *Rule
	World     bartizan.World
	Version   Version // of the cluster
	Access    Access
	Pods      Pods
	Admission Admission
	Network   Network
	Step      func(Step)
}

// Right is something that the API server can be asked. Cluster says that the resource has no namespace, so
// that a RoleBinding does not grant it (namespaces are the exception: they count as being in themselves).
type Right struct {
	Verb, Group, Resource, Sub string
	Cluster                    bool
}

// String writes a right as kubectl would: "create pods/exec", "create deployments.apps".
func (r Right) String() string {
	s := r.Verb + " " + r.Resource
	if r.Sub != "" {
		s += "/" + r.Sub
	}
	if r.Group != "" {
		s += "." + r.Group
	}
	return s
}

// Scope is where a right is held: everywhere (no Namespace), or in one namespace; for every object (no Name), or
// for the one of that name.
type Scope struct{ Namespace, Name string }

// Access answers what the authorizers allow. Whoever holds the vertex that Can gives may use the right in the
// scope: the graph derives it exactly from roles, bindings and groups, with these as evidence.
type Access interface {
	// Where lists the scopes in which some role grants a right, wider ones first, each once.
	Where(Right) []Scope
	// Can is the vertex of holding a right in a scope; wider scopes imply it.
	Can(Right, Scope) bartizan.Ref
	// Held is the vertex of having a Role or ClusterRole bound to oneself in a namespace ("" everywhere).
	Held(role bartizan.Ref, namespace string) bartizan.Ref
	// Roles visits every role that exists, with what binds it.
	Roles() iter.Seq[Role]
	// NodeReads lists the Secrets that the Node authorizer lets a node read, and the ServiceAccounts for which it
	// may create tokens.
	NodeReads(node string) []bartizan.Ref
}

// Role is a Role or ClusterRole and where it is bound.
type Role struct {
	Ref   bartizan.Ref
	Bound []string // the namespaces in which it is bound to somebody; "" everywhere
	All   bool     // it grants every verb on every resource
}

// Pods knows the pods, folded into classes: the pods of one workload are one Pod.
type Pods interface {
	// All visits every class, in order of namespace and name.
	All() iter.Seq[*Pod]
	// Nodes lists the nodes, or the two nodes that stand for all when none were read: see [Worker].
	Nodes() []Node
}

// Node is a node of the cluster.
type Node struct {
	Ref          bartizan.Ref
	ControlPlane bool
	Read         bool // false for a stand-in
	Labels       map[string]string
}

// Level is how much a pod asks for, in the words of the Pod Security Standards.
type Level string

// The levels: a pod that even the restricted standard accepts, one that baseline accepts, and a privileged one.
const (
	LevelRestricted Level = "restricted"
	LevelBaseline   Level = "baseline"
	LevelPrivileged Level = "privileged"
)

// Admission answers what admission control lets be created.
type Admission interface {
	// Admits is the vertex of the fact that a namespace ("" for some namespace) admits a pod of a level. The graph
	// states it as a step with the evidence (labels, defaults, exemptions, policies) and with the fixes that end it.
	Admits(namespace string, level Level) bartizan.Ref
	// Standard and Policies are the vertices of one guardrail alone not denying such a pod: steps that take the Pod
	// Security Standard or the admission policies away lead there. Both together are Admits.
	Standard(namespace string, level Level) bartizan.Ref
	Policies(namespace string, level Level) bartizan.Ref
	// Namespaces lists the namespaces that were read or are named by something that was read.
	Namespaces() []string
}

// Answer says whether packets pass. Why and Fixes are set where they do.
type Answer struct {
	Verdict Reach
	Reason  string
	Why     []bartizan.Evidence
	Fixes   []Fix
}

// Reach is a three-valued verdict of the network.
type Reach uint8

// The verdicts of the network. Unknown is the zero value; an edge counts it as reachable at a higher cost.
const (
	ReachUnknown Reach = iota
	ReachNo
	ReachYes
)

// Exposure is a port of a pod that can be opened from outside the cluster.
type Exposure struct {
	Pod  *Pod
	Port int
	By   bartizan.Ref // the Ingress, Service, route or host port that exposes it
	// Private says that only the cloud's own network reaches it: an internal load balancer.
	Private bool
	Answer  Answer
}

// Network answers what packets may pass.
type Network interface {
	// Exposed visits what can be reached from outside: by the internet, but for what is Private. A port that several
	// things expose is visited for each of them.
	Exposed() iter.Seq[Exposure]
	// Opens says whether a pod can open a TCP port of another pod.
	Opens(from, to *Pod, port int) Answer
	// Outside says whether a pod can open a TCP port of an address that is no pod's: a node's, the metadata service's.
	Outside(from *Pod, address string, port int) Answer
}

// Object is a thing that was read, for evidence.
type Object interface {
	// Ref is its name, as it was read.
	Ref() bartizan.Ref
	// Root is the object.
	Root() tree.Node
	// Evidence points at a value in it.
	Evidence(tree.Node) bartizan.Evidence
}
