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
			changes = append(changes, change{int(x.at), x.text, to})
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
	switch {
	case n.op == opIdent:
		if (n.rooted || !slices.Contains(bound, n.text)) && !slices.Contains(typeNames[:], n.text) {
			visit(n)
		}
		return
	case n.op == opMacro:
		free(n.args[0], bound, visit)
		bound = append(slices.Clip(bound), n.names...)
		for _, b := range n.args[1:] {
			free(b, bound, visit)
		}
		return
	case qualifiedType(n) != "":
		return
	}
	args := n.args
	if n.op == opCall && packaged(n) {
		args = args[1:]
	}
	for _, a := range args {
		free(a, bound, visit)
	}
}
