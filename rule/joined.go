package rule

import (
	"iter"
	"slices"
	"strings"
	"sync"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/tree"
)

// Need is a part of a Joined view that a rule asks. Where what it speaks of was not read the rule does not run: it
// neither passes nor fails, as with a rule on kinds of which there are no objects.
type Need string

// The needs.
const (
	NeedRights   Need = "rights"   // some role is bound to somebody
	NeedPods     Need = "pods"     // some workload
	NeedPolicies Need = "policies" // some network policy; of a whole cluster also that there is none
)

var needs = []Need{NeedRights, NeedPods, NeedPolicies}

func (h *header) needs(n tree.Node) {
	for _, text := range h.texts(n) {
		if !slices.Contains(needs, Need(text)) {
			h.fail(n, "needs: %q is unknown: use rights, pods or policies", text)
		}
		h.rule.Needs = append(h.rule.Needs, Need(text))
	}
}

// Joined answers rules what takes many objects: who may do what, and who can reach whom. Every part is made when the
// first rule asks for it, once in a run, and may be asked by many goroutines.
type Joined struct {
	// Complete says that everything of a live cluster was read: what is missing does not exist.
	Complete bool
	Rights   Rights
	Pods     Pods
	Network  Network
	Policies Policies

	once  sync.Once
	byRef map[bartizan.Ref][]*Pod
	inNS  map[string][]*Pod
	made  sync.Map // by key: a func() any
}

// Once is what rules on different objects have in common, made once in a run. Keys are of types of the rules' own.
func Once[T any](j *Joined, key any, make func() T) T {
	made, ok := j.made.Load(key)
	if !ok {
		made, _ = j.made.LoadOrStore(key, sync.OnceValue(make))
	}
	return made.(func() T)()
}

// Has says whether what all of some needs speak of was read.
func (j *Joined) Has(needs ...Need) bool {
	for _, n := range needs {
		ok := true
		switch n {
		case NeedRights:
			ok = j.Rights != nil
		case NeedPods:
			ok = j.Pods != nil
		case NeedPolicies:
			ok = j.Policies != nil
		}
		if !ok {
			return false
		}
	}
	return true
}

func (j *Joined) index() {
	j.once.Do(func() {
		j.byRef, j.inNS = map[bartizan.Ref][]*Pod{}, map[string][]*Pod{}
		if j.Pods == nil {
			return
		}
		for p := range j.Pods.All() {
			j.byRef[p.Object.Ref()] = append(j.byRef[p.Object.Ref()], p)
			j.inNS[p.Ref.Namespace] = append(j.inNS[p.Ref.Namespace], p)
		}
	})
}

// Classes visits the classes of pods that are judged at an object: of pods that a workload owns those of the
// workload, and of equal objects those of the first.
func (j *Joined) Classes(o Object) iter.Seq[*Pod] {
	j.index()
	return func(yield func(*Pod) bool) {
		for _, p := range j.byRef[o.Ref()] {
			if p.Object.Root() == o.Root() && !yield(p) {
				return
			}
		}
	}
}

// In are the classes of pods in a namespace.
func (j *Joined) In(namespace string) []*Pod {
	j.index()
	return j.inNS[namespace]
}

// Namespaces are those in which pods were read.
func (j *Joined) Namespaces() []string {
	j.index()
	all := make([]string, 0, len(j.inNS))
	for ns := range j.inNS {
		all = append(all, ns)
	}
	slices.Sort(all)
	return all
}

// Rights answers who may do what, exactly as the authorizers decide it.
type Rights interface {
	// At lists who holds all of some rights in one scope, of those who are judged at an object: a service account at
	// its own object; one that was not read, a user and a group at the first binding that gives them one of the rights.
	// What they hold for named objects only does not count, nor what every cluster is born with, nor what a service
	// account holds only because a group does that is judged itself.
	At(home bartizan.Entity, rights ...Right) []Holder
	// Of lists every rule that reaches a service account, a user or a group, cluster-wide first.
	Of(subject bartizan.Ref) []Granted
	// Bound lists who is bound to a role: by which bindings. A role that others aggregate counts as bound by theirs.
	Bound(role bartizan.Ref) []bartizan.Ref
	// Faults lists what is wrong with a binding or a role.
	Faults(of bartizan.Entity) []Fault
}

// Holder is somebody who holds what was asked for.
type Holder struct {
	Subject bartizan.Ref // a ServiceAccount, User or Group
	Scope   Scope
	By      []Granted // the rules that give it, of each right the first
}

// Why points at the rules and bindings that make a Holder one.
func (h *Holder) Why() (out []bartizan.Evidence) {
	for i := range h.By {
		for _, e := range h.By[i].Why() {
			if !slices.Contains(out, e) {
				out = append(out, e)
			}
		}
	}
	return out
}

// Granted is one rule of a role that reaches somebody through a binding.
type Granted struct {
	Binding, Role bartizan.Ref
	Via           string // the subject of the binding: a user or a group
	ViaGroup      bool
	Namespace     string // "" everywhere
	// Default says that every cluster is born with it.
	Default bool

	Verbs, Groups, Resources, Names, URLs []string

	Bound, Written bartizan.Evidence // the binding, and the rule
}

// Why points at the rule and at the binding, where they were read.
func (g *Granted) Why() (out []bartizan.Evidence) {
	for _, e := range []bartizan.Evidence{g.Written, g.Bound} {
		if e.Origin != (bartizan.Origin{}) {
			out = append(out, e)
		}
	}
	return out
}

// Gives says whether the rule grants a right for every object, as the API server matches it.
func (g *Granted) Gives(r Right) bool {
	full := r.Resource
	if r.Sub != "" {
		full += "/" + r.Sub
	}
	return len(g.Names) == 0 &&
		(slices.Contains(g.Verbs, r.Verb) || slices.Contains(g.Verbs, "*")) &&
		(slices.Contains(g.Groups, r.Group) || slices.Contains(g.Groups, "*")) &&
		slices.ContainsFunc(g.Resources, func(have string) bool {
			return have == full || have == "*" || r.Sub != "" && have == "*/"+r.Sub
		})
}

// String is the rule in short: verbs and resources or URLs.
func (g *Granted) String() string {
	s := strings.Join(g.Verbs, ",") + " " + strings.Join(append(slices.Clone(g.Resources), g.URLs...), ",")
	if len(g.Names) > 0 {
		s += " named " + strings.Join(g.Names, ",")
	}
	return s
}

// Fault is something wrong with an object that only shows beside others.
type Fault struct {
	Code    string // as internal/grant and internal/reach name them
	Message string
	Path    string // JSON Pointer from the object's root
}

// Policies answers what network policies do.
type Policies interface {
	// Selects says whether some policy selects the pods of a class, for what they receive or for what they send, and
	// which ones do.
	Selects(p *Pod, inbound bool) (Reach, []bartizan.Ref)
	// Peers lists the namespaces, besides the pod's own, whose pods can all open a TCP port of it, and those whose pods
	// cannot, or not all of them; evidence is of one rule that lets some in.
	Peers(p *Pod, port int) (open, closed []string, why []bartizan.Evidence)
	// Faults lists what is wrong with a policy.
	Faults(policy bartizan.Entity) []Fault
	// Governed says whether a policy was read that may bear on pods of a namespace.
	Governed(namespace string) bool
}
