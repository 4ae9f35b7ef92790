package grant

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// vocabulary is what a random cluster is made of and asked about. The adversarial words look like patterns and are
// none, or are patterns where one would not expect them.
type words struct {
	verbs, groups, resources, subs, names, namespaces, urls, users, userGroups []string

	most int // how many verbs and groups a rule has more than usual
}

var plain = words{
	verbs:      []string{"get", "list", "watch", "create", "update", "delete", "*"},
	groups:     []string{"", "apps", "batch", "*"},
	resources:  []string{"pods", "pods/log", "pods/exec", "*/log", "*", "deployments", "deployments/scale", "*/scale", "secrets"},
	subs:       []string{"log", "exec", "scale", "status"},
	names:      []string{"a", "b", "c"},
	namespaces: []string{"n1", "n2", "n3"},
	urls:       []string{"/healthz", "/healthz/*", "/api/*", "*", "/metrics"},
	users:      []string{"alice", "bob", "system:serviceaccount:n1:sa", "system:serviceaccount:n2:sa", "system:serviceaccount:n2:default", "system:node:w1", "system:anonymous"},
	userGroups: []string{"dev", "ops", "system:masters", "system:nodes"},
}

var adversarial = words{
	verbs:      []string{"get", "GET", "", "*", "ge*", "**", "list ", "impersonate-on:user-info:get"},
	groups:     []string{"", "apps", "*", "Apps", "*.k8s.io", " ", "apps/v1"},
	resources:  []string{"pods", "*", "*/*", "pods/*", "*/", "/", "", "*/log", "pods/log", "a/b/c", "*/b/c", "*b", "**", "*/**", "Pods", "pods/"},
	subs:       []string{"log", "*", "b/c", "", "c", "**", "/"},
	names:      []string{"", "a", "*", "A", "a/b", "a*"},
	namespaces: []string{"n1", "n2", "*", "N1", "n1:x"},
	urls:       []string{"", "*", "/", "/*", "/a", "/a*", "/a/*", "/a**", "**", "/A", "a", "/a/b"},
	users: []string{"alice", "*", "", "system:serviceaccount:n1:sa", "system:serviceaccount:n1:x:sa", "system:serviceaccount::sa",
		"system:serviceaccount:n1:", "system:serviceaccount:n1", "system:node:", "system:node:w1", "system:nodes", "system:masters", "system:anonymous", "Alice"},
	userGroups: []string{"dev", "*", "", "alice", "system:masters ", "system:Masters", "system:serviceaccounts:n2", "system:authenticated", "system:nodes"},
}

// crowded has more words than fit a machine word, and rules that use many of them.
func crowded() words {
	w := plain
	w.most = 20
	for i := range 90 {
		w.verbs = append(w.verbs, fmt.Sprintf("verb%d", i))
		w.groups = append(w.groups, fmt.Sprintf("g%d.example.org", i))
		w.resources = append(w.resources, fmt.Sprintf("things%d", i), fmt.Sprintf("*/sub%d", i%20))
		w.subs = append(w.subs, fmt.Sprintf("sub%d", i%20))
		w.names = append(w.names, fmt.Sprintf("name%d", i))
	}
	return w
}

// rbac is a random cluster's policy.
type rbac struct {
	roles               []*rbacv1.Role
	roleBindings        []*rbacv1.RoleBinding
	clusterRoles        []*rbacv1.ClusterRole
	clusterRoleBindings []*rbacv1.ClusterRoleBinding
}

func (c *rbac) objects() (all []runtime.Object) {
	for _, o := range c.roles {
		o.TypeMeta = metav1.TypeMeta{APIVersion: rbacv1.SchemeGroupVersion.String(), Kind: "Role"}
		all = append(all, o)
	}
	for _, o := range c.clusterRoles {
		o.TypeMeta = metav1.TypeMeta{APIVersion: rbacv1.SchemeGroupVersion.String(), Kind: "ClusterRole"}
		all = append(all, o)
	}
	for _, o := range c.roleBindings {
		o.TypeMeta = metav1.TypeMeta{APIVersion: rbacv1.SchemeGroupVersion.String(), Kind: "RoleBinding"}
		all = append(all, o)
	}
	for _, o := range c.clusterRoleBindings {
		o.TypeMeta = metav1.TypeMeta{APIVersion: rbacv1.SchemeGroupVersion.String(), Kind: "ClusterRoleBinding"}
		all = append(all, o)
	}
	return all
}

// generator makes clusters and questions. A valid one makes only what the API server's validation accepts.
type generator struct {
	*rand.Rand
	words
	valid bool
}

func (g *generator) pick(from []string) string { return from[g.IntN(len(from))] }

// some picks between least and most of a list.
func (g *generator) some(from []string, least, most int) []string {
	out := []string{}
	for range least + g.IntN(most-least+1) {
		out = append(out, g.pick(from))
	}
	return out
}

func (g *generator) rules(cluster bool) (out []rbacv1.PolicyRule) {
	for range g.IntN(5) {
		r := rbacv1.PolicyRule{Verbs: g.some(g.verbs, 1, 3+g.most)}
		url := g.IntN(5) == 0
		switch {
		case !g.valid:
			r.Verbs = g.some(g.verbs, 0, 3)
			r.APIGroups, r.Resources = g.some(g.groups, 0, 2), g.some(g.resources, 0, 3)
			if url {
				r.NonResourceURLs = g.some(g.urls, 0, 2)
			}
		case url && cluster:
			r.NonResourceURLs = g.some(g.urls, 1, 2)
		default:
			r.APIGroups, r.Resources = g.some(g.groups, 1, 2+g.most), g.some(g.resources, 1, 3)
		}
		if g.IntN(3) == 0 && (len(r.NonResourceURLs) == 0 || !g.valid) {
			r.ResourceNames = g.some(g.names, 0, 12)
		}
		out = append(out, r)
	}
	return out
}

func (g *generator) subjects(namespaced bool) (out []rbacv1.Subject) {
	for range g.IntN(4) {
		switch g.IntN(3) {
		case 0:
			out = append(out, rbacv1.Subject{Kind: "User", APIGroup: rbacv1.GroupName, Name: g.pick(g.users)})
		case 1:
			groups := append([]string{"system:authenticated", "system:unauthenticated", "system:serviceaccounts", "system:serviceaccounts:n1"}, g.userGroups...)
			out = append(out, rbacv1.Subject{Kind: "Group", APIGroup: rbacv1.GroupName, Name: g.pick(groups)})
		default:
			ns := g.pick(g.namespaces)
			if !g.valid && g.IntN(3) == 0 {
				ns = ""
			}
			out = append(out, rbacv1.Subject{Kind: "ServiceAccount", Namespace: ns, Name: g.pick([]string{"sa", "default"})})
		}
	}
	for i := range out {
		if !g.valid && g.IntN(10) == 0 {
			out[i].Kind = g.pick([]string{"user", "GROUP", "serviceaccount", "Node", "", "*"})
		}
		if !g.valid && g.IntN(10) == 0 {
			out[i].APIGroup = g.pick([]string{"", "v1", "RBAC.authorization.k8s.io"})
		}
	}
	// A subject without a name cannot be stored, and the product reads none.
	return slices.DeleteFunc(out, func(s rbacv1.Subject) bool { return s.Name == "" })
}

func (g *generator) cluster() *rbac {
	c := &rbac{}
	for i := range 2 + g.IntN(8) {
		c.clusterRoles = append(c.clusterRoles, &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("c%d", i)}, Rules: g.rules(true)})
	}
	for i := range 2 + g.IntN(8) {
		for _, ns := range g.namespaces {
			if g.IntN(2) == 0 {
				c.roles = append(c.roles, &rbacv1.Role{ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("r%d", i), Namespace: ns}, Rules: g.rules(false)})
			}
		}
	}
	for i := range 2 + g.IntN(10) {
		c.clusterRoleBindings = append(c.clusterRoleBindings, &rbacv1.ClusterRoleBinding{
			ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("cb%d", i)}, Subjects: g.subjects(false), RoleRef: g.ref(true),
		})
	}
	for i := range 4 + g.IntN(20) {
		c.roleBindings = append(c.roleBindings, &rbacv1.RoleBinding{
			ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("rb%d", i), Namespace: g.pick(g.namespaces)}, Subjects: g.subjects(true), RoleRef: g.ref(false),
		})
	}
	return c
}

// ref refers to a role, which now and then does not exist.
func (g *generator) ref(cluster bool) rbacv1.RoleRef {
	if !g.valid && g.IntN(10) == 0 {
		return rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: g.pick([]string{"clusterrole", "", "*", "Roles"}), Name: fmt.Sprintf("c%d", g.IntN(11))}
	}
	if cluster || g.IntN(2) == 0 {
		return rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: fmt.Sprintf("c%d", g.IntN(11))}
	}
	return rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: fmt.Sprintf("r%d", g.IntN(11))}
}

// rules are those of a role, if it exists.
func (c *rbac) rules(ref rbacv1.RoleRef, namespace string) []rbacv1.PolicyRule {
	for _, r := range c.clusterRoles {
		if ref.Kind == "ClusterRole" && r.Name == ref.Name {
			return r.Rules
		}
	}
	for _, r := range c.roles {
		if ref.Kind == "Role" && r.Name == ref.Name && r.Namespace == namespace {
			return r.Rules
		}
	}
	return nil
}

// near changes a random question so that a rule of the cluster allows it, as far as the rule is concerned.
func (g *generator) near(c *rbac, q question) question {
	var ref rbacv1.RoleRef
	var subjects []rbacv1.Subject
	if g.IntN(3) == 0 {
		b := c.clusterRoleBindings[g.IntN(len(c.clusterRoleBindings))]
		ref, subjects = b.RoleRef, b.Subjects
	} else {
		b := c.roleBindings[g.IntN(len(c.roleBindings))]
		ref, subjects, q.Namespace = b.RoleRef, b.Subjects, b.Namespace
	}
	for _, s := range subjects {
		switch s.Kind {
		case "User":
			q.User, q.Groups = s.Name, g.groupsOf(s.Name)
		case "Group":
			q.Groups = append(slices.Clone(q.Groups), s.Name)
		default:
			ns := s.Namespace
			if ns == "" {
				ns = q.Namespace
			}
			q.User = "system:serviceaccount:" + ns + ":" + s.Name
			q.Groups = g.groupsOf(q.User)
		}
	}
	rules := c.rules(ref, q.Namespace)
	if len(rules) == 0 {
		return q
	}
	r := rules[g.IntN(len(rules))]
	if len(r.Verbs) > 0 {
		q.Verb = g.pick(r.Verbs)
	}
	if q.Path != "" && len(r.NonResourceURLs) > 0 {
		q.Path = "/" + strings.Trim(g.pick(r.NonResourceURLs), "/*")
	}
	if q.Path != "" || len(r.Resources) == 0 || len(r.APIGroups) == 0 {
		return q
	}
	q.Group = g.pick(r.APIGroups)
	q.Resource, q.Subresource, _ = strings.Cut(g.pick(r.Resources), "/")
	if q.Resource == "*" && g.IntN(2) == 0 {
		q.Resource = g.pick(g.resources)
	}
	if len(r.ResourceNames) > 0 {
		q.Name = g.pick(r.ResourceNames)
	}
	return q
}

// question asks for something that the cluster's rules speak of, or nearly.
func (g *generator) question(c *rbac) question {
	q := g.anything()
	if g.IntN(2) == 0 {
		q = g.near(c, q)
	}
	if q.Path != "" {
		q.Namespace = "" // a URL is in no namespace
	}
	return q
}

func (g *generator) anything() question {
	user := g.pick(g.users)
	q := question{Op: "can", User: user, Groups: g.groupsOf(user), Verb: g.pick(g.verbs)}
	if g.IntN(6) == 0 {
		q.Path = g.pick(append([]string{"/healthz/etcd", "/api", "/api/v1", "/a/b/c", "/ab"}, g.urls...))
		if q.Path == "" {
			q.Path = "/"
		}
		return q
	}
	q.Group, q.Resource = g.pick(g.groups), g.pick(g.resources)
	if g.IntN(8) == 0 {
		q.Verb, q.Group, q.Resource = "unheard", "of.example.org", "widgets"
	}
	if g.IntN(2) == 0 {
		q.Subresource = g.pick(g.subs)
	}
	if g.IntN(4) > 0 {
		q.Namespace = g.pick(append([]string{"nowhere"}, g.namespaces...))
	}
	if g.IntN(2) == 0 {
		q.Name = g.pick(append([]string{"other"}, g.names...))
	}
	return q
}

// groupsOf are a user's groups: those that the API server adds, and sometimes others.
func (g *generator) groupsOf(user string) []string {
	var groups []string
	if g.IntN(3) == 0 {
		groups = g.some(g.userGroups, 0, 3)
	}
	return append(groups, implicitGroups(user)...)
}
