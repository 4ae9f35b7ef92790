package secret

import (
	"strconv"
	"strings"

	"github.com/bartizan-dev/bartizan/internal/tree"
	"github.com/bartizan-dev/bartizan/rules/secret/credential"
)

// describe says where a find stands and what it is: "container web: variable DB_PASSWORD holds a password".
func describe(t text, f credential.Found) string {
	var b strings.Builder
	if c := container(t.node); c != "" {
		b.WriteString("container " + short(c) + ": ")
	}
	b.WriteString(holder(t) + " holds ")
	switch f.Class {
	case credential.Weak:
		b.WriteString("a default ")
	case credential.Placeholder:
		b.WriteString("a placeholder for a ")
	default:
		b.WriteString(article(f.What))
	}
	b.WriteString(f.What)
	if f.Name != "" {
		b.WriteString(": " + short(f.Name))
	}
	return b.String()
}

// holder names the place of a text.
func holder(t text) string {
	switch t.place {
	case inEnv:
		return "variable " + short(t.name)
	case inArgs:
		return t.node.Parent().Key() + " item " + strconv.Itoa(t.node.Position()+1)
	case inData, inSecret:
		return "key " + short(t.name)
	case inMeta:
		return strings.TrimSuffix(t.node.Parent().Key(), "s") + " " + short(t.name)
	}
	if t.name != "" {
		return "field " + short(t.name)
	}
	return "an item of " + short(t.node.Parent().Key())
}

func article(what string) string {
	if strings.ContainsRune("aeiouAEIO", rune(what[0])) || strings.HasPrefix(what, "SSH") || strings.HasPrefix(what, "HTTP") || strings.HasPrefix(what, "npm") {
		return "an "
	}
	return "a "
}

// container is the name of the container around a value.
func container(n tree.Node) string {
	for ; n.Exists(); n = n.Parent() {
		switch n.Parent().Key() {
		case "containers", "initContainers", "ephemeralContainers":
			return n.Get("name").Text()
		}
	}
	return ""
}

// short cuts a name that somebody may have made very long.
func short(name string) string {
	if len(name) > 80 {
		return strings.ToValidUTF8(name[:80], "") + "…"
	}
	return name
}
