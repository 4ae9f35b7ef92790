package expr

import "fmt"

// form is one way to call a macro: how many arguments stand behind the range, and how many of them are names.
type form struct{ args, names int }

// forms are the ways to call a macro (CEL spec, "Macros"; cel-go's extensions of optionals, lists and
// comprehensions with two variables).
func forms(name string) []form {
	switch name {
	case "all", "exists", "exists_one", "existsOne":
		return []form{{2, 1}, {3, 2}}
	case "map":
		return []form{{2, 1}, {3, 1}}
	case "filter", "sortBy", "optMap", "optFlatMap":
		return []form{{2, 1}}
	case "transformList", "transformMap", "transformMapEntry":
		return []form{{3, 2}, {4, 2}}
	}
	return nil
}

// expand turns calls that are macros into macro nodes.
func (p *parser) expand(n node) (*node, error) {
	if !n.method {
		if n.text != "has" || n.rooted || len(n.args) != 1 {
			return p.node(n), nil
		}
		x := n.args[0]
		if x.op != opSelect {
			return nil, &SyntaxError{int(n.at), "has() takes a field, as in has(object.spec)"}
		}
		return p.node(node{op: opHas, text: x.text, args: x.args, at: n.at}), nil
	}
	for _, form := range forms(n.text) {
		if len(n.args)-1 == form.args {
			return p.macro(n, form)
		}
	}
	return p.node(n), nil
}

func (p *parser) macro(n node, form form) (*node, error) {
	if on := n.args[0].op; n.text == "sortBy" && (on == opLiteral || on == opBytes || on == opMap || on == opMessage) {
		return nil, &SyntaxError{int(n.at), "sortBy() sorts a list, and this is none"}
	}
	names := make([]string, form.names)
	for i, a := range n.args[1 : 1+form.names] {
		if a.op != opIdent || a.rooted {
			return nil, &SyntaxError{int(a.at), fmt.Sprintf("%s() takes the name of a variable here", n.text)}
		}
		if a.text == "__result__" && n.text != "optMap" && n.text != "optFlatMap" {
			return nil, &SyntaxError{int(a.at), "__result__ is CEL's own: take another name"}
		}
		names[i] = a.text
	}
	if len(names) == 2 && names[0] == names[1] {
		return nil, &SyntaxError{int(n.args[2].at), fmt.Sprintf("%s() takes two names that differ", n.text)}
	}
	n.args[form.names] = n.args[0] // the range now stands right before the bodies
	return p.node(node{op: opMacro, text: n.text, args: n.args[form.names:], names: names, at: n.at}), nil
}
