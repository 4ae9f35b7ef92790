package grant

import (
	"cmp"
	"slices"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/kube"
)

// class is a set of identities with the same rights by RBAC.
type class struct {
	masters    bool
	principals []int32 // those of them that bindings name
	cluster    *set
	scoped     []int32 // principals that hold something in a namespace
	disputed   bool
	doubtful   bool
	members    []ID
}

// allows answers a query by RBAC alone.
func (c *class) allows(m *Model, q *Query) bool {
	if c.masters {
		return true
	}
	if !m.chain.rbac {
		return false
	}
	if c.cluster != nil && c.cluster.allows(m.words.rules, q) {
		return true
	}
	if q.namespace == unused {
		return false
	}
	for _, p := range c.scoped {
		if s := m.principals[p].in(q.namespace); s != nil && s.allows(m.words.rules, q) {
			return true
		}
	}
	return false
}

// newClass gathers what a subject's user name and groups hold.
func (m *Model) newClass(s Subject) class {
	c := class{masters: slices.Contains(s.Groups, GroupMasters)}
	add := func(p Principal) {
		if i, ok := m.principalByName[p]; ok && !slices.Contains(c.principals, i) {
			c.principals = append(c.principals, i)
		}
	}
	if s.User != "" {
		add(Principal{Name: s.User})
	}
	for _, g := range s.Groups {
		add(Principal{Group: true, Name: g})
	}
	add(Principal{})
	return c
}

// complete unites the principals' sets.
func (m *Model) complete(c *class) {
	var roles []int32
	for _, i := range c.principals {
		p := &m.principals[i]
		for _, a := range p.attached {
			if a.namespace == unused {
				roles = append(roles, a.role)
			}
		}
		if len(p.places) > 0 {
			c.scoped = append(c.scoped, i)
		}
		c.disputed = c.disputed || p.disputed
		c.doubtful = c.doubtful || len(p.doubts) > 0
	}
	slices.Sort(roles)
	c.cluster = m.sets.of(m, slices.Compact(roles))
}

// identify lists all identities: what was read, what bindings name, what workloads use, and what every cluster has.
func (m *Model) identify(w bartizan.World) {
	room := len(m.principals) + number(w, "ServiceAccount", "Namespace", "Node") + spare
	m.identities, m.identityByName = make([]Identity, 0, room), make(map[Principal]ID, room)
	for _, g := range []string{GroupMasters, GroupAuthenticated, GroupUnauthenticated, GroupServiceAccounts, GroupNodes} {
		m.identity(Identity{Kind: Group, Ref: bartizan.Ref{Kind: "Group", Name: g}, Subject: Subject{Groups: []string{g}}})
	}
	m.identity(Identity{Kind: User, Ref: bartizan.Ref{Kind: "User", Name: UserAnonymous}, Subject: Subject{User: UserAnonymous}})
	for e := range w.All("ServiceAccount") {
		if o, ok := e.Value.(*kube.Object); ok && o.Ref.Name != "" {
			ref := m.named(o)
			m.identity(Identity{Kind: ServiceAccount, Subject: ServiceAccountSubject(ref.Namespace, ref.Name), Origin: o.Origin, Read: true})
		}
	}
	for e := range w.All("Namespace") {
		if e.Ref.Name != "" {
			m.identity(Identity{Kind: ServiceAccount, Subject: ServiceAccountSubject(e.Ref.Name, "default"), Origin: e.Origin})
		}
	}
	for e := range w.All("Node") {
		if e.Ref.Name != "" {
			m.identity(Identity{Kind: Node, Subject: NodeSubject(e.Ref.Name), Origin: e.Origin, Read: true})
		}
	}
	for _, kind := range podKinds {
		for e := range w.All(kind) {
			if o, ok := e.Value.(*kube.Object); ok {
				m.identifyPods(o)
			}
		}
	}
	for i := range m.principals {
		if !m.principals[i].name.anybody() {
			m.identifyPrincipal(&m.principals[i])
		}
	}
	m.classify()
}

// podKinds are the built-in kinds that hold pods.
var podKinds = []bartizan.Kind{
	"Pod", "PodTemplate", "ReplicationController", "ReplicaSet", "Deployment", "DaemonSet", "StatefulSet", "Job", "CronJob",
}

func (m *Model) identifyPods(o *kube.Object) {
	for _, p := range o.Workloads {
		name := p.Pod.Get("serviceAccountName").Str()
		if name == "" {
			name = p.Pod.Get("serviceAccount").Str()
		}
		if name == "" {
			name = "default"
		}
		m.identity(Identity{Kind: ServiceAccount, Subject: ServiceAccountSubject(m.named(o).Namespace, name), Origin: o.Origin})
		if node := p.Pod.Get("nodeName").Str(); node != "" && o.Ref.Kind == "Pod" {
			m.identity(Identity{Kind: Node, Subject: NodeSubject(node), Origin: o.Origin})
		}
	}
}

func (m *Model) identifyPrincipal(p *principal) {
	if p.name.Group {
		m.identity(Identity{Kind: Group, Ref: bartizan.Ref{Kind: "Group", Name: p.name.Name}, Subject: Subject{Groups: []string{p.name.Name}}, Origin: p.first})
		return
	}
	s := Subject{User: p.name.Name}
	if _, _, ok := s.ServiceAccount(); ok {
		m.identity(Identity{Kind: ServiceAccount, Subject: s, Origin: p.first})
	} else if _, ok := s.Node(); ok {
		m.identity(Identity{Kind: Node, Subject: s, Origin: p.first})
	} else {
		m.identity(Identity{Kind: User, Ref: bartizan.Ref{Kind: "User", Name: p.name.Name}, Subject: s, Origin: p.first})
	}
}

// identity adds an identity unless it is known.
func (m *Model) identity(x Identity) {
	name := Principal{Name: x.Subject.User}
	if x.Kind == Group {
		name = Principal{Group: true, Name: x.Subject.Groups[0]}
	}
	if _, known := m.identityByName[name]; known {
		return
	}
	switch x.Kind {
	case ServiceAccount:
		ns, sa, _ := x.Subject.ServiceAccount()
		x.Ref = bartizan.Ref{Kind: "ServiceAccount", Namespace: ns, Name: sa}
	case Node:
		node, _ := x.Subject.Node()
		x.Ref = bartizan.Ref{Kind: "Node", Name: node}
	}
	x.ID = ID(len(m.identities))
	x.Subject = x.Subject.Expand()
	m.identityByName[name] = x.ID
	m.identities = append(m.identities, x)
}

// classify puts identities with the same rights together.
func (m *Model) classify() {
	byKey := make(map[string]Class, len(m.identities)/2)
	for i := range m.identities {
		x := &m.identities[i]
		c := m.newClass(x.Subject)
		slices.Sort(c.principals)
		key := numbersKey(c.principals)
		if c.masters {
			key = GroupMasters
		}
		n, ok := byKey[key]
		if !ok {
			n = Class(len(m.classes))
			byKey[key] = n
			m.complete(&c)
			m.classes = append(m.classes, c)
		}
		x.Class = n
		m.classes[n].members = append(m.classes[n].members, x.ID)
	}
}

// sortIDs puts identities in the order of their kind, namespace and name.
func (m *Model) sortIDs(ids []ID) {
	slices.SortFunc(ids, func(a, b ID) int {
		x, y := &m.identities[a], &m.identities[b]
		return cmp.Or(cmp.Compare(x.Kind, y.Kind), cmp.Compare(x.Ref.Namespace, y.Ref.Namespace), cmp.Compare(x.Ref.Name, y.Ref.Name))
	})
}
