package engine

import (
	"fmt"
	"strings"

	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/internal/tree"
)

// template is a message with fields of the hit in it: literal texts and, between them, fields.
type template struct {
	literals []string // one more than fields
	fields   []string
}

// parseTemplate reads "container {{.name}} is privileged".
func parseTemplate(text string) (template, error) {
	var t template
	for {
		before, rest, found := strings.Cut(text, "{{")
		t.literals = append(t.literals, before)
		if !found {
			return t, nil
		}
		field, after, found := strings.Cut(rest, "}}")
		if !found {
			return t, fmt.Errorf("message: {{ without }}")
		}
		field = strings.TrimSpace(field)
		if field != "key" && field != "container" && field != "where" && field != "kind" && field != "name" && !strings.HasPrefix(field, ".") {
			return t, fmt.Errorf("message: {{%s}} is unknown: use {{.field}}, {{.}}, {{key}}, {{container}}, {{where}}, {{kind}} or {{name}}", field)
		}
		t.fields = append(t.fields, field)
		text = after
	}
}

// valueLimit bounds, in bytes, what a message or a piece of evidence shows of one value.
const valueLimit = 120

// fill writes the message for a hit.
func (t template) fill(o *kube.Object, hit hit) string {
	if len(t.fields) == 0 {
		return t.literals[0]
	}
	var b strings.Builder
	for i, field := range t.fields {
		b.WriteString(t.literals[i])
		b.WriteString(shorten(fieldText(field, o, hit)))
	}
	b.WriteString(t.literals[len(t.fields)])
	return b.String()
}

func fieldText(field string, o *kube.Object, hit hit) string {
	switch field {
	case "key":
		return hit.node.Key()
	case "kind":
		return o.Kind
	case "name":
		return o.Ref.Name
	case "container":
		return containerName(hit.node)
	case "where":
		if name := containerName(hit.node); name != "" {
			return "container " + name
		}
		return "the pod"
	case ".":
		if hit.text != "" {
			return hit.text
		}
		return scalarText(hit.node)
	}
	n := hit.node
	for part := range strings.SplitSeq(field[1:], ".") {
		n = n.Get(part)
	}
	return scalarText(n)
}

func scalarText(n tree.Node) string {
	switch n.Kind() {
	case tree.Map:
		if name := n.Get("name").Text(); name != "" {
			return name
		}
		return n.Key()
	case tree.List:
		items := make([]string, 0, n.Len())
		for c := range n.Items() {
			items = append(items, c.Text())
		}
		return strings.Join(items, ", ")
	case tree.Null:
		return "null"
	}
	return n.Text()
}

// containerName is the name of the container that a value stands in.
func containerName(n tree.Node) string {
	for ; n.Exists(); n = n.Parent() {
		if n.Kind() != tree.Map {
			continue
		}
		switch n.Parent().Key() {
		case "containers", "initContainers", "ephemeralContainers":
			return n.Get("name").Text()
		}
	}
	return ""
}

// shorten cuts a text to valueLimit bytes at a rune's edge.
func shorten(s string) string {
	if len(s) <= valueLimit {
		return s
	}
	cut := valueLimit
	for cut > 0 && s[cut]&0xC0 == 0x80 {
		cut--
	}
	return s[:cut] + "…"
}
