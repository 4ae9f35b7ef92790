package grant

import (
	"fmt"
	"strings"

	"github.com/bartizan-dev/bartizan"
)

// Missing are the rules, broken down to single rights, that a subject does not hold itself in a namespace
// ("" for cluster-wide): the API server lets nobody create or bind a role that goes beyond their own rights,
// unless they hold escalate or bind. Only RBAC counts here: the rights of nodes and of system:masters do not.
func (m *Model) Missing(s Subject, namespace string, rules []Rule) []Rule {
	if !s.Exact {
		s = s.Expand()
	}
	return m.missing(m.class(s), namespace, rules)
}

func (m *Model) missing(c *class, namespace string, rules []Rule) (out []Rule) {
	owned := m.owned(c, namespace)
	m.breakdown(rules, func(q *Query, right Rule) bool {
		for _, x := range owned {
			if x.covers(m.words.rules, q) {
				return true
			}
		}
		out = append(out, right)
		return true
	})
	return out
}

// Covers says whether a class of identities holds, by RBAC, every right of some rules in a namespace ("" for
// cluster-wide): it may then create and bind a role of these rules without escalate or bind.
func (m *Model) Covers(n Class, namespace string, rules []Rule) bool {
	owned := m.owned(&m.classes[n], namespace)
	return m.breakdown(rules, func(q *Query, _ Rule) bool {
		for _, x := range owned {
			if x.covers(m.words.rules, q) {
				return true
			}
		}
		return false
	})
}

// owned are the sets that hold in a namespace and everywhere.
func (m *Model) owned(c *class, namespace string) (out []*set) {
	ns := unused
	if namespace != "" {
		ns = m.words.namespaces.find(namespace)
	}
	for _, i := range c.principals {
		p := &m.principals[i]
		if p.cluster != nil {
			out = append(out, p.cluster)
		}
		if s := p.in(ns); ns != unused && s != nil {
			out = append(out, s)
		}
	}
	return out
}

// covers says whether one rule of a set covers a single right.
func (s *set) covers(rules []compiled, q *Query) bool {
	for _, x := range s.parts {
		if q.path {
			for _, r := range x.urls {
				c := &rules[r]
				if len(c.names) == 0 && c.verbs.has(q.verb) && c.url(q.request.Path) {
					return true
				}
			}
			continue
		}
		if x.allows(rules, q) {
			return true
		}
	}
	return false
}

// breakdown visits every single right in some rules until visit says false, and says whether it never did.
func (m *Model) breakdown(rules []Rule, visit func(*Query, Rule) bool) bool {
	for i := range rules {
		r := &rules[i]
		for _, group := range r.APIGroups {
			for _, resource := range r.Resources {
				for _, verb := range r.Verbs {
					if !m.single(r, group, resource, verb, visit) {
						return false
					}
				}
			}
		}
		for _, u := range r.NonResourceURLs {
			for _, verb := range r.Verbs {
				q := Query{request: Request{Verb: verb, Path: u}, verb: m.words.verbs.find(verb), path: true}
				if !visit(&q, Rule{Verbs: []string{verb}, NonResourceURLs: []string{u}, Index: r.Index, Origin: r.Origin}) {
					return false
				}
			}
		}
	}
	return true
}

// single visits the rights on one resource, for each name if there are names.
func (m *Model) single(r *Rule, group, resource, verb string, visit func(*Query, Rule) bool) bool {
	q := Query{
		request: Request{Verb: verb, Group: group, Resource: resource}, verb: m.words.verbs.find(verb),
		group: m.words.groups.find(group), resource: m.words.resources.find(resource), star: unused, namespace: unused,
	}
	if _, sub, ok := strings.Cut(resource, "/"); ok {
		q.star = m.words.resources.find(subAll + sub)
	}
	right := Rule{Verbs: []string{verb}, APIGroups: []string{group}, Resources: []string{resource}, Index: r.Index, Origin: r.Origin}
	if len(r.ResourceNames) == 0 {
		q.unnamed = true
		return visit(&q, right)
	}
	for _, name := range r.ResourceNames {
		q.request.Name, right.ResourceNames = name, []string{name}
		if !visit(&q, right) {
			return false
		}
	}
	return true
}

// CanBind says whether the API server's escalation check would let a subject bind a role in a namespace ("" for
// a ClusterRoleBinding): by the verb bind on the role, or because it holds all of the role's rights. To write
// the binding the subject needs create or update on it besides.
func (m *Model) CanBind(s Subject, namespace string, role bartizan.Ref) Answer {
	if !s.Exact {
		s = s.Expand()
	}
	c := m.class(s)
	resource := "clusterroles"
	if role.Kind == "Role" {
		resource = "roles"
	}
	if role.Kind != "Role" && role.Kind != "ClusterRole" || role.Kind == "Role" && role.Namespace != namespace {
		return Answer{Verdict: Denied, Reason: fmt.Sprintf("%s cannot be bound in namespace %q", role, namespace)}
	}
	if c.masters {
		return Answer{Verdict: Allowed, Reason: "members of group " + GroupMasters + " may bind every role"}
	}
	bind := m.Can(s, Request{Verb: "bind", Group: rbacGroup, Resource: resource, Namespace: namespace, Name: role.Name})
	if bind.Verdict == Allowed {
		bind.Reason = "it holds bind on the role: " + bind.Reason
		return bind
	}
	rules, sure := m.Rules(role)
	if _, read := m.roles.byRef[role]; !read {
		if m.options.Complete {
			return Answer{Verdict: Denied, Reason: fmt.Sprintf("%s does not exist, and only who holds bind may bind such a role", role)}
		}
		return Answer{Reason: fmt.Sprintf("%s was not read, and so not what it grants", role)}
	}
	return m.withoutVerb(s, c, namespace, rules, sure, bind, "the role")
}

// withoutVerb decides by the rights held where bind or escalate is not.
func (m *Model) withoutVerb(s Subject, c *class, namespace string, rules []Rule, sure bool, verb Answer, what string) Answer {
	missing := m.missing(c, namespace, rules)
	switch {
	case len(missing) == 0 && sure:
		return Answer{Verdict: Allowed, Reason: fmt.Sprintf("%s holds every right in %s itself", s, what)}
	case verb.Verdict == Unknown:
		return verb
	case len(missing) == 0:
		return Answer{Reason: fmt.Sprintf("%s holds every right in %s that was read, but not all of it was", s, what)}
	}
	q := m.words.query(Request{Namespace: namespace})
	q.anything = true
	if why := m.doubts(c, &q); why != "" {
		return Answer{Reason: "it lacks " + missing[0].String() + ", but " + why}
	}
	tail := ""
	if n := len(missing) - 1; n > 0 {
		tail = fmt.Sprintf(" and %d more", n)
	}
	return Answer{Verdict: Denied, Reason: fmt.Sprintf("it lacks rights that %s grants: %s%s", what, missing[0].String(), tail)}
}

// String is a rule in short: verbs, then resources or URLs, then names.
func (r *Rule) String() string {
	if len(r.NonResourceURLs) > 0 {
		return strings.Join(r.Verbs, ",") + " " + strings.Join(r.NonResourceURLs, ",")
	}
	s := strings.Join(r.Verbs, ",") + " " + strings.Join(r.Resources, ",")
	if g := strings.Join(r.APIGroups, ","); g != "" {
		s += " of " + g
	}
	if len(r.ResourceNames) > 0 {
		s += " named " + strings.Join(r.ResourceNames, ",")
	}
	return s
}

// CanWriteRole says whether the escalation check would let a subject write a role with these rules: by the verb
// escalate, or because it holds all of the rules. On creation the role has no name yet, so a rule with resource
// names does not help: leave create false for an update. aggregates says that the role has an
// aggregationRule, or had one before. To write the role the subject needs create or update on it besides.
func (m *Model) CanWriteRole(s Subject, role bartizan.Ref, rules []Rule, create, aggregates bool) Answer {
	if !s.Exact {
		s = s.Expand()
	}
	c := m.class(s)
	if c.masters {
		return Answer{Verdict: Allowed, Reason: "members of group " + GroupMasters + " may write every role"}
	}
	r := Request{Verb: "escalate", Group: rbacGroup, Resource: "clusterroles", Name: role.Name}
	if role.Kind == "Role" {
		r.Resource, r.Namespace = "roles", role.Namespace
	}
	if create {
		r.Name = ""
	}
	escalate := m.Can(s, r)
	if escalate.Verdict == Allowed {
		escalate.Reason = "it holds escalate on the role: " + escalate.Reason
		return escalate
	}
	if aggregates {
		rules = append(rules[:len(rules):len(rules)],
			Rule{Verbs: []string{all}, APIGroups: []string{all}, Resources: []string{all}},
			Rule{Verbs: []string{all}, NonResourceURLs: []string{all}})
	}
	return m.withoutVerb(s, c, r.Namespace, rules, true, escalate, "the role")
}
