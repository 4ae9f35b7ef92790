// Package grant answers who may do what, exactly as the API server's own authorizers decide it: RBAC with
// aggregated roles, implicit groups and resource names, system:masters, the Node authorizer, and the checks
// against escalation (bind, escalate, impersonate). It reads a World; what was not read makes an answer
// unknown, never denied.
//
// It says nothing of admission (Pod Security, NodeRestriction, policies) and nothing of the network: see
// internal/policy and internal/reach. Attack steps are made of its answers in internal/path.
//
// [New] builds a Model once. [Model.Can] explains one answer; [Model.Allowed], or [Model.Compile] and
// [Model.Holds], answer without explaining, in nanoseconds; [Model.Holders] lists everyone who holds a
// capability, by class of identities with the same rights.
package grant

import "github.com/bartizan-dev/bartizan"

// Request is one question to the authorizers, in the words of a SubjectAccessReview. Path is set for URLs that
// are no resources, and then nothing but Verb counts besides. A list, watch or deletecollection that selects
// metadata.name by a field selector is asked with that Name.
type Request struct {
	Verb                  string
	Group                 string // "" is the core group
	Resource, Subresource string
	Namespace             string // "" for cluster-scoped resources and for all namespaces at once
	Name                  string // "" is any: rules with resource names never match it
	Path                  string
}

// Verdict is the outcome of a question.
type Verdict uint8

// The verdicts. Unknown is the zero value: something that decides was not read, or decides outside Kubernetes.
const (
	Unknown Verdict = iota
	Denied
	Allowed
)

var verdictNames = [...]string{"unknown", "denied", "allowed"}

// String is the verdict as the command line prints it.
func (v Verdict) String() string { return verdictNames[v] }

// Answer is a verdict, why in words, and the rules that decided.
type Answer struct {
	Verdict Verdict
	Reason  string
	By      []Grant // every rule that allows the request, for an allowed one
}

// Rule is one rule of a Role or ClusterRole, as written.
type Rule struct {
	Verbs, APIGroups, Resources, ResourceNames, NonResourceURLs []string

	Index  int             // position in the role's list, from 0
	Origin bartizan.Origin // where the rule stands
}

// Grant is one rule reaching a subject through one binding.
type Grant struct {
	Binding, Role bartizan.Ref
	Via           Principal // the subject of the binding that applied
	Namespace     string    // where the rule applies; "" everywhere
	Rule          Rule
	Bound         bartizan.Origin // where the binding stands
	RoleOrigin    bartizan.Origin
	RoleBuiltin   bool
	// Builtin says that the rule was not read: it is part of every cluster's bootstrap policy. BuiltinBinding and
	// RoleBuiltin say the same of the binding and of the role.
	Builtin, BuiltinBinding bool
	Source                  bartizan.Ref // for a rule that an aggregated ClusterRole took over: the role it is from
	Disputed                bool         // a duplicate definition of the binding or role says otherwise
}

// Fault is something wrong with what was read that bears on answers: a binding to a role that was not read,
// aggregation in a circle, a duplicate, a rule the API server would refuse.
type Fault struct {
	Code    FaultCode
	Subject bartizan.Ref
	Message string
	Origin  bartizan.Origin
}

// FaultCode names a sort of fault for machines.
type FaultCode string

// The sorts of faults.
const (
	FaultDangling    FaultCode = "dangling-binding"
	FaultCycle       FaultCode = "cyclic-aggregation"
	FaultAggregation FaultCode = "invalid-aggregation"
	FaultDuplicate   FaultCode = "duplicate-object"
	FaultRule        FaultCode = "malformed-rule"
	FaultSubject     FaultCode = "malformed-subject"
	FaultBinding     FaultCode = "malformed-binding"
	FaultAuthorizer  FaultCode = "foreign-authorizer"
)

// Options say what is known of the World's completeness.
type Options struct {
	// Complete says that the World holds all RBAC objects of a cluster, as reading a live one does: a role that
	// is missing then grants nothing, and no bootstrap policy is supposed. Gaps are what could not be read all
	// the same; they make every answer that is not allowed unknown.
	Complete bool
	Gaps     []bartizan.Gap
	// Namespace is where objects without a namespace go; "default" if empty.
	Namespace string
	// Pods says that the World holds every pod with the node it is bound to. Otherwise it is unknown, not denied,
	// whether a node may read what a pod on it would let it read.
	Pods bool
	// NoBootstrap leaves out the roles and bindings that every cluster is born with.
	NoBootstrap bool
}

// ID names an identity of a Model.
type ID int32

// Class names a set of identities of a Model that hold the same rights by RBAC.
type Class int32

// IdentityKind is a sort of identity.
type IdentityKind uint8

// The sorts of identities. A Group stands for any member of it of whom nothing else is known.
const (
	User IdentityKind = iota
	Group
	ServiceAccount
	Node
)

var identityKinds = [...]string{"User", "Group", "ServiceAccount", "Node"}

// String is the kind's name.
func (k IdentityKind) String() string { return identityKinds[k] }

// Identity is someone who can ask the API server: read as an object, or named as the subject of a binding.
type Identity struct {
	ID      ID
	Kind    IdentityKind
	Subject Subject // with its implicit groups
	Class   Class
	Ref     bartizan.Ref    // ServiceAccount or Node object; User or Group by name
	Origin  bartizan.Origin // the object, else the first binding that names it
	Read    bool            // the ServiceAccount or Node object was read
}

// Capability is a right without a place: a verb on a resource.
type Capability struct {
	Verb, Group           string
	Resource, Subresource string
}

// Holding is a capability held by a class of identities: everywhere or in one namespace, for every object or
// for the named ones only. Of one class and namespace there is one Holding; one without names hides the
// ones with. Holdings in a namespace do not repeat what is held everywhere.
type Holding struct {
	Class     Class
	Namespace string   // "" everywhere: every namespace, and cluster-scoped objects
	Names     []string // nil: every object
}

// Held is a rule that a subject holds, and every way by which it does.
type Held = Grant
