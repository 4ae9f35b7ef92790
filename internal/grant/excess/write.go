package excess

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/grant"
)

// Object is an object to be written, as YAML.
type Object struct {
	Ref   bartizan.Ref
	Text  string
	Rules []grant.Rule // of a role
}

// objects writes a part of what replaces a binding: its role, then its binding.
func (p *part) objects(b *Binding) []Object {
	roleKind, kind := "ClusterRole", "ClusterRoleBinding"
	if p.namespace != "" {
		roleKind, kind = "Role", "RoleBinding"
	}
	role, binding := head(roleKind, p.namespace, p.name, b), head(kind, p.namespace, p.name, b)
	role += "rules:\n"
	for _, r := range p.rules {
		role += ruleYAML(&r)
	}
	if len(p.rules) == 0 {
		role = strings.TrimSuffix(role, "\n") + " []\n"
	}
	binding += roleRefYAML(roleKind, p.name) + "subjects:\n"
	for _, s := range p.subjects {
		binding += s.yaml()
	}
	return []Object{
		{bartizan.Ref{Kind: bartizan.Kind(roleKind), Namespace: p.namespace, Name: p.name}, role, p.rules},
		{bartizan.Ref{Kind: bartizan.Kind(kind), Namespace: p.namespace, Name: p.name}, binding, nil},
	}
}

// Old writes a binding as it was, to delete it by or to bring it back.
func (b *Binding) Old() Object {
	text := "apiVersion: " + rbacGroup + "/v1\nkind: " + string(b.Ref.Kind) + "\nmetadata:\n  name: " + quote(b.Ref.Name) + "\n"
	if b.Ref.Namespace != "" {
		text += "  namespace: " + quote(b.Ref.Namespace) + "\n"
	}
	text += roleRefYAML(string(b.Role.Kind), b.Role.Name)
	if len(b.Subjects) > 0 {
		text += "subjects:\n"
	}
	for i := range b.Subjects {
		text += b.Subjects[i].yaml()
	}
	return Object{Ref: b.Ref, Text: text}
}

func head(kind, namespace, name string, b *Binding) string {
	s := fmt.Sprintf("apiVersion: %s/v1\nkind: %s\nmetadata:\n  name: %s\n", rbacGroup, kind, quote(name))
	if namespace != "" {
		s += "  namespace: " + quote(namespace) + "\n"
	}
	return s + "  annotations:\n    bartizan.dev/replaces: " + quote(b.Ref.String()) + "\n"
}

func roleRefYAML(kind, name string) string {
	return fmt.Sprintf("roleRef:\n  apiGroup: %s\n  kind: %s\n  name: %s\n", rbacGroup, kind, quote(name))
}

func (s *Subject) yaml() string {
	if s.Kind == "ServiceAccount" {
		return fmt.Sprintf("- kind: ServiceAccount\n  name: %s\n  namespace: %s\n", quote(s.Name), quote(s.Namespace))
	}
	return fmt.Sprintf("- apiGroup: %s\n  kind: %s\n  name: %s\n", rbacGroup, s.Kind, quote(s.Name))
}

func ruleYAML(r *grant.Rule) string {
	s, lead := "", "- "
	for _, f := range []struct {
		key  string
		list []string
	}{
		{"apiGroups", r.APIGroups}, {"resources", r.Resources}, {"resourceNames", r.ResourceNames}, {"nonResourceURLs", r.NonResourceURLs}, {"verbs", r.Verbs},
	} {
		if len(f.list) == 0 {
			continue
		}
		words := make([]string, len(f.list))
		for i, w := range f.list {
			words[i] = quote(w)
		}
		s += lead + f.key + ": [" + strings.Join(words, ", ") + "]\n"
		lead = "  "
	}
	return s
}

var plain = regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9./_-]*$`)

// quote writes a string that YAML reads back as that string.
func quote(s string) string {
	words := []string{"y", "n", "yes", "no", "on", "off", "true", "false", "null"}
	if plain.MatchString(s) && !slices.Contains(words, strings.ToLower(s)) {
		return s
	}
	text, err := json.Marshal(s)
	if err != nil {
		return `""`
	}
	var b strings.Builder
	for _, r := range string(text) {
		switch {
		case r < 0x7f || unicode.IsPrint(r):
			b.WriteRune(r)
		case r <= 0xffff:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			fmt.Fprintf(&b, `\U%08x`, r)
		}
	}
	return b.String()
}
