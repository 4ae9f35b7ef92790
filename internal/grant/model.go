package grant

import (
	"fmt"
	"slices"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/kube"
)

// Model is the authorizers of one cluster, built from a World. It never changes and may be asked by many
// goroutines at a time.
type Model struct {
	options Options
	words   *vocabulary
	chain   chain
	nodes   nodes
	faults  []Fault

	roles           roles
	bindings        []binding
	bindingByRef    map[bartizan.Ref]int32
	principals      []principal
	principalByName map[Principal]int32
	sets            sets
	namespaces      []string
	everyone        []doubt // doubts about every answer

	identities     []Identity
	identityByName map[Principal]ID
	classes        []class
}

// spare is room for what every cluster is born with.
const spare = 100

// number counts the entities of some kinds.
func number(w bartizan.World, kinds ...bartizan.Kind) (n int) {
	for _, k := range kinds {
		for range w.All(k) {
			n++
		}
	}
	return n
}

// maxGaps bounds the gaps that are kept as reasons: one makes every denial unknown.
const maxGaps = 20

// New builds the authorizers from what was read.
func New(w bartizan.World, o Options) *Model {
	if o.Namespace == "" {
		o.Namespace = "default"
	}
	roles, bindings := number(w, "ClusterRole", "Role"), number(w, "ClusterRoleBinding", "RoleBinding")
	m := &Model{options: o, words: newVocabulary(), sets: sets{ofRole: map[int32]*set{}, byRoles: map[string]*set{}}}
	m.roles.list, m.roles.byRef = make([]role, 0, roles+spare), make(map[bartizan.Ref]int32, roles+spare)
	m.bindings, m.bindingByRef = make([]binding, 0, bindings+spare), make(map[bartizan.Ref]int32, bindings+spare)
	m.principals, m.principalByName = make([]principal, 0, bindings/2+spare), make(map[Principal]int32, bindings/2+spare)
	for _, g := range o.Gaps {
		if !g.Skip && len(m.everyone) < maxGaps {
			m.everyone = append(m.everyone, doubt{reason: "could not read " + where(g.Origin) + ": " + g.Reason})
		}
	}
	born := Bootstrap()
	m.readRoles(w, false)
	m.readBindings(w, false)
	if !o.NoBootstrap && !o.Complete {
		m.readRoles(born, true)
		m.readBindings(born, true)
	}
	m.aggregate()
	m.attach()
	m.namespaces = make([]string, len(m.words.namespaces))
	for ns, i := range m.words.namespaces {
		m.namespaces[i] = ns
	}
	m.unite()
	m.readChain(w)
	m.readNodes(w, born)
	m.identify(w)
	return m
}

// named is an object's Ref with the namespace that it goes to.
func (m *Model) named(o *kube.Object) bartizan.Ref {
	ref := o.Ref
	switch ref.Kind {
	case "ClusterRole", "ClusterRoleBinding", "Node", "Namespace", "PersistentVolume", "VolumeAttachment", "ResourceSlice":
		ref.Namespace = ""
	default:
		if ref.Namespace == "" {
			ref.Namespace = m.options.Namespace
		}
	}
	return ref
}

// where names a place for people.
func where(o bartizan.Origin) string {
	switch {
	case o.File == "":
		return "the input"
	case o.Line == 0:
		return o.File
	}
	return fmt.Sprintf("%s:%d", o.File, o.Line)
}

// Compile makes a request ready to be asked of many identities.
func (m *Model) Compile(r Request) Query { return m.words.query(r) }

// Holds says whether an identity may do something, without explaining. What is unknown it does not hold; what
// only one of several duplicate definitions grants it does.
func (m *Model) Holds(id ID, q Query) bool { return m.holds(&m.identities[id], &q) }

func (m *Model) holds(x *Identity, q *Query) bool {
	if m.classes[x.Class].allows(m, q) || m.chain.always {
		return true
	}
	if x.Kind == Node && m.chain.node {
		return m.nodes.allows(m, x.Ref.Name, q)
	}
	return false
}

// Allowed is Compile and Holds in one.
func (m *Model) Allowed(id ID, r Request) bool {
	q := m.words.query(r)
	return m.holds(&m.identities[id], &q)
}

// Verdict is Holds with unknown told from denied and allowed.
func (m *Model) Verdict(id ID, q Query) Verdict {
	x := &m.identities[id]
	c := &m.classes[x.Class]
	switch {
	case c.masters:
		return Allowed
	case m.holds(x, &q):
		if len(m.chain.before) > 0 || c.disputed && !m.surely(x, c, &q) {
			return Unknown
		}
		return Allowed
	case m.doubted(c, &q), x.Kind == Node && m.canNode(x.Subject, &q).Verdict == Unknown:
		return Unknown
	}
	return Denied
}

// surely says whether something is allowed by what no duplicate disputes.
func (m *Model) surely(x *Identity, c *class, q *Query) bool {
	if m.chain.always || m.canNode(x.Subject, q).Verdict == Allowed {
		return true
	}
	for _, i := range c.principals {
		p := &m.principals[i]
		if !p.disputed {
			if p.cluster != nil && p.cluster.allows(m.words.rules, q) {
				return true
			}
			if s := p.in(q.namespace); s != nil && !q.path && s.allows(m.words.rules, q) {
				return true
			}
			continue
		}
		for _, a := range p.attached {
			here := a.namespace == unused || a.namespace == q.namespace && !q.path
			if here && !a.disputed && m.roles.list[a.role].sure.allows(m.words.rules, q) {
				return true
			}
		}
	}
	return false
}

// doubted is doubts without the reasons.
func (m *Model) doubted(c *class, q *Query) bool {
	if len(m.everyone)+len(m.chain.before)+len(m.chain.after) > 0 {
		return true
	}
	if !c.doubtful {
		return false
	}
	for _, i := range c.principals {
		p := &m.principals[i]
		if p.doubted[""] > 0 || !q.path && q.request.Namespace != "" && p.doubted[q.request.Namespace] > 0 {
			return true
		}
		if len(p.narrow) > 0 && slices.ContainsFunc(p.doubts, func(d doubt) bool { return d.about(m, q) }) {
			return true
		}
	}
	return false
}

// Who lists the identities that may do something, and those of whom it is not known, by kind and name.
func (m *Model) Who(r Request) (allowed, unknown []ID) {
	q := m.words.query(r)
	verdicts := make([]Verdict, len(m.classes))
	asked := make([]bool, len(m.classes))
	for i := range m.identities {
		x := &m.identities[i]
		v := verdicts[x.Class]
		if x.Kind == Node {
			v = m.Verdict(x.ID, q)
		} else if !asked[x.Class] {
			v = m.Verdict(x.ID, q)
			verdicts[x.Class], asked[x.Class] = v, true
		}
		switch v {
		case Allowed:
			allowed = append(allowed, x.ID)
		case Unknown:
			unknown = append(unknown, x.ID)
		}
	}
	m.sortIDs(allowed)
	m.sortIDs(unknown)
	return allowed, unknown
}

// Identities are all who were read, named in a binding, used by a workload, or are part of every cluster. The
// slice is indexed by ID and must not be changed.
func (m *Model) Identities() []Identity { return m.identities }

// Find finds the identity of a user name, or of a group.
func (m *Model) Find(p Principal) (ID, bool) {
	id, ok := m.identityByName[p]
	return id, ok
}

// Classes is the number of classes; they count from 0.
func (m *Model) Classes() int { return len(m.classes) }

// Members are the identities of a class; the slice must not be changed.
func (m *Model) Members(c Class) []ID { return m.classes[c].members }

// Faults lists what is wrong with what was read and bears on answers, in the order it was found.
func (m *Model) Faults() []Fault { return m.faults }

// Rules are the effective rules of a Role or ClusterRole, aggregation done. ok is false if the role was not read, or
// not in full.
func (m *Model) Rules(ref bartizan.Ref) (rules []Rule, ok bool) {
	i, found := m.roles.byRef[ref]
	if !found {
		return nil, false
	}
	r := &m.roles.list[i]
	for _, x := range r.rules {
		rules = append(rules, *x.rule)
	}
	return rules, r.doubt == ""
}

// Named says whether a rule names a verb.
func (m *Model) Named(verb string) bool { return m.words.verbs.find(verb) != unused }

// Roles lists every role that was read, then those that are built in.
func (m *Model) Roles() []bartizan.Ref {
	out := make([]bartizan.Ref, 0, len(m.roles.list))
	for i := range m.roles.list {
		out = append(out, m.roles.list[i].ref)
	}
	return out
}

// grants lists every rule that reaches the principals of a class and that keep accepts.
func (m *Model) grants(c *class, keep func(a *attachment, x *roleRule) bool) (out []Grant) {
	for _, i := range c.principals {
		p := &m.principals[i]
		for j := range p.attached {
			a := &p.attached[j]
			r := &m.roles.list[a.role]
			for k := range r.rules {
				if x := &r.rules[k]; keep(a, x) {
					out = append(out, m.grant(p, a, r, x))
				}
			}
		}
	}
	return out
}

func (m *Model) grant(p *principal, a *attachment, r *role, x *roleRule) Grant {
	b := &m.bindings[a.binding]
	g := Grant{
		Binding: b.ref, Role: r.ref, Via: p.name, Namespace: b.ref.Namespace, Rule: *x.rule, Bound: b.origin,
		Builtin: r.builtin, BuiltinBinding: b.builtin, RoleOrigin: r.origin, RoleBuiltin: r.builtin, Disputed: a.disputed || x.disputed,
	}
	if x.source != unused {
		g.Source = m.roles.list[x.source].ref
		g.Builtin = m.roles.list[x.source].builtin
	}
	return g
}

// class finds the rights of any subject.
func (m *Model) class(s Subject) *class {
	c := m.newClass(s)
	slices.Sort(c.principals)
	for _, i := range c.principals {
		p := &m.principals[i]
		c.disputed = c.disputed || p.disputed
		c.doubtful = c.doubtful || len(p.doubts) > 0
	}
	return &c
}
