package grant

import (
	"slices"
	"strings"
)

// The users and groups that Kubernetes itself gives a meaning.
const (
	GroupMasters         = "system:masters"
	GroupAuthenticated   = "system:authenticated"
	GroupUnauthenticated = "system:unauthenticated"
	GroupServiceAccounts = "system:serviceaccounts"
	GroupNodes           = "system:nodes"
	UserAnonymous        = "system:anonymous"

	serviceAccountPrefix = "system:serviceaccount:"
	nodePrefix           = "system:node:"
)

// Subject is who asks: a user name and groups. The groups that the API server adds by itself need not be
// listed: see [Subject.Expand]. Exact says that Groups is complete, as in an audit event.
type Subject struct {
	User   string
	Groups []string
	Exact  bool
}

// ServiceAccountSubject is the user that a service account's token makes.
func ServiceAccountSubject(namespace, name string) Subject {
	return Subject{User: serviceAccountPrefix + namespace + ":" + name}
}

// NodeSubject is the user that a kubelet is.
func NodeSubject(name string) Subject { return Subject{User: nodePrefix + name} }

// ServiceAccount splits the user name of a service account.
func (s Subject) ServiceAccount() (namespace, name string, ok bool) {
	rest, ok := strings.CutPrefix(s.User, serviceAccountPrefix)
	if !ok {
		return "", "", false
	}
	namespace, name, ok = strings.Cut(rest, ":")
	return namespace, name, ok && namespace != "" && name != "" && !strings.Contains(name, ":")
}

// Node is the node's name if the subject is a kubelet by its user name.
func (s Subject) Node() (name string, ok bool) {
	name, ok = strings.CutPrefix(s.User, nodePrefix)
	return name, ok && name != ""
}

// Expand adds the groups that the API server adds: those of service accounts and nodes, and
// system:authenticated or, for system:anonymous, system:unauthenticated. Without a user they are those of every member.
func (s Subject) Expand() Subject {
	groups := slices.Clip(s.Groups)
	add := func(g string) {
		if !slices.Contains(groups, g) {
			groups = append(groups, g)
		}
	}
	if ns, _, ok := s.ServiceAccount(); ok {
		add(GroupServiceAccounts)
		add(GroupServiceAccounts + ":" + ns)
	}
	if _, ok := s.Node(); ok {
		add(GroupNodes)
	}
	if s.User == "" && slices.ContainsFunc(groups, func(g string) bool { return strings.HasPrefix(g, GroupServiceAccounts+":") }) {
		add(GroupServiceAccounts) // only service accounts are in a group of those of a namespace
	}
	switch {
	case s.User == UserAnonymous:
		add(GroupUnauthenticated)
	case !slices.Contains(groups, GroupUnauthenticated):
		add(GroupAuthenticated)
	}
	return Subject{User: s.User, Groups: groups}
}

// String names the subject for people.
func (s Subject) String() string {
	if s.User == "" && len(s.Groups) > 0 {
		return "group " + s.Groups[0]
	}
	return s.User
}

// Principal is what a binding names: a user or a group. Service accounts are users here.
type Principal struct {
	Group bool
	Name  string
}

// String names the principal for people.
func (p Principal) String() string {
	if p.Group {
		return "group " + p.Name
	}
	return p.Name
}
