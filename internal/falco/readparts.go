package falco

import (
	"github.com/bartizan-dev/bartizan/internal/tree"
)

// list reads a list item.
func (r *reader) list(n tree.Node) {
	name, ok := r.scalar(n, "list", "list", true)
	if !ok {
		return
	}
	item := `list "` + excerpt(name.text) + `"`
	r.unknownKeys(n, item, "list", "items", "append", "override")
	if !isBare(name.text) {
		r.rep.errorAt(name.place(0), "bad-name", item, name.text, "leave out blanks, quotes, parentheses, = and commas", "%s cannot be the name of a list", quoted(name.text))
		return
	}
	values := n.Get("items")
	switch {
	case !values.Exists():
		r.rep.errorAt(r.at(n), "missing-key", item, "items", "", "key items is missing")
		return
	case values.Kind() != tree.List:
		r.rep.errorAt(r.at(values), "not-a-list", item, "items", "write items: [a, b]", "items is a %s, not a list", values.Kind())
		return
	}
	d := &listDef{name: name.text, at: r.at(n)}
	for v := range values.Items() {
		if k := v.Kind(); k == tree.Map || k == tree.List {
			r.rep.errorAt(r.at(v), "not-a-scalar", item, "", "", "an item of the list is a %s, not a text", k)
			return
		}
		d.items = append(d.items, &origin{file: r.file, node: v, text: v.Text()})
	}
	what, appends, ok := r.override(n, item, []string{"items"}, []string{"items"})
	if !ok {
		return
	}
	if appends || what["items"] == "append" {
		r.appendList(d, item)
		return
	}
	r.defineList(d)
}

// macro reads a macro item.
func (r *reader) macro(n tree.Node) {
	name, ok := r.scalar(n, "macro", "macro", true)
	if !ok {
		return
	}
	item := `macro "` + excerpt(name.text) + `"`
	r.unknownKeys(n, item, "macro", "condition", "append", "override")
	if !isIdentifier(name.text) {
		r.rep.errorAt(name.place(0), "bad-name", item, name.text, "use letters, digits and _, a letter first", "%s cannot be the name of a macro", quoted(name.text))
		return
	}
	cond, ok := r.scalar(n, "condition", item, true)
	if !ok {
		return
	}
	what, appends, ok := r.override(n, item, []string{"condition"}, []string{"condition"})
	if !ok {
		return
	}
	d := &macroDef{name: name.text, at: r.at(n)}
	d.cond.add(cond)
	if appends || what["condition"] == "append" {
		r.appendMacro(d, item)
		return
	}
	r.defineMacro(d)
}
