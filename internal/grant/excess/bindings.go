package excess

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/grant"
	"github.com/bartizan-dev/bartizan/internal/kube"
)

// Subject is whom a binding names, and what they did through it.
type Subject struct {
	Kind, Namespace, Name string
	Principal             grant.Principal
	Used                  bool  // a right of the binding is charged to it
	Count                 int64 // requests that the binding allowed, whatever else allows them
	First, Last           time.Time
}

// Binding is a binding that was read, with what is proposed for it.
type Binding struct {
	Ref, Role  bartizan.Ref
	Origin     bartizan.Origin
	RoleOrigin bartizan.Origin
	Builtin    bool // the role was not read: every cluster has it
	Subjects   []Subject
	Verdict    Verdict
	Reason     string
	Unused     []Unused // rights that nobody used through it
	Used       []Used   // what was used through it, by whom
	Rights     int      // how many rights its role lists
	UnusedN    int      // how many of them nobody used
	Wild       int      // how many are wildcards of which something was used
	Objects    []Object // that would replace it
	Doubts     []string // why it is not proposed to drop it

	entity bartizan.Entity
	fixed  string        // why it cannot be changed
	grants []grant.Grant // the effective rules of its role
	hits   map[ruleKey]hits
	uses   map[*use]*actor
	charge []charge
}

// Verdict is what is proposed for a binding.
type Verdict uint8

// The verdicts. Unknown is the zero value: the role was not read, or the binding is malformed.
const (
	Unknown Verdict = iota
	Keep
	Narrow
	Drop
)

// String is the verdict as the command line prints it.
func (v Verdict) String() string { return [...]string{"unknown", "keep", "narrow", "drop"}[v] }

// ruleKey tells a role's rules apart.
type ruleKey struct {
	source bartizan.Ref
	index  int
	origin bartizan.Origin
}

func keyOf(g *grant.Grant) ruleKey { return ruleKey{g.Source, g.Rule.Index, g.Rule.Origin} }

// hits are the requests that a rule of a binding allows, by who made them. Of each only what tells rights apart counts:
// the verb, the resource or URL and, where the rule lists names, the name.
type hits map[*actor]map[grant.Request]bool

func (b *Binding) hit(g *grant.Grant, who *actor, q grant.Request) {
	key := keyOf(g)
	if b.hits[key] == nil {
		b.hits[key] = hits{}
	}
	if b.hits[key][who] == nil {
		b.hits[key][who] = map[grant.Request]bool{}
	}
	q.Namespace, q.Group = "", ""
	if len(g.Rule.ResourceNames) == 0 {
		q.Name = ""
	}
	b.hits[key][who][q] = true
}

// of are the requests of some people.
func (h hits) of(keep func(*actor) bool) map[grant.Request]bool {
	out := map[grant.Request]bool{}
	for who, list := range h {
		if keep(who) {
			maps.Copy(out, list)
		}
	}
	return out
}

// charge is a request for which a binding is needed: of those that allow it, it is the one that gives the least.
type charge struct {
	who     *actor
	use     *use
	request grant.Request
	grant   *grant.Grant
	unnamed bool // the binding allows it for every name
}

const bootstrapping = "kubernetes.io/bootstrapping"

// readBindings lists the bindings of a World. One that the API server would refuse is not to be judged, unless the World is
// what it has itself.
func readBindings(w bartizan.World, m *grant.Model, namespace string, complete bool) (out []*Binding, byRef map[bartizan.Ref]*Binding) {
	byRef = map[bartizan.Ref]*Binding{}
	for _, kind := range []bartizan.Kind{"ClusterRoleBinding", "RoleBinding"} {
		for e := range w.All(kind) {
			o, ok := e.Value.(*kube.Object)
			if !ok || o.Group != rbacGroup {
				continue
			}
			b := readBinding(o, namespace)
			b.entity = e
			if first, twice := byRef[b.Ref]; twice {
				first.fixed = "it is defined twice: which definition applies is not known"
				continue
			}
			byRef[b.Ref] = b
			out = append(out, b)
		}
	}
	slices.SortFunc(out, func(a, b *Binding) int { return compareRefs(a.Ref, b.Ref) })
	for _, b := range out {
		b.learn(m)
	}
	for _, f := range m.Faults() {
		if b := byRef[f.Subject]; b != nil && !complete && (f.Code == grant.FaultSubject || f.Code == grant.FaultBinding) {
			b.Verdict, b.fixed = Unknown, "it cannot be read in full: "+f.Message
		}
	}
	return out, byRef
}

func compareRefs(a, b bartizan.Ref) int {
	if c := strings.Compare(a.Namespace, b.Namespace); c != 0 {
		return c
	}
	if c := strings.Compare(string(a.Kind), string(b.Kind)); c != 0 {
		return c
	}
	return strings.Compare(a.Name, b.Name)
}

func readBinding(o *kube.Object, namespace string) *Binding {
	b := &Binding{Ref: o.Ref, Origin: o.Origin, hits: map[ruleKey]hits{}, uses: map[*use]*actor{}}
	switch {
	case o.Ref.Kind == "ClusterRoleBinding":
		b.Ref.Namespace = ""
	case o.Ref.Namespace == "":
		b.Ref.Namespace = namespace
	}
	if o.Origin.Source == "cluster" {
		b.Origin.Line, b.Origin.Column = 0, 0
	}
	if o.Label(bootstrapping) != "" {
		b.fixed = "every cluster has it, and the API server restores it"
	}
	ref := o.Root.Get("roleRef")
	b.Role = bartizan.Ref{Kind: bartizan.Kind(ref.Get("kind").Text()), Name: ref.Get("name").Text()}
	if b.Role.Kind == "Role" {
		b.Role.Namespace = b.Ref.Namespace
	}
	for s := range o.Root.Get("subjects").Items() {
		b.subject(s.Get("kind").Text(), s.Get("namespace").Text(), s.Get("name").Text())
	}
	return b
}

// subject adds a subject as the API server understands it; whom it ignores is left out.
func (b *Binding) subject(kind, namespace, name string) {
	s := Subject{Kind: kind, Name: name, Principal: grant.Principal{Group: kind == "Group", Name: name}}
	switch kind {
	case "User", "Group":
	case "ServiceAccount":
		if s.Namespace = namespace; s.Namespace == "" {
			s.Namespace = b.Ref.Namespace
		}
		s.Principal.Name = grant.ServiceAccountSubject(s.Namespace, name).User
	default:
		return
	}
	same := func(o Subject) bool { return o.Principal == s.Principal }
	if name != "" && (kind != "ServiceAccount" || s.Namespace != "") && !slices.ContainsFunc(b.Subjects, same) {
		b.Subjects = append(b.Subjects, s)
	}
}

// learn finds the rules of the binding's role.
func (b *Binding) learn(m *grant.Model) {
	if _, ok := m.Rules(b.Role); !ok && b.fixed == "" {
		b.fixed = "what " + b.Role.String() + " gives was not read, or not in full"
		b.Verdict = Unknown
	} else {
		b.Verdict = Keep
	}
	if len(b.Subjects) == 0 {
		return
	}
	p := b.Subjects[0].Principal
	s := grant.Subject{User: p.Name, Exact: true}
	if p.Group {
		s = grant.Subject{Groups: []string{p.Name}, Exact: true}
	}
	for _, g := range m.Of(s) {
		if g.Binding == b.Ref && g.Via == p {
			b.grants = append(b.grants, g)
			b.RoleOrigin, b.Builtin = g.RoleOrigin, g.RoleBuiltin
			if g.Disputed && b.fixed == "" {
				b.fixed = "it or its role is defined twice: which definition applies is not known"
			}
		}
	}
}

// principal finds the subject of the binding that a grant reached.
func (b *Binding) principal(p grant.Principal) *Subject {
	for i := range b.Subjects {
		if b.Subjects[i].Principal == p {
			return &b.Subjects[i]
		}
	}
	return nil
}
