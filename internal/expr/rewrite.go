package expr

import (
	"slices"
	"strings"
)

// Free lists the variables that an expression uses and does not bind itself, sorted.
func Free(src string) ([]string, error) {
	n, err := parse(src)
	if err != nil {
		return nil, err
	}
	var names []string
	free(n, nil, func(x *node) { names = append(names, x.text) })
	slices.Sort(names)
	return slices.Compact(names), nil
}

// Rewrite gives the expression with its free variables renamed, and all else byte for byte as it was. rename
// says the new name, and whether there is one.
func Rewrite(src string, rename func(name string) (string, bool)) (string, error) {
	n, err := parse(src)
	if err != nil {
		return "", err
	}
	type change struct {
		at       int
		old, new string
	}
	var changes []change
	free(n, nil, func(x *node) {
		if to, ok := rename(x.text); ok {
			changes = append(changes, change{x.at, x.text, to})
		}
	})
	slices.SortFunc(changes, func(a, b change) int { return a.at - b.at })
	var b strings.Builder
	at := 0
	for _, c := range changes {
		b.WriteString(src[at:c.at])
		b.WriteString(c.new)
		at = c.at + len(c.old)
	}
	b.WriteString(src[at:])
	return b.String(), nil
}

// free visits the identifiers that no macro around them binds.
func free(n *node, bound []string, visit func(*node)) {
	switch n.op {
	case opIdent:
		if !slices.Contains(bound, n.text) && !typeNames[n.text] && n.text != "optional" {
			visit(n)
		}
		return
	case opMacro:
		free(n.args[0], bound, visit)
		inner := append(slices.Clone(bound), n.names...)
		for _, b := range n.args[1:] {
			free(b, inner, visit)
		}
		return
	}
	for _, a := range n.args {
		free(a, bound, visit)
	}
}
