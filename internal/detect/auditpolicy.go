package detect

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/bartizan-dev/bartizan/internal/tree"
)

// AuditPolicy is an audit.k8s.io/v1 Policy: what the API server records.
type AuditPolicy struct {
	OmitStages []string
	Rules      []PolicyRule
}

// PolicyRule is a rule of a policy. The first that matches a request says how much of it is recorded; empty lists match
// all.
type PolicyRule struct {
	Line            int
	Level           Level
	Users           []string
	UserGroups      []string
	Verbs           []string
	Resources       []PolicyResources
	Namespaces      []string
	NonResourceURLs []string
	OmitStages      []string
}

// PolicyResources are resources of an API group, with subresources as RESOURCE/SUBRESOURCE; none for all of the group.
type PolicyResources struct {
	Group         string
	Resources     []string
	ResourceNames []string
}

// Request is what an audit policy decides by.
type Request struct {
	User                                          string
	Groups                                        []string
	Verb                                          string
	Group, Resource, Subresource, Namespace, Name string
	Path                                          string // of requests that are about no resource
}

// Decision is how much a policy records of a request.
type Decision struct {
	Level      Level
	OmitStages []string
	Rule       *PolicyRule // nil if no rule matches, so that nothing is recorded
}

// maxPolicy bounds the text of a policy.
const maxPolicy = 4 << 20

// ParseAuditPolicy reads a policy.
func ParseAuditPolicy(file, text string) (*AuditPolicy, error) {
	for doc, err := range tree.Parse(text, tree.Limits{Bytes: maxPolicy}) {
		if err != nil {
			return nil, fmt.Errorf("read audit policy %s: %w", file, err)
		}
		root := doc.Root()
		if !root.Exists() || root.Kind() == tree.Null {
			continue
		}
		if !root.Get("kind").Exists() || !root.Get("apiVersion").Exists() {
			return nil, fmt.Errorf("read audit policy %s: it has no kind or no apiVersion: a policy is kind Policy of audit.k8s.io/v1", file)
		}
		if kind, api := root.Get("kind").Text(), root.Get("apiVersion").Text(); kind != "Policy" || api != "audit.k8s.io/v1" {
			return nil, fmt.Errorf("read audit policy %s: it is %s of %s, not Policy of audit.k8s.io/v1", file, kind, api)
		}
		return parsePolicy(file, root)
	}
	return nil, fmt.Errorf("read audit policy %s: %w", file, errors.New("the file is empty"))
}

func parsePolicy(file string, root tree.Node) (*AuditPolicy, error) {
	p := &AuditPolicy{OmitStages: listOf(root.Get("omitStages"))}
	for n := range root.Get("rules").Items() {
		line, _ := n.Pos()
		level, ok := parseLevel(n.Get("level").Text())
		if !ok {
			return nil, fmt.Errorf("read audit policy %s: line %d: level %q is none of %s", file, line, n.Get("level").Text(), strings.Join(levelNames[:], ", "))
		}
		r := PolicyRule{Line: line, Level: level, Users: listOf(n.Get("users")), UserGroups: listOf(n.Get("userGroups")), Verbs: listOf(n.Get("verbs")),
			Namespaces: listOf(n.Get("namespaces")), NonResourceURLs: listOf(n.Get("nonResourceURLs")), OmitStages: listOf(n.Get("omitStages"))}
		for g := range n.Get("resources").Items() {
			r.Resources = append(r.Resources, PolicyResources{g.Get("group").Text(), listOf(g.Get("resources")), listOf(g.Get("resourceNames"))})
		}
		p.Rules = append(p.Rules, r)
	}
	if len(p.Rules) == 0 {
		return nil, fmt.Errorf("read audit policy %s: it has no rules, so that nothing is recorded", file)
	}
	return p, nil
}

func listOf(n tree.Node) (all []string) {
	if n.Kind() != tree.List {
		return nil
	}
	for x := range n.Items() {
		all = append(all, x.Text())
	}
	return all
}

// Decide is what the policy records of a request.
func (p *AuditPolicy) Decide(r *Request) Decision {
	for i := range p.Rules {
		if rule := &p.Rules[i]; rule.matches(r) {
			return Decision{rule.Level, slices.Concat(p.OmitStages, rule.OmitStages), rule}
		}
	}
	return Decision{Level: LevelNone}
}

func (p *PolicyRule) matches(r *Request) bool {
	switch {
	case len(p.Users) > 0 && !slices.Contains(p.Users, r.User),
		len(p.UserGroups) > 0 && !slices.ContainsFunc(r.Groups, func(g string) bool { return slices.Contains(p.UserGroups, g) }),
		len(p.Verbs) > 0 && !slices.Contains(p.Verbs, r.Verb):
		return false
	case len(p.Namespaces) > 0 || len(p.Resources) > 0:
		return p.matchesResource(r)
	case len(p.NonResourceURLs) > 0:
		return r.Resource == "" && slices.ContainsFunc(p.NonResourceURLs, func(u string) bool {
			begin, open := strings.CutSuffix(u, "*")
			return u == "*" || u == r.Path || open && strings.HasPrefix(r.Path, begin)
		})
	}
	return true
}

func (p *PolicyRule) matchesResource(r *Request) bool {
	if r.Resource == "" || len(p.Namespaces) > 0 && !slices.Contains(p.Namespaces, r.Namespace) {
		return false
	}
	if len(p.Resources) == 0 {
		return true
	}
	for _, g := range p.Resources {
		if g.Group != r.Group {
			continue
		}
		if len(g.Resources) == 0 {
			return true
		}
		if len(g.ResourceNames) > 0 && !slices.Contains(g.ResourceNames, r.Name) {
			continue
		}
		if slices.ContainsFunc(g.Resources, func(name string) bool { return covers(name, r) }) {
			return true
		}
	}
	return false
}

// covers says whether a name in a policy stands for a request's resource.
func covers(name string, r *Request) bool {
	full := r.Resource
	if r.Subresource != "" {
		full += "/" + r.Subresource
	}
	if name == "*" || name == full {
		return true
	}
	resource, sub, has := strings.Cut(name, "/")
	return has && (resource == "*" && sub == r.Subresource || sub == "*" && resource == r.Resource)
}
